"""Pictures that cannot be shown, and why."""

from __future__ import annotations

from cameratrap.store.project_rows import MediaState

_STATES: dict[MediaState, str] = {
    "sealed": "sealed by the trap: `cameratrap unseal` opens it with the study's key",
    "removed": "removed: the trap does not keep pictures of people",
}


def why_missing(state: MediaState) -> str:
    """Why a picture of that state cannot be shown; empty where it can."""
    return _STATES.get(state, "")
