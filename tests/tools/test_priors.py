"""`tools/priors`: where the numbers that a message expects of tallies come from."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from cameratrap.domain.credits import CREDIT_BYTES
from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.wire.codec import decode, encode
from tests.wire.strategies import DAY, FULL_EFFORT, FULL_HEALTH, TAXA
from tests.wire.test_wire_messages import Sealing

ROOT = Path(__file__).parent.parent.parent
TOOL = ROOT / "tools" / "priors.py"
WEEKS = 120  # a study


@pytest.fixture(scope="module")
def priors() -> ModuleType:
    """The tool as a module."""
    spec = importlib.util.spec_from_file_location("tools_priors", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_frozen_numbers_are_what_the_studies_teach(priors: ModuleType, shared_data: Path) -> None:
    """Run again on the same studies, the tool prints wire/learned as it stands."""
    learned = priors.learn(priors.weeks_by_study(shared_data / "tallies"))
    assert learned.source() == (ROOT / "cameratrap" / "wire" / "learned.py").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_week_of_a_study_that_was_not_learned_from_fits_a_sealed_credit(
    priors: ModuleType, shared_data: Path
) -> None:
    """Six studies teach, the seventh is sent: 98 of 100 of its weeks at least, in each study's sample."""
    studies = priors.weeks_by_study(shared_data / "tallies")
    assert len(studies) == 7
    for name, weeks in studies.items():
        learned = priors.learn(studies, leave_out=name).priors()
        sample = random.Random(7).sample(weeks, min(WEEKS, len(weeks)))
        fitting = sum(fits_a_week(week, learned) for week in sample)
        assert fitting >= 0.98 * len(sample), name


def fits_a_week(week: list[list[object]], learned: object) -> bool:
    """Whether a full day and the six before it are one sealed message."""
    days = [
        EarlierDay(DAY - timedelta(days=n), 300 - n, 24.0, 9.5, tuple(tallies))  # type: ignore[arg-type]
        for n, tallies in enumerate(week)
    ]
    summary = DailySummary(DAY, 300, days[0].tallies, FULL_EFFORT, FULL_HEALTH)
    seal = Sealing()
    (message,) = encode(summary, TAXA, earlier=days[1:], sealer=seal, priors=learned)  # type: ignore[arg-type]
    assert len(message) <= CREDIT_BYTES
    told = decode(message, TAXA, opener=seal, priors=learned)  # type: ignore[arg-type]
    return isinstance(told, DailySummary) and len(told.earlier) == len(days) - 1


def test_what_was_never_met_stays_possible(priors: ModuleType, tmp_path: Path) -> None:
    """A study of one fox teaches numbers with which any other day can still be said."""
    lines = [
        json.dumps(
            {
                "station": "A",
                "day": (date(2026, 6, 1) + timedelta(days=n)).isoformat(),
                "tallies": [{"taxon": "red fox", "events": 1, "individuals": 1}],
            }
        )
        for n in range(20)
    ]
    (tmp_path / "fox.daily.jsonl").write_text("\n".join(lines), encoding="utf-8")
    learned = priors.learn(priors.weeks_by_study(tmp_path))
    assert all(min(pair) >= 1 for row in learned.contexts.values() for pair in row)
    assert list(learned.studied) == [TAXA.code_for_name("red fox")]
    zeros, ones = learned.contexts["again"][1]
    assert ones > zeros


def test_a_folder_without_studies_is_an_error_with_a_hint(tmp_path: Path) -> None:
    """Nothing to learn from is said, not an empty table."""
    result = subprocess.run(  # noqa: PLW1510 - its exit status is what is looked at
        [sys.executable, str(TOOL), "--data", str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 1
    assert "hint: " in result.stderr
