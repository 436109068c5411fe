"""`cameratrap deploy` and `close-day`, as they are called at the tree and when the card comes home."""

from __future__ import annotations

import json
import stat
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cameratrap.app import deploy as deploy_app
from cameratrap.cli import run
from cameratrap.domain.events import TriggerCause
from cameratrap.ports import Trigger
from cameratrap.store.bursts import begin_burst
from cameratrap.store.card import DATABASE, RECORD, make_card, sole_writer
from cameratrap.store.deployment import Setup, read_record
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.picture_keys import new_pair
from cameratrap.store.summaries import is_closed

CONFIG = "[station]\nid = 'ridge-1'\nutc_offset = '+01:00'\n"
HOME = ("--position", "46.51234,7.41234")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cameratrap.toml").write_text(CONFIG, encoding="utf-8")


def call(*arguments: str) -> int:
    return run(["--data", "card", *arguments])


def deployed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert call("deploy", "--json", *arguments) == 0
    (line,) = capsys.readouterr().out.splitlines()
    return dict(json.loads(line))


def arm_for_a_day(days_ago: int) -> None:
    """What `watch` would have written on a day that is over."""
    deployment = read_record(Path("card", RECORD))
    with closing(make_card(Path("card"), deployment)) as card:
        start = datetime.now(card.zone).replace(hour=6) - timedelta(days=days_ago)
        still_armed(card.connection, arm(card.connection, start, 0.0, "boot"), start + timedelta(hours=5), 18000.0)


def test_a_deployment_is_a_card_with_a_record_and_an_index(capsys: pytest.CaptureFixture[str]) -> None:
    """The record names the model and the settings, and what was said of the setup, by Camtrap DP's names."""
    told = deployed(capsys, "--height", "0.5", "--tilt", "-5", "--heading", "20", "--feature", "trailGame", "--no-bait",
                    "--setup-by", "Ann", "--start", "2026-06-01T09:30")  # fmt: skip
    assert told["deployment"] == "ridge-1_20260601"
    assert told["start"] == "2026-06-01T09:30:00+01:00"
    assert told["setup"] == {
        "cameraHeight": 0.5, "cameraTilt": -5, "cameraHeading": 20, "setupBy": "Ann", "baitUse": False,
        "featureType": "trailGame",
    }  # fmt: skip
    record = read_record(Path("card", RECORD))
    assert record.made_with is not None
    assert record.made_with.model.startswith("cameratrap-nano")
    assert len(record.made_with.model_sha256) == len(record.made_with.config_sha256) == 64
    assert Path("card", DATABASE).is_file()


def test_no_coordinate_is_on_the_card(capsys: pytest.CaptureFixture[str]) -> None:
    """They are in a file of their own, which only its owner can read and a map program opens."""
    told = deployed(capsys, *HOME, "--uncertainty", "10", "--position-file", "home.geojson")
    assert told["position"] == "home.geojson"
    for path in Path("card").rglob("*"):
        if path.is_file():
            assert b"46.51" not in path.read_bytes()
            assert b"7.412" not in path.read_bytes()
    feature = json.loads(Path("home.geojson").read_text(encoding="utf-8"))
    assert feature["geometry"]["coordinates"] == [7.41234, 46.51234]
    assert feature["properties"]["coordinateUncertainty"] == 10
    assert stat.S_IMODE(Path("home.geojson").stat().st_mode) == 0o600


def test_the_settings_on_the_card_are_no_way_to_try_positions_out(capsys: pytest.CaptureFixture[str]) -> None:
    """The hash of the configuration is the same for every position and every path, and another for other settings."""

    def made_with(text: str) -> str:
        Path("cameratrap.toml").write_text(CONFIG + text, encoding="utf-8")
        deployed(capsys, "--habitat", str(len(text)))
        made = read_record(Path("card", RECORD)).made_with
        assert made is not None
        return made.config_sha256

    plain = made_with("")
    assert made_with("latitude = 46.5123\nlongitude = 7.4321\n") == plain
    assert made_with("[card]\nseal_pictures_to = 'keys/ann.pub'\n[seal]\nkey_file = 'ann/home.key'\n") == plain
    assert made_with("[events]\ninterval_minutes = 31\n") != plain


