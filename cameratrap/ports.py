"""What cannot run on a laptop, as protocols. A driver or a replay stands behind each; ``wiring`` picks which.

One contract test a port (``tests/contracts``) is run against every implementation of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.domain.detections import DetectedFrame
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.summaries import ClockQuality


@dataclass(frozen=True, slots=True)
class Trigger:
    """One reason to take pictures. ``key`` is unique on this trap and the same again if the trigger is replayed.

    ``at`` is aware, in the station's standard time; ``monotonic_s`` is this boot's monotonic clock.
    """

    key: str
    at: datetime
    cause: TriggerCause
    monotonic_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as the camera gave it: JPEG bytes, upright or with an EXIF orientation.

    ``name`` says where it came from (a file's name for a replay); ``serial`` is the camera's, where it is not this
    trap's own. It is picture ``position`` of ``of`` in its burst. ``captured_at`` is aware. A recording names
    its pictures by ``source_sha256``, their content as the first camera gave it, so that none is taken twice; a
    camera's own pictures have no such name, since two equal ones are two pictures (of a camera that is stuck).

    What only a camera knows: ``monotonic_s`` when its exposure began, on this boot's clock; ``lamp`` whether our lamp
    was lit; ``brightness`` the picture's mean luma, 0 to 255. None in a recording.
    """

    jpeg: bytes = field(repr=False)
    captured_at: datetime
    name: str = ""
    serial: str = ""
    position: int = 1
    of: int = 1
    source_sha256: str = ""
    monotonic_s: float | None = None
    lamp: bool | None = None
    brightness: float | None = None


class TriggerSource(Protocol):
    """Where triggers come from."""

    def wait(self, timeout_s: float | None) -> Trigger | None:
        """The next trigger, or None when ``timeout_s`` passed without one. Raises EndOfTriggers when none will come."""
        ...

    def suppressed(self) -> Mapping[str, int]:
        """What the sensor saw and did not pass on since this was last asked: how many, by reason."""
        ...

    def incidents(self) -> Sequence[Incident]:
        """What happened to the sensor since this was last asked, each told once."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class FrameWatcher(Protocol):
    """Looks at frames one by one, and knows what that costs."""

    @property
    def cpu_s_per_frame(self) -> float | None:
        """The processor's time for judging one, in the mean; None before the first."""
        ...


class EndOfTriggers(Exception):  # noqa: N818 - it ends a stream, like StopIteration; it is not an error
    """A replay has no more triggers."""


class Camera(Protocol):
    """Takes pictures. One that stalls is restarted by its driver a bounded number of times, and each is an incident."""

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        """The frames of one burst, each as soon as it is there. Raises DeviceError when the camera does not answer.

        A recording plays what it has, whatever the ``profile``.
        """
        ...

    def incidents(self) -> Sequence[Incident]:
        """What happened to camera and lamp since this was last asked, each told once."""
        ...

    def close(self) -> None: ...


