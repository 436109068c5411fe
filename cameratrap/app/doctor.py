"""A trap or a receiver looked over: each check says what it found, and none hides the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cameratrap.errors import CameraTrapError, DeviceError


class State(StrEnum):
    """How a thing stands; ``skip`` is one that was not looked at."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, and what to do about it. ``is_device``: a device is missing or does not answer."""

    state: State
    what: str
    hint: str = ""
    is_device: bool = False


@dataclass(frozen=True, slots=True)
class CheckedThing:
    """A finding and the name of its check."""

    check: str
    finding: Finding


Check = Callable[[], Finding]


def examine(checks: Mapping[str, Check]) -> Iterator[CheckedThing]:
    """Run each check in its turn. One that fails in whatever way is a finding like any other."""
    for name, check in checks.items():
        try:
            finding = check()
        except CameraTrapError as error:
            finding = Finding(State.FAIL, str(error), error.hint, is_device=isinstance(error, DeviceError))
        except Exception as error:  # noqa: BLE001 - a mistake in one check must not hide what the others find
            finding = Finding(State.FAIL, f"the check itself failed: {type(error).__name__}: {error}")
        yield CheckedThing(name, finding)


def exit_status(checked: Iterable[CheckedThing]) -> int:
    """4 where a device is missing, else 1 where a check found something, else 0."""
    findings = [each.finding for each in checked]
    if any(finding.is_device for finding in findings):
        return DeviceError.exit_status
    return 1 if any(finding.state in (State.WARN, State.FAIL) for finding in findings) else 0
