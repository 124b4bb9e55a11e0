"""``images/<split>``, ``labels/<split>`` and ``data.yaml``, for ``yolo segment train``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Size
from labeltool.core.shape import dense
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same, same_size
from labeltool.formats.drawings import paint
from labeltool.formats.items import Item
from labeltool.formats.options import ExportOptions
from labeltool.formats.outlines import MOST_POINTS, filled
from labeltool.formats.pictures import copy_picture
from labeltool.formats.yolo import layout
from labeltool.formats.yolo.labels import MOST_LINES, drawing
from labeltool.formats.yolo.outline import Part, lattice_rings, outline, parts_of

_DIGITS = 9
"""Digits after the point: half a thousandth of a pixel where an image has a million of them in a row."""


@dataclass(frozen=True)
class YoloOptions(ExportOptions):
    """What one can choose for YOLO."""

    holes: Literal["bridge", "fill"] = field(
        default="bridge",
        metadata={
            "label": "Holes",
            "choices": {"bridge": "Bridge: every pixel is kept", "fill": "Fill: holes are lost"},
            "help": "a line of points has no holes: bridge leads the line through the object around each hole, "
            "which keeps every pixel; fill gives the holes to the object",
        },
    )


class YoloExporter(DatasetExporter):
    """One line of points for each object, or for each part of one that does not hang together."""

    name: ClassVar[str] = "yolo"
    title: ClassVar[str] = "YOLO segmentation"
    Options: ClassVar[type[ExportOptions]] = YoloOptions
    bytes_a_pixel: ClassVar[int] = 14

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Says what becomes of holes, parts, ids and ignored pixels."""
        drawn = _drawn(item, options)
        name = item.record.name
        holes = sum(len(lattice_rings(part)) - 1 for region in item.regions for part in parts_of(region))
        if holes and options.holes == "fill":
            changed = int(np.count_nonzero((drawn.label != item.label) & (drawn.label != _empty(item))))
            found.notices.add(
                "YOLO has no holes, so they are filled (--holes bridge keeps them)",
                f"{name} ({holes:,} holes, {changed:,} pixels)",
            )
        elif holes:
            found.notices.add(
                "YOLO has no holes; the line leads through the object around them, which costs no pixel",
                f"{name} ({holes:,} holes)",
            )
        if len(drawn.strokes) > MOST_LINES:
            found.problems.add(f"YOLO labels of more than {MOST_LINES:,} lines are not read back", name)
        if any(len(stroke.points) > MOST_POINTS for stroke in drawn.strokes):
            found.problems.add(
                f"An object's line would have more than {MOST_POINTS:,} points (COCO's run lengths hold it)",
                name,
            )
        if drawn.strokes:
            found.notices.add(
                "Ultralytics fills exactly these pixels at the picture's own size; programs that round the points "
                "instead of cutting them down add a row and a column to objects",
                name,
            )
        scattered = len(drawn.strokes) - len(item.regions)
        if scattered:
            found.notices.add(
                "Objects of several parts become an object a part",
                f"{name} ({len(item.regions):,} objects, {len(drawn.strokes):,} lines)",
            )
        if item.object_.any():
            found.notices.add("YOLO keeps no object ids", name)
        ignored = int(np.count_nonzero(item.ignored))
        if ignored:
            found.notices.add(
                "YOLO cannot say ignore; these pixels become pixels without an object",
                f"{name} ({ignored:,} pixels)",
            )
        if not item.record.split:
            found.notices.add(
                "Images without a split lie in the folder default and count as training images", name
            )
        return sum(25 * 2 * len(stroke.points) + 8 for stroke in drawn.strokes)

    def about_unlabelled(self, catalog: ClassCatalog) -> str:
        """There is no place for them."""
        return "Some pixels are not labelled yet; in YOLO they are pixels without an object"

    @contextmanager
    def writer(self, out: Path, catalog: ClassCatalog, options: Any) -> Iterator[Writer]:
        """The list of classes and folders comes last: it names the splits that occur."""
        files = _YoloFiles(out, catalog, options)
        yield files
        text = layout.data_yaml(catalog, files.splits or {""})
        (out / layout.DATA).write_text(text, encoding="utf-8")

    def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Checker:
        """Compares what our importer reads with what the plan promised."""
        return _YoloFiles(out, catalog, options)


