"""Where pixels come from and who has looked at them: what is verified, and for how long an image was looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from labeltool.app.leaving_out import left_out
from labeltool.app.truth import Origins, truth, truth_origins
from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box, tile_box, tiles_in
from labeltool.core.looked import LEAST_S, Looked
from labeltool.core.mask import LabelMask
from labeltool.core.project import ImageRecord, Status
from labeltool.core.provenance import VERIFIED
from labeltool.core.shape import Bools
from labeltool.store.database import DamagedError
from labeltool.store.project import ProjectStore

LOOKED = "looked"
"""The kind of event that says for how long an image was looked at since the one before it."""


def verified_origins(record: ImageRecord) -> Origins:
    """Whose pixels are verified in an image: a human's and a reviewer's, and all once it is approved, as somebody has
    looked at them then."""
    return truth_origins(record) if record.status is Status.APPROVED else VERIFIED


def verified(mask: LabelMask, box: Box, record: ImageRecord) -> Bools:
    """Which pixels of a box of an image's mask are verified, bool [box.height, box.width]."""
    return np.isin(mask.read("origin", box), verified_origins(record))


class Verified(NamedTuple):
    """Of so many labelled pixels (``labelled``; ignore is none) so many are verified (``pixels``)."""

    pixels: int = 0
    labelled: int = 0

    @property
    def share(self) -> float:
        """0..1; all of nothing is verified."""
        return self.pixels / self.labelled if self.labelled else 1.0


def count_verified(store: ProjectStore, records: Iterable[ImageRecord]) -> Verified:
    """How many of the labelled pixels of these images are verified, read tile by tile."""
    counts = [0, 0]
    for record in records:
        mask = store.load_mask(record.id)
        for index in tiles_in(mask.size.box, mask.size):
            box = tile_box(index, mask.size)
            for number, origins in enumerate((verified_origins(record), truth_origins(record))):
                counts[number] += int(np.count_nonzero(truth(mask, box, origins) != IGNORE))
    return Verified(*counts)


def looked(store: ProjectStore, record: ImageRecord) -> Looked:
    """For how long each part of an image has been looked at, all times together; DamagedError where the file that
    knows it is damaged."""
    found = Looked(record.size)
    for event in store.events(record.id, {LOOKED}):
        try:
            found += Looked.from_json(event.data, record.size)
        except ValueError as error:
            raise DamagedError(
                f"it cannot be read where somebody has looked: {error}",
                file=record.path,
                hint="The labels are not touched by it; `labeltool fsck` says what is left of the file",
            ) from error
    return found


def keep_looked(store: ProjectStore, image_id: str, new: Looked) -> bool:
    """Write down where somebody has looked since it was last written down. A glimpse is not kept, nor is anything of an
    image that nobody and no model has worked on: who looks through a folder leaves no trace. Whether it was kept."""
    untouched = not (
        store.image(image_id).revision or store.prediction_keys(image_id) or store.events(image_id)
    )
    if untouched or float(new.seconds.max(initial=0)) < LEAST_S:
        return False
    store.add_event(image_id, LOOKED, new.to_json())
    return True


def share_looked_at(store: ProjectStore, records: Iterable[ImageRecord]) -> float | None:
    """The share of all pixels of these images that somebody has looked at; None without images. An image whose file is
    damaged, or cannot be read, counts as never looked at."""
    seen = pixels = 0.0
    for record in records:
        pixels += record.size.pixels
        with left_out():
            seen += looked(store, record).share * record.size.pixels
    return seen / pixels if pixels else None
