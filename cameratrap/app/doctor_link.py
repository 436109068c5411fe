"""What `doctor` looks at on the way of a message: the detector, the modem, the clock, and a test message."""

from __future__ import annotations

import io
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from PIL import Image

from cameratrap.app.clock_basis import ClockBasis
from cameratrap.app.clock_check import SOURCE, describe, is_believable, judge
from cameratrap.app.doctor import Finding, State
from cameratrap.domain.credits import credits_for
from cameratrap.domain.energy import PowerFigures
from cameratrap.domain.summaries import ClockQuality, DailySummary
from cameratrap.domain.taxa import TaxaTable
from cameratrap.ports import Clock, Detector, Frame, SatelliteLink, SendResult, SendStatus
from cameratrap.sbd.network_time import BUILT
from cameratrap.store.clock_readings import ClockReading
from cameratrap.store.sessions import TEST, begin_session, end_session, note_power
from cameratrap.wire.codec import decode, encode
from cameratrap.wire.envelope import Opener, Sealer

ANSWER_DEADLINE_S = 30.0
_PICTURE_SIZE = (640, 480)


def check_detector(detector: Detector) -> Finding:
    """Whether the model detects on a picture at all. Raises ModelError, ImageError."""
    stream = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize(_PICTURE_SIZE).save(stream, "JPEG")
    begin = time.monotonic()
    found = detector.detect(Frame(stream.getvalue(), BUILT, name="doctor"))
    took_ms = 1000 * (time.monotonic() - begin)
    what = f"{detector.name} {detector.version}: an empty picture in {took_ms:.0f} ms, {len(found.detections)} boxes"
    return Finding(State.OK, what)


def check_modem(link: SatelliteLink) -> Finding:
    """Whether the modem answers, and what it hears of the sky. Raises DeviceError where it does not answer."""
    named = f"modem {link.imei(deadline_s=ANSWER_DEADLINE_S)} answers"
    bars = link.signal(deadline_s=ANSWER_DEADLINE_S)
    if bars is None:
        return Finding(State.OK, f"{named}; it does not tell its signal")
    if bars == 0:
        return Finding(State.WARN, f"{named}; it hears no satellite", "is the antenna connected, and the sky open?")
    return Finding(State.OK, f"{named}; signal {bars} of 5")


def check_clock(
    now: datetime,
    link: SatelliteLink | None,
    *,
    corrects: bool = False,
    basis: ClockBasis | None = None,
    keep: Callable[[ClockReading], object] = lambda _: None,
) -> Finding:
    """Whether the clock can be right, what it rests on and, with a modem, how far it is from the network's time.

    ``corrects``: `transmit` may set it. ``keep`` is given the comparison.
    """
    finding = _compared(now, link, keep, corrects=corrects)
    if basis is None:
        return finding
    finding = replace(finding, what=f"{finding.what}; {basis}")
    if finding.state is State.OK and basis.is_wrong(now):
        return replace(finding, state=State.WARN, hint="set it by the system's clock: `hwclock --systohc`")
    return finding


def _compared(
    now: datetime, link: SatelliteLink | None, keep: Callable[[ClockReading], object], *, corrects: bool
) -> Finding:
    network = link.network_time(near=now, deadline_s=ANSWER_DEADLINE_S) if link is not None else None
    reading = None if network is None else _reading(now, network)
    if reading is not None:
        keep(reading)
    if now < BUILT:
        return Finding(
            State.FAIL, f"the clock shows {now:%Y-%m-%d %H:%M}, which is past", "set it before it counts days"
        )
    if reading is None:
        return Finding(State.OK, f"{now.isoformat(timespec='seconds')}, compared with no other clock")
    return _told(reading, corrects=corrects)


def _reading(now: datetime, network: datetime) -> ClockReading:
    offset_s = (now - network).total_seconds()
    return ClockReading(now, offset_s, judge(now, offset_s), SOURCE)


def _told(reading: ClockReading, *, corrects: bool) -> Finding:
    what = describe(reading)
    if reading.quality is ClockQuality.OK:
        return Finding(State.OK, what)
    if not is_believable(reading):
        return Finding(State.WARN, what, "compare it with a watch and set it by hand: nothing else will")
    if corrects:
        return Finding(State.WARN, what, "`cameratrap transmit` sets it after its next session (clock.correct)")
    return Finding(State.WARN, what, "set it, or let the trap do it: clock.correct = true")


@dataclass(frozen=True, slots=True)
class Books:
    """The card's account of sessions, credits and joules, in which a test message stands like any other."""

    connection: sqlite3.Connection
    clock: Clock
    power: PowerFigures | None

    def send(self, link: SatelliteLink, message: bytes, deadline_s: float) -> SendResult:
        """Send it; written down before with all it may take. One that raises DeviceError stays so."""
        power = self.power
        watts = 0.0 if power is None else power.session_w
        note_power(self.connection, self.clock.now(), 0.0 if power is None else power.start_j, "starting")
        session = begin_session(
            self.connection, TEST, self.clock.now(), credit=credits_for(len(message)), joules=watts * deadline_s
        )
        begin_s = self.clock.monotonic_s()
        result = link.send(message, deadline_s=deadline_s)
        seconds = self.clock.monotonic_s() - begin_s
        end_session(self.connection, session, result, seconds=seconds, joules=watts * seconds)
        return result


@dataclass(frozen=True, slots=True)
class Sending:
    """What a test message is sent with. ``keep`` stores a message to the trap that comes with the session."""

    link: SatelliteLink
    deadline_s: float
    keep: Callable[[bytes], object]
    sealer: Sealer | None = None
    opener: Opener | None = None
    books: Books | None = None


def check_message(taxa: TaxaTable, now: datetime, sending: Sending | None = None) -> Finding:
    """A test message encoded, decoded again and, with ``sending``, sent.

    It is a summary of today with sequence 0 that carries nothing, which the receiver's table leaves out.
    Raises EncodeError, DecodeError, DeviceError, and StoreError where the seal's counter cannot be stored.
    """
    summary = DailySummary(now.date(), 0)
    sealer, opener = (sending.sealer, sending.opener) if sending else (None, None)
    (message,) = encode(summary, taxa, sealer=sealer)
    if decode(message, taxa, opener=opener) != summary:
        return Finding(State.FAIL, f"the test message {message.hex()} does not decode to what was encoded")
    what = f"a test message of {len(message)} bytes encodes and decodes{'' if sealer is None else ', sealed'}"
    return _sent(message, sending, what) if sending else Finding(State.OK, f"{what}; it was not sent")


def _sent(message: bytes, sending: Sending, what: str) -> Finding:
    if sending.books is None:
        result = sending.link.send(message, deadline_s=sending.deadline_s)
    else:
        result = sending.books.send(sending.link, message, sending.deadline_s)
    for received in result.received:
        sending.keep(received)
        what += "; a message to the trap came with it, which `cameratrap transmit` obeys"
    if result.status is SendStatus.SENT:
        return Finding(State.OK, f"{what}; sent for {credits_for(len(message))} credit, MOMSN {result.momsn}")
    unsure = ", though it may have arrived" if result.uncertain else ""
    return Finding(State.FAIL, f"{what}; it was not sent{unsure}: {result.detail}", "is the sky open? try again later")
