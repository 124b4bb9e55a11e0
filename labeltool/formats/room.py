"""Whether there is the memory for what an export is about to do."""

from __future__ import annotations

from typing import Final

from labeltool.core.errors import BadInputError
from labeltool.core.free_memory import free_memory

_ALWAYS_THERE: Final = 1 << 28
"""So few bytes that nobody is asked for them."""


def refuse_too_large(format_title: str, nbytes: int) -> None:
    """BadInputError where work on an image takes more memory than there is, so that it is left out before it begins."""
    if nbytes <= _ALWAYS_THERE:
        return
    free = free_memory()
    if nbytes > free:
        raise BadInputError(
            f"as {format_title} it takes up to {nbytes / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are free",
            hint="Close other programs, or choose a format that needs less, such as png or origin",
        )
