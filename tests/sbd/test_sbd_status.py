"""Every MO status, 0 to 65 and beyond, means one thing to the sender."""

from __future__ import annotations

import pytest

from cameratrap.sbd.status import DAY_S, HOUR_S, Fault, Verdict, classify

# The reference's table, written out by code and not by rule.
EXPECTED: dict[int, Verdict] = dict.fromkeys(range(66), Verdict.RETRY)
EXPECTED |= dict.fromkeys([0, 1, 2, 3, 4], Verdict.SENT)
EXPECTED |= dict.fromkeys([12, 14], Verdict.PERMANENT)


@pytest.mark.parametrize(("code", "verdict"), EXPECTED.items())
def test_every_code_has_its_verdict(code: int, verdict: Verdict) -> None:
    """0 to 4 are sent, 12 and 14 can never be, everything else is tried again."""
    assert classify(code).verdict is verdict
    assert classify(code).code == code
    assert classify(code).meaning


@pytest.mark.parametrize("code", [5, 6, 7, 8])
def test_trap_3_the_reserved_failures_are_failures(code: int) -> None:
    """5 to 8 were taken for successes elsewhere, and the message was then deleted."""
    assert classify(code).verdict is Verdict.RETRY


@pytest.mark.parametrize("code", [13, 17, 18, 19])
def test_a_session_that_broke_off_may_have_delivered(code: int) -> None:
    """The gateway may hold the message although the modem could not learn it."""
    assert classify(code).uncertain


@pytest.mark.parametrize("code", [11, 12, 14, 15, 16, 32, 33, 34, 35, 36, 37, 38, 64, 65])
def test_what_never_reached_the_gateway_is_certain(code: int) -> None:
    """A refusal by the modem or the gateway delivered nothing."""
    assert not classify(code).uncertain


def test_trap_20_code_36_waits_three_minutes() -> None:
    """The modem refuses to register again within 180 s."""
    assert (classify(36).retry_after_s or 0) >= 180


def test_configuration_faults_are_tried_daily() -> None:
    """An unprovisioned or locked modem is somebody's to mend; trying hourly only drains the battery."""
    assert classify(15).retry_after_s == classify(16).retry_after_s == DAY_S


@pytest.mark.parametrize("code", [11, 33, 37, 38, 64, 65])
def test_faults_of_network_or_hardware_wait_long(code: int) -> None:
    """Nothing about them changes within minutes."""
    assert (classify(code).retry_after_s or 0) >= HOUR_S


@pytest.mark.parametrize("code", [-1, 66, 99, 12345])
def test_an_unknown_code_is_tried_again_and_may_have_delivered(code: int) -> None:
    """A newer firmware's code neither loses the message nor claims anything."""
    assert classify(code).verdict is Verdict.RETRY
    assert classify(code).uncertain


def test_every_failure_has_a_class() -> None:
    """Whoever shows or counts failures knows what kind each is; a success is none."""
    kinds = {fault: [code for code in EXPECTED if classify(code).fault is fault] for fault in Fault}
    assert kinds[Fault.ACCOUNT] == [15, 16]
    assert kinds[Fault.HARDWARE] == [33, 64, 65]
    assert kinds[Fault.PAYLOAD] == [12, 14]
    assert kinds[Fault.SKY] == [18, 19, 32]
    assert kinds[Fault.BUSY] == [34, 35, 36]
    assert [code for code in EXPECTED if classify(code).fault is None] == [0, 1, 2, 3, 4]
