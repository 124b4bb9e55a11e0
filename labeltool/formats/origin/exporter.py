"""``origins/<name>.png`` and ``origins.json``: who has set each pixel, for who wants to know what labels are made of.

It is read and written a band of rows at a time: masks may be larger than memory. There is no importer: who has set a
pixel of a project, a file from elsewhere cannot know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import Skipped
from labeltool.core.provenance import Origin
from labeltool.core.runs import STRIP
from labeltool.formats.dataset import UNLABELLED, same
from labeltool.formats.index_png import pack_strips, read_strips, write_packed
from labeltool.formats.items import Names, Watched, is_labelled
from labeltool.formats.manifest import own_manifest
from labeltool.formats.options import ExportOptions
from labeltool.formats.protocol import ExportPlan, ExportReport, LabelledImage, LabelledImages, Planned
from labeltool.formats.untrusted import left_out

ORIGINS, LEGEND = "origins", "origins.json"

_LOOKS: Final = {
    Origin.NOBODY: ((0, 0, 0), "nobody has set it"),
    Origin.MODEL: ((86, 180, 233), "a model has set it, and nobody has changed it since"),
    Origin.HUMAN: ((230, 159, 0), "a human has set it"),
    Origin.IMPORTED: ((0, 158, 115), "it came with labels from another program"),
    Origin.REVIEWER: ((204, 121, 167), "a reviewer has set it"),
}
"""Colours that people with any kind of colour blindness can tell apart (Okabe and Ito 2008), and what a value means."""


class OriginExporter:
    """Index masks whose pixels are values of :class:`~labeltool.core.provenance.Origin`, with a legend."""

    name: ClassVar[str] = "origin"
    title: ClassVar[str] = "Who has set each pixel (PNG)"
    Options: ClassVar[type[ExportOptions]] = ExportOptions

    def plan(self, images: LabelledImages, catalog: ClassCatalog, options: Any) -> ExportPlan:
        """How many images there are to write."""
        planned = Planned()
        for image, _, why in _named(images, options):
            if why is not None:
                planned.skipped.append(why)
            else:
                planned.add([image.record.id], [image.record.path], image.record.size.pixels)
        if not planned.ids:
            return planned.plan(("There is no labelled image to export",), ())
        return planned.plan((), ("This says who has set each pixel, and nothing of its class",))

    def write(
        self,
        images: LabelledImages,
        catalog: ClassCatalog,
        out: Path,
        options: Any,
        progress: Progress,
        cancel: CancelToken,
    ) -> ExportReport:
        """One file an image, and the legend."""
        (out / ORIGINS).mkdir()
        (out / LEGEND).write_text(json.dumps(legend(), indent=1), encoding="ascii")
        names: dict[str, str] = {}
        skipped = []
        for image, name, why in _named(Watched(images, progress, cancel, "writing"), options):
            if why is not None:
                skipped.append(why)
                continue
            size, mask = image.record.size, image.mask
            strips = (_read(mask, band) for band in _bands(size))
            write_packed(_file(out, name), pack_strips(strips, size), _palette())
            names[image.record.id] = name
        return ExportReport(self.name, len(names), 0, len(names) + 1, skipped=tuple(skipped), names=names)

    def verify(
        self,
        images: LabelledImages,
        catalog: ClassCatalog,
        out: Path,
        options: Any,
        progress: Progress,
        cancel: CancelToken,
    ) -> None:
        """Read every file back and compare it with the origin plane; LabeltoolError at the first difference."""
        manifest = own_manifest(out)
        if json.loads((out / LEGEND).read_text(encoding="ascii")) != legend():
            raise LabeltoolError("the legend read back is not the one that was written", file=out / LEGEND)
        for image in Watched(images, progress, cancel, "verifying"):
            file, mask = _file(out, manifest.names[image.record.id]), image.mask
            found = read_strips(file, image.record.size)
            if found.palette is None or not np.array_equal(found.palette, _palette()):
                raise LabeltoolError("the colours read back are not those that were written", file=file)
            for band, strip in zip(_bands(image.record.size), found.strips, strict=True):
                same(file, "origin plane", strip, _read(mask, band))


def legend() -> dict[str, Any]:
    """What the values of the pixels mean, as plain JSON values."""
    return {
        "origins": [
            {"value": int(origin), "name": origin.name.lower(), "color": list(color), "meaning": text}
            for origin, (color, text) in _LOOKS.items()
        ]
    }


def _named(
    images: Watched | LabelledImages, options: ExportOptions
) -> Iterator[tuple[LabelledImage, str, Skipped | None]]:
    """Every image with its name in the export, or with the reason why it is left out."""
    names = Names()
    for image in images:
        why = None
        try:
            if not options.include_unlabelled and not is_labelled(image.mask):
                why = Skipped(str(image.record.path), UNLABELLED)
        except BadInputError as error:
            why = left_out(error, image.record.path)
        yield image, "" if why is not None else names.take(image.record), why


def _bands(size: Size) -> Iterator[Box]:
    for top in range(0, size.height, STRIP):
        yield Box(0, top, size.width, min(top + STRIP, size.height))


def _read(mask: LabelMask, band: Box) -> NDArray[np.uint8]:
    return np.ascontiguousarray(mask.read("origin", band).astype(np.uint8, copy=False))


def _palette() -> NDArray[np.uint8]:
    """Colours of all 256 values, uint8 [256, 3]; those that mean nothing are grey."""
    palette = np.full((256, 3), 128, np.uint8)
    for origin, (color, _) in _LOOKS.items():
        palette[origin] = color
    return palette


def _file(out: Path, name: str) -> Path:
    return out / ORIGINS / f"{name}.png"
