"""Calling systemctl: what it is asked, what its answers mean, and what is said where it is not there."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import pytest

from cameratrap.drivers.systemctl import Systemctl, parse_properties
from cameratrap.errors import CameraTrapError, DeviceError

SHOWN = (
    "Id=a.service\nLoadState=loaded\nResult=success\nNRestarts=3\n\nId=b.timer\nLoadState=not-found\nDescription=x=y\n"
)


class Answers:
    """What systemctl would print, and what it was asked."""

    def __init__(self, out: str = "", err: str = "", status: int = 0) -> None:
        self.answer = (out, err, status)
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.asked.append(tuple(words))
        out, err, status = self.answer
        return subprocess.CompletedProcess(words, status, out, err)


def test_each_unit_is_a_block_of_properties() -> None:
    shown = Systemctl(Answers(SHOWN)).show(["a.service", "b.timer"])
    assert [each["Id"] for each in shown] == ["a.service", "b.timer"]
    assert (shown[0]["NRestarts"], shown[1]["Description"]) == ("3", "x=y")


def test_noise_between_properties_is_no_property() -> None:
    assert parse_properties("Warning: something\nId=a\n\n") == {"Id": "a"}


def test_what_it_says_is_one_line_without_control_characters() -> None:
    """Its second line, colours and a bell are no part of what is told in a table."""
    said = "\x1b[0;1;31mSystem has not been booted with systemd.\x1b[0m\nFailed to connect to bus:\tHost is down\a\n"
    with pytest.raises(DeviceError) as caught:
        Systemctl(Answers(err=said, status=1)).reload()
    assert caught.value.why == "System has not been booted with systemd. Failed to connect to bus: Host is down"
    shown = Systemctl(Answers("Id=a\x07.service\nResult=\x1b[31mfailed\x1b[0m\n")).show(["a.service"])
    assert shown == [{"Id": "a.service", "Result": "failed"}]


def test_nothing_is_asked_for_no_units() -> None:
    answers = Answers()
    systemctl = Systemctl(answers)
    systemctl.enable([])
    systemctl.start([])
    systemctl.disable([])
    assert answers.asked == []


def test_a_start_does_not_wait_for_a_trap_to_be_armed() -> None:
    answers = Answers()
    Systemctl(answers).start(["a.service"])
    assert answers.asked == [("systemctl", "start", "--no-block", "a.service")]


def test_a_refusal_is_told_in_its_own_words() -> None:
    with pytest.raises(CameraTrapError, match="Access denied") as caught:
        Systemctl(Answers(err="Access denied\n", status=1)).reload()
    assert caught.value.exit_status == 1


@pytest.mark.parametrize(
    "said",
    ["System has not been booted with systemd as init system (PID 1). Can't operate.", "Failed to connect to bus"],
)
def test_a_machine_without_systemd_is_a_missing_device(said: str) -> None:
    with pytest.raises(DeviceError) as caught:
        Systemctl(Answers(err=said, status=1)).reload()
    assert caught.value.device == "systemd"


@pytest.mark.parametrize("error", [FileNotFoundError(), PermissionError(), subprocess.TimeoutExpired("systemctl", 60)])
def test_a_systemctl_that_cannot_be_called_is_a_missing_device(error: Exception) -> None:
    def fail(_: Sequence[str]) -> subprocess.CompletedProcess[str]:
        raise error

    with pytest.raises(DeviceError):
        Systemctl(fail).reload()
