"""Measure the project: `tools/bench NAME`."""

from __future__ import annotations

import importlib
import sys

BENCHES = {
    "message": "bytes of a day's message, beside JSON, CBOR and MessagePack",
    "detector": "what a model finds on real camera-trap frames",
}


def main(arguments: list[str]) -> int:
    """Run the benchmark named first, with the arguments that follow."""
    if not arguments or arguments[0] not in BENCHES:
        lines = [f"  {name:10} {what}" for name, what in BENCHES.items()]
        sys.stderr.write("\n".join(["usage: tools/bench NAME [OPTION...]", *lines, ""]))
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    return int(importlib.import_module(f"bench_{arguments[0]}").main(arguments[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
