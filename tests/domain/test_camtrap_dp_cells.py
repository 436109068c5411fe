"""Cells of Camtrap DP: what the standard takes, and nothing that its own validator would refuse."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.camtrap_dp import DEPLOYMENTS, MEDIA, OBSERVATIONS, Field, parse, whole_seconds

FIELDS = {field.name: field for field in (*DEPLOYMENTS, *MEDIA, *OBSERVATIONS)}
zones = st.integers(-86_399, 86_399).map(lambda s: timezone(timedelta(seconds=s)))


@given(st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=zones))  # noqa: DTZ001 - zones are drawn
def test_a_moment_is_the_same_to_the_second(moment: datetime) -> None:
    """Whatever its offset: those that have seconds are told in UTC."""
    told = parse(FIELDS["timestamp"], whole_seconds(moment))
    assert isinstance(told, datetime)
    assert timedelta(0) <= moment - told < timedelta(seconds=1)


def test_a_moment_without_an_offset_is_no_moment() -> None:
    """Nobody could say when it was."""
    with pytest.raises(ValueError, match="offset"):
        whole_seconds(datetime(2026, 6, 1))  # noqa: DTZ001 - that it has none is the point


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("timestamp", "2026-06-01T05:00:00Z", datetime(2026, 6, 1, 5, tzinfo=UTC)),
        ("timestamp", "2026-06-01T05:00:00+0000", datetime(2026, 6, 1, 5, tzinfo=UTC)),
        ("count", "3", 3),
        ("count", "NA", None),
        ("latitude", "-90", -90.0),
        ("filePublic", "TRUE", True),
        ("exifData", '{"ISO": 100}', {"ISO": 100}),
        ("exifData", "ISO 100", "ISO 100"),
        ("exifData", "NaN and more", "NaN and more"),
        ("filePath", "https://example.org/a b.jpg", "https://example.org/a b.jpg"),
    ],
)
def test_what_the_standard_takes(name: str, text: str, value: object) -> None:
    """As the value that it means."""
    assert parse(FIELDS[name], text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("timestamp", "2026-06-01T05:00:00.5Z"),
        ("timestamp", "2026-06-01T05:00:00"),
        ("timestamp", "2026-06-01 05:00:00Z"),
        ("timestamp", "2026-02-30T05:00:00Z"),
        ("timestamp", "NA"),
        ("count", "0"),
        ("count", "1.5"),
        ("count", "9" * 400),
        ("count", "\u0663"),
        ("latitude", "90.1"),
        ("latitude", "inf"),
        ("latitude", "1_0"),
        ("bboxWidth", "0"),
        ("filePublic", "yes"),
        ("lifeStage", "old"),
        ("filePath", "../a.jpg"),
        ("filePath", "a/..b.jpg"),
        ("filePath", "~/a.jpg"),
        ("filePath", "a\nb.jpg"),
        ("fileMediatype", "text/plain"),
    ],
)
def test_what_the_standard_does_not_take(name: str, text: str) -> None:
    """It is named, with what it should have been."""
    with pytest.raises(ValueError, match=name):
        parse(FIELDS[name], text)


@given(st.sampled_from(list(FIELDS.values())), st.text(max_size=12))
def test_any_text_is_a_value_or_an_error(field: Field, text: str) -> None:
    """Never another exception."""
    with suppress(ValueError):
        parse(field, text)