@dataclass(frozen=True)
class _YoloFiles:
    out: Path
    catalog: ClassCatalog
    options: YoloOptions
    splits: set[str] = field(default_factory=set)

    def add(self, item: Item) -> None:
        folder = layout.folder_of(item.record.split)
        for kind in (layout.PICTURES, layout.LABELS):
            (self.out / kind / folder).mkdir(parents=True, exist_ok=True)
        copy_picture(item.record, self.out / layout.PICTURES / folder, item.name)
        text = "".join(f"{line}\n" for line in self._lines(item))
        self._file(item).write_text(text, encoding="ascii")
        self.splits.add(item.record.split)

    def _lines(self, item: Item) -> Iterator[str]:
        numbers, size = layout.class_numbers(self.catalog), item.record.size
        for stroke in _drawn(item, self.options).strokes:
            shares = (stroke.points / (size.width, size.height)).ravel().tolist()
            yield f"{numbers[stroke.class_value]} " + " ".join(_short(share) for share in shares)

    def compare(self, item: Item) -> None:
        file, folder = self._file(item), layout.folder_of(item.record.split)
        pictures = sorted((self.out / layout.PICTURES / folder).glob(f"{_literally(item.name)}.*"))
        if len(pictures) != 1:
            raise LabeltoolError(f"the export has not one picture called {item.name}", file=file)
        same_size(pictures[0], item)
        drawn = _drawn(item, self.options)
        names = layout.class_list(self.out)
        if names != [each.name for each in self.catalog.foreground]:
            raise LabeltoolError("the list of classes is not the project's", file=self.out / layout.DATA)
        painted = paint(drawing(file, names), item.record, self.catalog)
        if painted.skipped or painted.unknown:
            reason = painted.skipped[0].reason if painted.skipped else "it holds classes of nobody"
            raise LabeltoolError(reason, file=file)
        same(file, "mask", painted.mask.label, drawn.label)
        if painted.mask.objects != len(drawn.strokes):
            raise LabeltoolError(
                f"the file holds {painted.mask.objects} objects, not {len(drawn.strokes)}", file=file
            )

    def _file(self, item: Item) -> Path:
        return self.out / layout.LABELS / layout.folder_of(item.record.split) / f"{item.name}.txt"


class _Stroke(NamedTuple):
    """A line of the file: its class, its points, and the pixels that it promises."""

    class_value: int
    points: NDArray[np.float64]
    part: Part


class _Drawn(NamedTuple):
    """What an image becomes: its lines, and the label plane uint8 [h, w] that they stand for."""

    strokes: list[_Stroke]
    label: NDArray[np.uint8]


def _drawn(item: Item, options: YoloOptions) -> _Drawn:
    """The lines in their order. A filled object comes before those that lie in its holes, so that they stay visible: it
    covers more pixels than they do; Ultralytics sorts by area as well. Where two objects cross at corners of pixels,
    the smaller one wins."""
    bridge = options.holes == "bridge"
    strokes = [
        _Stroke(region.class_value, outline(part, holes=bridge), part if bridge else _without_holes(part))
        for region in item.regions
        for part in parts_of(region)
    ]
    if not bridge:
        strokes.sort(key=lambda stroke: -int(np.count_nonzero(stroke.part.inside)))
    label = np.full(item.label.shape, _empty(item), np.uint8)
    for stroke in strokes:
        label[stroke.part.box.slices()][stroke.part.inside] = stroke.class_value
    return _Drawn(strokes, label)


def _without_holes(part: Part) -> Part:
    size = Size(part.box.width, part.box.height)
    whole = dense(filled([lattice_rings(part)[0].astype(np.float64).tolist()], size), size.box)
    return Part(part.box, whole.inside)


def _empty(item: Item) -> int:
    return item.catalog.unlabelled_value


def _short(share: float) -> str:
    return f"{share:.{_DIGITS}f}".rstrip("0").rstrip(".")


def _literally(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
