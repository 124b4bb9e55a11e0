"""References: other annotators' masks of an image, kept beside the annotation, so that the two can be compared."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labeltool.app.project import reason
from labeltool.core.catalog import IGNORE
from labeltool.core.errors import BadInputError, LabeltoolError, LockedError
from labeltool.core.geometry import Box, tile_box
from labeltool.core.guard import Guard
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.patch import Patch, TileDelta
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped, Status
from labeltool.core.provenance import Origin
from labeltool.store.predictions import GOLD, Window, reference_key
from labeltool.store.project import ProjectStore

ANNOTATION = "annotation"
"""What the annotation itself is called among the layers of an image."""
REFERENCE = "reference"
"""The kind of event that tells of a reference: its name, and the revision of the annotation that it was; or, by
``removed``, that it is kept no more."""
LONGEST = 50
"""Characters of a name."""
LABELLED = tuple(origin for origin in Origin if origin is not Origin.NOBODY)


@dataclass(frozen=True)
class Layer:
    """One person's labels of an image: class values, and a plane that is not 0 where they have labelled.

    ``fill`` is the class of all other pixels: the background of a project that has one, else ignore.
    """

    label: Plane
    said: Plane
    fill: int

    def read(self, box: Box) -> NDArray[np.uint8]:
        """Class values in ``box``, uint8, 255 where there is no class."""
        label = self.label.read(box).astype(np.uint8, copy=False)
        label[self.said.read(box) == 0] = self.fill
        return label


def annotation_layer(mask: LabelMask, fill: int) -> Layer:
    """The annotation as a layer."""
    return Layer(mask.planes["label"], mask.planes["origin"], fill)


def reference_layer(store: ProjectStore, image_id: str, name: str, fill: int) -> Layer | None:
    """A reference as a layer; None where the image has none of this name."""
    kept = store.prediction(image_id, reference_key(name))
    return None if kept is None else Layer(kept.label, kept.confidence, fill)


def checked_name(name: str) -> str:
    """A name for a reference as it is kept; BadInputError where it is none."""
    name = name.strip()
    if not name or len(name) > LONGEST or not name.isprintable():
        raise BadInputError(f"a reference needs a printable name of 1 to {LONGEST} characters")
    if name.casefold() in (ANNOTATION, GOLD):
        raise BadInputError(
            f"a reference cannot be called {name!r}", hint="Take the name of who labelled, for example"
        )
    return name


def set_aside(
    store: ProjectStore, image_id: str, name: str, *, clear: bool = False, replace: bool = False
) -> int:
    """Keep the annotation of an image as the reference ``name``, and return how many pixels it has labelled.

    With ``clear`` the annotation is emptied, one step of undo, so that the next person begins blind. A session of the
    image is not valid any more then. BadInputError where nobody has labelled the image, or there is a reference of
    this name and it is not to be replaced; LockedError where a locked class would be cleared.
    """
    name = checked_name(name)
    if name in store.references(image_id) and not replace:
        raise BadInputError(
            f"there is a reference called {name!r} already",
            file=store.image(image_id).path,
            hint="Take another name",
        )
    return keep_annotation(store, image_id, name, LABELLED, clear=clear)


@dataclass
class SetAside:
    """What became of many images: those whose annotation is kept as a reference now, and what was left out and why."""

    images: list[ImageRecord] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def set_all_aside(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    name: str,
    *,
    clear: bool = False,
    replace: bool = False,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> SetAside:
    """:func:`set_aside` of many images: one that it refuses is left out. BadInputError where ``name`` is none."""
    name, cancel, found = checked_name(name), cancel or CancelToken(), SetAside()
    for number, record in enumerate(records):
        cancel.check()
        progress(number, len(records), record.name)
        try:
            set_aside(store, record.id, name, clear=clear, replace=replace)
            found.images.append(record)
        except LabeltoolError as error:
            found.skipped.append(Skipped(str(record.path), reason(error)))
    return found


@dataclass(frozen=True)
class Reference:
    """A reference that an image has: who kept it and when (ISO 8601), empty where nobody wrote that down."""

    name: str
    author: str
    at_utc: str


def kept(store: ProjectStore, image_id: str) -> list[Reference]:
    """The references of an image, newest last."""
    told = {each.data.get("name"): each for each in store.events(image_id, {REFERENCE})}
    found = [(name, told.get(name)) for name in store.references(image_id)]
    return [Reference(name, each.author if each else "", each.at_utc if each else "") for name, each in found]


def remove(store: ProjectStore, image_id: str, name: str) -> None:
    """Keep a reference no more, and write down who did so; BadInputError where there is none of this name."""
    if name not in store.references(image_id):
        raise BadInputError(f"there is no reference called {name!r}", file=store.image(image_id).path)
    store.remove_prediction(image_id, reference_key(name))
    store.add_event(image_id, REFERENCE, {"name": name, "removed": True})


def keep_annotation(
    store: ProjectStore, image_id: str, name: str, origins: Collection[Origin], *, clear: bool
) -> int:
    """The same for any name, of the pixels that have one of ``origins``; the number of these pixels."""
    mask = store.load_mask(image_id)
    record = store.image(image_id)
    pixels = _count(mask, origins)
    if not pixels:
        raise BadInputError("nobody has labelled this image", file=record.path, hint="Label it first")
    patch = _emptying(mask)
    value = Guard(store.catalog.locked).violated(mask, patch) if clear else None
    if value is not None:
        raise LockedError("the annotation holds a class that is locked, and cannot be emptied", value)
    keep(store, image_id, name, windows_of(mask, origins), revision=record.revision)
    if clear:
        store.set_status(image_id, Status.NEW, expected=record.revision)
        store.commit(image_id, patch, expected=record.revision, status=Status.NEW)
    return pixels


def keep(
    store: ProjectStore, image_id: str, name: str, windows: Iterator[Window], revision: int | None = None
) -> None:
    """Keep a reference, in place of an earlier one of this name, and write down who did so.

    Windows are (box, label, confidence), uint8: confidence is 255 where somebody has labelled, else 0.
    """
    store.save_prediction(image_id, reference_key(name), windows)
    store.add_event(image_id, REFERENCE, {"name": name, "revision": revision})


def window_of(box: Box, label: NDArray[np.uint8], labelled: NDArray[np.bool_]) -> Window:
    """What :func:`keep` takes of a box: ``label`` where it is ``labelled``."""
    nothing = np.uint8(IGNORE)
    return box, np.where(labelled, label, nothing), np.where(labelled, np.uint8(255), np.uint8(0))


def windows_of(mask: LabelMask, origins: Collection[Origin]) -> Iterator[Window]:
    """What :func:`keep` takes of a mask: its pixels that have one of ``origins``."""
    for index in mask.occupied():
        box = tile_box(index, mask.size)
        label = mask.planes["label"].tile(index).astype(np.uint8, copy=False)
        yield window_of(box, label, np.isin(mask.planes["origin"].tile(index), list(origins)))


def _count(mask: LabelMask, origins: Collection[Origin]) -> int:
    return sum(
        int(np.count_nonzero(np.isin(tile, list(origins)))) for tile in mask.planes["origin"].tiles.values()
    )


def _emptying(mask: LabelMask) -> Patch:
    """The patch after which nobody has labelled anything."""
    deltas = {
        (name, index): TileDelta(plane.tiles.held(index), None)
        for name, plane in mask.planes.items()
        for index in plane.tiles
    }
    return Patch("begin afresh", "clear", deltas)
