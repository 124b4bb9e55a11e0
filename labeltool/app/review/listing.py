"""The disagreements of a whole project as a list: filtered, ordered, walked through. Made once, and quick to ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.app.choices import Order
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.compare import ConfusionMatrix, mean
from labeltool.core.disagreement import TABLE, Disagreement, Table
from labeltool.core.error_map import KINDS, Kind, kinds_of
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.shape import Bools
from labeltool.store.comparisons import ImageComparison

__all__ = ["Entry", "Filter", "Listing", "Order", "Rank", "View"]

_MOST_PIXELS: Final = 1 << 40


@dataclass(frozen=True)
class Filter:
    """Which disagreements are meant; None stands for all.

    ``interior`` leaves out those that lie along outlines alone. Regions that a reviewer has set are answered: they are
    left out unless ``answered``. Where the other layer says nothing there is no disagreement, unless ``predicted`` is
    255.
    """

    truth: int | None = None
    predicted: int | None = None
    kind: Kind | None = None
    image: str | None = None
    split: str | None = None
    interior: bool = False
    answered: bool = False


class Rank(NamedTuple):
    """Where a disagreement stands in an order: by a falling ``value``, and by its ``place`` in the project where these
    are equal. It says where to go on, whatever has become of the disagreement."""

    value: float
    place: int


class Entry(NamedTuple):
    """A disagreement of a project."""

    record: ImageRecord
    found: Disagreement
    rank: Rank


@dataclass(frozen=True)
class Listing:
    """The annotation of a project's images held against one other ``layer``: a model's predictions, or a reference.

    ``images`` are those that were compared, in the project's order. Of the others, ``missing`` lack the layer, and
    ``skipped`` could not be read. ``made`` counts the comparisons that had to be worked out.
    """

    layer: str
    catalog: ClassCatalog
    images: Sequence[tuple[ImageRecord, ImageComparison]]
    missing: Sequence[ImageRecord] = ()
    skipped: Sequence[Skipped] = ()
    made: int = 0
    notices: Sequence[str] = ()
    table: Table = field(init=False, repr=False)
    """All disagreements, rows of type ``TABLE``, image by image."""
    of_image: NDArray[np.int64] = field(init=False, repr=False)
    """The place among ``images`` of each row's image."""

    def __post_init__(self) -> None:
        tables = [found.regions for _, found in self.images]
        object.__setattr__(self, "table", np.concatenate([np.zeros(0, TABLE), *tables]))
        lengths = [len(table) for table in tables]
        object.__setattr__(self, "of_image", np.repeat(np.arange(len(tables)), lengths))

    def view(self, wanted: Filter | None = None, order: Order = "weight") -> View:
        """The disagreements that a filter lets through, in an order."""
        rows = np.flatnonzero(self._passing(wanted or Filter()))
        values = _values(self.table[rows], order)
        by_value = np.argsort(-values, kind="stable")
        return View(self, rows[by_value], values[by_value])

    def cell(self, truth: int, predicted: int, order: Order = "weight", *, answered: bool = False) -> View:
        """Those in one cell of the confusion matrix; with the ``answered`` ones their areas add up to it."""
        return self.view(Filter(truth, predicted, answered=answered), order)

    def counted(self, image: str | None = None, split: str | None = None) -> ConfusionMatrix:
        """The pixels of all images, of one or of a split, by class of the truth and of the other layer."""
        matrix = ConfusionMatrix()
        for number in self.chosen(image, split):
            self.images[number][1].counted.add_to(matrix.counts)
        return matrix

    def boundary_ious(self, image: str | None = None, split: str | None = None) -> dict[int, float | None]:
        """The boundary IoU of each class, as a mean over images; None where no image has any."""
        found = [self.images[number][1].boundary for number in self.chosen(image, split)]
        return {value: mean(each.get(value) for each in found) for value in self.catalog.values}

    def chosen(self, image: str | None = None, split: str | None = None) -> list[int]:
        """The places among ``images`` of one of them, or of a split, or of all."""
        return [
            number
            for number, (record, _) in enumerate(self.images)
            if image in (None, record.id) and split in (None, record.split)
        ]

    def _passing(self, wanted: Filter) -> Bools:
        table = self.table
        passing = np.ones(len(table), bool)
        if wanted.image is not None or wanted.split is not None:
            passing &= np.isin(self.of_image, self.chosen(wanted.image, wanted.split))
        if wanted.truth is not None:
            passing &= table["truth"] == wanted.truth
        if wanted.predicted is not None:
            passing &= table["predicted"] == wanted.predicted
        if wanted.predicted != IGNORE:
            passing &= table["predicted"] != IGNORE
        if wanted.kind is not None:
            codes = kinds_of(table["truth"], table["predicted"], self.catalog.background)
            passing &= codes == KINDS.index(wanted.kind)
        if wanted.interior:
            passing &= table["interior"] > 0
        if not wanted.answered:
            passing &= ~table["answered"]
        return passing


