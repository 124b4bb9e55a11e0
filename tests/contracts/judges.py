"""What other people's readers see in our exports: one function a reader, each gives the masks image by image.

Nothing here uses our own code to read. What a reader cannot see at all (object ids, ignored pixels) it leaves out.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.provenance import Origin
from labeltool.formats.coco.layout import category_ids
from labeltool.formats.protocol import ExportReport, LabelledImage
from labeltool.formats.voc.layout import IGNORED, class_names

NOTHING = -1
"""In a label plane: no class."""

Plane = NDArray[np.int64]


@dataclass(frozen=True)
class Exported:
    """An export that is to be judged."""

    folder: Path
    images: Sequence[LabelledImage]
    catalog: ClassCatalog
    report: ExportReport

    @cached_property
    def by_name(self) -> dict[str, LabelledImage]:
        """The images by their names in the export."""
        return {self.report.names[image.record.id]: image for image in self.images}

    @cached_property
    def truths(self) -> dict[str, Seen]:
        """What is in the masks, by the images' ids."""
        return {image.record.id: truth(image, self.catalog) for image in self.images}


class Seen(NamedTuple):
    """What somebody sees in an image, [h, w] each; None where that is nothing he could see.

    ``label`` holds class values, ``objects`` a number of any kind an object and 0 elsewhere, ``ids`` the project's own
    object ids, ``known`` is false where nobody has set the pixel.
    """

    image: LabelledImage
    label: Plane | None = None
    objects: Plane | None = None
    ids: Plane | None = None
    known: NDArray[np.bool_] | None = None


def truth(image: LabelledImage, catalog: ClassCatalog) -> Seen:
    """What is in the mask; objects by their definition: ids, and 8-connected regions of a class without one."""
    label = image.mask.read("label").astype(np.int64)
    ids = image.mask.read("object").astype(np.int64)
    objects, last = np.zeros_like(label), 0
    for value in (each.value for each in catalog.foreground):
        inside = label == value
        count, parts = cv2.connectedComponents((inside & (ids == 0)).astype(np.uint8), connectivity=8)
        objects += np.where(parts > 0, parts + last, 0)
        last += count
        with_id = inside & (ids > 0)
        numbers, which = np.unique(ids[with_id], return_inverse=True)
        objects[with_id] = which + last + 1
        last += len(numbers)
    return Seen(image, label, objects, ids, image.mask.read("origin") != Origin.NOBODY)


def different(seen: Seen, wanted: Seen) -> NDArray[np.bool_]:
    """The pixels [h, w] of which something is seen otherwise than wanted."""
    found = np.zeros(seen.image.mask.read("label").shape, bool)
    for mine, theirs in zip(wanted[1:], seen[1:], strict=True):
        if theirs is None:
            continue
        if theirs.shape != found.shape:
            return np.ones_like(found)
        found |= _not_the_same_objects(theirs, mine) if theirs is seen.objects else theirs != mine
    return found


def _not_the_same_objects(found: Plane, wanted: Plane) -> NDArray[np.bool_]:
    """Pixels whose object has not exactly its pixels in the other plane, whatever the numbers are."""
    found, wanted = _small(found), _small(wanted)
    return _torn(found, wanted) | _torn(wanted, found) | ((found == 0) != (wanted == 0))


def _small(numbers: Plane) -> Plane:
    """The same with small numbers where there are large ones; 0 stays 0."""
    if numbers.max() < 1 << 24:
        return numbers
    _, places = np.unique(np.append(0, numbers), return_inverse=True)
    return places[1:].reshape(numbers.shape).astype(np.int64)


def _torn(objects: Plane, others: Plane) -> NDArray[np.bool_]:
    """The pixels of objects that have several numbers in the other plane."""
    one_of_them = np.zeros(int(objects.max()) + 1, np.int64)
    one_of_them[objects] = others
    is_torn = np.zeros(len(one_of_them), bool)
    is_torn[objects[one_of_them[objects] != others]] = True
    is_torn[0] = False
    return is_torn[objects]


def painted(image: LabelledImage, masks: Iterable[tuple[int, Any]]) -> Seen:
    """The planes of an image from class values and masks bool [h, w], later ones over earlier ones."""
    label = np.full((image.record.size.height, image.record.size.width), NOTHING, np.int64)
    objects = np.zeros_like(label)
    for number, (value, mask) in enumerate(masks, 1):
        inside = np.asarray(mask, bool)
        label[inside], objects[inside] = value, number
    return Seen(image, label, objects)


