"""A RockBLOCK 9704, over the maker's own library.

This file alone knows what a message to a 9704 goes through: the modem takes it, keeps it for up to six hours and says
some time what became of it, so that a deadline means a cancel, and a cancel an answer that has to be waited for. It
does not decide when to send, what or how often: that is the outbox's, and every wait is bounded by ``deadline_s``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from cameratrap.drivers.modem_power import PowerPin, PowerSwitch
from cameratrap.drivers.rockblock_9704_library import LibraryProcess, NoReturnError
from cameratrap.errors import DeviceError
from cameratrap.ports import SendResult, SendStatus, SerialLink
from cameratrap.sbd.commands import check_payload
from cameratrap.sbd.imt import ACKNOWLEDGED, ImtStatus, ModemLine, classify_final, final_word, refusal
from cameratrap.sbd.status import Fault, Verdict

BAUD = 230400
RAW_TOPIC = 244
QUERY_DEADLINE_S = 30.0
STARTUP_S = 60.0
START_PAUSE_S = 0.5
CANCEL_S = 10.0  # how long the answer to a cancel is waited for; at most a quarter of the deadline
LISTEN_S = 60.0  # how long a message to the trap is listened for
MAX_BARS = 5

_UNTOLD = ImtStatus(
    "the modem did not say what became of the message, nor that it was cancelled; it may keep it for hours",
    fault=Fault.SKY,
    uncertain=True,
)


class RockBlock9704:
    """The modem at the end of ``line``. ``device`` is what errors call it, ``topic`` where its messages go.

    ``power`` switches the modem, where that is wired: on before the first use, off by `close`. It may take
    ``startup_s`` to answer, and a message to the trap is listened for ``listen_s`` long. Every failure that leaves a
    message untold ends the library: one that was never told how a message ended refuses all later ones.
    """

    def __init__(
        self,
        line: SerialLink,
        *,
        device: str = "RockBLOCK 9704",
        topic: int = RAW_TOPIC,
        startup_s: float = STARTUP_S,
        listen_s: float = LISTEN_S,
        power: PowerSwitch | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._device = device
        self._topic = topic
        self._startup_s = startup_s
        self._listen_s = listen_s
        self._power = power
        self._monotonic_s = monotonic_s
        self._library: LibraryProcess | None = None
        self._received: list[bytes] = []
        self._completed: dict[int, bool] = {}

    @classmethod
    def open(
        cls, port: str, *, topic: int = RAW_TOPIC, power_pin: int | None = None, startup_s: float = STARTUP_S
    ) -> RockBlock9704:
        """The modem on a serial port; ``power_pin`` (BCM number) drives its Iridium-enable line, where it is wired.

        Raises DeviceError when the port cannot be opened or the pin cannot be driven.
        """
        from cameratrap.drivers.serial_port import SerialPort

        line = SerialPort(port, baud=BAUD)
        try:
            power = None if power_pin is None else PowerPin(power_pin)
        except DeviceError:
            line.close()
            raise
        return cls(line, device=port, topic=topic, startup_s=startup_s, power=power)

    def send(self, payload: bytes, *, deadline_s: float) -> SendResult:
        """Hand one message to the modem and wait for what the network says of it, for ``deadline_s`` seconds.

        Then it is cancelled, and a last while is left for the answer, which may still be that it was sent. Raises
        EncodeError for a payload that cannot be sent, and DeviceError when the line breaks or the modem says nothing
        before it has the message. Afterwards there is always a result, if an uncertain one.
        """
        check_payload(payload)
        return self._handing_on(lambda: self._sent(payload, deadline_s))

    def _sent(self, payload: bytes, deadline_s: float) -> SendResult:
        ends_s = self._monotonic_s() + deadline_s
        signal = self.signal(deadline_s=deadline_s)
        library = self._begun(ends_s)
        library.heard.clear()
        self._completed.clear()
        try:
            number = library.ask("send", payload=payload.hex(), topic=self._topic, until_s=ends_s)
            result = _result(number, *self._followed(library, number, ends_s, deadline_s))
        except DeviceError as error:
            self._end_library()
            if not any(line.target == "messageOriginateSegment" for line in library.heard):
                raise
            result = _result(None, replace(_UNTOLD, meaning=str(error), fault=Fault.HARDWARE), "")
        return replace(result, signal=signal)

    def check_mailbox(self, *, deadline_s: float) -> SendResult:
        """Listen for messages to the trap until one comes, for a while.

        A 9704 asks for nothing: what waits comes by itself while the modem sees a satellite, so that this costs no
        credit. Raises DeviceError when the modem does not answer.
        """
        return self._handing_on(lambda: self._listened(deadline_s))

    def _listened(self, deadline_s: float) -> SendResult:
        ends_s = self._monotonic_s() + deadline_s
        signal = self.signal(deadline_s=deadline_s)
        library = self._begun(ends_s)
        listen_s = max(0.0, min(self._listen_s, ends_s - self._monotonic_s()))
        try:
            came = self._wait(library, self._monotonic_s() + listen_s, lambda: bool(self._received))
        except DeviceError:
            self._end_library()
            raise
        detail = "" if came else f"nothing came in within {listen_s:.0f} s"
        return SendResult(SendStatus.SENT, detail=detail, signal=signal)

    def imei(self, *, deadline_s: float = QUERY_DEADLINE_S) -> str:
        """The modem's 15 digits, by which the receiver knows the station. Raises DeviceError."""
        ends_s = self._monotonic_s() + deadline_s
        value = self._ask("imei", ends_s)
        if not (isinstance(value, str) and len(value) == 15 and value.isdigit()):
            raise DeviceError("the modem does not tell its IMEI", device=self._device, why="hwInfo had no 15 digits")
        return value

    def signal(self, *, deadline_s: float = QUERY_DEADLINE_S) -> int | None:
        """The signal, 0 to 5 bars, or None where the modem does not tell. Raises DeviceError."""
        ends_s = self._monotonic_s() + deadline_s
        bars = self._ask("signal", ends_s)
        return bars if isinstance(bars, int) and 0 <= bars <= MAX_BARS else None

    def network_time(self, *, near: datetime, deadline_s: float) -> datetime | None:  # noqa: ARG002 - the port's own
        """None: the library does not tell the network's time."""
        return None

    def close(self) -> None:
        """End the library, switch the modem off where that is wired, and give the line back. Twice is harmless.

        A message that the modem still kept is lost with its power; it was said to be uncertain.
        """
        self._end_library()
        power, self._power = self._power, None
        if power is not None:
            power.off()
            power.close()
        self._line.close()

    def _begun(self, ends_s: float) -> LibraryProcess:
        """The library, with the modem ready for messages. Raises DeviceError."""
        if self._library is not None:
            return self._library
        if self._power is not None:
            self._power.on()
        library = LibraryProcess(
            self._line,
            device=self._device,
            on_complete=self._completed.__setitem__,
            on_received=self._received.append,
            monotonic_s=self._monotonic_s,
        )
        until_s = min(ends_s, self._monotonic_s() + self._startup_s)
        try:
            while not library.ask("begin", port=library.port, until_s=until_s):
                self._wait(library, min(until_s, self._monotonic_s() + START_PAUSE_S), lambda: False)
        except NoReturnError as error:
            library.stop()
            raise self._not_ready(library.heard) from error
        except DeviceError:
            library.stop()
            raise
        self._library = library
        return library

    def _end_library(self) -> None:
        library, self._library = self._library, None
        if library is not None:
            library.stop()

    def _not_ready(self, heard: Sequence[ModemLine]) -> DeviceError:
        said = f"it last said {heard[-1].code} {heard[-1].target}" if heard else "it never answered apiVersion"
        return DeviceError(
            f"the modem on {self._device} does not {'become ready for messages' if heard else 'answer'}",
            device=self._device,
            why=said,
            hint="is it powered, is this its port, and is it a RockBLOCK 9704 as modem.type says?",
        )

    def _ask(self, what: str, ends_s: float) -> object:
        library = self._begun(ends_s)
        try:
            return library.ask(what, until_s=ends_s)
        except DeviceError:
            self._end_library()
            raise

    def _followed(
        self, library: LibraryProcess, number: object, ends_s: float, deadline_s: float
    ) -> tuple[ImtStatus, str]:
        """What became of the message that was just handed over, and the modem's word for it."""
        if (refused := refusal(library.heard, self._topic, taken=number is not None)) is not None:
            self._end_library()  # it may wait for ever for a message that the modem refused
            return refused
        cancel_at_s = ends_s - min(CANCEL_S, deadline_s / 4)
        if not self._wait(library, cancel_at_s, lambda: number in self._completed):
            library.ask("cancel", topic=self._topic, id=number, until_s=ends_s)
            self._wait(library, ends_s, lambda: number in self._completed)
        if number not in self._completed:
            self._end_library()
            return _UNTOLD, ""
        word = final_word(library.heard, number)
        # The library reports a word it does not know, or one that was damaged on the line, as sent: both must agree.
        agreed = self._completed[number] == (word == ACKNOWLEDGED)
        return classify_final(word if agreed else ""), word

    def _wait(self, library: LibraryProcess, until_s: float, done: Callable[[], bool]) -> bool:
        """Carry what comes and goes until ``done``, True, or until ``until_s``, False."""
        while not done():
            if self._monotonic_s() >= until_s:
                return False
            library.carry()
        return True

    def _handing_on(self, session: Callable[[], SendResult]) -> SendResult:
        """A session's result with the messages to the trap that came in, which the network holds no more.

        Where some did, a missing modem is a result too.
        """
        try:
            result = session()
        except DeviceError as error:
            if not self._received:
                raise
            result = SendResult(SendStatus.RETRY, detail=str(error), fault=Fault.HARDWARE.value)
        received = tuple(self._received)
        self._received.clear()
        return replace(result, received=received)


def _result(number: object, status: ImtStatus, word: str) -> SendResult:
    return SendResult(
        status=SendStatus(status.verdict.value),
        momsn=number if status.verdict is Verdict.SENT and isinstance(number, int) else None,
        retry_after_s=status.retry_after_s,
        uncertain=status.uncertain,
        detail=f"{word}: {status.meaning}" if word else status.meaning,
        fault="" if status.fault is None else status.fault.value,
    )
