"""`project init`: what the study is, in a file for an editor."""

from __future__ import annotations

from uuid import uuid4

import click

from cameratrap.cli.context import Context
from cameratrap.cli.params import printable
from cameratrap.errors import UsageError

_EXAMPLES = """
# sampling_design is one of simpleRandom, systematicRandom, clusteredRandom, experimental, targeted, opportunistic.
# Without the #, and as often as there are people and licences:
#
# [[contributors]]
# title = "Ada Lovelace"
# email = "ada@example.org"
# role = "principalInvestigator"    # or contact, rightsHolder, publisher, contributor
# organization = "University of Somewhere"
#
# [[licences]]
# scope = "data"                    # a package that names licences needs one for the data and one for the media
# name = "CC-BY-4.0"
#
# [[licences]]
# scope = "media"
# name = "CC-BY-NC-4.0"
"""


@click.command(short_help="Make a project, and the file that says what the study is.")
@click.option("--title", type=printable, metavar="TEXT", help="What the study is called (default: the folder).")
@click.option("--dry-run", is_flag=True, help="Print the file; write nothing.")
@click.pass_obj
def init(ctx: Context, title: str | None, *, dry_run: bool) -> None:
    """Make a project of the folder at --data, and write its project.toml: title, people, licences, sampling design.

    An export copies what stands there. `import` makes a project too; this one can be called afterwards. A project.toml
    that is there is never written over.
    """
    from cameratrap.store import card
    from cameratrap.store.project import edit_project
    from cameratrap.store.project_record import (
        RECORD,
        ProjectRecord,
        default_record,
        has_record,
        record_text,
        write_record,
    )

    folder = ctx.data
    if has_record(folder):
        raise UsageError(f"{folder / RECORD} is there already", hint="change it with an editor")
    if (folder / card.RECORD).is_file():
        raise UsageError(f"{folder} is a card", hint="`cameratrap import` takes it into a project")
    record = ProjectRecord(title=title or default_record(folder).title, id=str(uuid4()))
    if dry_run:
        click.echo(record_text(record) + _EXAMPLES, nl=False)
        return
    with edit_project(folder, create=True):
        write_record(folder, record, notes=_EXAMPLES)
    ctx.say(f"wrote {folder / RECORD}: say there who made the study and what may be done with it")
