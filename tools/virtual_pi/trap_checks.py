"""The camera's driver and the program as a whole on the real picamera2, gpiozero and gpiod."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from machine import LAMP_PIN, PIR_PIN, level, pull, start_trap

from cameratrap.config.camera import CameraSection
from cameratrap.config.tree import Config
from cameratrap.domain.capture import BurstProfile
from cameratrap.domain.events import TriggerCause
from cameratrap.drivers.clock import SystemClock
from cameratrap.ports import Camera, Frame, Trigger
from cameratrap.store.card import make_card
from cameratrap.store.deployment import Deployment
from cameratrap.wiring.camera import open_camera

IDLE_S = 60
MOST_WAKE_UPS, MOST_MB = 1.0, 90.0
BURSTS, PICTURES = 3, 3
MODEM = "/dev/ttyS1"
_TOLD: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}


def camera_bursts() -> str:
    """Two bursts with the camera stopped between them."""
    import virtual_camera  # noqa: F401 - picamera2 cannot open the virtual camera without it

    told = []
    with closing(open_camera(Config(camera=CameraSection()))) as camera:
        for number in range(2):
            begin_s = time.monotonic()
            frames = burst(camera, str(number))
            assert [frame.position for frame in frames] == [1, 2, 3]
            assert all(frame.jpeg.startswith(b"\xff\xd8") for frame in frames), "no JPEG"
            times = [frame.monotonic_s or 0 for frame in frames]
            assert times == sorted(set(times)), f"exposures out of order: {times}"
            told.append(f"first frame after {times[0] - begin_s:.2f} s")
        assert not camera.incidents(), "something happened to the camera"
    return f"two bursts of three, {', '.join(told)}, {len(frames[0].jpeg)} bytes, brightness {frames[0].brightness:.0f}"


def burst(camera: Camera, key: str) -> list[Frame]:
    """Three pictures, a second apart."""
    clock = SystemClock(UTC)
    trigger = Trigger(key, clock.now(), TriggerCause.PIR, clock.monotonic_s())
    return list(camera.capture_burst(trigger, BurstProfile(PICTURES, 1.0)))


def idle_watch() -> str:
    """`watch` armed by a PIR: each edge is a burst; then how often it wakes while nothing happens, what it holds."""
    pull(PIR_PIN, up=False)
    with TemporaryDirectory() as name, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        folder = Path(name)
        listener.bind(str(folder / "notify"))
        environment = {"NOTIFY_SOCKET": str(folder / "notify")}
        with (
            (folder / "log").open("wb") as log,
            start_trap(folder, "watch", environment=environment, stdout=log, stderr=log) as trap,
        ):
            try:
                _until_ready(listener, trap)
                _walk_by(BURSTS)
                _until_quiet(trap.pid)
                idle, resident_mb = _idle(trap.pid)
                trap.send_signal(signal.SIGTERM)
                status = trap.wait(60)
            except BaseException:
                trap.kill()
                raise
            finally:
                log_text = (folder / "log").read_text(encoding="utf-8", errors="replace")
                print(log_text, end="")
        assert status == 0, f"watch ended with {status}"
        pictures = len(list((folder / "card").rglob("*.JPG")))
    assert pictures == BURSTS * PICTURES, f"{pictures} pictures"
    own_mb = resident_mb - _bare_camera_mb()
    woken = sum(idle.values()) / IDLE_S
    told = (
        f"{woken:.2f} wake-ups a second over {IDLE_S} s ({idle}), {resident_mb:.0f} MB resident,"
        f" {own_mb:.0f} MB without the camera's own; {BURSTS} edges, {pictures} pictures"
    )
    assert woken <= MOST_WAKE_UPS, told
    assert own_mb < MOST_MB, told
    return told


def walk_test() -> str:
    """`aim` with sensor, camera, lamp and detector, for a minute."""
    pull(PIR_PIN, up=False)
    with TemporaryDirectory() as folder, start_trap(Path(folder), "aim", "--minutes", "1", "--json", **_TOLD) as aim:
        lit = 0
        while aim.poll() is None:
            pull(PIR_PIN, up=True)
            for _ in range(20):
                lit += level(LAMP_PIN)
                time.sleep(0.1)
            pull(PIR_PIN, up=False)
            time.sleep(8)
        told = str(aim.stdout.read())
    assert aim.returncode == 0, told
    summary = json.loads(told.splitlines()[-1])
    assert summary["pictures"] >= PICTURES, told
    assert lit, f"the lamp was never lit: {told}"
    return str(summary)


def modem_message() -> str:
    """`doctor` with the virtual hardware, and a test message through the modem at the second serial port."""
    pull(PIR_PIN, up=False)
    arguments = ("doctor", "--port", MODEM, "--send")
    with TemporaryDirectory() as folder:
        make_card(Path(folder, "card"), Deployment("virtual", "virtual", 0, datetime.now(UTC))).close()
        with start_trap(Path(folder), *arguments, **_TOLD) as doctor:
            told = str(doctor.communicate(timeout=300)[0])
    assert "Traceback" not in told, told
    arrived = list(Path(os.environ["SHARE"], "gateway").glob("*"))
    assert len(arrived) == 1, f"{len(arrived)} messages at the gateway: {told}"
    return told


def _idle(pid: int) -> tuple[dict[str, int], float]:
    """By thread, how often it was woken in IDLE_S; and the resident memory, in MB."""
    before = _switches(pid)
    time.sleep(IDLE_S)
    after = _switches(pid)
    woken = {thread: count - before.get(thread, 0) for thread, count in after.items()}
    return {thread: count for thread, count in woken.items() if count}, _resident_mb(pid)


def _walk_by(times: int) -> None:
    for _ in range(times):
        pull(PIR_PIN, up=True)
        time.sleep(1)
        pull(PIR_PIN, up=False)
        time.sleep(30)


def _until_ready(listener: socket.socket, trap: Any) -> None:
    """Until it has told systemd that it is armed."""
    listener.settimeout(2)
    for _ in range(150):
        assert trap.poll() is None, "watch has ended"
        with suppress(TimeoutError):
            if b"READY=1" in listener.recv(4096):
                return
    raise AssertionError("watch does not get ready")


def _until_quiet(pid: int) -> None:
    """Until it has hardly been woken for a while, as pictures are looked at when they are safe; two minutes at most."""
    quiet, before = 0, 0
    for _ in range(60):
        time.sleep(2)
        woken = sum(_switches(pid).values())
        quiet = quiet + 1 if woken - before <= 2 * 2 * MOST_WAKE_UPS else 0
        before = woken
        if quiet == 3:
            return


def _switches(pid: int) -> dict[str, int]:
    """By thread, how often it gave up the processor by itself: it was woken as often."""
    found = [path.read_text() for path in Path("/proc", str(pid), "task").glob("*/status")]
    return {
        f"{_field(text, 'Name')} {_field(text, 'Pid')}": int(_field(text, "voluntary_ctxt_switches")) for text in found
    }


def _resident_mb(pid: int) -> float:
    return int(_field(Path("/proc", str(pid), "status").read_text(), "VmRSS").split()[0]) / 1024


def _field(text: str, name: str) -> str:
    match = re.search(rf"^{name}:\s+(.*)$", text, re.MULTILINE)
    assert match
    return match[1]


def _bare_camera_mb() -> float:
    """What a process holds that has the camera open in the same way, took one burst, and does nothing else."""
    code = (
        "import virtual_camera, time, trap_checks\n"
        "from cameratrap.config.tree import Config\n"
        "from cameratrap.wiring.camera import open_camera\n"
        "camera = open_camera(Config())\n"
        "trap_checks.burst(camera, '1')\n"
        "print('open', flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as bare:
        assert bare.stdout
        assert bare.stdout.readline(), "the bare camera did not open"
        held = _resident_mb(bare.pid)
        bare.kill()
    return held
