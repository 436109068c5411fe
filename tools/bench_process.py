"""What `process` costs beside a bare loop: `tools/bench process [--model NAME] [--images FOLDER] [--rounds N]`.

The bare loop reads a file, decodes it at the same scale, resizes it, and runs the model on the same runtime with one
thread: nothing is checked, nothing said of what was found. Both are timed from the loaded libraries to the last
result, the model's loading and `process`'s writing included. Rounds alternate, so that what else this machine does
meets all alike; the fastest round of each counts, because everything else is somebody else's time.

Memory is the largest sum of what the processes of one `cameratrap process` hold at once, on 24-megapixel pictures
drawn for it: few of them, and many.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from cameratrap.app.find_files import find_images
from cameratrap.app.images import StillImage, read_image
from cameratrap.app.models import ModelFolder, find_model
from cameratrap.cli import run
from cameratrap.drivers.runtimes import find_runtime
from cameratrap.drivers.tflite import decode
from cameratrap.resources import builtin_taxa

DATA = Path(os.environ.get("CAMERATRAP_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
LARGE = (6000, 4000)
_POLL_S = 0.01


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its tables; `--child` is how it calls itself for one timed run."""
    parser = argparse.ArgumentParser(
        prog="tools/bench process", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="cameratrap-nano")
    parser.add_argument("--images", type=Path, default=DATA / "images")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=48, help="large pictures in the longer of the two memory runs")
    parser.add_argument("--no-memory", action="store_true", help="time only")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.child:
        return _child(options.child, options.model, options.images)
    if not options.images.is_dir():
        parser.error(f"there is no folder {options.images}; name one with --images")
    _speed(options.model, options.images, options.rounds)
    if not options.no_memory:
        _memory(options.model, options.many)
    return 0


def _speed(model: str, images: Path, rounds: int) -> None:
    count = sum(1 for _ in find_images([images]))
    print(f"{count} pictures of {images}, {model} on {find_runtime().name}, {os.cpu_count()} processors")
    runs = {
        "bare loop": ["bare"], "process --jobs 1": ["process-1"],
        "two bare loops": ["bare", "bare"], "process --jobs 2": ["process-2"],
    }  # fmt: skip
    best: dict[str, tuple[float, float]] = {}
    for _ in range(rounds):
        for name, children in runs.items():
            wall_s, cpu_s = _timed(children, model, images)
            pictures = count * len(children)
            wall_ms, cpu_ms = best.get(name, (float("inf"), float("inf")))
            best[name] = min(wall_ms, 1000 * wall_s / pictures), min(cpu_ms, 1000 * cpu_s / pictures)
    for name, (wall_ms, cpu_ms) in best.items():
        print(f"  {name:18} {wall_ms:7.1f} ms a picture, {cpu_ms:7.1f} ms of processor")
    wall = {name: each[0] for name, each in best.items()}
    bare_gain, gain = wall["bare loop"] / wall["two bare loops"], wall["process --jobs 1"] / wall["process --jobs 2"]
    ratio, cpu_ratio = (best["process --jobs 1"][i] / best["bare loop"][i] for i in (0, 1))
    print(f"  a picture costs {ratio:.2f} times the bare loop's ({cpu_ratio:.2f} by processor time)")
    print(
        f"  two jobs are {gain:.2f} times as fast as one, two bare loops {bare_gain:.2f}: {gain / bare_gain:.2f} of it"
    )


def _timed(children: Sequence[str], model: str, images: Path) -> tuple[float, float]:
    """The longest wall time of the children, which run at once, and their processor time together, in seconds."""
    command = [sys.executable, __file__, "--model", model, "--images", str(images), "--child"]
    running = [
        subprocess.Popen([*command, child], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for child in children
    ]
    for child in running:
        assert child.stdout is not None
        child.stdout.readline()  # its libraries are loaded
    for child in running:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    times = [[float(part) for part in child.communicate()[0].split()] for child in running]
    return max(wall_s for wall_s, _ in times), sum(cpu_s for _, cpu_s in times)


def _child(kind: str, model: str, images: Path) -> int:
    name, _, jobs = kind.partition("-")
    folder = find_model(model, builtin_taxa())
    importlib.import_module("cameratrap.cli.process")
    headers = [(path, replace(read_image(path), data=b"")) for path in find_images([images])]
    print("ready", flush=True)
    sys.stdin.readline()
    wall, cpu = time.perf_counter(), time.process_time()
    if name == "bare":
        _bare_loop(folder, headers)
    else:
        _process(model, images, jobs)
    print(time.perf_counter() - wall, time.process_time() - cpu)
    return 0


def _bare_loop(model: ModelFolder, headers: Sequence[tuple[Path, StillImage]]) -> None:
    """``headers`` give each picture's size, which decides the scale: the loop itself looks at no header."""
    cv2.setNumThreads(1)
    interpreter = find_runtime().interpreter(model.weights)
    details = interpreter.get_input_details()[0]
    _, height, width, _ = details["shape"]
    outputs = [output["index"] for output in interpreter.get_output_details()]
    for path, header in headers:
        pixels = decode(replace(header, data=path.read_bytes()), model.manifest.input_spec)
        resized = cv2.resize(pixels, (int(width), int(height)))
        interpreter.set_tensor(details["index"], resized[None].astype(details["dtype"]))
        interpreter.invoke()
        for index in outputs:
            interpreter.get_tensor(index)


def _process(model: str, images: Path, jobs: str) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        lines = Path(folder, "results.jsonl")
        status = run(["process", str(images), "--model", model, "--json", "-o", str(lines), "--jobs", jobs])
    assert status == 0, "every picture can be read"


def _memory(model: str, many: int) -> None:
    print(f"largest memory of all processes of `process --jobs 2` on pictures of {LARGE[0]} x {LARGE[1]}")
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder), many)
        for count in (4, many):
            paths = [str(path) for path in sorted(Path(folder).iterdir())[:count]]
            command = ["-m", "cameratrap", "process", *paths, "--model", model, "--json", "--jobs", "2"]
            size = sum(Path(path).stat().st_size for path in paths) / count
            held = largest_memory([sys.executable, *command])
            print(f"  {count:5} pictures of {size / 1e6:.0f} MB each: {held / 1e6:.0f} MB")


def draw(folder: Path, count: int) -> None:
    """Large pictures with as much detail as a camera's: coarse shapes and fine noise."""
    width, height = LARGE
    generator = np.random.default_rng(1)
    for number in range(count):
        shapes = generator.integers(0, 255, (height // 100, width // 100, 3), dtype=np.uint8)
        pixels = cv2.resize(shapes, LARGE, interpolation=cv2.INTER_CUBIC)
        pixels = cv2.add(pixels, np.asarray(generator.integers(0, 24, pixels.shape), np.uint8))
        cv2.imwrite(str(folder / f"{number:04}.jpg"), pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])


def largest_memory(command: Sequence[str]) -> int:
    """The most bytes that a command and its children held at once."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    largest = 0
    while running.poll() is None:
        largest = max(largest, _tree_bytes(running.pid))
        time.sleep(_POLL_S)
    assert running.returncode == 0, "every picture can be read"
    return largest


def _tree_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return 0
    held = next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
    return held + sum(_tree_bytes(int(child)) for child in children)


if __name__ == "__main__":
    raise SystemExit(main())
