"""`activity`: at what time of day a taxon is about, by the clock or by the sun, and how far two taxa overlap."""

from __future__ import annotations

from dataclasses import replace

import click

from cameratrap.analysis.effort import EffortDefinition
from cameratrap.cli.activity_options import Asked, activity_options
from cameratrap.cli.context import Context
from cameratrap.cli.definitions import independence_line
from cameratrap.cli.extras import needs_review
from cameratrap.cli.filters import named_taxa, selection_options_but
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.plotting import Plot, plot_options
from cameratrap.cli.study import OF_EVENTS_ALONE, open_study
from cameratrap.cli.tables import rule_options
from cameratrap.domain.selection import Selection
from cameratrap.errors import UsageError


@click.command()
@click.argument("taxon")
@click.argument("other", required=False)
@activity_options
@plot_options
@rule_options
@selection_options_but("taxa", *OF_EVENTS_ALONE)
@table_options
@click.pass_obj
def activity(
    ctx: Context,
    out: Output,
    taxon: str,
    other: str | None,
    asked: Asked,
    plot: Plot | None,
    interval: float | None,
    rule: str | None,
    selection: Selection,
) -> None:
    """When TAXON is active and, with a second one, how far the two overlap.

    A von Mises kernel density of the times at which independent events begin, smoothed as by R's
    overlap::getBandWidth; a row a point. Time-lapse pictures are left out. A card keeps its position to itself: solar
    time then needs station.latitude and station.longitude.

    \b
    cameratrap --data PROJECT activity "red fox" --plot fox.svg
    cameratrap --data PROJECT activity "red fox" badger --time solar --overlap
    """
    needs_review("numpy")
    from cameratrap.cli import activity_report as report
    from cameratrap.cli.activity_samples import read_samples
    from cameratrap.wiring import event_rules

    asked.check(other, interval)
    rules = event_rules(ctx.config, interval_minutes=0 if asked.records else interval, rule=rule)
    taxa = _taxa(taxon, other)
    with open_study(ctx, replace(selection, taxa=taxa), EffortDefinition.EXACT) as study:
        samples = read_samples(study, taxa, rules, asked.kind)
    found = report.reckon(samples, asked)
    if asked.only_overlap and found.overlap:
        out.table(report.OVERLAP_COLUMNS, [report.overlap_row(found, found.overlap, out.form)])
    else:
        out.table(report.CURVE_COLUMNS, report.curve_rows(found, out.form))
    for sentence in report.sentences(found):
        ctx.say(sentence)
    ctx.say("every sighting is a record" if asked.records else independence_line(rules.interval, rules.rule))
    if plot:
        plot.write(ctx, report.picture(found, plot.paper))


def _taxa(taxon: str, other: str | None) -> tuple[str, ...]:
    taxa = named_taxa([taxon] if other is None else [taxon, other])
    if other is not None and len(taxa) == 1:
        raise UsageError(f"{taxon} and {other} are the same taxon", hint="name one, or two that differ")
    return taxa
