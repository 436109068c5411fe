"""What a message costs."""

from __future__ import annotations

import pytest

from cameratrap.domain.credits import CREDIT_BYTES, credits_for


@pytest.mark.parametrize(("size", "cost"), [(0, 1), (1, 1), (50, 1), (51, 2), (100, 2), (101, 3), (340, 7)])
def test_a_credit_pays_for_fifty_bytes_or_part_of_them(size: int, cost: int) -> None:
    """As RockBLOCK bills; a session without a message, a mailbox check, is billed as one credit."""
    assert CREDIT_BYTES == 50
    assert credits_for(size) == cost
