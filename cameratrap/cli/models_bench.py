"""``cameratrap models bench``: what models cost on this machine, by runtime, threads and delegate."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.app.models import ModelFolder, find_model, model_paths
from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.drivers.runtimes import AUTO, find_runtime, installed_runtimes, why_chosen
from cameratrap.errors import ModelError, UsageError

if TYPE_CHECKING:
    from cameratrap.drivers.model_bench import Measured, Times

COLUMNS = (
    "model", "runtime", "version", "delegate", "threads", "chosen", "invoke_ms", "invoke_spread_ms", "invoke_cpu_ms",
    "detect_ms", "detect_spread_ms", "detect_cpu_ms", "ratio", "load_ms", "peak_mb", "error",
)  # fmt: skip
PARTLY_DONE = 3
MOST_THREADS = 16
# Two runtimes that differ by less than a tenth are the same within what a busy machine lets one measure.
WORTH_IT = 1.1


def _threads(_ctx: click.Context, _option: click.Parameter, value: str) -> tuple[int, ...]:
    """``1,2,4`` as numbers, each once."""
    numbers = [int(part) if part.strip().isdecimal() else 0 for part in value.split(",")]
    if not all(1 <= number <= MOST_THREADS for number in numbers):
        raise click.BadParameter(f"{value!r} is no list of numbers from 1 to {MOST_THREADS}, such as 1,2")
    return tuple(dict.fromkeys(numbers))


@click.command(short_help="Measure what models cost on this machine.")
@click.argument("model", nargs=-1)
@click.option(
    "--picture",
    "pictures",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Time the whole way on this picture (may be repeated) instead of on a drawn one of 12 megapixels.",
)
@click.option(
    "--threads", metavar="N,N", callback=_threads, default="1,2", show_default=True, help="Numbers of threads to try."
)
@click.option(
    "--rounds", type=click.IntRange(2, 1000), default=10, show_default=True, help="Turns that each way of running gets."
)
@table_options
@click.pass_obj
def bench(
    ctx: Context, out: Output, model: tuple[str, ...], pictures: tuple[Path, ...], threads: tuple[int, ...], rounds: int
) -> int:
    """Measure models: every installed runtime, with its delegate XNNPACK and without, on so many threads.

    MODEL is a name, a model folder or a published .tflite file; without one it is what detector.model names, else
    every model that is known by name. All ways are run by turns, in processes of their own.

    invoke_ms is the model alone, five times a turn; detect_ms the whole way from a picture's bytes to the
    detections, or to a classifier's scores; both medians, with their spread from the lower to the upper quartile. cpu
    is the processor's time, which other work on the machine disturbs less; ratio is that of the model alone against
    the first MODEL run the same way. load_ms includes the runtime's own start, peak_mb is the whole process. chosen
    marks what detector.runtime takes here.
    """
    models = [find_model(reference, ctx.taxa()) for reference in _references(ctx, model)]
    named = ctx.config.detector.runtime
    chosen = find_runtime(named)
    measured = _measured(models, threads, [_bytes(path) for path in pictures], rounds, hidden=ctx.quiet)
    versions = {runtime.name: runtime.version for runtime in installed_runtimes()}
    firsts = {_way(each): each for each in reversed(measured)}
    out.table(COLUMNS, [_row(each, firsts[_way(each)], versions, chosen.name) for each in measured])
    ctx.say(f"{platform.machine()}, Python {platform.python_version()}, {rounds} turns")
    why = why_chosen(chosen) if named == AUTO else "as it says"
    ctx.say(f"detector.runtime = {named}: {chosen.name} {chosen.version}, {why}")
    say_cheapest(ctx, measured, chosen.name)
    failed = sum(each.error is not None for each in measured)
    return 0 if not failed else 1 if failed == len(measured) else PARTLY_DONE


def _references(ctx: Context, given: tuple[str, ...]) -> list[str]:
    if given:
        return list(dict.fromkeys(given))
    if ctx.config.detector.model:
        return [ctx.config.detector.model]
    return list(dict.fromkeys(path.name for path, _ in model_paths()))


def _measured(
    models: Sequence[ModelFolder], threads: Sequence[int], pictures: Sequence[bytes], rounds: int, *, hidden: bool
) -> list[Measured]:
    try:
        from cameratrap.drivers.model_bench import cases, drawn_picture, measure
    except ImportError as error:
        what = "what runs a model is not installed"
        raise ModelError(what, why=str(error), hint="pip install 'cameratrap[detect]'") from error
    ways = cases(models, threads)
    with _progress(len(ways) * (rounds + 1), hidden=hidden) as step:
        return measure(ways, pictures or [drawn_picture()], rounds, progress=step)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read", why=error.strerror or str(error)) from error


def _way(measured: Measured) -> tuple[str, int, bool]:
    return measured.case.runtime, measured.case.threads, measured.case.delegate


def _row(measured: Measured, first: Measured, versions: dict[str, str], chosen: str) -> dict[str, object]:
    case = measured.case
    return {
        "model": case.model.name,
        "runtime": case.runtime,
        "version": versions[case.runtime],
        "delegate": "xnnpack" if case.delegate else "none",
        "threads": case.threads,
        "chosen": case.runtime == chosen and case.delegate,
        **_times("invoke", measured.invoke),
        **_times("detect", measured.detect),
        "ratio": _rounded(measured.ratio(first), 3),
        "load_ms": _rounded(measured.load_ms, 0),
        "peak_mb": _rounded(measured.peak_mb, 0),
        "error": measured.error,
    }


def _times(name: str, times: Times | None) -> dict[str, object]:
    return {
        f"{name}_ms": _rounded(times.wall_ms if times else None, 2),
        f"{name}_spread_ms": _rounded(times.spread_ms if times else None, 2),
        f"{name}_cpu_ms": _rounded(times.cpu_ms if times else None, 2),
    }


def _rounded(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places) if places else round(value)


def say_cheapest(ctx: Context, measured: Sequence[Measured], chosen: str) -> None:
    """Where another runtime measured clearly cheaper than the one taken, the person should know."""
    fewest = min(each.case.threads for each in measured)
    for name in dict.fromkeys(each.case.model.name for each in measured):
        cost = {
            each.case.runtime: each.invoke.cpu_ms
            for each in measured
            if each.case.model.name == name and each.case.threads == fewest and each.case.delegate and each.invoke
        }
        if not cost:
            continue
        cheapest = min(cost, key=lambda runtime: cost[runtime])
        said = ", ".join(f"{runtime} {cost_ms:.1f} ms" for runtime, cost_ms in cost.items())
        better = chosen in cost and cost[chosen] > WORTH_IT * cost[cheapest]
        ctx.say(f"{name}: {said}" + (f"; detector.runtime = {cheapest} would be cheaper for it" if better else ""))


@contextmanager
def _progress(steps: int, *, hidden: bool) -> Iterator[Callable[[], None]]:
    """A bar on stderr where that is a terminal; nothing elsewhere."""
    if hidden or not sys.stderr.isatty():
        yield lambda: None
        return
    with click.progressbar(length=steps, file=sys.stderr, label="turns") as bar:
        yield lambda: bar.update(1)
