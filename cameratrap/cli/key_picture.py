"""`key picture-key`: the pair of keys that pictures are sealed with. The trap has the public one alone."""

from __future__ import annotations

from pathlib import Path

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options

COLUMNS = ("fingerprint", "private", "public")


@click.group("picture-key")
def picture_key() -> None:
    """The pair of keys that pictures are sealed with, so that who steals a card sees none.

    \b
    At home:      cameratrap key picture-key new pictures
    At the trap:  card.seal_pictures_to = "pictures.pub"
    At home:      cameratrap unseal CARD --key pictures.key --output DIR
    """


@picture_key.command(short_help="Make a pair of keys, at home.")
@click.argument("name", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Say which files would be made; write nothing.")
@table_options
@click.pass_obj
def new(ctx: Context, out: Output, name: Path, *, dry_run: bool) -> None:
    """Make NAME.key, which stays at home and only its owner can read, and NAME.pub, which the trap gets.

    Without NAME.key nobody opens what was sealed, not even its owner: keep a copy in another place.
    """
    from cameratrap.store.keys import check_free
    from cameratrap.store.picture_keys import new_pair

    private, public = (name.with_name(name.name + suffix) for suffix in (".key", ".pub"))
    for path in (private, public):
        check_free(path)
    if dry_run:
        ctx.say(f"would make {private} and {public}")
        return
    pair = new_pair(private, public)
    out.table(COLUMNS, [{"fingerprint": pair.fingerprint, "private": str(private), "public": str(public)}])
    ctx.say(
        f"carry {public} to the trap and name it in card.seal_pictures_to; keep {private} at home, and a copy of it"
    )
