"""The deployment record: written, read again, ended; records of older versions and of other hands."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.errors import StoreError
from cameratrap.store.deployment import (
    FEATURES,
    Deployment,
    MadeWith,
    Setup,
    read_record,
    record_text,
    write_end,
    write_record,
)

START = datetime(2026, 6, 1, 9, 30, tzinfo=timezone(timedelta(hours=2)))
OLD = """# The deployment record. It names the site and tells no position.
deployment = "ridge-1_20260601"
station = "ridge-1"
utc_offset_minutes = 60
start = 2026-06-01T09:30:00+01:00
"""

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
setups = st.builds(
    Setup,
    camera_id=st.none() | texts,
    camera_model=st.none() | texts,
    camera_height=st.none() | st.floats(0, 100),
    camera_tilt=st.none() | st.integers(-90, 90),
    camera_heading=st.none() | st.integers(0, 360),
    detection_distance=st.none() | st.floats(0, 100),
    setup_by=st.none() | texts,
    bait_use=st.none() | st.booleans(),
    feature_type=st.none() | st.sampled_from(FEATURES),
    habitat=st.none() | texts,
    deployment_comments=st.none() | texts,
    latitude=st.none() | st.floats(-90, 90),
    longitude=st.none() | st.floats(-180, 180),
    coordinate_uncertainty=st.none() | st.integers(1, 10**6),
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
deployments = st.builds(
    Deployment,
    texts,
    texts,
    st.integers(-14 * 60, 14 * 60),
    moments,
    st.none() | moments,
    setups,
    st.none() | st.builds(MadeWith, texts, texts, texts, texts),
)


@given(deployment=deployments)
@settings(max_examples=50)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, deployment: Deployment) -> None:
    """Whatever a person types in: the record is TOML, and says the same."""
    path = tmp_path_factory.mktemp("card") / "deployment.toml"
    write_record(path, deployment)
    assert read_record(path) == deployment
    assert path.read_text(encoding="utf-8") == record_text(deployment)


def test_the_setup_goes_by_camtrap_dps_names() -> None:
    setup = Setup(
        camera_id="a", camera_height=0.5, camera_tilt=-5, setup_by="Ann", bait_use=False, coordinate_uncertainty=9
    )
    assert setup.by_camtrap_dp() == {
        "cameraID": "a", "cameraHeight": 0.5, "cameraTilt": -5, "setupBy": "Ann", "baitUse": False,
        "coordinateUncertainty": 9,
    }  # fmt: skip


def test_a_record_of_an_older_version_is_read(tmp_path: Path) -> None:
    """Cards that are in the field have four keys and no more."""
    path = tmp_path / "deployment.toml"
    path.write_text(OLD, encoding="utf-8")
    found = read_record(path)
    assert (found.deployment, found.station, found.utc_offset_minutes) == ("ridge-1_20260601", "ridge-1", 60)
    assert (found.end, found.setup, found.made_with) == (None, Setup(), None)
    assert record_text(found) == OLD


def test_a_record_without_a_position_says_so_and_one_with_it_does_not() -> None:
    plain = Deployment("d", "s", 0, START)
    assert "tells no position" in record_text(plain)
    assert "itude" not in record_text(plain)
    assert "tells no position" not in record_text(replace(plain, setup=Setup(latitude=46.5, longitude=7.5)))


def test_the_end_is_added_and_every_other_line_stays(tmp_path: Path) -> None:
    """A hand's remarks, and keys that a newer version has written."""
    path = tmp_path / "deployment.toml"
    by_hand = OLD + 'colour = "red"\n\n[camtrap_dp]\nsetupBy = "Ann"  # the red box\nfuture = 1\n'
    path.write_text(by_hand, encoding="utf-8")
    end = START + timedelta(days=90)
    assert write_end(path, end).end == end
    assert read_record(path) == replace(read_record(path), end=end, setup=Setup(setup_by="Ann"))
    added = [line for line in path.read_text(encoding="utf-8").splitlines() if line not in by_hand.splitlines()]
    assert added == [f"end = {end.isoformat()}"]


@pytest.mark.parametrize(
    "odd",
    [
        OLD.replace("start =", '"start" ='),
        'note = """\nstart = "x"\n"""\n' + OLD,
        OLD.replace("start = 2", "start = [\n2"),
    ],
)
def test_an_end_that_cannot_be_added_is_not_half_added(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "deployment.toml"
    path.write_text(odd, encoding="utf-8")
    with pytest.raises(StoreError):
        write_end(path, START + timedelta(days=1))
    assert path.read_text(encoding="utf-8") == odd


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "deployment = 1",
        OLD.replace("+01:00", ""),
        OLD.replace("2026-06-01T09:30:00+01:00", '"today"'),
        OLD.replace("60", "9000"),
        OLD.replace("60", "inf"),
        OLD + "end = 2026-06-01",
        OLD + "camtrap_dp = 1",
        OLD + "made_with = 3",
        OLD + "[made_with]\nmodel = 'x'",
        OLD + "[camtrap_dp]\ncameraTilt = 1.5",
        OLD + "[camtrap_dp]\ncameraTilt = true",
        OLD + "[camtrap_dp]\ncameraID = 7",
        "\x00",
    ],
)
def test_a_record_that_is_not_sound_is_refused_with_the_reason(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "deployment.toml"
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be read"):
        read_record(path)


def test_what_is_written_is_toml_for_anyone() -> None:
    text = record_text(Deployment('a"b\\c\n\x7f', "s", 0, START, setup=Setup(camera_height=1.0)))
    assert tomllib.loads(text)["camtrap_dp"] == {"cameraHeight": 1.0}
