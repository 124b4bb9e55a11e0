"""Numbers and what they count, in sentences."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """``1 image``, ``5,000 images``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
