"""What identifies a modem."""

from __future__ import annotations

import pytest

from cameratrap.domain.messages import is_imei


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("300234010000001", True),
        ("000000000000000", True),
        ("12", False),
        ("", False),
        ("3002340100000012", False),
        ("30023401000000x", False),
        (" 00234010000001", False),
        ("300234010000001\n", False),
        ("+00234010000001", False),
        ("\u0663" * 15, False),
        ("\u00b2" * 15, False),
    ],
)
def test_an_imei_is_fifteen_digits(text: str, expected: bool) -> None:
    """ASCII digits, and nothing around them."""
    assert is_imei(text) is expected
