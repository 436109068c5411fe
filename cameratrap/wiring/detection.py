"""The detector, and how the trap looks at its pictures with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem, UsageError

if TYPE_CHECKING:
    from cameratrap.app.look import LookSettings
    from cameratrap.config import Config
    from cameratrap.domain.taxa import TaxaTable
    from cameratrap.ports import Detector


def look_settings(config: Config, taxa: TaxaTable) -> LookSettings:
    """How the trap looks at its pictures. Raises ConfigError that lists every name no rule can apply to."""
    from cameratrap.app.look import LookSettings
    from cameratrap.domain.policy import PeoplePolicy

    agree_frames = config.counting.agree_frames
    unknown = "must be a taxon of the table: `cameratrap config show` names the one that is used"
    root = "has no coarser name to be counted under until frames agree"
    wrong = {name: unknown for name in agree_frames if name not in taxa}
    wrong |= {name: root for name in agree_frames if name in taxa and len(taxa.lineage(name)) == 1}
    if wrong:
        raise ConfigError([ConfigProblem("counting.agree_frames", f'"{name}"', why) for name, why in wrong.items()])
    return LookSettings(
        taxa,
        {taxa.resolve(name).name: frames for name, frames in agree_frames.items()},
        PeoplePolicy(config.people.person, config.people.vehicle),
        background=config.detector.background,
    )


def open_detector(
    config: Config, taxa: TaxaTable, reference: str | None = None, classifier: str | None = None
) -> Detector:
    """The model named by ``reference``, else by the configuration, and the ``classifier`` behind it likewise.

    An empty ``classifier`` is none, whatever the configuration says. Raises UsageError, ModelError, DeviceError.
    """
    from cameratrap.app.models import find_model
    from cameratrap.drivers.detectors import load_detector, with_classifier

    chosen = reference or config.detector.model
    if not chosen:
        raise UsageError(
            "no detector model is chosen",
            hint="name one with --model, or set detector.model; `cameratrap models list` shows what is installed",
        )
    section = config.detector
    detector = load_detector(
        find_model(chosen, taxa),
        runtime=section.runtime,
        threads=section.threads,
        threshold=section.score_threshold,
    )
    second = section.classifier if classifier is None else classifier
    if not second:
        return detector
    return with_classifier(detector, find_model(second, taxa), taxa, runtime=section.runtime, threads=section.threads)
