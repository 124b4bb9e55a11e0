"""Every reader of every format: which, what it looks at, and a row of what it saw."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from contracts import judges, masks, views
from contracts import judges_of_places as places
from contracts.judges import Exported, Seen, different
from mask_samples import CELLS, STREETS

from labeltool.core.catalog import ClassCatalog, ClassDef
from labeltool.formats.protocol import ImportedMask, LabelledImage
from labeltool.plugins import load

TOWN = ClassCatalog(
    tuple(
        ClassDef(value, name, (value, 9, 9))
        for value, name in enumerate(["road", "Sky", "car", "traffic_light", "Person", "bicycle"])
    ),
    "town",
)
"""Classes of Cityscapes alone, some written otherwise."""


@dataclass(frozen=True)
class Judge:
    """A reader of a format. ``name`` begins with the package that reads, unless ``package`` says it.

    ``holds`` is what of a mask the format has room for and the reader looks at; ``sees``, where it is not that, what it
    is known to see instead, for the reason ``why``.
    """

    format: str
    name: str
    read: Callable[[Exported], Iterator[Seen]]
    holds: views.View = views.everything
    options: dict[str, Any] = field(default_factory=dict)
    world: Callable[..., list[LabelledImage]] = masks.pictures
    catalogs: tuple[ClassCatalog, ...] = (CELLS, STREETS)
    sees: views.View | None = None
    why: str = ""
    package: str = ""

    def __str__(self) -> str:
        return f"{self.title}: {self.name}"

    @property
    def title(self) -> str:
        """The format with its options."""
        return " ".join([self.format, *(f"{key}={value}" for key, value in self.options.items())])

    @property
    def version(self) -> str:
        """Of the package, or the Debian package, that reads; empty where it is not there."""
        package = self.package or self.name.partition(",")[0]
        if package == "dicom3tools":
            return _answer("dpkg-query", "-W", "-f", "${Version}", package)
        if package == "datumaro":
            ask = "import importlib.metadata as m; print(m.version('datumaro'))"
            return _answer(judges.datumaro_python(), "-c", ask)
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return ""


@cache
def _answer(*command: str) -> str:
    """What a command prints; empty where there is no such command, or it fails."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def own_importer(name: str, *, ids: bool = True, known: bool = False) -> Callable[[Exported], Iterator[Seen]]:
    """Our importer; ``ids`` and ``known`` where the format keeps them."""

    def read(exported: Exported) -> Iterator[Seen]:
        importer = load("labeltool.importers", name)()
        records = [image.record for image in exported.images]
        found = {}
        for mask in importer.read(exported.folder, exported.catalog, records, importer.Options()):
            assert isinstance(mask, ImportedMask), mask
            found[mask.image_id] = mask
        for image in exported.images:
            seen = _imported(image, found.get(image.record.id), exported.catalog)
            yield seen._replace(ids=seen.ids if ids else None, known=seen.known if known else None)

    return read


def _imported(image: LabelledImage, mask: ImportedMask | None, catalog: ClassCatalog) -> Seen:
    shape = image.record.size.height, image.record.size.width
    if mask is None:  # there is none without a pixel that somebody has set
        nothing = np.full(shape, catalog.unlabelled_value, np.int64)
        return Seen(image, nothing, ids=np.zeros(shape, np.int64), known=np.zeros(shape, bool))
    ids = np.zeros(shape, np.int64) if mask.object is None else mask.object.astype(np.int64)
    known = np.ones(shape, bool) if mask.known is None else mask.known
    return Seen(image, mask.label.astype(np.int64), ids=ids, known=known)


def _own(name: str, holds: views.View = views.everything, **more: Any) -> Judge:
    keeps = {key: more.pop(key) for key in ("ids", "known") if key in more}
    return Judge(name, "labeltool", own_importer(name, **keeps), holds, **more)


POLYGONS, MASKS, AS_POLYGONS = {"polygons": True}, {"shapes": "masks"}, {"shapes": "polygons"}
SEGMENTS = {"objects": True, "ignored": True}
ON_MAPS, IN_SERIES = {"world": masks.maps}, {"world": masks.series, "options": SEGMENTS}

