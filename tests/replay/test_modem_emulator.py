"""The emulated modem keeps the manual's rules, the unpleasant ones too."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.replay.emulator_process import plans
from cameratrap.replay.gateway import Delivery, Fate, Gateway, WebhookFolder, webhook_body
from cameratrap.replay.modem_emulator import ModemEmulator, MoMessage, SessionPlan

NOON = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)


def emulator(*session_plans: SessionPlan, **options: object) -> tuple[ModemEmulator, list[MoMessage]]:
    delivered: list[MoMessage] = []
    modem = ModemEmulator(delivered.append, plans=session_plans, echo=False, **options)  # type: ignore[arg-type]
    return modem, delivered


def load(modem: ModemEmulator, payload: bytes, at_s: float = 0.0) -> bytes:
    ready = modem.feed(b"AT+SBDWB=%d\r" % len(payload), at_s)
    return ready + modem.feed(payload + (sum(payload) % 65536).to_bytes(2, "big"), at_s)


def test_echo_is_on_at_first_and_can_be_switched_off() -> None:
    """A modem repeats what it hears until ATE0; the binary payload is never repeated."""
    modem = ModemEmulator([].append)
    assert modem.feed(b"AT\r") == b"AT\r\r\nOK\r\n"
    modem.feed(b"AT+SBDWB=2\r")
    assert modem.feed(b"hi\x00\xd1") == b"\r\n0\r\n\r\nOK\r\n"
    assert modem.feed(b"ATE0\r") == b"ATE0\r\r\nOK\r\n"
    assert modem.feed(b"AT\r") == b"\r\nOK\r\n"


def test_a_successful_session_does_not_clear_the_buffer() -> None:
    """A second AT+SBDIX sends the same payload again, under the next number."""
    modem, delivered = emulator(momsn=65535)
    assert load(modem, b"hello") == b"\r\nREADY\r\n\r\n0\r\n\r\nOK\r\n"
    assert modem.feed(b"AT+SBDIX\r") == b"\r\n+SBDIX: 0, 65535, 0, -1, 0, 0\r\n\r\nOK\r\n"
    modem.feed(b"AT+SBDIX\r")
    assert [(each.momsn, each.payload) for each in delivered] == [(65535, b"hello"), (0, b"hello")]
    assert modem.feed(b"AT+SBDD0\r") == b"\r\n0\r\n\r\nOK\r\n"
    modem.feed(b"AT+SBDIX\r")
    assert delivered[-1].payload == b""


def test_the_number_counts_successes_only() -> None:
    """A failed session keeps the message number, whether the gateway has the payload or not."""
    modem, delivered = emulator(SessionPlan(status=18), SessionPlan(status=18, delivers=True), momsn=5)
    load(modem, b"x")
    for _ in range(2):
        assert modem.feed(b"AT+SBDIX\r").startswith(b"\r\n+SBDIX: 18, 5,")
    assert modem.feed(b"AT+SBDS\r") == b"\r\n+SBDS: 1, 5, 0, -1\r\n\r\nOK\r\n"
    assert [each.momsn for each in delivered] == [5]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"AT+SBDWB=0\r", b"\r\n3\r\n\r\nOK\r\n"),
        (b"AT+SBDWB=341\r", b"\r\n3\r\n\r\nOK\r\n"),
        (b"AT+SBDWB=2\rhi\x00\x00", b"\r\nREADY\r\n\r\n2\r\n\r\nOK\r\n"),
        (b"AT+SBDWB=\r", b"\r\nERROR\r\n"),
        (b"AT+NONSENSE\r", b"\r\nERROR\r\n"),
        (b"at+csqf\r", b"\r\n+CSQF:4\r\n\r\nOK\r\n"),
        (b"noise\r", b""),
        (b"AT\n", b""),
        (b"noiseAT\r", b"\r\nOK\r\n"),
        (b"A" * 600 + b"AT\r", b"\r\nERROR\r\n"),
    ],
)
def test_answers(said: bytes, answer: bytes) -> None:
    """Refusals have the manual's codes; only CR ends a command; what is no command has no answer."""
    assert emulator()[0].feed(said) == answer


def test_sbdwb_waits_60_seconds_and_then_says_1_without_ok() -> None:
    """Missing bytes are waited for; everything written meanwhile is taken for payload."""
    modem, _ = emulator()
    modem.feed(b"AT+SBDWB=300\r", 10.0)
    assert modem.feed(b"AT\r", 50.0) == b""
    assert modem.time_passes(69.0) == b""
    assert modem.time_passes(70.0) == b"\r\n1\r\n"
    assert modem.feed(b"AT\r", 71.0) == b"\r\nOK\r\n"


