"""`doctor --verify`: every picture of a card read once and compared with its hash in the index."""

from __future__ import annotations

import sys
from collections import Counter

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output
from cameratrap.cli.progress import is_shown, with_progress

COLUMNS = ("path", "condition", "why")


def verify_pictures(ctx: Context, out: Output) -> int:
    """Print what is not as it was written; 1 where there is anything. Nothing is changed. Raises StoreError."""
    from cameratrap.app.verify import Condition, how_many, verify
    from cameratrap.store.card import open_card

    counted: Counter[Condition] = Counter()
    wrong = []
    with open_card(ctx.data) as card:
        found = verify(card)
        if is_shown(hidden=ctx.quiet):
            found = with_progress(found, how_many(card), "pictures", gives_way=sys.stdout.isatty())
        for each in found:
            counted[each.condition] += 1
            if each.condition is not Condition.WHOLE:
                wrong.append({"path": each.path, "condition": each.condition.value, "why": each.why})
    out.table(COLUMNS, wrong)
    ctx.say(", ".join(f"{counted[condition]} {condition}" for condition in Condition if counted[condition]) or "none")
    return 1 if wrong else 0