def test_a_sealed_position_is_corrected_until_the_card_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    """Then it exists nowhere else, perhaps, and nobody here can read it: it is never written over."""
    new_pair(Path("private.key"), Path("public.key"))
    seal = ("--seal-position-to", "public.key")
    deployed(capsys, "--position", "1,2", *seal)
    sealed = Path(deployed(capsys, *HOME, *seal)["position"])
    arm_for_a_day(1)
    before = sealed.read_bytes()
    capsys.readouterr()
    assert call("deploy", "--position", "3,4", *seal) == 1
    assert "only the private key" in capsys.readouterr().err
    assert sealed.read_bytes() == before
    assert run(["unseal", "card", "--key", "private.key", "-o", "home"]) == 0
    opened = json.loads(Path("home", "position.geojson").read_text(encoding="utf-8"))
    assert opened["geometry"]["coordinates"] == [7.41234, 46.51234]


def test_a_position_that_is_refused_leaves_the_record_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    deployed(capsys, "--height", "0.5", *HOME, "--position-file", "home.geojson")
    before = Path("card", RECORD).read_bytes()
    assert call("deploy", "--height", "0.7", "--position", "1,2", "--position-file", "home.geojson") == 1
    assert Path("card", RECORD).read_bytes() == before


def test_a_file_on_the_medium_of_the_card_is_told_or_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stick that is not in is a folder of the trap's own medium: then "it is not on the card" would be no comfort."""
    assert call("deploy", *HOME, "--position-file", "home.geojson") == 0
    assert "on the same medium as the card" in capsys.readouterr().err
    monkeypatch.setattr("cameratrap.cli.deploy_position._MOUNTS", (str(tmp_path),))
    assert call("deploy", *HOME, "--position-file", "stick.geojson") == 2
    assert "on the same medium as the card" in capsys.readouterr().err
    assert not Path("stick.geojson").exists()


def test_a_position_that_would_go_with_the_card_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """On the card, or by default on the medium that the card is on: whoever takes it has the position."""
    assert call("deploy", *HOME) == 2
    assert "the same medium" in capsys.readouterr().err
    assert call("deploy", *HOME, "--position-file", "card/here.geojson") == 2
    assert "on the card" in capsys.readouterr().err
    assert call("deploy", *HOME, "--position-file", "stick/here.geojson") == 2
    assert not Path("card").exists()


