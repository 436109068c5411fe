"""Paths of a configuration file: the same file means the same files, wherever the program is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from cameratrap.config import resolve

TEXT = """
taxa = "taxa.csv"
data = "/media/CARD"
[seal]
key_file = "~/station.key"
[card]
seal_pictures_to = "keys/pictures.pub"
[detector]
model = "models/mine"
classifier = "mine"
[camera]
device = "/dev/video2"
[ground]
rockblock_public_keys = ["a.pem", "/etc/b.pem"]
rockblock_account = "account"
"""


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_path_is_as_seen_from_the_file_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, elsewhere: bool
) -> None:
    """A service starts in a folder of its own. A name without a slash stays; an absolute path and a home's, too."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "c.toml").write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path if elsewhere else home)
    config = resolve(home / "c.toml", {}).config
    assert (config.taxa, config.data) == (str(home / "taxa.csv"), "/media/CARD")
    assert config.seal.key_file == "~/station.key"
    assert config.card.seal_pictures_to == str(home / "keys/pictures.pub")
    assert (config.detector.model, config.detector.classifier) == (str(home / "models/mine"), "mine")
    assert config.camera.device == "/dev/video2"
    assert config.ground.rockblock_public_keys == (str(home / "a.pem"), "/etc/b.pem")
    assert config.ground.rockblock_account == str(home / "account")


def test_a_path_of_the_environment_is_as_seen_from_here(tmp_path: Path) -> None:
    """It was written in a shell, as a flag is; and an empty path is none."""
    path = tmp_path / "c.toml"
    path.write_text("taxa = ''\n", encoding="utf-8")
    resolved = resolve(path, {"CAMERATRAP_DETECTOR_MODEL": "models/mine"})
    assert (resolved.config.detector.model, resolved.config.taxa) == ("models/mine", "")


@pytest.mark.parametrize(
    ("given", "used", "finer"), [("46.4999", 46.0, True), ("-46.6", -47.0, True), ("46", 46.0, False)]
)
def test_only_whole_degrees_are_used(tmp_path: Path, given: str, used: float, *, finer: bool) -> None:
    """Hours of daylight stand on the card: from exact ones a thief would have the place within a few kilometres."""
    path = tmp_path / "c.toml"
    path.write_text(f"[station]\nlatitude = {given}\nlongitude = 7\n", encoding="utf-8")
    station = resolve(path, {}).config.station
    assert (station.place, station.is_told_finer) == ((used, 7.0), finer)
