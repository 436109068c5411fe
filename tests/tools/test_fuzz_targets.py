"""What the fuzzer holds to be true holds on its own seeds, cut anywhere and damaged; the long hunt is tools/fuzz."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "tools"))

from fuzzing.seeds import seeds
from fuzzing.targets import TARGETS, converse


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_cut_and_damaged(name: str) -> None:
    """No exception but ours, an end by the deadline, and no success that nobody claimed."""
    target, chance = TARGETS[name], random.Random(1)
    for seed in [*seeds(name), b""]:
        for cut in range(0, len(seed) + 1, 5):
            target(seed[:cut])
        for _ in range(60):
            target(_damaged(seed, chance))


def _damaged(seed: bytes, chance: random.Random) -> bytes:
    data = bytearray(seed)
    for _ in range(chance.randrange(1, 9)):
        at = chance.randrange(len(data) + 1)
        data[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    return bytes(data)


@pytest.mark.parametrize("name", ["session", "mailbox"])
def test_the_seeds_are_whole_conversations(name: str) -> None:
    """The hunt begins where sessions succeed, fail and bring messages in; else it would learn AT commands first."""
    heard = seeds(name)
    assert len(heard) == 5
    assert b"+SBDIX: 0, 0, 1" in heard[0]
    assert b"+SBDIX: 18" in heard[1]


def test_the_check_itself_catches_a_false_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that took 18 for a success would be found."""
    import cameratrap.sbd.outcome as outcome
    from cameratrap.sbd.status import MoStatus, Verdict

    monkeypatch.setattr(outcome, "classify", lambda code: MoStatus(code, "believed", Verdict.SENT))
    monkeypatch.setattr(outcome.Heard, "blind", True)
    with pytest.raises(AssertionError, match="never said so"):
        converse(seeds("session")[1], b"monday")
