"""What a command of analysis reads: the deployments, pictures and events that its filters mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cameratrap.analysis.effort import EffortDefinition, has_no_night
from cameratrap.cli.chosen import check_taxa, listed, open_chosen
from cameratrap.cli.context import Context
from cameratrap.cli.output import plural
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span
from cameratrap.domain.events import Event
from cameratrap.domain.selection import Selection

if TYPE_CHECKING:
    from cameratrap.app.fold import Rules

# What is asked of an event and not of the time in which there was none: by night alone, effort would be another.
OF_EVENTS_ALONE = ("light", "is_blank", "is_flagged")


@dataclass(frozen=True, slots=True)
class Study:
    """What is meant of an open project or card.

    ``pictures`` are from the first to the last of each deployment, looked up only where effort is counted by them.
    """

    connection: sqlite3.Connection
    selection: Selection
    deployed: Sequence[Deployed]
    pictures: Mapping[str, Span]

    def events(self, rules: Rules) -> Iterator[Event]:
        """The independent events that are meant, deployment by deployment; none is held."""
        from cameratrap.app.studied import chosen_events

        return chosen_events(self.connection, self.deployed, rules, self.selection)

    @property
    def taxa(self) -> Sequence[str]:
        """Those that are asked for, else every taxon that was seen anywhere."""
        from cameratrap.app.studied import taxa_seen

        return self.selection.taxa or taxa_seen(self.connection)


@contextmanager
def open_study(ctx: Context, selection: Selection, definition: EffortDefinition) -> Iterator[Study]:
    """Read the project or card of --data. Raises StoreError, and UsageError for a taxon that nobody knows."""
    from cameratrap.app.studied import chosen_deployments, picture_spans

    with open_chosen(ctx, selection) as project:
        connection = project.connection
        check_taxa(ctx, connection, selection)
        pictures = picture_spans(connection) if definition is EffortDefinition.CALENDAR else {}
        chosen = chosen_deployments(connection, selection)
        if definition is EffortDefinition.TRAP_NIGHTS:
            _tell_of_one_day(ctx, chosen)
        yield Study(connection, selection, chosen, pictures)


def _tell_of_one_day(ctx: Context, deployed: Sequence[Deployed]) -> None:
    """Animals without effort have no rate: a reader wants to know why."""
    if names := [each.deployment for each in deployed if has_no_night(each)]:
        count = plural(len(names), "deployment")
        ctx.say(f"no trap-nights in {count} set up and fetched on one day, which camtrapR refuses: {listed(names)}")
