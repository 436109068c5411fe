"""What a command needs that not every installation has."""

from __future__ import annotations

from importlib.util import find_spec

from cameratrap.errors import UsageError

_REVIEW = ("jinja2", "matplotlib", "numpy", "starlette", "uvicorn")


def needs_review(*modules: str) -> None:
    """Raises UsageError where the extra `review`, or of it one of ``modules``, is not installed."""
    missing = [name for name in modules or _REVIEW if find_spec(name) is None]
    if missing:
        raise UsageError(
            "this command needs what the extra `review` installs",
            why=f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            hint="pip install 'cameratrap[review]'",
        )
