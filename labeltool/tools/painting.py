"""What every tool that sets pixels does with them."""

from __future__ import annotations

from labeltool.core.algebra import Heeding
from labeltool.core.guard import Admitted
from labeltool.core.patch import Patch, paint
from labeltool.core.progress import CancelToken
from labeltool.core.provenance import Origin
from labeltool.core.shape import Shape
from labeltool.tools.tool import Scene


def painted(scene: Scene, shape: Shape, value: int) -> Patch:
    """The patch that gives a shape a class, as a human's decision; it takes the words of the stroke it is added to."""
    return paint(
        scene.mask,
        shape,
        title="painting",
        kind="paint",
        label=value,
        origin=Origin.HUMAN,
        object_id=0 if value == scene.erase_value else scene.object_id,
    )


def painted_ahead(scene: Scene, shape: Shape, value: int, cancel: CancelToken) -> Admitted:
    """The same, with all that can be done before it is added. Raises CancelledError after a cancel."""
    patch = painted(scene, Heeding(shape, cancel), value)
    cancel.check()
    return scene.admitted(patch)