def test_a_position_goes_into_a_file_here_where_that_is_another_medium(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a laptop with the card in its slot, no file has to be named."""
    monkeypatch.setattr("cameratrap.cli.deploy_position._medium", lambda path: 1 if path.name == "card" else 2)
    told = deployed(capsys, *HOME, "--id", "d1")
    assert told["position"] == "d1.position.geojson"
    assert Path("d1.position.geojson").is_file()


def test_a_position_is_on_the_card_in_clear_only_where_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    deployed(capsys, *HOME, "--position-file", "on-card")
    setup = read_record(Path("card", RECORD)).setup
    assert (setup.latitude, setup.longitude) == (46.51234, 7.41234)


def test_a_sealed_position_is_read_with_the_private_key_alone(capsys: pytest.CaptureFixture[str]) -> None:
    new_pair(Path("private.key"), Path("public.key"))
    told = deployed(capsys, *HOME, "--seal-position-to", "public.key")
    sealed = Path(told["position"]).read_bytes()
    assert b"46.51" not in sealed
    assert run(["unseal", "card", "--key", "private.key", "-o", "home"]) == 0
    opened = json.loads(Path("home", "position.geojson").read_text(encoding="utf-8"))
    assert opened["geometry"]["coordinates"] == [7.41234, 46.51234]
    assert call("deploy", *HOME, "--seal-position-to", "private.key") == 1


def test_twice_is_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The same again changes no byte, whatever the clock says, also on a card that is in use."""
    options = ("--height", "0.5", *HOME, "--position-file", "home.geojson")
    first = deployed(capsys, *options)
    arm_for_a_day(1)
    before = Path("card", RECORD).read_bytes(), Path("home.geojson").read_bytes()
    second = deployed(capsys, *options)
    assert second["what"].startswith("is there already")
    assert second["start"] == first["start"]
    assert (Path("card", RECORD).read_bytes(), Path("home.geojson").read_bytes()) == before


def test_a_slip_of_the_hand_is_corrected_until_the_card_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    deployed(capsys, "--height", "5")
    assert deployed(capsys, "--height", "0.5")["what"].startswith("corrected")
    arm_for_a_day(1)
    before = Path("card", RECORD).read_bytes()
    capsys.readouterr()
    assert call("deploy", "--height", "0.6") == 1
    assert "deploy --end" in capsys.readouterr().err
    assert Path("card", RECORD).read_bytes() == before


def test_another_position_does_not_overwrite_the_one_that_was_kept(capsys: pytest.CaptureFixture[str]) -> None:
    deployed(capsys, *HOME, "--position-file", "home.geojson")
    before = Path("home.geojson").read_bytes()
    assert call("deploy", "--position", "1,2", "--position-file", "home.geojson") == 1
    assert Path("home.geojson").read_bytes() == before


def test_a_card_that_is_being_watched_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    deployed(capsys)
    with sole_writer(Path("card"), "watch"):
        assert call("deploy", "--height", "1") == 1
        assert call("deploy", "--end") == 1
        assert "already running" in capsys.readouterr().err
        assert call("close-day") == 0
        assert "closes the days itself" in capsys.readouterr().err


@pytest.mark.parametrize("cut", ["make_card", "write_record"])
def test_a_power_cut_in_the_middle_is_mended_by_the_same_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    """Before the index, or before the record that comes last; then a correction that never came."""
    if cut == "write_record":
        deployed(capsys, "--height", "5")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deploy_app, cut, stop)
        assert call("deploy", "--height", "0.5") == 130
    assert deployed(capsys, "--height", "0.5")["setup"] == {"cameraHeight": 0.5}


def test_a_used_card_that_has_lost_its_record_is_no_new_card(capsys: pytest.CaptureFixture[str]) -> None:
    deployed(capsys)
    arm_for_a_day(1)
    Path("card", RECORD).unlink()
    assert call("deploy") == 1
    assert "put the deployment record back" in capsys.readouterr().err


def test_an_end_can_be_put_right_and_cannot_be_what_the_card_denies(capsys: pytest.CaptureFixture[str]) -> None:
    """To come, or before the day of the last burst: refused. Said again with another time: corrected."""
    deployed(capsys, "--start", "2026-06-01")
    with closing(make_card(Path("card"), read_record(Path("card", RECORD)))) as card:
        at = datetime(2026, 8, 3, 12, 0, tzinfo=card.zone)
        begin_burst(card.connection, "b", Trigger("b", at, TriggerCause.PIR), boot_id="boot", clock=None)
    for wrong in ("2099-01-01", "2026-08-02"):
        assert call("deploy", "--end", "--at", wrong) == 1
    assert "its last burst was taken on 2026-08-03 12:00" in capsys.readouterr().err
    assert deployed(capsys, "--end", "--at", "2026-10-01")["what"] == "ended"
    corrected = deployed(capsys, "--end", "--at", "2026-09-01T10:00")
    assert (corrected["end"], corrected["what"]) == ("2026-09-01T10:00:00+01:00", "the end is corrected")
    text = Path("card", RECORD).read_text(encoding="utf-8")
    assert text.count("end =") == 1
    assert call("deploy", "--id", "b", "--start", "2099-01-01") == 2


