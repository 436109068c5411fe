"""`summary encode`, `decode` and `units` as a user calls them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from cameratrap.cli import run
from cameratrap.domain.alerts import Alert
from cameratrap.domain.summaries import DailySummary
from cameratrap.resources import builtin_taxa
from cameratrap.store.keys import write_key
from cameratrap.wire.codec import encode, encode_alert
from cameratrap.wire.seal import CcmSealer, SealKey, SealNumber
from tests.wire.strategies import many

BARE = '{"day": "2026-11-21", "tallies": []}'
BARE_HEX = "10439b6b32fdd8"
FULL = {
    "day": "2026-11-21",
    "sequence": 17,
    "effort": {"hours_armed": 24.0, "hours_armed_night": 9.5, "triggers": 31, "blank": 22, "suppressed": 4},
    "health": {
        "battery_v": 12.4,
        "temperature_min_c": -3,
        "temperature_max_c": 14,
        "disk_free_pct": 87,
        "restarts": 0,
        "clock": "ok",
        "faults": [],
    },
    "tallies": [{"taxon": "Vulpes vulpes", "events": 3, "individuals": 4}],
    "saturated": [],
    "earlier": [
        {"day": "2026-11-20", "sequence": 16, "hours_armed": 24.0, "hours_armed_night": 9.5, "tallies": []},
    ],
    "commands": [{"number": 7, "outcome": "not allowed"}, {"number": None, "outcome": "forged"}],
}


EMPTY_DAY = '{"day": "2026-11-21", "tallies": []}'


class Shell:
    """The command line in this process: what is given on stdin, and what comes out."""

    def __init__(self, capsys: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str, stdin: str | bytes = "", quiet: bool = False) -> tuple[int, bytes, str]:
        """Exit status, stdout and stderr."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        self._monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        status = run([*(["--quiet"] if quiet else []), "summary", *arguments])
        out, err = self._capsys.readouterr()
        return status, out, err.decode()

    def objects(self, *arguments: str, stdin: str | bytes = "") -> list[Any]:
        """The JSON objects on stdout of a call that goes well."""
        status, out, err = self(*arguments, "--json", stdin=stdin)
        assert (status, err) == (0, "")
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def shell(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The command line."""
    return Shell(capsysbinary, monkeypatch)


def test_encode_and_decode_through_a_pipe_are_the_identity(shell: Shell) -> None:
    """What the interface shows goes in on stdin, and the same object comes out."""
    status, messages, err = shell("encode", stdin=json.dumps(FULL))
    assert (status, err) == (0, "")
    assert shell.objects("decode", stdin=messages) == [FULL]


def test_the_sequence_is_the_running_number_where_there_is_none(shell: Shell) -> None:
    """Three bare days are numbered from 0; blank lines do not count."""
    _, messages, _ = shell("encode", stdin=f"{BARE}\n\n{BARE}\r\n{BARE}")
    assert messages.splitlines()[0].decode() == BARE_HEX
    assert [each["sequence"] for each in shell.objects("decode", stdin=messages)] == [0, 1, 2]


@pytest.mark.parametrize("form", ["hex", "base64"])
def test_text_formats_go_both_ways_by_file_and_by_argument(shell: Shell, tmp_path: Path, form: str) -> None:
    """A file of messages and a message as an argument give the same object."""
    day, sent = tmp_path / "day.json", tmp_path / "sent.txt"
    day.write_text(json.dumps(FULL), encoding="utf-8")
    _, message, _ = shell("encode", str(day), "--format", form)
    sent.write_bytes(message)
    assert shell.objects("decode", str(sent), "--format", form) == [FULL]
    assert shell.objects("decode", message.decode().strip(), "--format", form) == [FULL]


def test_raw_is_the_bytes_of_one_message(shell: Shell, tmp_path: Path) -> None:
    """An .sbd file is written and read; several messages have nothing between them and are refused."""
    status, message, _ = shell("encode", "--format", "raw", stdin=BARE)
    assert (status, message) == (0, bytes.fromhex(BARE_HEX))
    file = tmp_path / "300234010753370_000017.sbd"
    file.write_bytes(message)
    assert shell.objects("decode", str(file), "--format", "raw")[0]["day"] == "2026-11-21"
    status, message, err = shell("encode", "--format", "raw", stdin=f"{BARE}\n{BARE}")
    assert (status, message) == (2, b"")
    assert "--format hex" in err


def test_a_wrong_line_is_named_and_the_rest_is_done(shell: Shell) -> None:
    """One bad object of three: two messages, exit 3, the line, its key and what was expected on stderr."""
    wrong = '{"day": "2026-11-21", "tallies": [], "effort": {"triggers": -2}}'
    status, messages, err = shell("encode", stdin=f"{BARE}\n{wrong}\n{BARE}\n")
    assert status == 3
    assert len(messages.splitlines()) == 2
    assert "line 2: " in err
    assert "effort.triggers = -2: expected a whole number from 0 on" in err
    assert "hint: " in err


def test_a_line_that_is_no_text_is_named(shell: Shell) -> None:
    """Bytes that are not UTF-8 are a wrong line, not a traceback."""
    status, messages, err = shell("encode", stdin=b"\xff\xfe{\n" + BARE.encode())
    assert (status, len(messages.splitlines())) == (3, 1)
    assert "line 1: this is not text" in err


def test_an_unknown_taxon_is_named_with_its_line(shell: Shell) -> None:
    """A name that the table lacks is refused with what may have been meant."""
    wrong = '{"day": "2026-11-21", "tallies": [{"taxon": "Vulpes vulpez", "events": 1, "individuals": 1}]}'
    status, out, err = shell("encode", stdin=wrong)
    assert (status, out) == (1, b"")
    assert "line 1: no taxon is called 'Vulpes vulpez'" in err
    assert "vulpes vulpes" in err


def test_messages_that_cannot_be_decoded_are_named_and_the_rest_is_done(shell: Shell) -> None:
    """Garbage, an odd number of digits and an unknown version among good messages: exit 3, each told."""
    status, out, err = shell("decode", "--json", stdin=f"{BARE_HEX}\nhello\n123\n2f00\n{BARE_HEX}\n")
    assert (status, len(out.splitlines())) == (3, 2)
    assert all(f"line {number}: " in err for number in (2, 3, 4))
    assert "wire version 2 is not known" in err
    assert "keep the raw bytes" in err


def test_nothing_decoded_is_a_failure(shell: Shell) -> None:
    """A single message that is none exits 1."""
    status, out, err = shell("decode", "--json", "beef")
    assert (status, out) == (1, b"")
    assert "message 1: wire version 11 is not known" in err


def test_an_argument_that_is_neither_file_nor_message_says_so(shell: Shell) -> None:
    """A mistyped file name is not mistaken for a damaged message."""
    status, _, err = shell("decode", "inbox/today.txt")
    assert status == 1
    assert "nor is it the name of a file" in err


def test_a_missing_file_is_wrong_usage(shell: Shell, tmp_path: Path) -> None:
    """There is nothing to encode."""
    status, _, err = shell("encode", str(tmp_path / "none.jsonl"))
    assert status == 2
    assert "cannot read" in err


@pytest.mark.parametrize("form", ["hex", "raw"])
def test_an_empty_argument_is_an_empty_message(shell: Shell, form: str) -> None:
    """It is no name of a file either."""
    status, out, err = shell("decode", "--format", form, "", "--json")
    assert (status, out) == (1, b"")
    assert err.startswith("error: message 1: the message is empty")


def test_the_examples_of_the_help_are_right(shell: Shell) -> None:
    """What the first one encodes is what the second one decodes."""
    _, out, _ = shell("--help")
    said = [line.split() for line in out.decode().splitlines()]
    (message,) = (words[-1] for words in said if words[:3] == ["cameratrap", "summary", "decode"])
    (example,) = (line for line in out.decode().splitlines() if line.strip().startswith("echo"))
    status, encoded, _ = shell("encode", stdin=example.split("'")[1])
    assert (status, encoded.decode().strip()) == (0, message)
    assert [day["day"] for day in shell.objects("decode", message)] == ["2026-11-21"]


def test_earlier_days_that_are_left_out_are_said(shell: Shell) -> None:
    """They cost no message of their own, and the receiver will not learn of them."""
    names = [taxon.name for taxon in builtin_taxa()]
    tallies = [{"taxon": name, "events": 1, "individuals": 300} for name in names[:9]]
    earlier = [{"day": f"2026-11-{day}", "sequence": day, "tallies": tallies} for day in (20, 19, 18)]
    status, out, err = shell("encode", stdin=json.dumps({"day": "2026-11-21", "tallies": [], "earlier": earlier}))
    (told,) = shell.objects("decode", out.decode().strip())
    assert (status, len(told["earlier"])) == (0, 1)
    assert err == "line 1: 2026-11-21: 2 of the earlier days left out\n"


def test_too_few_bytes_are_said_as_they_were_given(shell: Shell) -> None:
    """Not as what is left of them for the day."""
    status, _, err = shell("encode", "--max-bytes", "5", stdin=EMPTY_DAY)
    assert status == 1
    assert "5 bytes for each, 3 of them for its check or seal" in err


def test_a_part_of_more_than_a_day_can_have_is_refused(shell: Shell) -> None:
    """As the wrong value that it is."""
    status, _, err = shell("encode", stdin='{"day": "2026-11-21", "tallies": [], "part": [1, 99999999999999999]}')
    assert status == 1
    assert "part: expected [i, n], part i of n, and at most 1000 of them" in err


def test_an_empty_input_is_an_empty_result(shell: Shell) -> None:
    """No days, no messages, exit 0."""
    assert shell("encode", stdin="")[:2] == (0, b"")
    assert shell("decode", "--json", stdin="\n")[:2] == (0, b"")


def crowded() -> str:
    """A day with more taxa than a credit holds."""
    tallies = [{"taxon": t.taxon, "events": t.events, "individuals": t.individuals} for t in many(40)]
    return json.dumps({"day": "2026-11-21", "tallies": tallies})


def test_a_day_in_several_messages_comes_back_as_one_object(shell: Shell) -> None:
    """The parts are lines of their own; decoded together they are the day, one alone names itself as a part."""
    _, messages, _ = shell("encode", "--max-messages", "8", stdin=crowded())
    lines = messages.decode().split()
    assert len(lines) > 1
    (whole,) = shell.objects("decode", stdin=messages)
    assert "part" not in whole
    assert len(whole["tallies"]) == 40
    (last,) = shell.objects("decode", lines[-1])
    assert last["part"] == [len(lines), len(lines)]
    several = shell.objects("decode", BARE_HEX, *reversed(lines), lines[0])
    assert [each.get("part") for each in several] == [None, None, [1, len(lines)]]
    assert several[1] == whole


def test_one_message_a_day_merges_what_does_not_fit(shell: Shell) -> None:
    """By default a day costs one credit, and the last tally says what is in it."""
    status, messages, err = shell("encode", stdin=crowded())
    (day,) = shell.objects("decode", stdin=messages)
    assert len(messages.strip()) <= 2 * 50
    merged = 40 - (len(day["tallies"]) - 1)
    assert (status, err) == (0, f"line 1: 2026-11-21: {merged} taxa merged into others\n")
    assert day["tallies"][-1]["taxa"] == merged
    assert day["tallies"][-1]["taxon"] == "others"
    assert sum(tally["individuals"] for tally in day["tallies"]) == sum(tally.individuals for tally in many(40))


def test_what_saturates_is_said_once_an_object_and_not_with_quiet(shell: Shell) -> None:
    """A battery beyond the range and a fox beyond counting: one line for their object, none for the others."""
    text = json.dumps(
        {
            "day": "2026-11-21",
            "sequence": 1,
            "health": {"battery_v": 99, "temperature_min_c": -80},
            "tallies": [{"taxon": "Vulpes vulpes", "events": 1, "individuals": 2**21}],
        }
    )
    status, messages, err = shell("encode", stdin=f"{BARE}\n{text}\n{BARE}\n")
    named = "health.battery_v, health.temperature_min_c, tallies.Vulpes vulpes.individuals"
    assert (status, len(messages.splitlines())) == (0, 3)
    assert err == f"line 2: 2026-11-21: sent at the limit of its range: {named}\n"
    assert shell("encode", stdin=text, quiet=True) == (0, messages.splitlines(keepends=True)[1], "")


def test_another_taxa_table_may_be_used(shell: Shell, tmp_path: Path) -> None:
    """A study's own list encodes its own names; without it the receiver still sees the code and the counts."""
    table = tmp_path / "taxa.csv"
    table.write_text(
        "wire_code,taxon,vernacular_en,rank,gbif_key,parent,sensitive,synonyms\n4000,Yeti,yeti,species,,,1,EGX|PBX\n",
        encoding="utf-8",
    )
    text = '{"day": "2026-11-21", "tallies": [{"taxon": "PBX", "events": 1, "individuals": 2}]}'
    _, message, _ = shell("encode", "--taxa", str(table), stdin=text)
    (known,) = shell.objects("decode", "--taxa", str(table), stdin=message)
    status, out, err = shell("decode", "--json", stdin=message)
    unknown = json.loads(out)
    assert (status, err) == (0, "no name for code 4000: update your taxa (the counts are true), or give --taxa FILE\n")
    assert shell("decode", stdin=message, quiet=True)[2] == ""
    assert known["tallies"] == [{"taxon": "Yeti", "events": 1, "individuals": 2}]
    assert unknown["tallies"] == [{"taxon": "code 4000", "events": 1, "individuals": 2}]


def test_the_table_has_a_row_a_tally_and_one_for_an_empty_day(shell: Shell) -> None:
    """Days carried again stand below their message, marked; the CSV has the same columns."""
    _, message, _ = shell("encode", stdin=json.dumps(FULL))
    status, out, _ = shell("decode", "--csv", stdin=message)
    rows = list(csv.DictReader(io.StringIO(out.decode())))
    assert status == 0
    assert [(row["day"], row["earlier"], row["taxon"], row["events"]) for row in rows] == [
        ("2026-11-21", "no", "Vulpes vulpes", "3"),
        ("2026-11-20", "yes", "", ""),
    ]
    assert shell("decode", stdin=message)[1].decode().splitlines()[0].split() == list(rows[0])


def test_an_alert_is_an_object_of_its_own_among_days(shell: Shell) -> None:
    """It says when, what and how sure, as JSON and as a row; the parts of a day before it are still joined."""
    at = datetime(2026, 11, 21, 5, 12)  # noqa: DTZ001 - no offset is on the air
    alert = encode_alert(Alert(at, 3, "Panthera tigris", 2, 0.91), builtin_taxa()).hex()
    _, parts, _ = shell("encode", "--max-messages", "8", stdin=crowded())
    day, told = shell.objects("decode", stdin=parts + alert.encode())
    assert len(day["tallies"]) == 40
    assert told == {
        "alert": {
            "at": "2026-11-21T05:12",
            "sequence": 3,
            "taxon": "Panthera tigris",
            "individuals": 2,
            "score": 0.91,
        }
    }
    (row,) = csv.DictReader(io.StringIO(shell("decode", "--csv", alert)[1].decode()))
    assert (row["alert_at"], row["taxon"], row["individuals"], row["events"], row["score"]) == (
        "2026-11-21T05:12", "Panthera tigris", "2", "", "0.91",
    )  # fmt: skip


def test_a_sealed_message_needs_a_key_of_its_station(shell: Shell, tmp_path: Path) -> None:
    """Without one the error says so; with it the day is read; a key of another station does not open it."""
    keys = [SealKey(bytes([number]) * 32) for number in range(2)]
    for number, key in enumerate(keys):
        write_key(tmp_path / f"{number}.key", key, datetime.now(UTC))
    sealer = CcmSealer(keys[0], lambda: SealNumber(1, b"abc", 1))
    (message,) = encode(DailySummary(date(2026, 11, 21), 5), builtin_taxa(), sealer=sealer)
    status, _, err = shell("decode", message.hex())
    assert (status, "sealed with key 1" in err) == (1, True)
    both = ["--key", str(tmp_path / "1.key"), "--key", str(tmp_path / "0.key")]
    assert shell.objects("decode", *both, message.hex())[0]["sequence"] == 5
    assert shell("decode", *both[:2], message.hex())[0] == 1


def test_units_prints_every_field_with_its_range(shell: Shell) -> None:
    """The published table is there on the command line, too."""
    battery = next(each for each in shell.objects("units") if each["field"] == "health.battery_v")
    assert (battery["unit"], battery["step"], battery["maximum"]) == ("volts", "0.05", "51.15")


def test_a_real_study_survives_encode_and_decode(shell: Shell, shared_data: Path) -> None:
    """Every station-day of a real study through both commands, compared by wire code."""
    taxa = builtin_taxa()
    file = shared_data / "tallies" / "camtrapr_my.daily.jsonl"
    status, messages, err = shell("encode", str(file))
    assert (status, err) == (0, "")
    sent = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    received = shell.objects("decode", stdin=messages)
    coded = [
        [
            (
                day["day"],
                sorted((taxa.code_for_name(t["taxon"]), t["events"], t["individuals"]) for t in day["tallies"]),
            )
            for day in days
        ]
        for days in (sent, received)
    ]
    assert len(sent) == 337
    assert coded[0] == coded[1]
