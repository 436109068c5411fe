"""The emulated modem and gateway as a process of their own, until they are told to stop."""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cameratrap.replay.emulated_lines import PseudoTerminal, SerialDevice
from cameratrap.replay.gateway import Gateway, WebhookFolder
from cameratrap.replay.jspr_emulator import JsprEmulator
from cameratrap.replay.jspr_messages import JsprPlan
from cameratrap.replay.modem_emulator import ModemEmulator, SessionPlan
from cameratrap.sbd.network_time import ERAS, FRAME


def plans(text: str, session_s: float = 0.0) -> list[SessionPlan]:
    """Read ``18!,32,0``: one MO status a session; ``!`` means that the gateway has the message all the same."""
    found = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        number = part.removesuffix("!")
        found.append(SessionPlan(int(number), delivers=True if part.endswith("!") else None, takes_s=session_s))
    return found


_JSPR_WORDS = {
    "never": JsprPlan(answers=False),
    "stuck": JsprPlan(answers=False, on_cancel=""),
    "late": JsprPlan(answers=False, on_cancel="mo_ack_received"),
}


def jspr_plans(text: str, takes_s: float = 0.0) -> list[JsprPlan]:
    """Read ``network_error!,subscription_invalid?,never``: one final status a message, delivered all the same with !.

    With ? the message is refused so at once. No status comes by itself with ``never`` (a cancel works), ``stuck`` (it
    does not) and ``late`` (the cancel is answered by the acknowledgement).
    """
    found = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        word = part.rstrip("!?")
        plan = _JSPR_WORDS.get(word) or JsprPlan(word, takes_s=takes_s)
        if part.endswith("?"):
            plan = replace(plan, response=word)
        found.append(replace(plan, delivers=True) if part.endswith("!") else plan)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the pseudo-terminal's name, then serve until SIGTERM or SIGINT."""
    options = _parser().parse_args(arguments)
    now = _clock(options.clock)
    gateway = Gateway(WebhookFolder(options.gateway, options.format), now=now)
    modem = _modem(options, gateway, now)
    # Blocked before the serving thread starts, so that both wait here for `sigwait` and interrupt nothing.
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with PseudoTerminal(modem) as terminal:
        _link(options.pty_link, terminal.port)
        print(terminal.port, flush=True)
        signal.sigwait(signals)
        if options.pty_link is not None:
            options.pty_link.unlink(missing_ok=True)


def _modem(options: argparse.Namespace, gateway: Gateway, now: Callable[[], datetime]) -> SerialDevice:
    if options.model == "9704":
        return JsprEmulator(
            gateway.accept,
            imei=options.imei,
            momsn=options.momsn,
            plans=jspr_plans(options.status, options.session_s),
            mt_queue=options.mt,
        )
    return ModemEmulator(
        gateway.accept,
        imei=options.imei,
        momsn=options.momsn,
        plans=plans(options.status, options.session_s),
        mt_queue=options.mt,
        session_s=options.session_s,
        frames=None if now() < ERAS[-1] else lambda: (now() - ERAS[-1]) // FRAME,
    )


def _clock(start: datetime | None) -> Callable[[], datetime]:
    """The gateway's clock: the machine's, or one that starts at ``start``, for recordings of another time."""
    begun = time.monotonic()
    if start is None:
        return lambda: datetime.now(UTC)
    return lambda: start + timedelta(seconds=time.monotonic() - begun)


def _link(link: Path | None, port: str) -> None:
    if link is not None:
        link.unlink(missing_ok=True)
        link.symlink_to(port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cameratrap.replay.emulator_process",
        description="An emulated RockBLOCK 9602 or 9704 on a pseudo-terminal, and the gateway behind it.",
    )
    parser.add_argument("--model", choices=("9602", "9704"), default="9602", help="which modem; 9602 is a 9603 as well")
    parser.add_argument("--gateway", type=Path, required=True, metavar="DIR", help="where webhook bodies are written")
    parser.add_argument("--pty-link", type=Path, metavar="PATH", help="a symbolic link to make to the pseudo-terminal")
    parser.add_argument("--format", choices=("json", "form"), default="json", help="of the webhook bodies")
    parser.add_argument("--imei", default="300000000000000", help="15 digits")
    parser.add_argument("--momsn", type=int, default=0, help="the modem's next message number")
    parser.add_argument(
        "--status",
        default="",
        metavar="LIST",
        help="MO statuses in turn, e.g. 18!,32,0 or network_error!,never (! = delivered all the same)",
    )
    parser.add_argument(
        "--clock",
        type=datetime.fromisoformat,
        metavar="TIME",
        help="what the clocks of the gateway and of the 9602's network start at",
    )
    parser.add_argument(
        "--mt", type=bytes.fromhex, action="append", default=[], metavar="HEX", help="a message that waits for the trap"
    )
    parser.add_argument("--session-s", type=float, default=0.0, help="seconds a session takes")
    return parser


if __name__ == "__main__":
    main()
