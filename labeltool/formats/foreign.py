"""What other people's names of classes mean in the project; a name that it lacks is never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.formats.values import mapped

BACKGROUND: Final = frozenset({"background", "__background__", "_background_"})
VOID: Final = frozenset(
    {"void", "ignore", "ignored", "__ignore__", "unlabeled", "unlabelled", "void--unlabeled", "no data"}
)
"""Names of what is no class: nobody has labelled it, or nobody is to train on it."""


def is_class(name: str) -> bool:
    """True unless the name is one of those for the background or for nothing at all."""
    return name.strip().casefold() not in BACKGROUND | VOID


def is_background(name: str) -> bool:
    """True for a name of the background."""
    return name.strip().casefold() in BACKGROUND


def meaning(name: str, catalog: ClassCatalog) -> int | None:
    """The project's value for a name, 255 for what is no class, None where the project has no class of the name."""
    found = catalog.by_name(name)
    if found is not None:
        return found.value
    folded = name.strip().casefold()
    if folded in BACKGROUND:
        return catalog.unlabelled_value
    return IGNORE if folded in VOID else None


@dataclass(frozen=True)
class Meanings:
    """Values of the project by values of a file; ``left`` are those whose pixels stay as they are: a background where
    the project has none. ``names`` is what the file calls its values."""

    values: Mapping[int, int]
    names: Mapping[int, str]
    left: frozenset[int]

    @classmethod
    def of(cls, names: Mapping[int, str], catalog: ClassCatalog) -> Meanings:
        """What the values of a list of classes mean."""
        found = {value: own for value, name in names.items() if (own := meaning(name, catalog)) is not None}
        left = {v for v, n in names.items() if v in found and _is_lacking_background(n, catalog)}
        return cls(found, names, frozenset(left))

    def ignoring(self, value: int) -> Meanings:
        """The same, and one value more that means ignore."""
        return replace(self, values={**self.values, value: IGNORE})

    def apply(self, raw: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
        """Label uint8 [h, w] and which pixels are set (None = all) for ``raw``, whole numbers from 0 on [h, w].

        BadInputError names the values without a class and their pixels.
        """
        label = mapped(raw, self.values, self.names)
        if not self.left:
            return label, None
        known: NDArray[np.bool_] = ~np.isin(raw, list(self.left))
        return label, None if known.all() else known


def _is_lacking_background(name: str, catalog: ClassCatalog) -> bool:
    folded = name.strip().casefold()
    return folded in BACKGROUND and catalog.background is None and catalog.by_name(name) is None