# ---- COCO


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """pycocotools prints, and with numpy 2 it warns."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _annotated(exported: Exported) -> list[Path]:
    return sorted((exported.folder / "annotations").glob("instances_*.json"))


def _values_of_categories(exported: Exported) -> dict[int, int]:
    return {category: value for value, category in category_ids(exported.catalog).items()}


def pycocotools(exported: Exported) -> Iterator[Seen]:
    """COCO instances; areas and boxes have to be those of the pixels."""
    from pycocotools import coco

    values = _values_of_categories(exported)
    for file in _annotated(exported):
        with _silent():
            reader = coco.COCO(str(file))
        for image_id, info in reader.imgs.items():
            masks = []
            for each in reader.loadAnns(reader.getAnnIds(imgIds=image_id, iscrowd=False)):
                with _silent():
                    rle, mask = reader.annToRLE(each), reader.annToMask(each)
                    assert each["area"] == coco.maskUtils.area(rle)
                    assert each["bbox"] == coco.maskUtils.toBbox(rle).tolist()
                masks.append((values[each["category_id"]], mask))
            yield painted(exported.by_name[Path(info["file_name"]).stem], masks)


def torchvision_datasets() -> ModuleType:
    """torchvision.datasets, beside any build of torch."""
    from labeltool.nn.torchvision_ops import declare_missing_operators

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        declare_missing_operators()
        import torchvision.datasets
    found: ModuleType = torchvision.datasets
    return found


def torchvision_coco(exported: Exported) -> Iterator[Seen]:
    """CocoDetection."""
    values = _values_of_categories(exported)
    for file in _annotated(exported):
        with _silent():
            dataset = torchvision_datasets().CocoDetection(str(exported.folder / "images"), str(file))
        for place, image_id in enumerate(dataset.ids):
            picture, target = dataset[place]
            image = exported.by_name[Path(dataset.coco.imgs[image_id]["file_name"]).stem]
            assert picture.size == image.record.size
            with _silent():
                masks = [(values[each["category_id"]], dataset.coco.annToMask(each)) for each in target]
            yield painted(image, masks)


def supervision_coco(exported: Exported) -> Iterator[Seen]:
    """DetectionDataset.from_coco."""
    with _silent():
        from supervision import DetectionDataset
    for file in _annotated(exported):
        with _silent():
            dataset = DetectionDataset.from_coco(str(exported.folder / "images"), str(file), force_masks=True)
        yield from _detected(exported, dataset)


def _detected(exported: Exported, dataset: Any) -> Iterator[Seen]:
    values = [_value_called(exported.catalog, name) for name in dataset.classes]
    for path, found in dataset.annotations.items():
        masks = found.mask if len(found) else ()
        numbers = found.class_id if len(found) else ()
        pairs = ((values[number], mask) for number, mask in zip(numbers, masks, strict=True))
        yield painted(exported.by_name[Path(path).stem], pairs)


def _value_called(catalog: ClassCatalog, name: str) -> int:
    found = catalog.by_name(name)
    assert found is not None, name
    return found.value


# ---- VOC


def torchvision_voc(exported: Exported) -> Iterator[Seen]:
    """VOCSegmentation: class masks, 255 included."""
    for image_set in ("train", "val"):
        if not (exported.folder / f"VOCdevkit/VOC2012/ImageSets/Segmentation/{image_set}.txt").read_text(
            "utf-8"
        ):
            continue
        dataset = torchvision_datasets().VOCSegmentation(
            str(exported.folder), year="2012", image_set=image_set
        )
        for place, path in enumerate(dataset.images):
            picture, target = dataset[place]
            image = exported.by_name[Path(path).stem]
            assert picture.size == target.size == image.record.size
            yield Seen(image, np.array(target).astype(np.int64))


# ---- datumaro, for many formats


def datumaro_python() -> str:
    """The interpreter that has datumaro: this one, or that of $LABELTOOL_DATUMARO_PYTHON."""
    return os.environ.get("LABELTOOL_DATUMARO_PYTHON", sys.executable)


def ask_datumaro(format_name: str, folder: Path) -> dict[str, NDArray[Any]]:
    """What it sees in a folder, as ``datumaro_reads.py`` writes it, from a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "seen.npz")
        command = [datumaro_python(), str(Path(__file__).with_name("datumaro_reads.py"))]
        done = subprocess.run(
            [*command, format_name, str(folder), str(out)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        with np.load(out) as seen:
            return dict(seen)


def datumaro(format_name: str, inside: str = "") -> Callable[[Exported], Iterator[Seen]]:
    """A judge that reads an export, or a folder in it, as this format; subsets have to be the splits."""

    def read(exported: Exported) -> Iterator[Seen]:
        seen = ask_datumaro(format_name, exported.folder / inside)
        names = {each.name: each.value for each in exported.catalog.classes}
        names |= {name: value for value, name in class_names(exported.catalog).items()} | {IGNORED: IGNORE}
        values = np.array([*(names.get(str(n), NOTHING) for n in seen["names"]), NOTHING])
        for key in seen:
            if key.endswith("/classes"):
                name = key.removesuffix("/classes")
                image = exported.by_name[name.split("/")[-1]]
                subset, split = str(seen[f"{name}/subset"]), image.record.split
                assert not split or subset in (split, "trainval")
                label = values[seen[key]].astype(np.int64)
                objects = np.where(is_foreground(label, exported.catalog), seen[f"{name}/annotations"], 0)
                yield Seen(image, label, objects.astype(np.int64))

    return read


def is_foreground(label: Plane, catalog: ClassCatalog) -> NDArray[np.bool_]:
    """Where a class has objects."""
    return np.isin(label, [each.value for each in catalog.foreground])


def datumaro_cityscapes(exported: Exported) -> Iterator[Seen]:
    """It reads training ids, and gives no objects."""
    for seen in datumaro("cityscapes")(exported):
        yield seen._replace(objects=None)


# ---- panoptic


def panoptic_as_described(exported: Exported) -> Iterator[Seen]:
    """Pillow and json, from the description at cocodataset.org (Panoptic Segmentation); all it says has to be true."""
    for file in sorted((exported.folder / "annotations").glob("panoptic_*.json")):
        data = json.loads(file.read_text(encoding="ascii"))
        categories = {each["id"]: each for each in data["categories"]}
        entries = {each["id"]: each for each in data["images"]}
        assert len(entries) == len(data["annotations"])
        for annotation in data["annotations"]:
            entry = entries[annotation["image_id"]]
            assert (exported.folder / "images" / entry["file_name"]).is_file()
            picture = Image.open(file.with_suffix("") / annotation["file_name"])
            assert (picture.mode, picture.size) == ("RGB", (entry["width"], entry["height"]))
            numbers = np.array(picture).astype(np.int64) @ (1, 256, 256**2)
            assert set(np.unique(numbers).tolist()) - {0} == {
                each["id"] for each in annotation["segments_info"]
            }
            label, objects = np.full(numbers.shape, NOTHING, np.int64), np.zeros(numbers.shape, np.int64)
            for segment in annotation["segments_info"]:
                inside, category = numbers == segment["id"], categories[segment["category_id"]]
                assert (segment["area"], segment["bbox"]) == area_and_box(inside)
                assert segment["iscrowd"] == 0
                label[inside] = _value_called(exported.catalog, category["name"])
                objects[inside] = segment["id"] if category["isthing"] else 0
            yield Seen(exported.by_name[Path(entry["file_name"]).stem], label, objects)


def area_and_box(inside: NDArray[np.bool_]) -> tuple[int, list[int]]:
    """Pixels, and [x, y, width, height] around them."""
    rows, cols = np.nonzero(inside)
    x, y = int(cols.min()), int(rows.min())
    return len(rows), [x, y, int(cols.max()) + 1 - x, int(rows.max()) + 1 - y]


# ---- Cityscapes


def cityscapes_scripts(exported: Exported) -> Iterator[Seen]:
    """The publishers' own table of classes, and what their instances2dict finds."""
    from cityscapesscripts.evaluation.instances2dict import instances2dict
    from cityscapesscripts.helpers.labels import id2label

    values = {c.name.casefold().replace("_", " "): c.value for c in exported.catalog.classes}
    lookup = np.full(256, NOTHING)
    for number, label in id2label.items():
        lookup[number] = values.get(label.name, IGNORE if label.name == "unlabeled" else NOTHING)
    for file in sorted(exported.folder.glob("gtFine/*/*/*_gtFine_instanceIds.png")):
        raster = np.array(Image.open(file)).astype(np.int64)
        ids = np.array(Image.open(file.with_name(file.name.replace("instanceIds", "labelIds"))))
        objects = np.zeros_like(raster)
        with _silent():
            (found,) = instances2dict([str(file)]).values()
        for each in (one for of_class in found.values() for one in of_class if one["instID"] >= 1000):
            assert each["pixelCount"] == np.count_nonzero(raster == each["instID"])
            objects[raster == each["instID"]] = each["instID"]
        yield Seen(exported.by_name[file.name.removesuffix("_gtFine_instanceIds.png")], lookup[ids], objects)


# ---- index PNG


def pillow_png(exported: Exported) -> Iterator[Seen]:
    """Index masks and 16-bit objects."""
    for name, image in exported.by_name.items():
        label, objects = (
            np.array(Image.open(exported.folder / kind / f"{name}.png")).astype(np.int64)
            for kind in ("labels", "instances")
        )
        yield Seen(image, label, objects)


# ---- labelme


def pillow_labelme(exported: Exported) -> Iterator[Seen]:
    """The files as labelme's own converters draw them."""
    values = {each.name: each.value for each in exported.catalog.classes} | {"__ignore__": IGNORE}
    for name, image in exported.by_name.items():
        data = json.loads(
            (exported.folder / (image.record.split or "default") / f"{name}.json").read_text("ascii")
        )
        classes, objects = as_labelme_reads(data, {n: value + 1 for n, value in values.items()})
        label = classes.astype(np.int64) - 1
        objects[~is_foreground(label, exported.catalog)] = 0
        yield Seen(image, label, objects.astype(np.int64))


def as_labelme_reads(
    data: dict[str, Any], classes: dict[str, int]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Classes and instances [h, w] as labelme's converters draw them: Pillow fills polygons with their outline, a mask
    is laid into the box between two pixels, a label and a group are one instance, later shapes lie over earlier ones.
    """
    size = data["imageHeight"], data["imageWidth"]
    classes_, instances = np.zeros(size, np.int32), np.zeros(size, np.int32)
    known: list[tuple[str, object]] = []
    for place, shape in enumerate(data["shapes"]):
        group = shape["group_id"]
        key = shape["label"], ("alone", place) if group is None else group
        known += [key] if key not in known else []
        inside = np.zeros(size, bool)
        if shape["shape_type"] == "mask":
            (x0, y0), (x1, y1) = np.asarray(shape["points"]).astype(int)
            inside[y0 : y1 + 1, x0 : x1 + 1] = np.array(
                Image.open(io.BytesIO(base64.b64decode(shape["mask"])))
            )
        else:
            picture = Image.fromarray(np.zeros(size, np.uint8))
            ImageDraw.Draw(picture).polygon([tuple(p) for p in shape["points"]], outline=1, fill=1)
            inside = np.array(picture, bool)
        classes_[inside] = classes[shape["label"]]
        instances[inside] = known.index(key) + 1
    return classes_, instances


# ---- YOLO


def as_ultralytics_reads(exported: Exported) -> Iterator[Seen]:
    """float32 shares of the size, cut down to whole pixels, filled with cv2.fillPoly; a line is an object."""
    for name, image in exported.by_name.items():
        size = image.record.size
        file = exported.folder / "labels" / (image.record.split or "default") / f"{name}.txt"
        masks = []
        for line in file.read_text().splitlines():
            numbers = line.split()
            points = np.array(numbers[1:], np.float32).reshape(-1, 2) * np.array(size, np.float32)
            mask = np.zeros((size.height, size.width), np.uint8)
            cv2.fillPoly(mask, [points.astype(np.int32)], 1)
            masks.append((exported.catalog.foreground[int(numbers[0])].value, mask))
        yield painted(image, masks)


def supervision_yolo(exported: Exported) -> Iterator[Seen]:
    """DetectionDataset.from_yolo."""
    with _silent():
        from supervision import DetectionDataset
    for folder in sorted((exported.folder / "images").iterdir()):
        with _silent():
            dataset = DetectionDataset.from_yolo(
                str(folder), str(exported.folder / "labels" / folder.name), str(exported.folder / "data.yaml"),
                force_masks=True,
            )  # fmt: skip
        yield from _detected(exported, dataset)
