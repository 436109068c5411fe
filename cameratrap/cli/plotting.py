"""`--plot FILE`: a command's numbers as a picture one would print, beside the table it prints in any case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cameratrap.cli.context import Context
from cameratrap.cli.extras import needs_review
from cameratrap.cli.params import Number
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.analysis.plots import Paper

_FORMS = (".svg", ".png")
_LEAST_MM, _MOST_MM = 60, 420  # from what still holds labels to the long side of A3
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture that was asked for."""

    path: Path
    paper: Paper

    def write(self, ctx: Context, picture: bytes) -> None:
        """Put it where it was asked for. Raises UsageError where that cannot be written."""
        try:
            self.path.write_bytes(picture)
        except OSError as error:
            raise UsageError(f"cannot write to {self.path}", why=error.strerror or str(error)) from error
        ctx.say(f"drew {self.path}")


def plot_options(command: _F) -> _F:
    """Add --plot and --plot-width to a command, which is handed a Plot, or None, as ``plot``."""

    @click.option(
        "--plot",
        "plot_file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Also draw it, as .svg or .png.",
    )
    @click.option(
        "--plot-width",
        type=Number(_LEAST_MM, _MOST_MM),
        default=85,
        show_default=True,
        metavar="MM",
        help="Its width in print: 85 is a journal's column, 174 a page.",
    )
    @wraps(command)
    def with_plot(*args: Any, plot_file: Path | None, plot_width: float, **options: Any) -> Any:
        return command(*args, plot=_plot(plot_file, plot_width), **options)

    return with_plot  # type: ignore[return-value]


def _plot(path: Path | None, width_mm: float) -> Plot | None:
    """Whatever speaks against it is said before anything is reckoned."""
    if path is None:
        return None
    suffix = path.suffix.lower()
    if suffix not in _FORMS:
        raise UsageError(f"{path} is not named as a picture", hint=f"name a file that ends in {' or '.join(_FORMS)}")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"cannot write to {path}", why=f"there is no folder {path.absolute().parent}")
    needs_review("matplotlib", "numpy")
    from cameratrap.analysis.plots import Paper

    return Plot(path, Paper("svg" if suffix == ".svg" else "png", width_mm))
