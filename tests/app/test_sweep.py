"""What a power cut leaves of a burst: whole pictures are taken in, whatever they are called; the rest is set aside."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cameratrap.app.sweep import sweep
from cameratrap.domain.events import TriggerCause
from cameratrap.store.bursts import all_pictures
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.exif import PictureTags, is_whole, tagged
from cameratrap.store.media import PictureFolder, sha256_of
from tests.fakes import jpeg

AT = datetime(2026, 6, 1, 5, tzinfo=UTC)
DEPLOYMENT = Deployment("ridge_20260601", "ridge", 0, AT)


def picture(position: int, of: int = 3) -> bytes:
    tags = PictureTags(AT, "s", TriggerCause.PIR, "burst", "boot:1", position, of, f"{position:064x}")
    return tagged(jpeg(position, width=320, height=240), tags)


def left_by(card: Card, pictures: list[bytes]) -> list[str]:
    """A burst that was written and had not got its names yet."""
    folder = PictureFolder(card.folder)
    return [folder.write(each).path for each in pictures]


def test_whole_pictures_without_a_name_get_it_and_are_indexed(tmp_path: Path) -> None:
    """Three were durable when the power went, the names were not: nothing is lost, and a second sweep finds nothing."""
    with make_card(tmp_path, DEPLOYMENT) as card:
        paths = left_by(card, [picture(n) for n in (1, 2, 3)])
        report = sweep(card)
        assert (report.indexed, report.set_aside, report.removed) == (tuple(paths), (), ())
        indexed = all_pictures(card.connection)
        assert [(each.path, each.position, each.sha256) for each in indexed] == [
            (path, n, sha256_of((tmp_path / path).read_bytes())) for n, path in enumerate(paths, start=1)
        ]
        assert sweep(card).indexed == ()


@pytest.mark.parametrize("has_name", [False, True])
def test_what_a_killed_process_left_is_made_durable_before_it_is_indexed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_name: bool
) -> None:
    """It had not come so far, and the power may still go: content and name first, the row after them."""
    order: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        order.append(Path(f"/proc/self/fd/{descriptor}").readlink().name.removesuffix(".part"))
        real(descriptor)

    with make_card(tmp_path, DEPLOYMENT) as card:
        (path,) = left_by(card, [picture(1)])
        if has_name:
            (tmp_path / f"{path}.part").rename(tmp_path / path)
        monkeypatch.setattr(os, "fsync", fsync)
        card.connection.set_trace_callback(lambda sql: order.append(sql) if sql == "COMMIT" else None)
        assert sweep(card).indexed == (path,)
    before = order[: order.index("COMMIT")]
    assert before.index("CTRP0001.JPG") < len(before) - 1 - before[::-1].index("100CTRAP")


@pytest.mark.parametrize("kept", ["half", "last byte gone", "hole", "nothing"])
@pytest.mark.parametrize("has_name", [False, True])
def test_a_picture_that_is_not_whole_is_set_aside(tmp_path: Path, kept: str, has_name: bool) -> None:
    """Cut short anywhere, or with a page of zeros in it that a decoder would not notice."""
    whole = picture(1)
    middle = len(whole) // 2
    damaged = {
        "half": whole[:middle],
        "last byte gone": whole[:-1],
        "hole": whole[:middle] + bytes(64) + whole[middle + 64 :],
        "nothing": b"",
    }[kept]
    with make_card(tmp_path, DEPLOYMENT) as card:
        (path,) = left_by(card, [damaged])
        if has_name:
            (tmp_path / f"{path}.part").rename(tmp_path / path)
        report = sweep(card)
        assert report.indexed == ()
        assert [each.removesuffix(".part") for each in report.set_aside] == [path]
        assert all_pictures(card.connection) == []
    (aside,) = (tmp_path / "set-aside").iterdir()
    assert aside.read_bytes() == damaged


def test_half_a_picture_is_removed_where_people_are_not_kept(tmp_path: Path) -> None:
    """It cannot be searched for people; a whole one beside it can, and stays."""
    with make_card(tmp_path, DEPLOYMENT) as card:
        good, half = left_by(card, [picture(1), picture(2)[:500]])
        report = sweep(card, keep_partial=False)
    assert (report.indexed, report.removed) == ((good,), (f"{half}.part",))
    assert not (tmp_path / f"{half}.part").exists()


def test_a_picture_of_an_older_version_is_whole_if_it_has_an_end() -> None:
    """Before the tags said what the picture is to be."""
    old = picture(1).replace(b'"body":', b'"bodi":')
    assert is_whole(old)
    assert not is_whole(old[:-2])
