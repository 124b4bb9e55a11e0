"""Areas, lengths and values of what is labelled, by object, class or volume: a table in one unit."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.app.choices import Measures
from labeltool.app.leaving_out import left_out
from labeltool.app.scales import Surveyed, survey
from labeltool.app.tables import Column, Rows, Table, in_one_unit
from labeltool.core import measuring
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.mask import LabelMask
from labeltool.core.measuring import IN_PIXELS, Measured, Numbers, Values
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.words import counted
from labeltool.formats.items import Tally
from labeltool.imaging.open import open_image
from labeltool.imaging.reader import ImageInfo
from labeltool.store.project import ProjectStore

Channel = tuple[str, str]
"""Its name and the unit of its values."""

SAME_THICKNESS: Final = 0.01
"""Headers round by less than this."""

_AREA = Column("area", "area")
_LENGTHS: Final = tuple(
    Column(name, "length")
    for name in ("perimeter", "longest caliper", "shortest caliper", "equivalent diameter")
)


def measure(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    options: Measures,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Table:
    """Measure what is labelled in images. One mask is in memory at a time.

    An image without a scale has its pixels and nothing in the columns of the world; what is missing is said in the
    notices. BadInputError where no image belongs to a series and series are asked for.
    """
    cancel = cancel or CancelToken()
    work = _Work(store, options)
    if options.by == "series":
        records = work.of_series(records)
    work.survey(records, progress, cancel)
    for number, record in enumerate(records):
        cancel.check()

        def part(
            done: float, total: float, text: str = "", number: int = number, name: str = record.name
        ) -> None:
            progress(number + (done / total if total else 0), len(records), name)

        work.add(record, part, cancel)
    return work.table()


@dataclass
class _Group:
    """What rows by class are about: an image, all of them, or a series. Arrays have one entry a class."""

    lead: dict[Column, str]
    tail: dict[Column, str]
    objects: Numbers
    pixels: Numbers
    area: Numbers
    volume: Numbers
    image: str = ""
    images: int = 0
    labelled: int = 0
    all_pixels: int = 0
    channels: dict[Channel, Values] = field(default_factory=dict)

    @classmethod
    def of(
        cls, lead: dict[Column, str], tail: dict[Column, str], catalog: ClassCatalog, image: str
    ) -> _Group:
        """Nothing counted yet; ``lead`` and ``tail`` stand in each of its rows."""
        objects, pixels, area, volume = np.zeros((4, len(catalog.classes)))
        objects[[c.value == catalog.background for c in catalog.classes]] = np.nan  # it is no object
        return cls(lead, tail, objects, pixels, area, volume, image)

    def add_values(self, values: Values, channels: Sequence[Channel]) -> None:
        """Put values [classes, channels] to those that are there."""
        for k, channel in enumerate(channels):
            own, before = _of_channel(values, k), self.channels.get(channel)
            self.channels[channel] = own if before is None else before.merged(own)


class _Found(NamedTuple):
    """What one image came to."""

    record: ImageRecord
    about: Surveyed
    mask: LabelMask
    measured: Measured
    areas: Numbers | None


class _Work:
    """Measures images and makes rows of them."""

    def __init__(self, store: ProjectStore, options: Measures) -> None:
        self._store, self._catalog, self._options = store, store.catalog, options
        self._about: dict[str, Surveyed] = {}
        self._steps: dict[str, float] = {}
        self._in_pixels = False
        self._rows, self._tally = Rows(), Tally()
        self._notices: list[str] = []
        self._skipped: list[Skipped] = []
        self._images: list[str] = []
        self._boxes: list[NDArray[np.int64]] = [np.zeros((0, 4), np.int64)]
        self._groups: dict[str, _Group] = {}

    def of_series(self, records: Sequence[ImageRecord]) -> list[ImageRecord]:
        """Those that belong to a series; what is missing of one is told."""
        found = [record for record in records if record.series]
        if not found:
            raise BadInputError(
                "no image belongs to a series",
                hint="Volumes are measured of slices and pages that one file or folder holds together",
            )
        chosen, whole = (Counter(r.series for r in some) for some in (found, self._store.images()))
        parts = sum(count < whole[series] for series, count in chosen.items())
        if parts:
            self._notices.append(
                f"of {parts} series only some pages were chosen: their volumes are of those alone"
            )
        self._steps = _steps(self._store.images())
        if len(found) < len(records):
            alone = counted(len(records) - len(found), "image")
            self._notices.append(f"left out as of no series: {alone}")
        return found

    def survey(self, records: Sequence[ImageRecord], progress: Progress, cancel: CancelToken) -> None:
        """Read all headers: whether anything has a scale must be known before anything is measured."""
        for record in records:
            cancel.check()
            progress(0, 0, record.name)
            self._about[record.id] = survey(record)
        self._in_pixels = self._options.unit == "px"
        if self._options.unit == "auto" and not any(about.scale for about in self._about.values()):
            self._in_pixels = True
            unread = {about.problem for about in self._about.values() if about.info is None}
            known = any(about.info for about in self._about.values())
            why = ["no image says how large its pixels are"] if known or not unread else []
            self._notices += [
                f"{reason}: areas and lengths are in pixels" for reason in (*why, *sorted(unread))
            ]

    def add(self, record: ImageRecord, progress: Progress, cancel: CancelToken) -> None:
        """Measure an image."""
        with left_out(self._skipped, record):
            self._add(record, self._store.load_mask(record.id), progress, cancel)

    def _add(self, record: ImageRecord, mask: LabelMask, progress: Progress, cancel: CancelToken) -> None:
        about = self._about[record.id]
        if about.problem and not self._in_pixels:
            self._tally.add(f"{about.problem}; measured in pixels alone", record.name)
        areas = None if self._in_pixels or about.scale is None else about.scale.row_areas()
        measured = self._measured(record, mask, areas, progress, cancel)
        found = _Found(record, about, mask, measured, areas)
        if self._options.by == "object":
            self._add_objects(found)
        else:
            self._add_classes(found)

    def _measured(
        self,
        record: ImageRecord,
        mask: LabelMask,
        areas: Numbers | None,
        progress: Progress,
        cancel: CancelToken,
    ) -> Measured:
        values = [c.value for c in self._catalog.foreground]
        if self._options.values:
            try:
                with open_image(record.path, record.page) as reader:
                    if reader.info.size == record.size:
                        return measuring.measure(
                            mask,
                            values,
                            row_areas=areas,
                            read=reader.read,
                            nodata=reader.info.nodata,
                            cancel=cancel,
                            progress=progress,
                        )
            except (BadInputError, OSError):
                pass  # told below
            self._tally.add("the file's values could not be read", record.name)
        return measuring.measure(mask, values, row_areas=areas, cancel=cancel, progress=progress)

    # ---- by object

    def _add_objects(self, found: _Found) -> None:
        measured, record, count = found.measured, found.record, len(found.measured)
        names = {c.value: c.name for c in self._catalog.classes}
        x0, y0, x1, y1 = measured.boxes.T
        self._rows.add(
            count,
            {
                **_lead(record),
                Column("class", "text"): [names[value] for value in measured.class_values.tolist()],
                Column("number", "count"): np.arange(1, count + 1),
                Column("object id", "count"): measured.object_ids,
                Column("pixels", "count"): measured.pixels,
                **self._sizes(found),
                Column("regions", "count"): measured.pieces,
                Column("holes", "count"): measured.holes,
                Column("centroid x", "number", "px"): measured.centroids[:, 0],
                Column("centroid y", "number", "px"): measured.centroids[:, 1],
                Column("left", "count", "px"): x0,
                Column("top", "count", "px"): y0,
                Column("right", "count", "px"): x1,
                Column("bottom", "count", "px"): y1,
                Column("folder", "text"): str(record.path.parent),
                **_on_map(found),
                **self._values_of(found),
            },
        )
        self._images += [record.id] * count
        self._boxes.append(measured.boxes)

    def _sizes(self, found: _Found) -> dict[Column, Numbers]:
        """Areas and lengths of the objects in the world, or in pixels; nothing where no scale is known."""
        measured, scale = found.measured, found.about.scale
        if self._in_pixels:
            matrix = IN_PIXELS
        elif scale is None:
            return {column: np.full(len(measured), np.nan) for column in (_AREA, *_LENGTHS)}
        else:
            matrix = scale.matrix(measured.centroids)
        circle = 2 * np.sqrt(measured.area / np.pi)
        lengths = (*measuring.lengths(measured, matrix), circle)
        return {_AREA: measured.area, **dict(zip(_LENGTHS, lengths, strict=True))}

    def _values_of(self, found: _Found) -> dict[Column, Numbers]:
        values, info = found.measured.values, found.about.info
        if values is None or info is None:
            return {}
        channels = ((name, info.unit) for name in info.channels)
        return _statistics({channel: _of_channel(values, k) for k, channel in enumerate(channels)})

    # ---- by class

    def _add_classes(self, found: _Found) -> None:
        group = self._group(found.record)
        measured, info, catalog = found.measured, found.about.info, self._catalog
        index = {c.value: k for k, c in enumerate(catalog.classes)}
        of_class = np.array([index[value] for value in measured.class_values.tolist()], np.int64)
        count = len(catalog.classes)
        pixels = np.bincount(of_class, measured.pixels, count)
        area = np.bincount(of_class, measured.area, count)
        if catalog.background is not None:
            rows = measuring.set_in_rows(found.mask, catalog.background)
            pixels[index[catalog.background]] = rows.sum()
            area[index[catalog.background]] = rows.sum() if found.areas is None else np.dot(rows, found.areas)
        if found.areas is None and not self._in_pixels:
            area = np.where(pixels > 0, np.nan, 0)
        thickness = None if info is None or found.areas is None else self._thickness(found.record, info)
        if thickness is None and self._options.by == "series" and found.areas is not None:
            self._tally.add("the file does not say how thick a page is: no volume", found.record.name)
        group.volume += np.nan if thickness is None else area * thickness
        group.objects += np.bincount(of_class, minlength=count)
        group.pixels += pixels
        group.area += area
        group.images += 1
        group.labelled += int(pixels.sum())
        group.all_pixels += found.record.size.pixels
        if measured.values is not None and info is not None:
            group.add_values(
                measured.values.grouped(of_class, count), [(n, info.unit) for n in info.channels]
            )

    def _thickness(self, record: ImageRecord, info: ImageInfo) -> float | None:
        """Metres that a page stands for: from slice to slice where the files say where these lie, as scans are often
        worked out thicker or thinner than that."""
        step = self._steps.get(record.series) if info.place_is_mm else None
        if step is None:
            return info.thickness_m
        if info.thickness_m is not None and abs(step / info.thickness_m - 1) > SAME_THICKNESS:
            self._tally.add(
                f"slices are {info.thickness_m * 1e3:.4g} mm thick and lie {step * 1e3:.4g} mm apart: volumes go by "
                "the distance",
                record.name,
            )
        return step

    def _group(self, record: ImageRecord) -> _Group:
        key, lead, tail, image = "", {}, {}, ""
        if self._options.by == "class":
            key, lead, tail, image = record.id, _lead(record), {"folder": str(record.path.parent)}, record.id
        elif self._options.by == "series":
            key, lead = record.series, _texts({"first file": record.path.name, "subject": record.subject})
            tail = {"series": record.series}
        if key not in self._groups:
            self._groups[key] = _Group.of(lead, _texts(tail), self._catalog, image)
        return self._groups[key]

    def _add_group(self, group: _Group) -> None:
        count, by = len(self._catalog.classes), self._options.by
        cells: dict[Column, Any] = {
            **group.lead,
            Column("class", "text"): [c.name for c in self._catalog.classes],
        }
        if by != "class":
            cells[Column("pages" if by == "series" else "images", "count")] = group.images
        cells[Column("objects", "count")] = group.objects
        cells[Column("pixels", "count")] = group.pixels
        if by != "series":
            cells[_AREA] = group.area
        elif not self._in_pixels:
            cells[Column("volume", "volume")] = group.volume
        with np.errstate(invalid="ignore", divide="ignore"):
            cells[Column("share of labelled", "number", "%")] = 100 * group.pixels / group.labelled
            cells[Column("share of all", "number", "%")] = 100 * group.pixels / group.all_pixels
        self._rows.add(count, {**cells, **group.tail, **_statistics(group.channels)})
        self._images += [group.image] * count
        self._boxes.append(np.zeros((count, 4), np.int64))

    # ---- the table

    def table(self) -> Table:
        """All rows, in one unit."""
        for group in self._groups.values():
            self._add_group(group)
        notices = [*self._notices, *self._tally.lines()]
        if self._options.by == "total" and any(np.isnan(g.area).any() for g in self._groups.values()):
            notices.append("a class that occurs in an image without a scale has no sum of areas")
        columns, data = in_one_unit(self._rows, "px" if self._in_pixels else self._options.unit)
        boxes = np.concatenate(self._boxes)
        return Table(columns, data, self._images, boxes, notices, self._skipped)


def _steps(records: Sequence[ImageRecord]) -> dict[str, float]:
    """The usual distance of a page from the next by series, in m of places in mm."""
    places: dict[str, set[float]] = defaultdict(set)
    for record in records:
        places[record.series].add(record.place)
    return {
        series: float(np.median(np.diff(sorted(own)))) / 1e3 for series, own in places.items() if len(own) > 1
    }


def _lead(record: ImageRecord) -> dict[Column, str]:
    """Which image a row is of."""
    return _texts({"image": record.path.name, "page": record.page, "split": record.split})


def _texts(cells: dict[str, str]) -> dict[Column, str]:
    return {Column(name, "text"): text for name, text in cells.items()}


def _on_map(found: _Found) -> dict[Column, Any]:
    """Centroid and box of the objects in map coordinates, where the file has its place on a map."""
    place = found.about.info.georeference if found.about.info is not None else None
    if place is None:
        return {}
    a, b, c, d, e, f = place.transform
    x, y = found.measured.centroids.T
    x0, y0, x1, y1 = found.measured.boxes.T
    corners = np.array([(x0, y0), (x1, y0), (x0, y1), (x1, y1)])
    east, north = a * corners[:, 0] + b * corners[:, 1] + c, d * corners[:, 0] + e * corners[:, 1] + f
    cells = {
        "map x": a * x + b * y + c,
        "map y": d * x + e * y + f,
        "map left": east.min(axis=0),
        "map bottom": north.min(axis=0),
        "map right": east.max(axis=0),
        "map top": north.max(axis=0),
    }
    return {
        **{Column(name, "number"): numbers for name, numbers in cells.items()},
        Column("map", "text"): " ".join(place.crs.split()),
    }


def _of_channel(values: Values, channel: int) -> Values:
    return Values(*(part[:, channel : channel + 1] for part in vars(values).values()))


def _statistics(channels: dict[Channel, Values]) -> dict[Column, Numbers]:
    """Mean, standard deviation, least and greatest value by channel; NaN where no pixel has a value."""
    cells: dict[Column, Numbers] = {}
    for (name, unit), values in channels.items():
        none = values.count == 0
        figures = {
            "mean": values.mean,
            "sd": values.deviation(),
            "min": values.least,
            "max": values.most,
        }
        for what, numbers in figures.items():
            column = Column(f"{what} {name}".strip(), "value", unit)
            cells[column] = np.where(none, np.nan, numbers).ravel()
    return cells
