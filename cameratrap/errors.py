"""One root, few branches, split by what the user can do about it.

Every error says what happened, why, and what to do next. Facts that a caller acts on are attributes, never parsed
out of the sentence. ``exit_status`` is the command's exit status when the error reaches the command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class CameraTrapError(Exception):
    """Root of everything this package raises on purpose.

    ``what`` is one sentence without a full stop; ``why`` the cause underneath; ``hint`` the next thing to do.
    """

    exit_status = 1

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}:{'' if self.why.startswith(chr(10)) else ' '}{self.why}" if self.why else self.what


class UsageError(CameraTrapError):
    """The command was asked for something that cannot be."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong in a configuration: where it stands, what was found, what would be accepted."""

    key: str
    found: str
    expected: str
    origin: str = ""

    def __str__(self) -> str:
        where = f" ({self.origin})" if self.origin else ""
        return f"{self.key} = {self.found}{where}: {self.expected}"


class ConfigError(CameraTrapError):
    """The configuration is wrong; ``problems`` lists everything wrong with it, not the first thing."""

    exit_status = 2

    def __init__(self, problems: Sequence[ConfigProblem], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(
            f"{count} problem{'s' if count != 1 else ''} in the configuration",
            why="\n  " + "\n  ".join(str(problem) for problem in self.problems),
            hint=hint or "`cameratrap config init --dry-run` shows every key and what it takes",
        )


class TaxonError(CameraTrapError):
    """A taxon is not in the table, or the table contradicts itself."""


class EncodeError(CameraTrapError):
    """A summary cannot be put into a message."""


class DecodeError(CameraTrapError):
    """Bytes are not a message this version understands. The bytes themselves are never thrown away."""


class ModelError(CameraTrapError):
    """A model folder is refused: wrong hash, shape, label or manifest."""


class ImageError(CameraTrapError):
    """One picture cannot be read; the others are still done."""


class AnalysisError(CameraTrapError):
    """The records do not determine the number that was asked for: too few, or too much alike."""


class StoreError(CameraTrapError):
    """The card's index cannot be trusted or written. What is there is left as it is."""


class ConflictError(CameraTrapError):
    """What a change was meant for is not so any more; nothing was changed."""


class PackageError(CameraTrapError):
    """What another program has written cannot be read. Nothing of it was taken over."""


class DeviceError(CameraTrapError):
    """A device is missing or does not answer; ``device`` names it."""

    exit_status = 4

    def __init__(self, what: str, *, device: str, why: str = "", hint: str = "") -> None:
        super().__init__(what, why=why, hint=hint)
        self.device = device


class ProofError(CameraTrapError):
    """A received message does not prove where it comes from; nothing of it enters the inbox.

    ``unchecked``: its proof could not be looked at here, for want of a key or a library, and may be a true one.
    """

    def __init__(self, what: str, *, why: str = "", hint: str = "", unchecked: bool = False) -> None:
        super().__init__(what, why=why, hint=hint)
        self.unchecked = unchecked


class SealError(DecodeError):
    """A message's seal cannot be opened: its key is not known here, or it is not what was sealed."""
