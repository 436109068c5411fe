"""Whether a card will be there when the machine starts by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cameratrap.app.service_card import card_doubts
from cameratrap.store.card import Deployment, make_card

UUID = "UUID=1234"


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployed card on a medium of its own, mounted at ``tmp_path``."""
    folder = tmp_path / "card"
    make_card(folder, Deployment("d", "s", 0, datetime(2026, 6, 1, tzinfo=UTC))).close()
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path) in (tmp_path, Path("/")))
    return folder


@pytest.mark.parametrize(
    ("options", "well"),
    [("{uuid} {mount} ext4 defaults 0 2", True), ("# {uuid} {mount} ext4 defaults 0 2", False),
     ("{uuid} {mount} ext4 noauto,noatime 0 2", False), ("{uuid} /other ext4 defaults 0 2", False), ("", False)],
)  # fmt: skip
def test_a_medium_that_nothing_mounts_at_boot_is_told(card: Path, tmp_path: Path, options: str, *, well: bool) -> None:
    """The service waits for a mount; without one it would fail, and the trap reboot, for ever."""
    fstab = tmp_path / "fstab"
    fstab.write_text(options.format(uuid=UUID, mount=tmp_path) + "\n", encoding="utf-8")
    doubts = card_doubts(card, fstab, tmp_path)
    assert (not doubts) is well
    assert all(str(tmp_path) in each for each in doubts)


def test_a_mount_that_systemd_has_a_unit_for_is_well(card: Path, tmp_path: Path) -> None:
    (tmp_path / (str(tmp_path).strip("/").replace("/", "-") + ".mount")).touch()
    assert card_doubts(card, tmp_path / "no fstab", tmp_path) == []


def test_what_is_no_card_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the system's own medium nothing has to be mounted."""
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path) == Path("/"))
    (told,) = card_doubts(tmp_path, tmp_path / "fstab", tmp_path)
    assert "is no card yet" in told
    (told,) = card_doubts(tmp_path / "gone", tmp_path / "fstab", tmp_path)
    assert "there is no folder" in told
