"""DCF names: in order, never the same twice, durable before the name is given back."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cameratrap.errors import StoreError
from cameratrap.store import durable
from cameratrap.store.media import TRIES, PictureFolder, partial_pictures, pictures, sha256_of


def put(card: Path, name: str, data: bytes = b"x") -> None:
    (card / name).parent.mkdir(parents=True, exist_ok=True)
    (card / name).write_bytes(data)


def test_names_go_on_after_a_restart(tmp_path: Path) -> None:
    """100CTRAP/CTRP0001.JPG, 0002, and after a restart 0003."""
    folder = PictureFolder(tmp_path)
    assert [folder.save(b"a").path, folder.save(b"b").path] == [
        "DCIM/100CTRAP/CTRP0001.JPG",
        "DCIM/100CTRAP/CTRP0002.JPG",
    ]
    saved = PictureFolder(tmp_path).save(b"c")
    assert (saved.path, saved.sha256, saved.size) == ("DCIM/100CTRAP/CTRP0003.JPG", sha256_of(b"c"), 1)
    assert (tmp_path / saved.path).read_bytes() == b"c"


def test_the_folder_number_advances_after_9999(tmp_path: Path) -> None:
    put(tmp_path, "DCIM/100CTRAP/CTRP9998.JPG")
    folder = PictureFolder(tmp_path)
    assert [folder.save(b"").path for _ in range(2)] == ["DCIM/100CTRAP/CTRP9999.JPG", "DCIM/101CTRAP/CTRP0001.JPG"]


def test_the_last_name_there_is(tmp_path: Path) -> None:
    """After 999CTRAP/CTRP9999.JPG the card is full of names, and says so instead of starting over."""
    put(tmp_path, "DCIM/999CTRAP/CTRP9999.JPG", b"mine")
    with pytest.raises(StoreError, match="all the picture names"):
        PictureFolder(tmp_path).save(b"")
    assert (tmp_path / "DCIM/999CTRAP/CTRP9999.JPG").read_bytes() == b"mine"


def test_half_a_picture_keeps_its_number(tmp_path: Path) -> None:
    """What a power cut left half written is neither a picture nor a free name."""
    put(tmp_path, "DCIM/100CTRAP/CTRP0007.JPG.part")
    assert pictures(tmp_path) == []
    assert partial_pictures(tmp_path) == ["DCIM/100CTRAP/CTRP0007.JPG.part"]
    assert PictureFolder(tmp_path).save(b"").path == "DCIM/100CTRAP/CTRP0008.JPG"


def test_the_order_that_survives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Content synced, then renamed, then the folder synced: in that order, each once."""
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(descriptor: int) -> None:
        calls.append("sync " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def watched_replace(source: Path, target: Path) -> None:
        calls.append(f"rename {Path(target).name}")
        replace(source, target)

    monkeypatch.setattr(durable.os, "fsync", watched_fsync)
    monkeypatch.setattr(durable.os, "replace", watched_replace)
    PictureFolder(tmp_path).save(b"x")
    assert calls[-3:] == ["sync CTRP0001.JPG.part", "rename CTRP0001.JPG", "sync 100CTRAP"]


@pytest.mark.parametrize(("code", "tries"), [(errno.ENOSPC, 1), (errno.EFBIG, 1), (errno.EROFS, 1), (errno.EIO, TRIES)])
def test_a_card_that_fails_is_named_and_the_next_name_is_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, tries: int
) -> None:
    """A sync that failed is never tried again under the same name: the kernel may have dropped the pages.

    One that is full or read-only is asked once, bad blocks are given a few chances.
    """
    folder = PictureFolder(tmp_path)
    folder.save(b"safe")

    def failing(_: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(durable.os, "fsync", failing)
        with pytest.raises(StoreError, match=os.strerror(code)):
            folder.save(b"lost")
    assert pictures(tmp_path) == ["DCIM/100CTRAP/CTRP0001.JPG"]
    assert folder.save(b"next").path == f"DCIM/100CTRAP/CTRP{2 + tries:04d}.JPG"


@pytest.mark.parametrize("bad", ["sync", "write", "folder"])
@pytest.mark.parametrize("failures", range(1, TRIES))
def test_a_picture_that_met_a_bad_block_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str, failures: int
) -> None:
    """It is still in memory: it gets the next name, is synced there, and leaves nothing under the first."""
    folder = PictureFolder(tmp_path)
    call = "write" if bad == "write" else "fsync"
    real, left, synced = getattr(os, call), [failures], list[str]()

    def failing(descriptor: int, *data: object) -> object:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        if name.endswith(".part") is (bad != "folder") and left[0]:
            left[0] -= 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        synced.append(name)
        return real(descriptor, *data)

    monkeypatch.setattr(durable.os, call, failing)
    saved = folder.save(b"whole")
    assert saved.path == f"DCIM/100CTRAP/CTRP{1 + failures:04d}.JPG"
    assert (tmp_path / saved.path).read_bytes() == b"whole"
    assert [each.name for each in (tmp_path / "DCIM/100CTRAP").iterdir()] == [Path(saved.path).name]
    assert Path(f"{saved.path}.part").name in synced
    if call == "fsync":
        assert {tmp_path.name, "DCIM", "100CTRAP"} <= set(synced), "a folder that failed was made and synced anew"


@pytest.mark.parametrize("left", [["DCIM/101CTRAP/"], ["DCIM/101CTRAP/CTRP0001.JPG.part"], []])
def test_a_name_is_never_given_twice_whatever_is_left_on_disk(tmp_path: Path, left: list[str]) -> None:
    """An empty new folder, half a picture in it, or pictures that somebody has taken away: names go on."""
    put(tmp_path, "DCIM/100CTRAP/CTRP0001.JPG", b"the first")
    for name in left:
        if name.endswith("/"):
            (tmp_path / name).mkdir(parents=True)
        else:
            put(tmp_path, name)
    saved = PictureFolder(tmp_path, "DCIM/100CTRAP/CTRP9999.JPG").save(b"new")
    assert saved.path > "DCIM/100CTRAP/CTRP9999.JPG"
    assert (tmp_path / "DCIM/100CTRAP/CTRP0001.JPG").read_bytes() == b"the first"


def test_a_picture_is_never_written_over(tmp_path: Path) -> None:
    """Should a name be taken after all, the picture under it stays."""
    folder = PictureFolder(tmp_path)
    put(tmp_path, "DCIM/100CTRAP/CTRP0001.JPG", b"somebody's")
    with pytest.raises(StoreError, match="of that name already"):
        folder.save(b"new")
    assert (tmp_path / "DCIM/100CTRAP/CTRP0001.JPG").read_bytes() == b"somebody's"
