"""Commands to the byte, answers in any spacing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.errors import EncodeError
from cameratrap.sbd import commands
from cameratrap.sbd.commands import BufferStatus, SbdixReply


def test_commands_are_the_manual_s() -> None:
    """Every command, byte for byte, ends with CR alone."""
    assert [
        commands.ATTENTION,
        commands.ECHO_OFF,
        commands.DTR_IGNORED,
        commands.FLOW_CONTROL_OFF,
        commands.RING_ALERT_OFF,
        commands.SESSION_TIMEOUT,
        commands.write_binary(b"hello"),
        commands.INITIATE_SESSION,
        commands.CLEAR_MO_BUFFER,
        commands.LAST_SIGNAL,
        *commands.SERIAL_NUMBERS,
        commands.BUFFER_STATUS,
        commands.RING_STATUS,
        commands.ANSWER_RING,
        commands.READ_BINARY,
        commands.NETWORK_TIME,
        commands.RADIO_ON,
        commands.FLUSH,
    ] == [
        b"AT\r",
        b"ATE0\r",
        b"AT&D0\r",
        b"AT&K0\r",
        b"AT+SBDMTA=0\r",
        b"AT+SBDST=60\r",
        b"AT+SBDWB=5\r",
        b"AT+SBDIX\r",
        b"AT+SBDD0\r",
        b"AT+CSQF\r",
        b"AT+CGSN\r",
        b"AT+GSN\r",
        b"AT+SBDS\r",
        b"AT+CRIS\r",
        b"AT+SBDIXA\r",
        b"AT+SBDRB\r",
        b"AT-MSSTM\r",
        b"AT*R1\r",
        b"AT*F\r",
    ]


def test_checksum_is_the_manual_s_example() -> None:
    """ "hello" is sent as 68 65 6c 6c 6f 02 14."""
    assert commands.binary_frame(b"hello") == bytes.fromhex("68656c6c6f0214")


def test_trap_2_a_sum_above_65535_wraps() -> None:
    """300 times 0xff sums to 76500, which is sent modulo 65536."""
    assert commands.checksum(b"\xff" * 300) == (76500 - 65536).to_bytes(2, "big")


@pytest.mark.parametrize("payload", [b"", b"x" * 341])
def test_a_payload_of_a_wrong_size_is_refused(payload: bytes) -> None:
    """1 to 340 bytes, said before the modem is touched."""
    with pytest.raises(EncodeError, match=f"{len(payload)} bytes"):
        commands.check_payload(payload)


@pytest.mark.parametrize("payload", [b"RB", b"RB0001234hello"])
def test_trap_10_a_payload_the_gateway_would_forward_is_refused(payload: bytes) -> None:
    """A payload that begins with "RB" would go to another RockBLOCK: refused, with what to do."""
    with pytest.raises(EncodeError, match="52 42") as caught:
        commands.check_payload(payload)
    assert "0x52" in caught.value.hint


@pytest.mark.parametrize("payload", [b"R", b"R\x00B", b"\x00", b"x" * 340])
def test_other_payloads_are_accepted(payload: bytes) -> None:
    """Only the two bytes together are an order to the gateway."""
    commands.check_payload(payload)


_numbers = st.integers(0, 65535)


@given(
    st.tuples(_numbers, _numbers, _numbers, st.integers(-1, 65535), _numbers, _numbers),
    st.sampled_from([",", ", ", " , ", ",  "]),
)
def test_sbdix_is_read_in_any_spacing(fields: tuple[int, ...], comma: str) -> None:
    """Six numbers, whatever spaces a firmware puts between them; the MTMSN may be -1 (trap 9)."""
    for colon in (":", ": "):
        reply = SbdixReply.from_line("+SBDIX" + colon + comma.join(map(str, fields)))
        assert reply == SbdixReply(*fields)


@pytest.mark.parametrize(
    "line",
    [
        "+SBDIX: 0, 5, 0, 0, 0",
        "+SBDIX: 0, 5, 0, 0, 0, 0, 0",
        "+SBDIX: , 5, 0, 0, 0, 0",
        "+SBDIX: -0, 5, 0, 0, 0, 0",
        "+SBDIX: \x1c0, 5, 0, 0, 0, 0",
        "+SBDIX 0, 5, 0, 0, 0, 0",
        "+SBDI: 1, 5, 0, 0, 0, 0",
        "SBDIX: 0, 5, 0, 0, 0, 0",
        "+SBDIX: 0, 5, 0, 0, 0, 0OK",
        "",
    ],
)
def test_a_damaged_sbdix_is_not_read(line: str) -> None:
    """An answer that lost a field or its name is no answer."""
    assert SbdixReply.from_line(line) is None


def test_other_answers() -> None:
    """Each value is read from its own line, in any spacing and case, and from no other."""
    assert commands.BufferStatus.from_line("+SBDS:1,65535,0,-1") == BufferStatus(loaded=True, momsn=65535)
    assert commands.BufferStatus.from_line("AT+SBDS+SBDS: 0, 7, 1, 3") == BufferStatus(False, 7, mt_loaded=True)
    assert commands.BufferStatus.from_line("+SBDS: 1, 2") is None
    assert commands.signal_quality("+CSQF:3") == commands.signal_quality("+csq: 3") == 3
    assert commands.signal_quality("+CSQ:9") is None
    assert commands.rings("+CRIS:000,001") is True
    assert commands.rings("+CRIS: 000, 000") is False
    assert commands.rings("OK") is None
    assert commands.imei("300234010123450") == commands.imei("+CGSN: 300234010123450") == "300234010123450"
    assert commands.imei("30023401012345") is None


def test_trap_12_network_time_is_an_unsigned_32_bit_number() -> None:
    """Hex without leading zeros, up to ffffffff; "no network service" is no number."""
    assert commands.network_frames("-MSSTM: d1c6dd38") == 0xD1C6DD38
    assert commands.network_frames("-MSSTM:FFFFFFFF") == 2**32 - 1
    assert commands.network_frames("-MSSTM: 5") == 5
    assert commands.network_frames("-MSSTM: no network service") is None
    assert commands.network_frames("-MSSTM: 1d1c6dd38") is None
