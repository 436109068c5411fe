"""Lists what a test run skipped and how to get it: `python tools/skipped.py REPORT.xml [--fail]`."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Print one line a reason; with --fail, exit 1 if there is any."""
    report = ET.parse(Path(arguments[0]))  # noqa: S314 - pytest wrote it a moment ago
    reasons = Counter(skipped.get("message", "no reason given") for skipped in report.iter("skipped"))
    if not reasons:
        print("\nnothing was skipped")
        return 0
    print(f"\n{reasons.total()} tests were skipped:")
    for reason, count in sorted(reasons.items()):
        print(f"  {count:4}  {reason}")
    if "--fail" in arguments:
        print("error: this run was to skip nothing", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
