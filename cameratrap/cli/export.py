"""`export`: what a project or a card says, in the formats that the field uses, each loaded when asked for."""

from __future__ import annotations

import importlib

import click

# name -> ("module:attribute", one line). The line stands here so that --help imports nothing.
FORMATS: dict[str, tuple[str, str]] = {
    "camtrap-dp": ("cameratrap.cli.export_camtrap_dp:camtrap_dp", "A Camera Trap Data Package, for R and for GBIF."),
    "megadetector": ("cameratrap.cli.export_files:megadetector", "MegaDetector's JSON, for Timelapse and AddaxAI."),
    "timelapse": ("cameratrap.cli.export_files:timelapse", "Timelapse's table of pictures."),
    "csv": ("cameratrap.cli.export_files:flat_csv", "One flat table of what was seen."),
    "geojson": ("cameratrap.cli.export_files:geojson", "Where the cameras stood, and what each saw."),
    "keywords": ("cameratrap.cli.export_files:keywords", "Taxa as keywords, in copies of pictures or beside them."),
}


class Formats(click.Group):
    """Formats by name, loaded when asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(FORMATS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in FORMATS:
            return None
        module, _, attribute = FORMATS[name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - a wrong line in FORMATS, not a user's mistake
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Formats"):
            formatter.write_dl([(name, line) for name, (_, line) in FORMATS.items()])


@click.group(cls=Formats)
def export() -> None:
    """Hand over what a project or a card says, in the formats that the field uses.

    What stands is exported: a person's word where there is one, the model's where there is none. Originals are
    never changed.

    \b
    cameratrap --data PROJECT export camtrap-dp --output PACKAGE
    cameratrap --data CARD export csv --output sightings.csv
    """
