"""What protects the image at hand: the classes that are locked, and the rules the hand paints by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.guard import OPEN, Grey, Guard
from labeltool.tools.tool import ImagePixels

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench


def brightness(image: ImagePixels) -> Grey:
    """Brightness of an image's pixels, as broadcast television weighs red, green and blue."""

    def read(box: Box) -> NDArray[np.uint8]:
        return np.asarray(cv2.cvtColor(image.read(box), cv2.COLOR_RGB2GRAY), np.uint8)

    return read


def guard_of(catalog: ClassCatalog, rules: Guard, image: ImagePixels | None) -> Guard:
    """The gate of a session: the catalog's locks, and ``rules``, which name no locks and no image of their own."""
    return replace(rules, locked=catalog.locked, grey=None if image is None else brightness(image))


class Protection:
    """Keeps the guard of the session at hand in step with the catalog and with the hand's rules."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self.rules = OPEN
        """Where the hand may paint; kept from image to image."""
        bench.image_opened.connect(lambda _: self._apply())
        bench.catalog_changed.connect(lambda _: self._apply())

    def set_rules(self, rules: Guard) -> None:
        """Paint by these rules from now on."""
        self.rules = rules
        self._apply()

    def set_locked(self, value: int, locked: bool) -> None:
        """Lock or unlock a class for good: it is stored with the project."""
        self._bench.change_catalog(self._bench.catalog.lock(value, locked))

    def _apply(self) -> None:
        image = self._bench.open
        if image is not None:
            image.session.guard = guard_of(self._bench.catalog, self.rules, image.pyramid)
