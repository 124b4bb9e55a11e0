"""What every tool that sets pixels does with them."""

from __future__ import annotations

from labeltool.core.patch import Patch, paint
from labeltool.core.provenance import Origin
from labeltool.core.shape import Shape
from labeltool.tools.tool import ToolContext


def painted(context: ToolContext, shape: Shape, value: int) -> Patch:
    """The patch that gives a shape a class, as a human's decision; it takes the words of the stroke it is added to."""
    return paint(
        context.mask,
        shape,
        title="painting",
        kind="paint",
        label=value,
        origin=Origin.HUMAN,
        object_id=0 if value == context.erase_value else context.object_id,
    )
