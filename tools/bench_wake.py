"""How soon `wake` asks for its first frame, beside what it costs Python to load numpy: `tools/bench wake`.

Each is a process of its own, from its start to the moment that counts, one after the other in turn, so that both meet
the same load of the machine. The camera's library is a stand-in that ends the process when the first frame is asked
of it: picamera2 itself is not ours to make lighter, and is left out on both sides. Everything before that is real.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

GOAL = 2.5
REQUESTED = 77  # the stand-in's exit status: only the request for a frame gives it

PICAMERA2 = f'''"""A camera that is asked for its first frame, and ends the process there."""
import os, sys, threading


class CameraManager:
    cms = None

    def __init__(self):
        self.running = True
        self.thread = threading.Thread(target=int)
        self.thread.start()

    def setup(self):
        self.running = True


class Picamera2:
    camera_controls = {{"FrameDurationLimits": (10000, 1000000, 33333)}}

    def __init__(self, number=0):
        self.options = {{}}
        self._cm = CameraManager()
        self._sizes = {{}}

    def create_still_configuration(self, **configuration):
        return configuration

    def configure(self, configuration):
        self._sizes = {{name: dict(configuration[name]) for name in ("main", "lores")}}

    def camera_configuration(self):
        return self._sizes

    def set_controls(self, controls):
        pass

    def start(self):
        pass

    def capture_request(self, wait=None):
        names = ("numpy", "cv2", "PIL", "astral", "tflite_runtime", "ai_edge_litert", "cryptography", "gpiozero")
        loaded = [name for name in names if name in sys.modules]
        for each in os.listdir("/proc/self/fd"):
            target = os.path.realpath("/proc/self/fd/" + each)
            if target.endswith(".db"):
                loaded.append(target)
        sys.stdout.write(" ".join(loaded))
        sys.stdout.flush()
        os._exit({REQUESTED})
'''
LIBCAMERA = '''"""What the driver takes of it."""


class Transform:
    def __init__(self, hflip=0, vflip=0):
        pass
'''
CONFIGURATION = '[station]\nid = "bench"\n[camera]\ntype = "picamera2"\n[power]\ncontroller = "systemd"\n'


@dataclass(frozen=True, slots=True)
class Wake:
    """Processes to measure, in a folder of their own."""

    folder: Path

    def prepare(self) -> None:
        """Write the stand-in and a configuration."""
        for name, text in (("picamera2", PICAMERA2), ("libcamera", LIBCAMERA)):
            (self.folder / f"{name}.py").write_text(text, encoding="utf-8")
        (self.folder / "cameratrap.toml").write_text(CONFIGURATION, encoding="utf-8")

    def first_frame(self) -> str:
        """Run `wake` up to its first request; returns what heavy it had loaded or opened by then, by name."""
        done = self._run("-m", "cameratrap", "--data", str(self.folder / "card"), "wake", "--cause", "pir")
        if done.returncode != REQUESTED:
            raise SystemExit(f"wake ended with {done.returncode} before it asked for a frame:\n{done.stderr}")
        return done.stdout

    def numpy(self) -> None:
        """Load numpy, and nothing else."""
        if self._run("-c", "import numpy").returncode:
            raise SystemExit("there is no numpy to compare with")

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        paths = [str(self.folder), str(Path(__file__).parents[1])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)


def main(arguments: list[str]) -> int:
    """Measure and print; exit status 1 where the goal is missed or something heavy was loaded."""
    parser = argparse.ArgumentParser(prog="tools/bench wake", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15, help="how often each is run")
    runs = parser.parse_args(arguments).runs
    with tempfile.TemporaryDirectory() as folder:
        wake = Wake(Path(folder))
        wake.prepare()
        heavy = wake.first_frame()  # also fills the disk's cache, as the numpy before the first pair does
        wake.numpy()
        pairs = [(_seconds(wake.first_frame), _seconds(wake.numpy)) for _ in range(runs)]
    ratio = median(ours / theirs for ours, theirs in pairs)
    ours_ms, theirs_ms = (1000 * median(each) for each in zip(*pairs, strict=True))
    print(f"first frame asked for after {ours_ms:.0f} ms, numpy loaded after {theirs_ms:.0f} ms (medians of {runs})")
    print(f"ratio {ratio:.2f}, median of the pairs; at most {GOAL} is the goal")
    print(f"heavy modules loaded by then: {heavy or 'none'}")
    return int(ratio > GOAL or bool(heavy))


def _seconds(run: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    run()
    return time.perf_counter() - began_s