def test_a_session_takes_its_time_and_what_is_typed_into_it_comes_after() -> None:
    """Commands written into a running session are answered when it is over."""
    modem, _ = emulator(SessionPlan(takes_s=40.0, unsolicited=b"\r\nSBDRING\r\n"))
    load(modem, b"x")
    assert modem.feed(b"AT+SBDIX\rAT\r", 0.0) == b""
    assert modem.wake_at_s == 40.0
    answer = modem.time_passes(40.0)
    assert answer == b"\r\nSBDRING\r\n\r\n+SBDIX: 0, 0, 0, -1, 0, 0\r\n\r\nOK\r\n\r\nOK\r\n"


def test_a_message_to_the_trap_comes_with_a_session_and_is_read_by_length() -> None:
    """AT+SBDRB hands over length, bytes and checksum; reading does not clear, the next session does."""
    modem, _ = emulator(mt_queue=[b"\r\nOK\r\n", b"2"])
    assert modem.feed(b"AT+SBDIX\r") == b"\r\n+SBDIX: 0, 0, 1, 0, 6, 1\r\n\r\nOK\r\n"
    block = b"\x00\x06\r\nOK\r\n\x00\xc8"
    assert modem.feed(b"AT+SBDRB\r") == modem.feed(b"AT+SBDRB\r") == block + b"\r\nOK\r\n"
    modem.feed(b"AT+SBDIX\r")
    assert modem.feed(b"AT+SBDRB\r").startswith(b"\x00\x012")


def test_a_power_cycle_empties_the_buffers_and_keeps_the_number() -> None:
    """Both buffers are empty after power-up; the message number is not volatile."""
    modem, _ = emulator(momsn=9)
    load(modem, b"x")
    modem.feed(b"AT+SBDIX\r")
    modem.power_cycle()
    assert modem.feed(b"ATE0\r").endswith(b"\r\nOK\r\n")
    assert modem.feed(b"AT+SBDS\r").startswith(b"\r\n+SBDS: 0, 10,")


@given(st.lists(st.binary(max_size=400), max_size=8))
def test_no_input_breaks_it(chunks: list[bytes]) -> None:
    """Any bytes at all have some answer or none."""
    modem, _ = emulator()
    for at_s, chunk in enumerate(chunks):
        modem.feed(chunk, at_s * 30.0)


def test_plans_are_read_from_text() -> None:
    """``18!,32,0``: the mark means that the gateway has it all the same."""
    assert plans("18!, 32,0") == [SessionPlan(18, delivers=True), SessionPlan(32), SessionPlan(0)]
    assert plans("") == []


def test_gateway_fates() -> None:
    """Deliveries can be doubled, held back behind the next one, and dropped."""
    received: list[Delivery] = []
    fates = [Fate.HOLD, Fate.DUPLICATE, Fate.DROP, Fate.HOLD]
    gateway = Gateway(received.append, now=lambda: NOON, fates=fates)
    for number in range(5):
        gateway.accept(MoMessage("300234010123450", number, b"x"))
    assert [each.momsn for each in received] == [1, 1, 0, 4, 3]
    assert {each.transmit_time for each in received} == {NOON}


def test_webhook_bodies_have_the_shape_of_captured_ones(shared_data: Path) -> None:
    """Form and JSON carry every field of a real delivery except the signature, with the same types and time format."""
    folder = shared_data / "satellite" / "webhook"
    delivery = Delivery("300234010123450", 12, b"\x01\xab", NOON)
    real = json.loads((folder / "captured-2022-02-01.json").read_bytes())
    made = json.loads(webhook_body(delivery))
    assert real.keys() - {"JWT"} <= made.keys()
    assert {name: type(made[name]) for name in real if name != "JWT"} == {
        name: type(value) for name, value in real.items() if name != "JWT"
    }
    form = webhook_body(delivery, "form").decode()
    assert parse_qs((folder / "captured-2022-02-01.form").read_text()).keys() <= parse_qs(form).keys()
    assert "transmit_time=26-11-22%2012%3A00%3A05" in form
    assert made["data"] == "01ab"


def test_webhook_folder_never_replaces_a_delivery(tmp_path: Path) -> None:
    """The same message delivered twice is two files, and nothing half-written lies beside them."""
    gateway = Gateway(WebhookFolder(tmp_path / "inbox"), now=lambda: NOON, fates=[Fate.DUPLICATE])
    gateway.accept(MoMessage("300234010123450", 7, b"x"))
    names = sorted(path.name for path in (tmp_path / "inbox").iterdir())
    assert names == ["300234010123450_000007_0.json", "300234010123450_000007_1.json"]
