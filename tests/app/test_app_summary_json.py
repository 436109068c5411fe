"""The interface's JSON objects."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.summary_json import summary_from_json, summary_to_json
from cameratrap.domain.summaries import DailySummary
from cameratrap.domain.tallies import Tally
from cameratrap.errors import EncodeError
from cameratrap.wire.parts import PartialSummary
from cameratrap.wire.quantise import quantise
from tests.wire.strategies import TAXA, summaries

INTERFACE = """{"day": "2026-11-21", "sequence": 17,
 "effort": {"hours_armed": 24.0, "hours_armed_night": 9.5, "triggers": 31, "blank": 22, "suppressed": 4},
 "health": {"battery_v": 12.4, "temperature_min_c": -3, "temperature_max_c": 14, "disk_free_pct": 87,
            "restarts": 0, "clock": "ok", "faults": []},
 "tallies": [{"taxon": "Vulpes vulpes", "events": 3, "individuals": 4}], "saturated": [],
 "earlier": [{"day": "2026-11-20", "sequence": 16, "hours_armed": 24.0, "hours_armed_night": 9.5, "tallies": []}],
 "commands": [{"number": 3, "outcome": "done"}]}
"""


def test_the_object_of_the_interface_comes_back_as_it_is() -> None:
    """The same keys in the same order, the same values, also as text."""
    again = json.dumps(summary_to_json(summary_from_json(INTERFACE)))
    assert again == json.dumps(json.loads(INTERFACE))


@given(summaries())
def test_every_quantised_summary_survives_json(summary: DailySummary) -> None:
    """Reading what was written gives the same summary, but for ``saturated``, which encoding works out."""
    quantised = quantise(summary, TAXA)
    assert quantise(summary_from_json(json.dumps(summary_to_json(quantised))), TAXA) == quantised


def test_day_and_tallies_are_enough() -> None:
    """What is not there is not measured; the sequence is the one the caller gives; station is ignored."""
    text = '{"station": "A1", "day": "2009-04-02", "tallies": [{"taxon": "EGY", "events": 1, "individuals": 2}]}'
    assert summary_from_json(text, sequence=5) == DailySummary(date(2009, 4, 2), 5, (Tally("EGY", 1, 2),))


def test_a_part_keeps_its_number() -> None:
    """``part`` stands in the object of an incomplete day only."""
    part = PartialSummary(date(2026, 11, 21), 3, part=2, parts=3)
    assert summary_to_json(part)["part"] == [2, 3]
    assert summary_from_json(json.dumps(summary_to_json(part))) == part
    assert "part" not in summary_to_json(DailySummary(date(2026, 11, 21), 3))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("nonsense", "not JSON"),
        ("[1]", "a JSON object was expected"),
        ("[" * 100_000, "nested too deeply"),
        ('{"day": "2026-11-21", "day": "2026-11-22", "tallies": []}', "the key 'day' stands twice"),
        ('{"day": "2026-11-21", "tallies": [], "sequence": NaN}', "NaN"),
        ('{"tallies": []}', "day: is missing"),
        ('{"day": "2026-11-21"}', "tallies: expected a list"),
        ('{"day": "2026-11-21", "tallies": {}}', "tallies: expected a list"),
        ('{"day": "2026-11-21", "tallies": [3]}', "tallies = a list: expected a list of objects"),
        ('{"day": "21.11.2026", "tallies": []}', 'day = "21.11.2026": expected a date as YYYY-MM-DD'),
        ('{"day": "20261121", "tallies": []}', "expected a date as YYYY-MM-DD"),
        ('{"day": 20261121, "tallies": []}', "day = 20261121: expected a date"),
        ('{"day": "2026-11-21", "tallies": [], "sequence": -1}', "sequence = -1: expected a whole number from 0 on"),
        ('{"day": "2026-11-21", "tallies": [], "sequence": 1.5}', "sequence = 1.5"),
        ('{"day": "2026-11-21", "tallies": [], "sequence": true}', "sequence = true"),
        ('{"day": "2026-11-21", "tallies": [], "effort": 24}', "effort = 24: expected an object"),
        ('{"day": "2026-11-21", "tallies": [], "effort": {"hours_armed": "24"}}', 'effort.hours_armed = "24"'),
        ('{"day": "2026-11-21", "tallies": [], "effort": {"hours_armed": 1e999}}', "effort.hours_armed = Infinity"),
        ('{"day": "2026-11-21", "tallies": [], "effort": {"hour_armed": 24}}', "did you mean hours_armed?"),
        ('{"day": "2026-11-21", "talies": [], "tallies": []}', "talies: no such key; did you mean tallies?"),
        ('{"day": "2026-11-21", "tallies": [], "health": {"clock": "late"}}', "expected one of ok, drifting, unset"),
        ('{"day": "2026-11-21", "tallies": [], "health": {"faults": "none"}}', "expected a list of texts"),
        ('{"day": "2026-11-21", "tallies": [], "part": [3, 2]}', "part: expected [i, n]"),
        ('{"day": "2026-11-21", "tallies": [{"taxon": "lynx", "events": 1}]}', "tallies[0].individuals: is missing"),
        (
            '{"day": "2026-11-21", "tallies": [{"taxon": "lynx", "events": 2, "individuals": 1}]}',
            "tallies[0].individuals = 1: expected at least one an event, and there are 2",
        ),
        (
            '{"day": "2026-11-21", "tallies": [{"taxon": "others", "events": 2, "individuals": 2}]}',
            "tallies[0].taxa",
        ),
        (
            '{"day": "2026-11-21", "tallies": [], "earlier": [{"day": "x", "sequence": 1, "tallies": []}]}',
            'earlier[0].day = "x"',
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_path_and_what_was_expected(text: str, says: str) -> None:
    """Each mistake names the key's path, what was found and what would be accepted."""
    with pytest.raises(EncodeError) as caught:
        summary_from_json(text)
    assert says in str(caught.value)


def test_all_mistakes_are_listed_at_once() -> None:
    """Three mistakes, three lines to correct."""
    with pytest.raises(EncodeError) as caught:
        summary_from_json('{"day": "x", "tallies": 1, "health": {"battery_v": "12"}}')
    assert all(part in str(caught.value) for part in ("day =", "tallies:", "health.battery_v ="))


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
keys = st.sampled_from(["day", "sequence", "part", "effort", "health", "tallies", "saturated", "earlier", "station"])


@given(st.dictionaries(keys, values))
def test_any_json_is_a_summary_or_an_encode_error(found: dict[str, Any]) -> None:
    """Whatever stands under the keys, nothing but EncodeError is raised."""
    text = json.dumps({"day": "2026-11-21", "tallies": []} | found)
    try:
        summary = summary_from_json(text)
    except EncodeError:
        return
    assert summary.day == date(2026, 11, 21)
