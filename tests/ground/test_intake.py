"""The way in that files and listeners share: what becomes of each delivery, and that none stops the others."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.config.ground import Ground
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import ConfigError, StoreError
from cameratrap.ground.intake import Intake, IntakeStatus, open_intake
from cameratrap.ground.proof import ProofPolicy
from cameratrap.ground.ways_in import Form, Part
from cameratrap.store.inbox import Inbox, create_inbox
from cameratrap.store.refused import RefusedLog

TAXA = TaxaTable.from_csv(
    "wire_code,taxon,vernacular_en,rank,gbif_key,parent,sensitive,synonyms\n1,Vulpes vulpes,,species,,,0,\n",
    origin="test",
)
NOW = datetime(2026, 6, 2, 6, 0, tzinfo=UTC)
LATER = datetime(2026, 6, 3, tzinfo=UTC)
Delivery = Callable[..., bytes]


@pytest.fixture
def intake(tmp_path: Path, policy: ProofPolicy) -> Iterator[Intake]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    create_inbox(connection)
    yield Intake(Inbox(connection), RefusedLog(tmp_path / "refused"), TAXA, policy, {})
    connection.close()


def _webhook(body: bytes) -> Part:
    """As a listener hands it over: what it is was told by the request."""
    return Part("webhook 192.0.2.1", body, Form.JSON)


def test_a_proved_delivery_is_in_with_its_body(intake: Intake, delivery: Delivery) -> None:
    """The token too, which proves the message for as long as it is kept."""
    body = delivery()
    outcome = intake.take(_webhook(body), received_at=NOW)
    assert (outcome.name, outcome.is_in, outcome.error) == ("webhook 192.0.2.1", True, None)
    (stored,) = intake.inbox.messages()
    assert (stored.message, stored.message.verified, stored.received_at) == (outcome.message, True, NOW)
    assert stored.message.body == body
    assert intake.take(_webhook(body), received_at=LATER).status is IntakeStatus.DUPLICATE


def test_what_proves_nothing_is_refused_and_kept_apart(intake: Intake, delivery: Delivery) -> None:
    """Never in the inbox; the body in the log with the reason and the time."""
    body = delivery().replace(b'"momsn": 41', b'"momsn": 42')
    outcome = intake.take(_webhook(body), received_at=NOW)
    assert (outcome.status, outcome.is_in, outcome.message) == (IntakeStatus.REFUSED, False, None)
    assert list(intake.inbox.messages()) == []
    (refused,) = intake.refused.bodies()
    assert (refused.body, refused.reason, refused.refused_at) == (body, outcome.reason, NOW)


def test_what_is_no_delivery_is_named_and_nowhere(intake: Intake) -> None:
    """Neither log nor inbox fills with what anybody sends to an open port."""
    outcome = intake.take(_webhook(b"{"), received_at=NOW)
    assert outcome.status is IntakeStatus.UNREADABLE
    assert "not JSON" in outcome.reason
    assert (list(intake.inbox.messages()), list(intake.refused.bodies())) == ([], [])


def test_an_inbox_that_cannot_be_written_stops_it(intake: Intake, delivery: Delivery) -> None:
    """What is not kept must not be acknowledged."""
    intake.inbox.connection.execute("PRAGMA query_only=1")
    with pytest.raises(StoreError):
        intake.take(_webhook(delivery()), received_at=NOW)


def test_a_rehearsal_leaves_the_log_as_it_is(intake: Intake, delivery: Delivery) -> None:
    """Neither adds to it nor takes from it."""
    refused = delivery().replace(b'"momsn": 41', b'"momsn": 42')
    rehearsal = replace(intake, rehearsing=True)
    assert rehearsal.take(_webhook(refused), received_at=NOW).status is IntakeStatus.REFUSED
    assert not intake.refused.folder.exists()
    replace(intake, policy=ProofPolicy()).take(_webhook(delivery()), received_at=NOW)
    assert [outcome.is_in for outcome in rehearsal.reverify(received_at=LATER)] == [True]
    assert len(list(intake.refused.bodies())) == 1


def test_reverify_goes_on_past_what_cannot_be_read(
    intake: Intake, delivery: Delivery, unsigned: dict[str, Any]
) -> None:
    """A damaged file of the log, a body that is no delivery, one still refused: named each; the good one gets in."""
    without_key = replace(intake, policy=ProofPolicy())
    forged = delivery().replace(b'"momsn": 41', b'"momsn": 42')
    for body in (forged, delivery()):
        without_key.take(_webhook(body), received_at=NOW)
    log = intake.refused.folder
    record = {"refused_at": NOW.isoformat(), "name": "odd.json", "reason": "", "body": base64.b64encode(b"{").decode()}
    (log / "odd.json").write_text(json.dumps(record))
    (log / "torn.json").write_bytes(b'{"name": "x')
    (log / "deep.json").write_bytes(b"[" * 100_000)
    outcomes = {outcome.name: outcome.status.value for outcome in intake.reverify(received_at=LATER)}
    assert outcomes.pop("webhook 192.0.2.1") in ("refused", "undecodable")
    assert outcomes == {
        "odd.json": "unreadable",
        str(log / "torn.json"): "unreadable",
        str(log / "deep.json"): "unreadable",
    }
    assert [stored.message.verified for stored in intake.inbox.messages()] == [True]
    assert {path.name for path in log.iterdir()} > {"odd.json", "torn.json", "deep.json"}
    assert len(list(log.iterdir())) == 4


def test_a_refused_body_is_tried_as_one(
    intake: Intake, unsigned: dict[str, Any], json_body: Callable[..., bytes]
) -> None:
    """However it is laid out and whatever file it came from: its lines are no deliveries of their own."""
    body = json.dumps(json.loads(json_body(unsigned)) | {"JWT": "x"}, indent=1).encode()
    intake.take(Part("log.txt", body, Form.JSON, 7), received_at=NOW)
    outcomes = list(intake.reverify(received_at=LATER))
    assert [(outcome.name, outcome.status) for outcome in outcomes] == [("log.txt:7", IntakeStatus.REFUSED)]
    assert [refused.body for refused in intake.refused.bodies()] == [body]


def test_files_that_hold_nothing_are_named(intake: Intake, tmp_path: Path) -> None:
    """Without a byte, with line ends only, not there at all."""
    for name, content in {"empty.sbd": b"", "lines.hex": b"\n\r\n"}.items():
        (tmp_path / name).write_bytes(content)
        (outcome,) = intake.take_path(tmp_path / name, received_at=NOW)
        assert (outcome.status, outcome.reason) == (IntakeStatus.UNREADABLE, "it is empty")
    (outcome,) = intake.take_path(tmp_path / "absent", received_at=NOW)
    assert "cannot be read" in outcome.reason


_TEXT = st.binary(max_size=60) | st.text(max_size=60).map(str.encode)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["imei", "momsn", "transmit_time", "data", "JWT", "identity", "sbd"]), inner)
    ),
).map(lambda value: json.dumps(value).encode())


@given(st.sampled_from(Form), _TEXT | _JSON)
def test_no_delivery_stops_it(form: Form, body: bytes) -> None:
    """Whatever is sent, in whichever form it is said to be."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    create_inbox(connection)
    intake = Intake(Inbox(connection), RefusedLog(Path("unused")), TAXA, ProofPolicy(), {}, rehearsing=True)
    outcome = intake.take(Part("any", body, form), received_at=NOW)
    assert outcome.is_in is (len(list(intake.inbox.messages())) == 1)
    connection.close()


def test_a_wrong_key_is_said_before_anything_is_made(tmp_path: Path) -> None:
    """And a rehearsal makes nothing even with a right one."""
    (tmp_path / "key.pem").write_bytes(b"hello")
    wrong = Ground(rockblock_public_keys=(str(tmp_path / "key.pem"),))
    with pytest.raises(ConfigError), open_intake(tmp_path / "new", wrong, TAXA):
        pass
    with open_intake(tmp_path / "new", Ground(), TAXA, rehearsing=True) as intake:
        assert list(intake.inbox.messages()) == []
    assert not (tmp_path / "new").exists()