JUDGES = [
    Judge("coco", "pycocotools", judges.pycocotools, views.foreground),
    Judge("coco", "torchvision", judges.torchvision_coco, views.foreground),
    Judge("coco", "datumaro", judges.datumaro("coco_instances"), views.foreground),
    Judge("coco", "supervision", judges.supervision_coco, views.foreground),
    _own("coco", known=True),
    Judge("coco", "pycocotools", judges.pycocotools, views.foreground, POLYGONS),
    Judge("coco", "torchvision", judges.torchvision_coco, views.foreground, POLYGONS),
    _own("coco", known=True, options=POLYGONS),
    Judge("panoptic", "datumaro", judges.datumaro("coco_panoptic"), views.segments),
    Judge("panoptic", "Pillow, as described", judges.panoptic_as_described, views.segments),
    _own("panoptic", known=True),
    Judge("voc", "torchvision", judges.torchvision_voc),
    Judge("voc", "datumaro", judges.datumaro("voc_segmentation", "VOCdevkit/VOC2012"), views.without_background),
    _own("voc"),
    Judge("cityscapes", "cityscapesScripts", judges.cityscapes_scripts, views.single_things, catalogs=(TOWN,)),
    Judge(
        "cityscapes", "datumaro", judges.datumaro_cityscapes, views.without_ignored,
        sees=views.without_the_first_training_id, why="passes over the class of the training id 0",
    ),
    _own("cityscapes"),
    Judge("png", "Pillow", judges.pillow_png),
    _own("png"),
    Judge("yolo", "cv2, as Ultralytics", judges.as_ultralytics_reads, views.parts, package="opencv-python-headless"),
    Judge(
        "yolo", "supervision", judges.supervision_yolo, views.parts, sees=views.a_row_and_a_column_more,
        why="rounds points up: a row and a column more",
    ),
    _own("yolo", views.ignored_is_unlabelled, ids=False),
    Judge("cvat", "datumaro", judges.datumaro("cvat"), views.foreground),
    _own("cvat", known=True),
    _own("cvat", known=True, options=AS_POLYGONS),
    Judge("labelme", "Pillow, as labelme", judges.pillow_labelme, views.foreground_and_ignored),
    _own("labelme", known=True),
    Judge("labelme", "Pillow, as labelme", judges.pillow_labelme, views.foreground_and_ignored, MASKS),
    _own("labelme", known=True, options=MASKS),
    Judge("geotiff", "rasterio", places.rasterio_geotiff, **ON_MAPS),
    _own("geotiff", **ON_MAPS),
    Judge("gpkg", "pyogrio, rasterio", places.rasterized(".gpkg"), views.foreground_and_ignored, **ON_MAPS),
    _own("gpkg", known=True, **ON_MAPS),
    Judge("geojson", "pyogrio, rasterio", places.rasterized(".geojson"), views.foreground_and_ignored, **ON_MAPS),
    _own("geojson", known=True, **ON_MAPS),
    Judge("nifti", "nibabel", places.nibabel_volumes, world=masks.volumes),
    _own("nifti", world=masks.volumes),
    Judge("dicomseg", "highdicom", places.highdicom_segments, views.foreground_and_ignored, **IN_SERIES),
    Judge("dicomseg", "pydicom", places.pydicom_segments, views.foreground_and_ignored, **IN_SERIES),
    Judge("dicomseg", "dciodvfy", places.dciodvfy, package="dicom3tools", **IN_SERIES),
    _own("dicomseg", **IN_SERIES),
]  # fmt: skip


@dataclass
class Row:
    """What a reader saw. ``different`` counts pixels that are not as in the mask, ``unexplained`` those that are not
    what the reader is known to see either."""

    judge: Judge
    masks: int = 0
    objects: int = 0
    pixels: int = 0
    different: int = 0
    unexplained: int = 0
    seconds: float = 0.0
    first: str = ""
    """The first image with an unexplained difference."""

    def hear(self, exported: Exported, sees: Iterable[Seen] | None = None) -> list[LabelledImage]:
        """Compare everything that the reader ``sees`` in an export, and is asked for now if nobody says so; returns the
        images that it does not see."""
        unseen, start = {image.record.id: image for image in exported.images}, time.perf_counter()
        for seen in self.judge.read(exported) if sees is None else sees:
            del unseen[seen.image.record.id]
            self._note(seen, exported.truths[seen.image.record.id], exported.catalog)
        self.seconds += time.perf_counter() - start
        return list(unseen.values())

    def _note(self, seen: Seen, mask: Seen, catalog: ClassCatalog) -> None:
        holds = self.judge.holds(mask, catalog)
        wrong = different(seen, holds)
        strange = different(seen, self.judge.sees(mask, catalog)) if self.judge.sees else wrong
        self.masks += 1
        self.pixels += wrong.size
        self.different += int(np.count_nonzero(wrong))
        self.unexplained += int(np.count_nonzero(strange))
        if strange.any() and not self.first:
            self.first = str(seen.image.record.path)
        if seen.objects is not None:
            self.objects += len(np.unique(holds.objects[holds.objects > 0]))
        elif seen.ids is not None:
            self.objects += len(np.unique(mask.objects[mask.objects > 0]))
