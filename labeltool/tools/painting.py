"""What every tool that sets pixels does with them."""

from __future__ import annotations

from labeltool.core.draw import Shape
from labeltool.core.patch import Patch, write
from labeltool.core.provenance import Origin
from labeltool.tools.tool import ToolContext


def painted(context: ToolContext, shape: Shape, value: int) -> Patch:
    """The patch that gives a shape a class, as a human's decision; it takes the words of the stroke it is added to."""
    return write(
        context.mask,
        shape.box,
        shape.inside,
        title="painting",
        kind="paint",
        label=value,
        object_id=0,
        origin=Origin.HUMAN,
    )
