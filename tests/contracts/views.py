"""Of what is in a mask: what a format has room for, and what some readers are known to see instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from contracts.judges import NOTHING, Seen, is_foreground, painted

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.regions import regions
from labeltool.formats.cityscapes.labels import labels_of
from labeltool.formats.yolo.outline import parts_of

View = Callable[[Seen, ClassCatalog], Seen]

# ---- what a format has room for, or a reader looks at


def everything(mask: Seen, catalog: ClassCatalog) -> Seen:
    return mask


def foreground(mask: Seen, catalog: ClassCatalog) -> Seen:
    """The classes that have objects."""
    return mask._replace(label=np.where(is_foreground(mask.label, catalog), mask.label, NOTHING))


def without_background(mask: Seen, catalog: ClassCatalog) -> Seen:
    kept = is_foreground(mask.label, catalog) | (mask.label == IGNORE)
    return mask._replace(label=np.where(kept, mask.label, NOTHING))


def foreground_and_ignored(mask: Seen, catalog: ClassCatalog) -> Seen:
    """Without the background, and without what nobody has set."""
    held = without_background(mask, catalog)
    return held._replace(label=np.where(mask.known, held.label, NOTHING))


def segments(mask: Seen, catalog: ClassCatalog) -> Seen:
    """Ignored pixels and those that nobody has set are void."""
    void = (mask.label == IGNORE) | (~mask.known & (mask.label == catalog.unlabelled_value))
    return mask._replace(label=np.where(void, NOTHING, mask.label))


def without_ignored(mask: Seen, catalog: ClassCatalog) -> Seen:
    """What is ignored is nothing."""
    return mask._replace(label=np.where(mask.label == IGNORE, NOTHING, mask.label))


def single_things(mask: Seen, catalog: ClassCatalog) -> Seen:
    """Only some classes of Cityscapes have single objects."""
    things = [value for value, label in labels_of(catalog).items() if label.things]
    return mask._replace(objects=np.where(np.isin(mask.label, things), mask.objects, 0))


def parts(mask: Seen, catalog: ClassCatalog) -> Seen:
    """Every part of an object is one; nothing is ignored."""
    label, ids = mask.label.astype(np.uint8), mask.ids.astype(np.uint32)
    pieces = ((r.class_value, part) for r in regions(label, ids, catalog) for part in parts_of(r))
    return painted(mask.image, ((value, _whole(mask, part)) for value, part in pieces))


def ignored_is_unlabelled(mask: Seen, catalog: ClassCatalog) -> Seen:
    return mask._replace(label=np.where(mask.label == IGNORE, catalog.unlabelled_value, mask.label))


def _whole(mask: Seen, part: Any) -> Any:
    inside = np.zeros(mask.label.shape, bool)
    inside[part.box.slices()] = part.inside
    return inside


# ---- what readers are known to see otherwise


def without_the_first_training_id(mask: Seen, catalog: ClassCatalog) -> Seen:
    passed_over = [value for value, label in labels_of(catalog).items() if label.train_id == 0]
    held = without_ignored(mask, catalog)
    return held._replace(label=np.where(np.isin(mask.label, passed_over), NOTHING, held.label))


def a_row_and_a_column_more(mask: Seen, catalog: ClassCatalog) -> Seen:
    """Points are rounded up to the edges right of and below an object, and the line is filled too."""
    held = parts(mask, catalog)
    numbers = np.unique(held.objects[held.objects > 0])
    grown = []
    for inside in (held.objects == number for number in numbers):
        right = inside.copy()
        right[:, 1:] |= inside[:, :-1]
        below = right.copy()
        below[1:] |= right[:-1]
        grown.append((int(held.label[inside][0]), below))
    return painted(mask.image, grown)
