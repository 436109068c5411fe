"""`unseal`: at home, the pictures that a trap has sealed."""

from __future__ import annotations

from pathlib import Path

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import plain, plural
from cameratrap.errors import UsageError


@click.command(short_help="Open the pictures that a trap has sealed.")
@click.argument("card", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="CARD")
@click.option("--key", "key_file", type=click.Path(path_type=Path), required=True, help="The private picture key.")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="Where the pictures are put, under their names on the card.",
)
@click.option("--dry-run", is_flag=True, help="Open each and compare it with the index; write nothing.")
@click.pass_obj
def unseal(ctx: Context, card: Path, key_file: Path, folder: Path, *, dry_run: bool) -> int:
    """Open the sealed pictures of CARD, each byte for byte as the trap stored it. The card is not touched.

    The path of each picture that was opened is printed, a line each.

    \b
    Exit status: 0 all were opened, 3 some could not be (they are named).
    """
    from cameratrap.app.seal_pictures import unseal as open_sealed
    from cameratrap.store.picture_keys import read_private_key

    if folder.absolute().is_relative_to(card.absolute()):
        raise UsageError(
            f"{folder} is on the card",
            why="what was sealed would lie open there",
            hint="name a folder of this computer",
        )
    key = read_private_key(key_file)
    opened = failed = 0
    for each in open_sealed(card, key, folder, dry_run=dry_run):
        if each.error is not None:
            failed += 1
            click.echo(plain(f"{each.path}: {each.error}"), err=True)
        else:
            opened += 1
            click.echo(plain(each.picture))
    ctx.say(f"{plural(opened, 'picture')} {'could be opened' if dry_run else 'opened'}, {failed} could not be")
    return 3 if failed else 0
