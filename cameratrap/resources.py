"""The data this package ships: the taxa table and the model folders.

In a checkout they stand at the top level, where a biologist finds them; a wheel carries them inside the package.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import TaxonError

Folder = Literal["models", "species_labels"]


def data_folder(name: Folder) -> Path:
    """The folder of that name, in the wheel or in the checkout."""
    package = Path(__file__).parent
    shipped = package / "_data" / name
    return shipped if shipped.is_dir() else package.parent / name


def load_taxa(path: Path) -> TaxaTable:
    """Read a taxa table. Raises TaxonError for a file that is missing, not UTF-8 or not a taxa table."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise TaxonError(f"there is no taxa table at {path}", hint="check the path given to --taxa") from None
    except (OSError, UnicodeDecodeError) as error:
        raise TaxonError(f"the taxa table {path} cannot be read", why=str(error)) from error
    return TaxaTable.from_csv(text, origin=str(path))


@cache
def builtin_taxa() -> TaxaTable:
    """The table whose wire codes every trap and every receiver share."""
    return load_taxa(data_folder("species_labels") / "taxa.csv")
