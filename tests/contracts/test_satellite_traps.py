"""The known traps of the satellite link, and the tests that stand in each: none of them may go missing."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

TRAPS: dict[str, list[str]] = {
    "1 CR, LF, OK and SBDRING inside a received message": [
        "sbd/test_sbd_lines.py::test_trap_1_a_binary_message_is_read_by_length",
        "drivers/test_rockblock_mailbox.py::test_trap_1_any_bytes_come_in",
    ],
    "2 a sum above 65535": [
        "sbd/test_sbd_commands.py::test_trap_2_a_sum_above_65535_wraps",
        "drivers/test_rockblock_9602.py::test_a_payload_arrives_byte_for_byte",
    ],
    "3 MO status 5 to 8 are failures": ["sbd/test_sbd_status.py::test_trap_3_the_reserved_failures_are_failures"],
    "4 the MO buffer is still loaded after a success": [
        "drivers/test_rockblock_9602.py::test_trap_4_the_modem_s_buffer_never_sends_an_old_message",
        "drivers/test_rockblock_9602.py::test_trap_4_without_a_0_from_sbdwb_there_is_no_session",
        "drivers/test_rockblock_mailbox.py::test_trap_4_a_mailbox_check_sends_nothing_stale",
    ],
    "5 SBDWB's 1 comes without OK": ["drivers/test_rockblock_9602.py::test_trap_5_sbdwb_1_comes_without_ok"],
    "6 unsolicited lines between command and reply": [
        "drivers/test_rockblock_9602.py::test_trap_6_unsolicited_lines_between_any_two_lines",
        "drivers/test_rockblock_mailbox.py::test_trap_6_lines_between_sbdrb_and_its_block",
    ],
    "7 echo on and off": ["drivers/test_rockblock_9602.py::test_trap_7_echo_on_or_off"],
    "8 a session longer than 30 s": ["drivers/test_rockblock_9602.py::test_trap_8_a_session_longer_than_30_seconds"],
    "9 MTMSN -1": ["drivers/test_rockblock_9602.py::test_trap_9_mtmsn_minus_1_in_any_spacing"],
    "10 a payload that begins with RB": [
        "sbd/test_sbd_commands.py::test_trap_10_a_payload_the_gateway_would_forward_is_refused",
        "drivers/test_rockblock_9602.py::test_trap_10_a_payload_that_begins_with_rb_never_reaches_the_modem",
    ],
    "11 zero bytes at the end": [
        "drivers/test_rockblock_9602.py::test_trap_11_zero_bytes_at_the_end_arrive",
        "wire/test_wire_codec.py::test_zero_bytes_at_the_end_change_nothing",
    ],
    "12 the third era and an unsigned count": [
        "sbd/test_sbd_commands.py::test_trap_12_network_time_is_an_unsigned_32_bit_number",
        "drivers/test_rockblock_mailbox.py::test_trap_12_network_time_under_the_era_of_today",
    ],
    "13 DirectIP's elements in any order, a location of 11 bytes": [
        "ground/test_ground_traps.py::test_trap_13_elements_in_any_order_and_a_location_of_eleven_bytes",
    ],
    "14 a year of two digits stands first": ["ground/test_ground_traps.py::test_trap_14_the_year_stands_first"],
    "15 numbers, strings, missing fields, no data": [
        "ground/test_ground_traps.py::test_trap_15_numbers_texts_and_what_is_missing",
    ],
    "16 another algorithm than the key's": [
        "ground/test_ground_traps.py::test_trap_16_the_token_does_not_choose_how_it_is_checked",
    ],
    "17 a delivery that comes again": ["ground/test_ground_traps.py::test_trap_17_seven_copies_are_one_message"],
    "18 a DirectIP message in pieces": ["ground/test_ground_traps.py::test_trap_18_frames_come_in_pieces"],
    "19 a time-out, then a late success": [
        "drivers/test_rockblock_9602.py::test_trap_19_a_success_after_the_deadline_is_uncertain",
        "drivers/test_rockblock_9602.py::test_trap_19_a_late_answer_is_still_the_answer",
        "drivers/test_rockblock_9602.py::test_trap_19_the_next_session_waits_for_one_still_running",
        "drivers/test_rockblock_9704.py::test_trap_19_an_acknowledgement_after_the_cancel_is_a_success",
    ],
    "20 three minutes after MO status 36": [
        "sbd/test_sbd_status.py::test_trap_20_code_36_waits_three_minutes",
        "drivers/test_rockblock_9602.py::test_trap_20_code_36_asks_for_three_minutes",
    ],
}


@cache
def _functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_has_its_tests(trap: str) -> None:
    """Each test that is named is there, under its name."""
    assert TRAPS[trap]
    for name in TRAPS[trap]:
        file, function = name.split("::")
        assert function in _functions(TESTS / file), name


def test_no_trap_is_left_out() -> None:
    """Twenty are known."""
    assert [int(trap.split()[0]) for trap in TRAPS] == list(range(1, 21))
