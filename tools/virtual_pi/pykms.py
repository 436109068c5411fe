"""Stands in for the display bindings that picamera2's preview imports; nothing is displayed on the virtual Pi."""

from __future__ import annotations


class _AnyName:
    """Whatever pixel format is asked for exists."""

    def __getattr__(self, name: str) -> str:
        return name


PixelFormat = _AnyName()
