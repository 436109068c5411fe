"""What `aim` prints of each thing that happens: a line for a person, an object for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cameratrap.cli.output import plain, plural

if TYPE_CHECKING:
    from cameratrap.app.aim import AimSummary, Happening, Photographed
    from cameratrap.domain.detections import Detection

_REASONS = {
    "settling": "the PIR settles after power-on",
    "unconfirmed": "the PIR alone: no motion in the camera's pictures",
    "queue": "more than can be taken up: is its contact loose?",
}


def line(happening: Happening) -> str:
    """One line, without a line break."""
    from cameratrap.app.aim import HeldBack, Noticed, Photographed, Seen

    match happening:
        case Noticed():
            return f"{happening.at:%H:%M:%S}  {_sensor(happening.cause)}"
        case Photographed():
            return f"{happening.at:%H:%M:%S}    {plain(_burst(happening))}"
        case Seen():
            what = happening.error or ", ".join(_box(each) for each in happening.detections) or "nothing found"
            return f"{happening.at:%H:%M:%S}    picture {happening.position}: {plain(what)}"
        case HeldBack():
            why = _REASONS.get(happening.reason, happening.reason)
            return f"{happening.at:%H:%M:%S}  {plural(happening.edges, 'edge')} not taken: {why}"
        case _:
            return plain(f"{happening.device}: {happening.what}")


def json_object(happening: Happening) -> dict[str, object]:
    """``what`` names the kind; the other keys are the same in each of a kind."""
    from cameratrap.app.aim import HeldBack, Noticed, Photographed, Seen

    match happening:
        case Noticed():
            return {"what": "trigger", "at": happening.at.isoformat(), "trigger": str(happening.cause)}
        case Photographed():
            return {
                "what": "burst",
                "at": happening.at.isoformat(),
                "pictures": happening.pictures,
                "latency_s": _rounded(happening.latency_s),
                "pictures_per_s": _rounded(happening.per_s),
                "brightness": happening.brightness,
                "error": happening.error or None,
            }
        case Seen():
            return {
                "what": "picture",
                "at": happening.at.isoformat(),
                "position": happening.position,
                "detections": [_detection(each) for each in happening.detections],
                "error": happening.error or None,
            }
        case HeldBack():
            return {
                "what": "not_taken",
                "at": happening.at.isoformat(),
                "reason": happening.reason,
                "edges": happening.edges,
            }
        case _:
            return {
                "what": "incident",
                "device": happening.device,
                "detail": happening.what,
                "recovered": happening.recovered,
            }


def status(summary: AimSummary) -> str:
    """How it stands, for the line below."""
    best = "" if summary.best is None else f", best {summary.best.score:.2f}"
    return (
        f"walk before the trap: {plural(summary.bursts, 'burst')}, {summary.detections} with a find{best} (Ctrl-C ends)"
    )


def summary_lines(summary: AimSummary) -> list[str]:
    """What came of it."""
    causes = ", ".join(f"{count} by {_sensor(cause)}" for cause, count in summary.triggers.items()) or "no trigger"
    found = f"; something found in {plural(summary.detections, 'burst')}" if summary.looked_at else ""
    lines = [f"{causes}; {plural(summary.pictures, 'picture')}{found}"]
    lines += [f"not taken: {edges} ({_REASONS.get(reason, reason)})" for reason, edges in summary.held_back.items()]
    if summary.best is not None:
        lines.append(f"best: {plain(_box(summary.best))}")
    if summary.latency_s is not None:
        lines.append(f"from the edge to the first picture: {summary.latency_s:.2f} s in the median")
    if summary.motion_cpu_s is not None:
        lines.append(f"motion: {1000 * summary.motion_cpu_s:.1f} ms of the processor for each small picture")
    if summary.failures:
        lines.append(f"{plural(summary.failures, 'failure')}: see above")
    return lines


def summary_object(summary: AimSummary) -> dict[str, object]:
    """The same for a program."""
    return {
        "triggers": {str(cause): count for cause, count in summary.triggers.items()},
        "not_taken": dict(summary.held_back),
        "bursts": summary.bursts,
        "pictures": summary.pictures,
        "bursts_with_detections": summary.detections,
        "best": None if summary.best is None else _detection(summary.best),
        "median_latency_s": _rounded(summary.latency_s),
        "motion_cpu_ms": None if summary.motion_cpu_s is None else round(1000 * summary.motion_cpu_s, 2),
        "failures": summary.failures,
    }


def _sensor(cause: str) -> str:
    return {"pir": "PIR", "timelapse": "time-lapse"}.get(str(cause), str(cause))


def _burst(what: Photographed) -> str:
    parts = [plural(what.pictures, "picture")]
    if what.latency_s is not None:
        parts.append(f"the first {max(0.0, what.latency_s):.2f} s after the edge")  # it may be ahead of a slow sensor
    if what.per_s is not None:
        parts.append(f"{what.per_s:.1f} a second")
    if what.brightness is not None:
        parts.append(f"brightness {what.brightness:.0f} of 255")
    return ", ".join(parts) + (f"; failed: {what.error}" if what.error else "")


def _box(each: Detection) -> str:
    """A taxon, its score, and how much of the picture's height it fills: what is far away is small."""
    return f"{each.taxon} {each.score:.2f}, {100 * each.bbox.height:.0f} % of the height"


def _detection(each: Detection) -> dict[str, object]:
    return {"taxon": each.taxon, "score": round(each.score, 4), "bbox": each.bbox.as_list()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
