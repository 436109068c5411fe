"""What every command is handed: the global options and, read when first asked for, the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.config import Config, Resolved
    from cameratrap.domain.taxa import TaxaTable


@dataclass
class Context:
    """The global options of one call."""

    config_file: Path | None = None
    data_flag: Path | None = None
    quiet: bool = False
    verbose: bool = False
    debug: bool = False

    @cached_property
    def resolved(self) -> Resolved:
        """The configuration and where each value of it came from. Raises ConfigError."""
        from cameratrap.config import resolve

        return resolve(self.config_file)

    @property
    def config(self) -> Config:
        """The configuration. Raises ConfigError naming every problem."""
        return self.resolved.config

    @cached_property
    def on_card(self) -> Resolved:
        """The same with what commands to the trap have changed, where --data is its card. Raises ConfigError."""
        from cameratrap.config.overrides import resolved_on

        return resolved_on(self.resolved, self.data / "cameratrap.db")

    @cached_property
    def data(self) -> Path:
        """The card's folder, or the receiver's: --data, else ``data`` of the configuration. Raises UsageError."""
        folder = self.data_flag or (Path(self.config.data).expanduser() if self.config.data else None)
        if folder is None:
            raise UsageError("no data folder is given", hint="name the card's or the receiver's folder with --data DIR")
        return folder

    def taxa(self, file: Path | None = None) -> TaxaTable:
        """The taxa table: ``file``, else ``taxa`` of the configuration, else the built-in one. Raises TaxonError."""
        from cameratrap.resources import builtin_taxa, load_taxa

        chosen = file or (Path(self.config.taxa).expanduser() if self.config.taxa else None)
        return load_taxa(chosen) if chosen else builtin_taxa()

    def say(self, message: str) -> None:
        """A line for the person watching, on stderr; silent with --quiet."""
        if not self.quiet:
            click.echo(message, err=True)

    def tell(self, message: str) -> None:
        """A line for someone who asked for more, on stderr; only with --verbose."""
        if self.verbose:
            click.echo(message, err=True)