def test_the_end_is_written_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A second end without a time leaves the first; an ended card takes no new deployment; what was said stays."""
    deployed(capsys, "--height", "0.5", "--start", "2026-06-01")
    assert deployed(capsys, "--end", "--at", "2026-09-01T10:00")["end"] == "2026-09-01T10:00:00+01:00"
    assert deployed(capsys, "--end")["end"] == "2026-09-01T10:00:00+01:00"
    assert read_record(Path("card", RECORD)).setup == Setup(camera_height=0.5)
    for command, status in ((["deploy"], 1), (["watch"], 2), (["watch", "--dry-run"], 2)):
        assert call(*command) == status
        assert "has ended" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--end", "--at", "2026-05-01"], 1),
        (["--end", "--height", "1"], 2),
        (["--at", "2026-07-01"], 2),
        (["--at", "soon", "--end"], 2),
        (["--position", "91,0"], 2),
        (["--position", "46"], 2),
        (["--position", "nan,nan"], 2),
        (["--uncertainty", "10"], 2),
        (["--id", "../up"], 2),
        (["--height", "-1"], 2),
        (["--feature", "lamp post"], 2),
        (["--seal-position-to", "nowhere.key", *HOME], 2),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(arguments: list[str], status: int) -> None:
    assert call("deploy", "--start", "2026-06-01") == 0
    before = Path("card", RECORD).read_bytes()
    assert call("deploy", *arguments) == status
    assert Path("card", RECORD).read_bytes() == before


def test_a_station_without_a_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("cameratrap.toml").write_text("", encoding="utf-8")
    assert call("deploy") == 2
    assert "station.id" in capsys.readouterr().err


def test_a_dry_run_shows_the_record_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("deploy", *HOME, "--position-file", "home.geojson", "--dry-run") == 0
    shown = capsys.readouterr()
    assert 'station = "ridge-1"' in shown.out
    assert "46.51" not in shown.out
    assert "would keep the position in home.geojson" in shown.err
    assert {path.name for path in Path().iterdir()} == {"cameratrap.toml"}
    assert call("deploy", "--end", "--dry-run") == 1  # there is no card


def test_days_are_closed_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    """`close-day` closes what is over, once; --dry-run only names it."""
    deployed(capsys, "--start", "2026-06-01")
    arm_for_a_day(2)
    day = (datetime.now(read_record(Path("card", RECORD)).zone) - timedelta(days=2)).date()
    assert call("close-day", "--dry-run") == 0
    assert f"would close {day}" in capsys.readouterr().err
    assert closed(day) is False
    assert call("close-day") == 0
    assert "day closed" in capsys.readouterr().err
    assert closed(day) is True
    assert Path("card", "effort.csv").is_file()
    assert call("close-day") == 0
    assert "no day is to be closed" in capsys.readouterr().err


def test_the_last_day_is_closed_when_the_deployment_has_ended(capsys: pytest.CaptureFixture[str]) -> None:
    """Today is not over, but nothing more will come."""
    deployed(capsys, "--start", "2026-06-01")
    deployment = read_record(Path("card", RECORD))
    with closing(make_card(Path("card"), deployment)) as card:
        now = datetime.now(card.zone)
        still_armed(card.connection, arm(card.connection, now, 0.0, "boot"), now + timedelta(seconds=60), 60.0)
    assert call("close-day") == 0
    assert closed(now.date()) is False
    assert call("deploy", "--end") == 0
    assert call("close-day") == 0
    assert closed(now.date()) is True


def test_close_day_needs_a_card(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("close-day") == 1
    assert "is not a card" in capsys.readouterr().err


def closed(day: Any) -> bool:
    with closing(make_card(Path("card"), read_record(Path("card", RECORD)))) as card:
        return is_closed(card.connection, day)
