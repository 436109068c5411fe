"""`completion`: a script that completes commands and options in the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from cameratrap.errors import UsageError


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash:  cameratrap completion bash > ~/.local/share/bash-completion/completions/cameratrap
    zsh:   cameratrap completion zsh > ~/.zfunc/_cameratrap
    fish:  cameratrap completion fish > ~/.config/fish/completions/cameratrap.fish
    """
    from cameratrap.cli import cli

    found = get_completion_class(shell)
    if found is None:
        raise UsageError(f"there is no completion for {shell}")
    # Click asks bash for its version and refuses old ones; the script itself is what was asked for.
    maker = found(cli, {}, "cameratrap", "_CAMERATRAP_COMPLETE")
    click.echo(maker.source_template % maker.source_vars())
