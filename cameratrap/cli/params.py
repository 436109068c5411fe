"""Kinds of values that options take."""

from __future__ import annotations

from datetime import date
from math import isfinite
from typing import Any

import click


class Number(click.FloatRange):
    """A number in a range. ``nan`` compares with nothing and so would pass through every range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Refuse what is not a finite number."""
        number = float(super().convert(value, param, ctx))
        if not isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


def day(text: str) -> date:
    """A date such as 2026-11-22."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a date such as 2026-11-22.") from None


def day_or_never(text: str) -> date | None:
    """The same, and None for the word never."""
    return None if text == "never" else day(text)


def printable(text: str) -> str:
    """A name that a table can show: what can be printed, and not nothing."""
    if not (text.strip() and text.isprintable() and len(text) <= 200):
        raise click.BadParameter(f"{text!r} is not a name that can be printed.")
    return text.strip()


def printable_or_empty(text: str) -> str:
    """The same, or nothing at all."""
    return printable(text) if text else ""
