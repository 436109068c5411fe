"""The coverage-guided fuzzer: `tools/fuzz` runs it. What is held to be true stands in fuzzing/targets.py."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["cameratrap"]):
    from fuzzing.seeds import seeds
    from fuzzing.targets import TARGETS


def main() -> None:
    """Fuzz the target named first; what follows are libFuzzer's options and, last, the corpus folder."""
    name, *options = sys.argv[1:]
    for number, seed in enumerate(seeds(name)):
        (Path(options[-1]) / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