@dataclass(frozen=True)
class View:
    """Some of the disagreements of a listing in an order: ``rows`` (int64) of its table by falling ``values``
    (float64)."""

    listing: Listing
    rows: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def table(self) -> Table:
        """The rows themselves, of type ``TABLE``."""
        return self.listing.table[self.rows]

    def __getitem__(self, number: int) -> Entry:
        """The entry at a place of the view."""
        row = int(self.rows[number])
        record = self._record(row)
        found = Disagreement.of(self.listing.table[row], self.listing.catalog.background)
        return Entry(record, found, Rank(float(self.values[number]), self._place(row)))

    def following(self, last: Rank | None, by: int) -> int | None:
        """The next (+1) or previous (-1) place from the entry that was shown last, answered or not; behind the end it
        begins anew. None where there are no entries."""
        if not len(self):
            return None
        at = -1 if by > 0 else 0
        if last is not None:
            at = self._at(last, "right") - 1 if by > 0 else self._at(last, "left")
        return (at + by) % len(self)

    def find(self, rank: Rank) -> int | None:
        """The place of an entry; None where it is not there any more."""
        at = self._at(rank, "left")
        return at if at < len(self) and self[at].rank == rank else None

    def renewed(self, rank: Rank) -> Rank:
        """The rank that the same place has here; as it is where the place is not there any more."""
        image, pixel = divmod(rank.place, _MOST_PIXELS)
        if image >= len(self.listing.images):
            return rank
        y, x = divmod(pixel, self.listing.images[image][0].size.width)
        table = self.table
        here = (self.listing.of_image[self.rows] == image) & (table["y"] == y) & (table["x"] == x)
        return Rank(float(self.values[here][0]), rank.place) if here.any() else rank

    def _at(self, rank: Rank, side: Literal["left", "right"]) -> int:
        """How many entries stand before a rank, or before and at it."""
        first, last = (int(np.searchsorted(-self.values, -rank.value, of)) for of in ("left", "right"))
        while first < last:  # those of one value stand by their places
            middle = (first + last) // 2
            place = self._place(int(self.rows[middle]))
            if place < rank.place or (place == rank.place and side == "right"):
                first = middle + 1
            else:
                last = middle
        return first

    def _record(self, row: int) -> ImageRecord:
        return self.listing.images[int(self.listing.of_image[row])][0]

    def _place(self, row: int) -> int:
        """In the project: by image, and by the seed in reading order."""
        found, image = self.listing.table[row], int(self.listing.of_image[row])
        return image * _MOST_PIXELS + int(found["y"]) * self._record(row).size.width + int(found["x"])


def _values(table: Table, order: Order) -> NDArray[np.float64]:
    if order == "confidence":
        return np.array(table["confidence"], np.float64)
    pixels = table["interior" if order == "interior" else "area"].astype(np.float64)
    return pixels if order == "area" else pixels * table["confidence"]
