"""Which files of a folder are looked at: any camera maker's, in order, and nothing that only looks like one."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from cameratrap.app.find_files import find_files, find_images
from cameratrap.app.images import EXTENSIONS, read_image


def test_a_folder_is_walked_in_order_of_name(tmp_path: Path) -> None:
    """Pictures by extension; hidden files, other files and links to folders are passed over; a file given is taken."""
    for name in ("b/2.JPG", "b/1.jpeg", "a/3.png", "a/notes.txt", "._a.jpg", ".hidden/4.jpg", "z.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    found = [str(path.relative_to(tmp_path)) for path in find_images([tmp_path])]
    assert found == ["z.jpg", "a/3.png", "b/1.jpeg", "b/2.JPG"]
    given_files = [tmp_path / "a" / "notes.txt", tmp_path / "z.jpg"]
    assert list(find_images(given_files)) == given_files


def test_a_folder_that_cannot_be_listed_is_given_to_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "z.jpg").touch()
    scandir = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert set(find_images([tmp_path])) == {tmp_path / "closed", tmp_path / "z.jpg"}


def test_any_makers_folder_is_a_folder(tmp_path: Path) -> None:
    """Names in capitals, folders by DCF, sidecars, a computer's own files, and the trash that a computer has left."""
    wanted = ["DCIM/100RECNX/RCNX0001.JPG", "DCIM/101_BTCF/IMG_0002.JPG", "PRIVATE/SUNP0003.jpe"]
    others = [
        "DCIM/100RECNX/._RCNX0001.JPG", "DCIM/100RECNX/RCNX0001.XMP", "DCIM/Thumbs.db", ".Trashes/IMG_1.JPG",
        "$RECYCLE.BIN/$R1.JPG", "DCIM/.thumbnails/IMG_2.JPG",
    ]  # fmt: skip
    for name in wanted + others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [str(path.relative_to(tmp_path)) for path in find_images([tmp_path])] == wanted


def test_other_media_are_counted(tmp_path: Path) -> None:
    for name in ("1.CR2", "2.cr2", "3.heic", "4.jpg", "5.txt", "6.mp4"):
        (tmp_path / name).touch()
    passed_over: Counter[str] = Counter()
    assert len(list(find_files([tmp_path], EXTENSIONS, passed_over))) == 1
    assert passed_over == {".cr2": 2, ".heic": 1}


def test_the_first_of_ten_thousand_is_there_at_once(tmp_path: Path) -> None:
    """Folder by folder: what lies in the others is not looked at before."""
    for folder in range(10):
        (tmp_path / f"{folder:02}").mkdir()
        for number in range(1000):
            (tmp_path / f"{folder:02}" / f"{number:04}.jpg").touch()
    start = time.monotonic()
    files = find_images([tmp_path])
    next(files)
    first_s = time.monotonic() - start
    assert sum(1 for _ in files) == 9_999
    assert first_s < (time.monotonic() - start) / 2


def test_every_real_picture_is_read(shared_data: Path) -> None:
    files = list(find_images([shared_data / "images"]))
    assert len(files) == 326
    assert all(read_image(path).width > 0 for path in files)