class Detector(Protocol):
    """Finds, names and boxes what is in a picture.

    ``name`` and ``version`` identify the model in every record. ``score_threshold`` is the model's general one.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def score_threshold(self) -> float | None: ...

    def detect(self, frame: Frame) -> DetectedFrame:
        """Raises ImageError for a picture that cannot be read, ModelError when the model itself fails."""
        ...

    def close(self) -> None: ...


class SendStatus(StrEnum):
    """What became of a message."""

    SENT = "sent"
    RETRY = "retry"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class SendResult:
    """The outcome of one session with the satellite.

    ``mo_status`` is the modem's own code, None when it gave none; ``momsn`` the modem's message number if sent;
    ``retry_after_s`` how long to wait at least, where the modem or the network says so; ``uncertain`` is True where
    the message may have arrived although the session failed, so that it may reach the receiver twice. ``received`` are
    the messages to the trap that came in, each whole, also where the session failed (copies are possible); ``waiting``
    is how many more the network holds for it.
    ``signal`` is 0 to 5 bars, None where the modem does not tell. ``fault`` is the class of a failure: "sky",
    "network", "busy", "account", "hardware" or "payload", and "" where nothing failed.
    """

    status: SendStatus
    mo_status: int | None = None
    momsn: int | None = None
    retry_after_s: float | None = None
    uncertain: bool = False
    detail: str = ""
    received: tuple[bytes, ...] = field(default=(), repr=False)
    waiting: int = 0
    signal: int | None = None
    fault: str = ""


class SatelliteLink(Protocol):
    """Sends one payload a session, and brings back what waits for the trap."""

    def send(self, payload: bytes, *, deadline_s: float) -> SendResult:
        """Raises DeviceError when the modem is missing or does not answer at all."""
        ...

    def check_mailbox(self, *, deadline_s: float) -> SendResult:
        """A session that sends nothing and fetches what waits; it costs a credit. Raises DeviceError."""
        ...

    def imei(self, *, deadline_s: float) -> str:
        """The modem's 15 digits, by which the receiver knows the station. Raises DeviceError."""
        ...

    def signal(self, *, deadline_s: float) -> int | None:
        """0 to 5 bars as the modem last saw them, None where it does not tell. Raises DeviceError."""
        ...

    def network_time(self, *, near: datetime, deadline_s: float) -> datetime | None:
        """The network's time in UTC, None where there is none; ``near`` tells its eras apart. Raises DeviceError."""
        ...

    def close(self) -> None:
        """Let the modem save what it must, switch it off where that is wired, and give the line back."""
        ...


class SerialLink(Protocol):
    """Bytes to and from a serial line."""

    def write(self, data: bytes) -> None:
        """Raises DeviceError when the line is gone."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """Whatever has arrived, at least one byte, or b"" when ``timeout_s`` passed. Raises DeviceError."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PowerReading:
    """Volts at the battery and degrees Celsius in the case; None where there is no sensor.

    ``load_w`` is what the trap takes, in watts, less than nothing while the battery is charged through the gauge.
    ``temperature_from`` is "processor" where the temperature is the processor's, which is warmer than the case.
    ``trouble`` says what could not be measured beside the volts, "" where nothing is amiss.
    """

    battery_v: float | None
    temperature_c: float | None
    load_w: float | None = None
    temperature_from: str = "gauge"
    trouble: str = ""


class PowerGauge(Protocol):
    """Reads the battery."""

    def read(self) -> PowerReading:
        """Raises DeviceError when the gauge does not answer, or is not the one it should be."""
        ...

    def close(self) -> None: ...


class PowerController(Protocol):
    """Hands the power back: for a trap that is off until its PIR, or its alarm, switches it on again."""

    @property
    def has_alarm(self) -> bool:
        """Whether it can switch the trap on at a given time: without that a day without an animal is never told."""
        ...

    def power_off(self, wake_at: datetime | None) -> None:
        """Set the alarm to ``wake_at`` (aware; None for none), then ask for the power to be cut; returns at once.

        What must be durable is so before this is called. Raises DeviceError where either cannot be done.
        """
        ...

    def close(self) -> None: ...


class Supervisor(Protocol):
    """Whoever restarts this process when it hangs: systemd, or nobody."""

    @property
    def interval_s(self) -> float | None:
        """How often at least it must hear ``alive``; None where nobody listens."""
        ...

    def ready(self) -> None:
        """The trap is armed."""
        ...

    def alive(self) -> None:
        """Something real was done: never called by a timer of its own."""
        ...

    def status(self, line: str) -> None:
        """One line for whoever looks at the service."""
        ...

    def stopping(self) -> None:
        """It ends because it was asked to."""
        ...


class Clock(Protocol):
    """Wall time in the station's standard time, and monotonic time.

    ``quality`` is how far the wall time can be trusted, None where nothing is known of it.
    """

    def now(self) -> datetime: ...

    def monotonic_s(self) -> float: ...

    def quality(self) -> ClockQuality | None: ...
