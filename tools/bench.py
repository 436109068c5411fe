"""Measure the project: `tools/bench NAME`."""

from __future__ import annotations

import importlib
import sys

BENCHES = {
    "message": "bytes of a day's message beside other encodings, and what certainty costs",
    "season": "a trap, its modem and a receiver for 180 days in simulation, with everything going wrong",
    "detect": "what detectors find on real camera-trap frames, ours on cameras it had not learned from",
    "process": "what processing a folder costs beside decoding and inference alone",
    "wake": "how soon a trap that was just switched on asks for its first frame, beside loading numpy",
    "scene": "what a camera's own background adds to the detector's word",
    "review": "what the review page costs on a million pictures, beside a bare SELECT",
    "motion": "what moves and what does not, ours beside OpenCV's MOG2 on the same frames",
}


def main(arguments: list[str]) -> int:
    """Run the benchmark named first, with the arguments that follow."""
    if not arguments or arguments[0] not in BENCHES:
        lines = [f"  {name:10} {what}" for name, what in BENCHES.items()]
        sys.stderr.write("\n".join(["usage: tools/bench NAME [OPTION...]", *lines, ""]))
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    module = f"bench_{arguments[0]}"
    try:
        run = importlib.import_module(module).main
    except ModuleNotFoundError as error:
        sys.stderr.write(f"error: tools/bench {arguments[0]} cannot run: {error}\n")
        return 1
    return int(run(arguments[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
