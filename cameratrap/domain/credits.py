"""What a satellite message costs: a fact of the RockBLOCK service."""

from __future__ import annotations

CREDIT_BYTES = 50  # one credit pays for 50 bytes or part of them


def credits_for(payload_bytes: int) -> int:
    """How many credits a session with a payload of so many bytes costs; a mailbox check, 0 bytes, costs one too."""
    return max(1, -(-payload_bytes // CREDIT_BYTES))
