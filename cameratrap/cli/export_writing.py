"""A file that an export makes: whole or not at all, and never over an original."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from cameratrap.cli.context import Context
from cameratrap.cli.output import plural
from cameratrap.errors import StoreError, UsageError

_REPLACED = frozenset({".csv", ".json", ".geojson"})


def write_export(ctx: Context, output: Path, pieces: Iterator[str], *, dry_run: bool) -> None:
    """The whole file at once, or nothing. Raises UsageError where it cannot be written."""
    from cameratrap.store.durable import PART, name_parts, write_part_of

    if dry_run:
        if str(output) != "-":
            _check_free(output)
        size = sum(len(piece.encode("utf-8", "backslashreplace")) for piece in pieces)
        ctx.say(f"would write {plural(size, 'byte')} to {output}")
        return
    if str(output) == "-":
        for piece in pieces:
            sys.stdout.write(piece)
        return
    _check_free(output)
    try:
        write_part_of(output, (piece.encode("utf-8", "backslashreplace") for piece in pieces))
        name_parts([output])
    except OSError as error:
        raise StoreError(f"cannot write to {output}", why=error.strerror or str(error)) from error
    finally:
        output.with_name(output.name + PART).unlink(missing_ok=True)


def _check_free(output: Path) -> None:
    """Results go over old results, never over a picture, an index or a card's table that a slip has named."""
    from cameratrap.app.plain_tables import EFFORT, MEDIA
    from cameratrap.store.deployment import RECORD

    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {output.absolute().parent}", hint="make it first, or name another file")
    if output.is_dir() or (output.exists() and output.suffix.lower() not in _REPLACED):
        hint = f"name a file that ends in {', '.join(sorted(_REPLACED))}, or remove it first"
        raise UsageError(f"{output} exists and is no table", hint=hint)
    if output.name.lower() in {EFFORT, MEDIA} and output.with_name(RECORD).is_file():
        raise UsageError(f"{output} is the card's own table", hint="name another file: originals are never changed")
