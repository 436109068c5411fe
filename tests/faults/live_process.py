"""A trap in the field as one process, for a power cut to meet: a day on `watch`, and power-ons by PIR and by alarm.

``python live_process.py FOLDER`` lives on ``FOLDER/card``. The commands are the real ones, in virtual time; only the
sensor, the camera, the model, the modem and what cuts the power are played. What the trap says on stderr is what it
promises, and on stdout ``off, alarm TIME`` as it hands the power back; there also who makes something durable.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from cameratrap import wiring
from cameratrap.cli import run, wake_sending, wake_work, watch_live
from cameratrap.domain.capture import BurstProfile
from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.drivers import clock as clocks
from cameratrap.ports import Frame, Trigger
from tests.fakes import NamedDetector
from tests.faults.story import FOX
from tests.faults.trap_process import GoodLink, announce_sites, say
from tests.virtual_trap import START, VirtualCamera, VirtualClock, VirtualTriggers

CONFIGURATION = """\
[station]
id = "ridge"
utc_offset = "+00:00"

[burst]
count = 2

[detector]
background = false

[modem]
energy_j_per_day = 100000
"""
HOUR_S = 3600.0
BOOT_S = 5.0  # on the monotonic clock when `wake` begins
BY_PIR = timedelta(days=1, hours=1)
BY_ALARM = timedelta(days=1, hours=19, minutes=35)  # past midnight, when no event of the second day can grow any more


class LiveCamera(VirtualCamera):
    """Its pictures come from nowhere else: no name, no hash."""

    def recall_lit(self, brightness: Iterable[float]) -> None:
        """There is no lamp to be judged."""

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        for frame in super().capture_burst(trigger, profile):
            yield replace(frame, name="")


class FoxDetector(NamedDetector):
    """Sees one in every picture."""

    def detect(self, frame: Frame) -> DetectedFrame:
        return DetectedFrame(48, 36, (Detection(FOX, FOX, 0.9, BBox(0.2, 0.2, 0.4, 0.4)),))


class Gate:
    """The port PowerController: what it is asked for is said."""

    has_alarm = True

    def power_off(self, alarm_at: datetime | None) -> None:
        say(f"off, alarm {alarm_at and alarm_at.isoformat()}")

    def close(self) -> None:
        pass


def live(folder: Path) -> int:
    """From the first switching on to the second day's end; returns the first exit status that is not 0."""
    os.chdir(folder)
    with _played(VirtualClock(), [1.0, 15 * HOUR_S], stop_s=16 * HOUR_S):
        status = _command("key", "new") or _command("watch")
    return status or wake(BY_PIR, "pir") or wake(BY_ALARM, "alarm")


def wake(after: timedelta, cause: str) -> int:
    """One power-on in the working folder, so long after the beginning; returns its exit status."""
    clock = VirtualClock(START + after)
    clock.pass_s(BOOT_S)
    with _played(clock):
        return _command("wake", "--cause", cause)


def _command(*words: str) -> int:
    return run(["--data", "card", *words])


@contextmanager
def _played(clock: VirtualClock, triggers: Sequence[float] = (), *, stop_s: float | None = None) -> Iterator[None]:
    """The commands see this clock, and so many triggers on it; at ``stop_s`` somebody stops them."""
    camera, source = LiveCamera(clock), VirtualTriggers(clock, triggers, ends_s=sys.maxsize)
    camera.taken = int(clock.start.timestamp())  # another picture each time

    def stop(now_s: float) -> None:
        if stop_s is not None and now_s >= stop_s:
            os.kill(os.getpid(), signal.SIGTERM)

    source.meanwhile = stop
    opened = {"open_camera": camera, "open_triggers": source, "open_detector": FoxDetector({}), "open_link": GoodLink()}
    with ExitStack() as stack:
        for name, device in {**opened, "open_power_controller": Gate()}.items():
            for module in (wiring, watch_live, wake_work):
                if hasattr(module, name):
                    stack.enter_context(patch.object(module, name, lambda *_, given=device, **__: given))
        for module in (clocks, watch_live):
            stack.enter_context(patch.object(module, "SystemClock", lambda _: clock))
        stack.enter_context(patch.object(wake_sending.subprocess, "run", _transmit))
        yield


def _transmit(command: Sequence[str], **_: object) -> None:
    """`transmit`, which `wake` runs as a process of its own, in this one."""
    assert command[-1] == "transmit"
    if status := _command("transmit"):
        raise subprocess.CalledProcessError(status, command)


if __name__ == "__main__":
    announce_sites()
    sys.exit(live(Path(sys.argv[1])))
