"""An edit while it is worked out: its steps see what those before them have left, the mask nothing of them."""

from __future__ import annotations

from labeltool.core.algebra import Both, Either, Heeding, without
from labeltool.core.geometry import Box
from labeltool.core.guard import Admitted
from labeltool.core.patch import empty_patch, paint
from labeltool.core.progress import CancelToken
from labeltool.core.provenance import Origin
from labeltool.core.shape import Shape, Tiles, everywhere
from labeltool.tools.picked import Contour, carrying, tiled
from labeltool.tools.tool import Scene

NOWHERE = Either(())


class Draft:
    """Changes of a scene that are one patch in the end. After a cancel every step raises CancelledError."""

    def __init__(self, scene: Scene, cancel: CancelToken) -> None:
        self.scene, self.cancel, self.size = scene, cancel, scene.size
        self.mask = scene.mask.snapshot()
        self._patch = empty_patch("outline", "contour")

    def kept(self, shape: Shape) -> Tiles:
        """The same pixels by tile."""
        return tiled(Heeding(shape, self.cancel), self.size)

    def own(self, contour: Contour) -> Shape:
        """The pixels of a contour's region that are still its class and object."""
        return Both(contour.region, carrying(self.mask, contour.value, contour.object_id))

    def set_to(self, shape: Shape, value: int, object_id: int) -> None:
        """Set class and object of a shape's pixels."""
        patch = paint(
            self.mask,
            Heeding(shape, self.cancel),
            title="outline",
            kind="contour",
            label=value,
            origin=Origin.HUMAN,
            object_id=object_id,
        )
        self.mask.apply(patch)
        self._patch = self._patch.then(patch)

    def erase(self, shape: Shape) -> None:
        """Set a shape's pixels to what erasing leaves."""
        self.set_to(shape, self.scene.erase_value, 0)

    def put_back(self, contour: Contour, old: Shape, new: Shape, box: Box, anew: Shape = NOWHERE) -> Tiles:
        """Give the pixels of ``new`` that are not in ``old`` to a contour's region and erase those of it that are only
        in ``old``; the two differ inside ``box`` only. For the pixels of ``anew`` the region itself is the old shape.
        What comes back is the region as it is then."""
        here = everywhere(box.intersect(self.size.box))
        missing = Either((without(new, old), Both(anew, without(new, contour.region))))
        left = Either((without(old, new), without(anew, new)))
        gained = self.kept(Both(here, missing))
        lost = self.kept(Both(here, Both(left, self.own(contour))))
        self.erase(lost)
        self.set_to(gained, contour.value, contour.object_id)
        return self.kept(Either((without(contour.region, lost), gained)))

    def admitted(self) -> Admitted:
        """All of it, as far as the guard allows."""
        self.cancel.check()
        return self.scene.admitted(self._patch)
