"""One folder of another maker's camera on its way into a project, for `import`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from cameratrap.cli.import_asked import Asked, Problems, correct, now, refuse, row_of
from cameratrap.cli.output import plural
from cameratrap.cli.progress import with_progress
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.app.import_card import Imported
    from cameratrap.app.import_folder import FolderImport
    from cameratrap.app.import_words import Waiting
    from cameratrap.app.processed import ProcessedFile
    from cameratrap.store.analyses import ModelIdentity
    from cameratrap.store.project import Project


_UNTIMED = (
    "a file's own time is not believed, it is often that of a copy: write the camera's into an MP4 with"
    " `exiftool -CreateDate=...`, or tell each file's `datetime` in a MegaDetector file, and import that"
)


def import_one(project: Project, path: Path, asked: Asked) -> tuple[list[dict[str, object]], Problems]:
    """The line of the table, and the files that are not in the project, each with why."""
    from cameratrap.app.foreign_files import ForeignFile, Unplaced, read_files
    from cameratrap.app.foreign_folder import check_foreign
    from cameratrap.app.import_folder import FolderImport

    refuse(asked, ("images",), f"{path} is a folder of pictures", hint="--images is for a MegaDetector file")
    paths = list(_files(path, asked))
    check_foreign(path, paths)
    found = list(read_files(path, paths, asked.zone))
    problems = [(each.path, each.why) for each in found if isinstance(each, Unplaced)]
    files = [each for each in found if isinstance(each, ForeignFile)]
    if not files:
        why = f"none of its {plural(len(problems), 'file')} says when it was taken" if problems else "it has none"
        raise UsageError(f"{path} holds no picture that can be imported", why=why, hint=_UNTIMED if problems else "")
    importing = FolderImport(project, path, asked.deployment or _name(path), files, in_place=asked.no_copy)
    planned = importing.plan()
    needed = importing.room(planned) if planned.is_copied else 0
    if asked.dry_run:
        planned.size = needed
    elif planned.is_copied:
        _copy(importing, planned, asked)
    importing.take(planned, now())
    correct(project, planned.number, asked)
    problems += [(each.path, each.why) for each in planned.problems]
    if not (asked.dry_run or asked.no_detector):
        planned.indexed.words = _look(project, planned, path, asked, problems)
    row = row_of(project, path, planned)
    return [{**row, "problems": len(problems)}], problems


def _name(path: Path) -> str:
    """The folder's own. Raises UsageError where it is no text."""
    name = path.resolve().name
    if not name.isprintable() or not name.strip():
        raise UsageError(f"the name of {path} is not text", hint="say what to call it with --deployment NAME")
    return name


def _files(path: Path, asked: Asked) -> Iterator[Path]:
    from collections import Counter

    from cameratrap.app.clips import CLIP_EXTENSIONS
    from cameratrap.app.find_files import find_files
    from cameratrap.app.images import EXTENSIONS

    passed_over: Counter[str] = Counter()
    yield from find_files([path], EXTENSIONS | CLIP_EXTENSIONS, passed_over)
    if passed_over:
        kinds = ", ".join(f"{count} {extension}" for extension, count in sorted(passed_over.items()))
        asked.ctx.say(f"{path}: passed over, because their kind is not read: {kinds}")


def _copy(importing: FolderImport, planned: Imported, asked: Asked) -> None:
    copied = importing.copy(planned)
    total = len(importing.files)
    for file in with_progress(copied, total, "files", gives_way=False) if asked.is_shown else copied:
        planned.note(file)


def _look(project: Project, planned: Imported, path: Path, asked: Asked, problems: Problems) -> int:
    """Give what nobody has looked at its word: from the file of results, or by the detector, while it goes on."""
    from cameratrap.app.import_words import Looked, take_words, waiting

    media = waiting(project, planned.number)
    looked = Looked()
    if not media:
        return 0
    with ExitStack() as stack:
        results, model = _results(stack, media, path, asked)
        done = take_words(project.connection, media, results, model, made_at=now(), looked=looked)
        total = len({each.sequence for each in media})
        for _ in with_progress(done, total, "sequences", gives_way=False) if asked.is_shown else done:
            pass
    problems += looked.failed
    if unknown := len(waiting(project, planned.number)):
        asked.ctx.say(f"{planned.deployment}: nobody has looked at {plural(unknown, 'file')} yet")
    return looked.sequences


def _results(
    stack: ExitStack, media: Sequence[Waiting], path: Path, asked: Asked
) -> tuple[Iterable[ProcessedFile | None], ModelIdentity]:
    from cameratrap.app.import_results import read_results
    from cameratrap.store.analyses import ModelIdentity

    if asked.results is None:
        return _looked_at(stack, media, asked)
    known = read_results(asked.results)
    results = (known.of(path, each.path) for each in media)
    return results, ModelIdentity("process", asked.results.name, "", None)


def _looked_at(
    stack: ExitStack, media: Sequence[Waiting], asked: Asked
) -> tuple[Iterable[ProcessedFile], ModelIdentity]:
    from cameratrap.app.process import process_files
    from cameratrap.drivers.clip_frames import sample_clip
    from cameratrap.store.analyses import ModelIdentity
    from cameratrap.wiring import look_settings, open_detector

    config, taxa = asked.ctx.config, asked.ctx.taxa()
    detector = stack.enter_context(closing(open_detector(config, taxa, asked.model, asked.classifier)))
    results = process_files(
        [each.file for each in media],
        detector,
        zone=media[0].taken.tzinfo,
        settings=look_settings(config, taxa),
        sample=sample_clip,
    )
    identity = ModelIdentity(detector.name, detector.version, detector.sha256, detector.score_threshold)
    return stack.enter_context(closing(results)), identity
