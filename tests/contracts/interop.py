"""Other tools' files: ``python tests/contracts/interop.py [--markdown] [--verbose]``.

Every file of ``shared/data/interop`` is imported by some importer or accounted for otherwise. Objects are counted in
the files without the importers' help, and what goes in must be what comes out and what is reported.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from defusedxml import ElementTree
from numpy.typing import NDArray
from PIL import Image
from skimage.measure import label as components

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from labeltool import plugins
from labeltool.app.importing import import_labels
from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.store.project import ProjectStore

DATA: Final = Path(__file__).resolve().parents[3] / "shared" / "data"

Count = Callable[[Sequence[Path]], int]
"""How many objects are in some files."""


@dataclass(frozen=True)
class DataSet:
    """A part of a tool's sample: what is imported, by which importer, which files that reads, where its pictures lie.

    ``blank`` gives names and sizes of pictures that the sample lacks, to be made.
    """

    src: str
    importer: str
    reads: tuple[str, ...]
    count: Count
    pictures: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    blank: Callable[[Path], dict[str, tuple[int, int]]] | None = None

    @property
    def tool(self) -> str:
        """The folder of the tool, or of the format below datumaro."""
        parts = self.src.split("/")
        return "/".join(parts[: 2 if parts[0] == "datumaro" else 1])


@dataclass(frozen=True)
class Row:
    """What became of a data set. ``reported`` counts objects by reason."""

    data: DataSet
    files: int
    images: int
    objects_in: int
    objects_out: int
    reported: Counter[str]
    refused: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """True when nothing was lost without a word."""
        return self.objects_in == self.objects_out + self.reported.total()


# Counting, by a few lines each


def listed(*keys: str) -> Count:
    """The entries of a list in JSON files."""

    def count(files: Sequence[Path]) -> int:
        total = 0
        for file in files:
            value = json.loads(file.read_bytes())
            for key in keys:
                value = value[key]
            total += len(value)
        return total

    return count


def _segments(files: Sequence[Path]) -> int:
    return sum(
        len(annotation["segments_info"])
        for file in files
        if file.suffix == ".json"
        for annotation in json.loads(file.read_bytes())["annotations"]
    )


def _items(files: Sequence[Path]) -> int:
    return sum(len(item["annotations"]) for file in files for item in json.loads(file.read_bytes())["items"])


def _lines(files: Sequence[Path]) -> int:
    return sum(len(file.read_text().split("\n")) - 1 for file in files)


def _cvat(files: Sequence[Path]) -> int:
    roots = [ElementTree.parse(file).getroot() for file in files]
    return sum(len(each) for root in roots for each in (*root.iter("image"), *root.iter("track")))


def _labelme_xml(files: Sequence[Path]) -> int:
    roots = [ElementTree.parse(file).getroot() for file in files if file.suffix == ".xml"]
    return sum(each.findtext("deleted") != "1" for root in roots for each in root.iter("object"))


def _values(file: Path) -> NDArray[Any]:
    with Image.open(file) as picture:
        values = np.array(picture).astype(np.int64)
    return values if values.ndim == 2 else values[..., 0] << 16 | values[..., 1] << 8 | values[..., 2]


def _pieces(values: NDArray[Any], left_out: Sequence[int]) -> int:
    """Connected regions of one value."""
    return sum(
        int(components(values == value, connectivity=2).max())
        for value in np.unique(values).tolist()
        if value not in left_out
    )


def masks(*left_out: int) -> Count:
    """The connected regions of index masks or colour masks, but for some values."""
    return lambda files: sum(_pieces(_values(file), left_out) for file in files if file.suffix == ".png")


def with_ids(ids: Callable[[Path], Path], *left_out: int) -> Count:
    """The pairs of class and object in masks that have a map of objects each."""

    def count(files: Sequence[Path]) -> int:
        total = 0
        for file in files:
            pairs = np.stack((_values(file), _values(ids(file))), axis=-1).reshape(-1, 2)
            total += sum(
                value not in left_out and number > 0 for value, number in np.unique(pairs, axis=0).tolist()
            )
            total += _pieces(np.where(_values(ids(file)) > 0, 0, _values(file)), left_out)
        return total

    return count


def _cityscapes(files: Sequence[Path]) -> int:
    """instanceIds: 26,001 is an object; a value below 1,000 is a class without objects. Classes 0 to 3 are none."""
    total = 0
    for file in files:
        if file.name.endswith("instanceIds.png"):
            values = _values(file)
            total += len(np.unique(values[values >= 4000]))
            total += _pieces(np.where(values < 1000, values, 0), (0, 1, 2, 3))
    return total


def _vistas(files: Sequence[Path]) -> int:
    """Values of instances are 256 times the class and the object; both classes of the sample have objects."""
    return sum(len(np.unique(_values(file))) for file in files)


def _beside(folder: str) -> Callable[[Path], Path]:
    return lambda file: file.parent.with_name(folder) / file.name


# Pictures that a sample lacks


def _of_results(file: Path) -> dict[str, tuple[int, int]]:
    sizes = {each["image_id"]: each["segmentation"]["size"] for each in json.loads(file.read_bytes())}
    return {f"COCO_val2014_{number:012d}.png": (w, h) for number, (h, w) in sizes.items()}


def _as_large_as(file: Path) -> dict[str, tuple[int, int]]:
    """The size that a labelme file beside it states."""
    stated = json.loads((file if file.suffix == ".json" else _cat_dog(file)).read_bytes())
    return {"cat_dog.png": (stated["imageWidth"], stated["imageHeight"])}


def _cat_dog(src: Path) -> Path:
    return next(src.rglob("cat_dog.json"))


def _of_coco(file: Path) -> dict[str, tuple[int, int]]:
    images = json.loads(file.read_bytes())["images"]
    return {f"{each['file_name']}.png": (each["width"], each["height"]) for each in images[1:]}


def _mask_size(src: Path) -> dict[str, tuple[int, int]]:
    with Image.open(src / "masks" / "cat_dog.png") as mask:
        return {"cat_dog.png": mask.size}


_DM = "datumaro"
_LM = "labelme"
_X = "x-anylabeling/examples/segmentation"
_VISTAS = f"{_DM}/mapillary_vistas_dataset"
_MM = "mmsegmentation"


def _vistas_sets() -> Iterator[DataSet]:
    kinds: dict[str, Count] = {
        "instances": _vistas,
        "labels": masks(),
        "panoptic": _segments,
        "polygons": listed("objects"),
    }
    for version in ("v1.2", "v2.0"):
        for kind, count in kinds.items():
            if (version, kind) != ("v1.2", "polygons"):
                src = f"{_VISTAS}/train/{version}/{kind}"
                yield DataSet(src, "mapillary", (f"{src}/*",), count, (f"{_VISTAS}/train/images",))


DATA_SETS: Final[tuple[DataSet, ...]] = (
    DataSet(
        f"{_LM}/instance_segmentation/data_annotated",
        "labelme",
        (f"{_LM}/instance_segmentation/data_annotated/*.json",),
        listed("shapes"),
        (f"{_LM}/instance_segmentation/data_annotated",),
    ),
    DataSet(
        f"{_LM}/semantic_segmentation/data_annotated",
        "labelme",
        (f"{_LM}/semantic_segmentation/data_annotated/*.json",),
        listed("shapes"),
        (f"{_LM}/semantic_segmentation/data_annotated",),
    ),
    DataSet(
        f"{_LM}/primitives",
        "labelme",
        (f"{_LM}/primitives/*.json",),
        listed("shapes"),
        (f"{_LM}/primitives",),
    ),
    DataSet(
        f"{_LM}/instance_segmentation/data_dataset_coco",
        "coco",
        (f"{_LM}/instance_segmentation/data_dataset_coco/annotations.json",),
        listed("annotations"),
        (f"{_LM}/instance_segmentation/data_dataset_coco/JPEGImages",),
    ),
    DataSet(
        f"{_LM}/instance_segmentation/data_dataset_voc",
        "voc",
        (f"{_LM}/instance_segmentation/data_dataset_voc/SegmentationClass/*",),
        with_ids(_beside("SegmentationObject"), 0, 255),
        (f"{_LM}/instance_segmentation/data_dataset_voc/JPEGImages",),
    ),
    DataSet(
        f"{_LM}/semantic_segmentation/data_dataset_voc",
        "voc",
        (f"{_LM}/semantic_segmentation/data_dataset_voc/SegmentationClass/*",),
        masks(0, 255),
        (f"{_LM}/semantic_segmentation/data_dataset_voc/JPEGImages",),
    ),
    DataSet("isat/images", "isat", ("isat/images/*.json",), listed("objects"), ("isat/images",)),
    DataSet(
        "isat/semantic",
        "colours",
        ("isat/semantic/*.png",),
        with_ids(_beside("instance"), 0),
        ("isat/images",),
    ),
    DataSet(
        "isat/coco_tiny/isat",
        "isat",
        ("isat/coco_tiny/isat/*.json",),
        listed("objects"),
        ("isat/coco_tiny/images",),
    ),
    DataSet(
        "isat/coco_tiny/labelme",
        "labelme",
        ("isat/coco_tiny/labelme/*.json",),
        listed("shapes"),
        ("isat/coco_tiny/images",),
    ),
    DataSet(
        "isat/coco_tiny/yolo",
        "yolo",
        ("isat/coco_tiny/yolo/*.txt",),
        _lines,
        ("isat/coco_tiny/images",),
        {"classes": ",".join(f"class {n}" for n in range(91))},
    ),
    DataSet(
        "isat/coco_tiny/coco_tiny.json",
        "coco",
        ("isat/coco_tiny/coco_tiny.json",),
        listed("annotations"),
        ("isat/coco_tiny/images",),
    ),
    DataSet(
        "x-anylabeling/assets/demo.json",
        "labelme",
        ("x-anylabeling/assets/demo.json",),
        listed("shapes"),
        ("x-anylabeling/assets",),
    ),
    DataSet(
        "x-anylabeling/assets/annotations/coco_detection.json",
        "coco",
        ("x-anylabeling/assets/annotations/coco_detection.json",),
        listed("annotations"),
        ("x-anylabeling/assets",),
    ),
    DataSet(
        f"{_X}/instance_segmentation/sources",
        "labelme",
        (f"{_X}/instance_segmentation/sources/*",),
        listed("shapes"),
    ),
    DataSet(
        f"{_X}/instance_segmentation/sources/cat_dog.json",
        "labelme",
        (f"{_X}/instance_segmentation/sources/*",),
        listed("shapes"),
        blank=_as_large_as,
    ),
    DataSet(
        f"{_X}/instance_segmentation",
        "yolo",
        (f"{_X}/instance_segmentation/labels/*",),
        _lines,
        blank=_as_large_as,
    ),
    DataSet(
        f"{_X}/multiclass_semantic_segmentation/sources/cat_dog.json",
        "labelme",
        (f"{_X}/multiclass_semantic_segmentation/sources/*",),
        listed("shapes"),
        blank=_as_large_as,
    ),
    DataSet(
        f"{_X}/multiclass_semantic_segmentation",
        "colours",
        (f"{_X}/multiclass_semantic_segmentation/masks/*",),
        masks(0),
        blank=_mask_size,
    ),
    DataSet("cocoapi/instances_val2014_fakesegm_results.json", "coco", ("cocoapi/*.json",), listed(), ()),
    DataSet(
        "cocoapi/instances_val2014_fakesegm_results.json",
        "coco",
        ("cocoapi/*.json",),
        listed(),
        blank=_of_results,
    ),
    DataSet(
        f"{_DM}/coco_dataset/coco_instances",
        "coco",
        (f"{_DM}/coco_dataset/coco_instances/annotations/*",),
        listed("annotations"),
        (f"{_DM}/coco_dataset/coco_instances/images",),
    ),
    DataSet(
        f"{_DM}/coco_dataset/coco_stuff",
        "coco",
        (f"{_DM}/coco_dataset/coco_stuff/annotations/*",),
        listed("annotations"),
        (f"{_DM}/coco_dataset/coco_stuff/images",),
    ),
    DataSet(
        f"{_DM}/coco_dataset/coco_panoptic",
        "panoptic",
        (
            f"{_DM}/coco_dataset/coco_panoptic/annotations/*",
            f"{_DM}/coco_dataset/coco_panoptic/annotations/*/*",
        ),
        _segments,
        (f"{_DM}/coco_dataset/coco_panoptic/images",),
    ),
    DataSet(
        f"{_DM}/cvat_dataset/for_images",
        "cvat",
        (f"{_DM}/cvat_dataset/for_images/*/*.xml",),
        _cvat,
        (f"{_DM}/cvat_dataset/for_images/export_task/images",),
    ),
    DataSet(
        f"{_DM}/cvat_dataset/for_video",
        "cvat",
        (f"{_DM}/cvat_dataset/for_video/*.xml",),
        _cvat,
        (f"{_DM}/cvat_dataset/for_video/images",),
    ),
    DataSet(
        f"{_DM}/datumaro_dataset/legacy/annotations",
        "datumaro",
        (f"{_DM}/datumaro_dataset/legacy/annotations/*",),
        _items,
        (f"{_DM}/datumaro_dataset/legacy/images",),
    ),
    DataSet(
        f"{_DM}/voc_dataset/voc_dataset1",
        "voc",
        (f"{_DM}/voc_dataset/voc_dataset1/SegmentationClass/*",),
        with_ids(_beside("SegmentationObject"), 0, 255),
        (f"{_DM}/voc_dataset/voc_dataset1/JPEGImages",),
    ),
    DataSet(
        f"{_DM}/labelme_dataset",
        "labelme_xml",
        (f"{_DM}/labelme_dataset/Annotations/*/*", f"{_DM}/labelme_dataset/Masks/*/*"),
        _labelme_xml,
        (f"{_DM}/labelme_dataset/Images",),
    ),
    DataSet(
        f"{_DM}/cityscapes_dataset",
        "cityscapes",
        (f"{_DM}/cityscapes_dataset/*/gtFine/*/*/*",),
        _cityscapes,
        (f"{_DM}/cityscapes_dataset/train_dataset/leftImg8bit",),
    ),
    DataSet(
        f"{_DM}/camvid_dataset",
        "colours",
        (f"{_DM}/camvid_dataset/*annot/*",),
        masks(0),
        (f"{_DM}/camvid_dataset/train", f"{_DM}/camvid_dataset/val", f"{_DM}/camvid_dataset/test"),
    ),
    *_vistas_sets(),
    DataSet(
        f"{_DM}/common_semantic_segmentation_dataset/dataset",
        "colours",
        (f"{_DM}/common_semantic_segmentation_dataset/dataset/masks/*",),
        masks(0),
        (f"{_DM}/common_semantic_segmentation_dataset/dataset/images",),
    ),
    DataSet(
        f"{_DM}/segment_anything_dataset",
        "sam",
        (f"{_DM}/segment_anything_dataset/*.json",),
        listed("annotations"),
        (f"{_DM}/segment_anything_dataset",),
    ),
    DataSet(
        f"{_MM}/cityscapes",
        "cityscapes",
        (f"{_MM}/cityscapes/gtFine/*/*/*",),
        _cityscapes,
        (f"{_MM}/cityscapes/leftImg8bit",),
    ),
    DataSet(
        f"{_MM}/potsdam", "colours", (f"{_MM}/potsdam/ann_dir/*",), masks(0, 255), (f"{_MM}/potsdam/img_dir",)
    ),
    DataSet(
        f"{_MM}/loveda",
        "colours",
        (f"{_MM}/loveda/ann_dir/*",),
        masks(0, 255),
        (f"{_MM}/loveda/img_dir",),
        {"ignore_value": 0},
    ),
    DataSet(
        f"{_MM}/pseudo_dataset",
        "colours",
        (f"{_MM}/pseudo_dataset/gts/*",),
        masks(0, 255),
        (f"{_MM}/pseudo_dataset/imgs",),
    ),
)

OTHERS: Final[dict[str, str]] = {
    "README.md": "what the samples are",
    f"{_LM}/*/labels.txt": "list of classes for labelme's window",
    f"{_LM}/*/data_dataset_voc/class_names.txt": "list of classes, those of the challenge in its order",
    f"{_LM}/*/data_dataset_voc/SegmentationObject/*": "map of objects, read with the mask",
    "isat/images/isat.yaml": "list of classes, read with the files",
    "isat/coco_tiny/isat/isat.yaml": "list of classes, read with the files",
    "isat/semantic/classification.txt": "list of classes, read with the masks",
    "isat/instance/*": "map of objects, read with the mask",
    f"{_X}/instance_segmentation/classes.txt": "list of classes, read with the labels",
    f"{_X}/multiclass_semantic_segmentation/mask_color_map.json": "list of classes, read with the masks",
    f"{_DM}/camvid_dataset/*.txt": "list of a split, read with the masks",
    f"{_DM}/common_semantic_segmentation_dataset/dataset/dataset_meta.json": "list of classes, read with the masks",
    f"{_DM}/labelme_dataset/Scribbles/*/*": "scribbles, from which the masks were made; passed over and counted",
    f"{_DM}/voc_dataset/voc_dataset1/SegmentationObject/*": "map of objects, read with the mask",
    f"{_DM}/voc_dataset/voc_dataset1/Annotations/*": "boxes, whose masks are read",
    f"{_DM}/voc_dataset/voc_dataset1/ImageSets/Segmentation/*": "list of a split, read with the masks",
    f"{_DM}/voc_dataset/voc_dataset1/ImageSets/Action/*": "list of another challenge",
    f"{_DM}/voc_dataset/voc_dataset1/ImageSets/Layout/*": "list of another challenge",
    f"{_DM}/voc_dataset/voc_dataset1/ImageSets/Main/*": "list of another challenge",
    f"{_VISTAS}/config_*.json": "list of classes, read with the masks",
    f"{_MM}/pseudo_dataset/splits/*": "list of a split, read with the masks",
}
"""Files that hold no annotation of their own, and what they are."""


def accounted(root: Path) -> dict[Path, list[str]]:
    """Every file of the samples, and what becomes of it; nothing where nobody knows."""
    found: dict[Path, list[str]] = {path: [] for path in sorted(root.rglob("*")) if path.is_file()}
    for data in DATA_SETS:
        for pattern in data.reads:
            for path in filter(Path.is_file, root.glob(pattern)):
                found[path].append(f"read by {data.importer}")
        for folder in data.pictures:
            for path in (root / folder).rglob("*"):
                if path.suffix in (".jpg", ".png") and not found[path]:
                    found[path].append("picture")
    for pattern, what in OTHERS.items():
        for path in root.glob(pattern):
            found[path].append(what)
    return found


_NUMBERS: Final = (
    (re.compile(r"what has no area is left out: (.*)"), "no area"),
    (re.compile(r"(\d+) shapes left out: each is (.*)"), "says nothing of any pixel"),
    (re.compile(r"(\d+) shapes left out: .* has no area"), "no area"),
    (re.compile(r"(\d+) annotations are boxes without a mask"), "box without a mask"),
    (re.compile(r": (\d+) objects left out, their pixels stay unlabelled"), "no class"),
    (re.compile(r"^(\d+) annotations do not "), "of no image"),
)
_WHOLE: Final = re.compile(r"\((\d+) (?:annotations|shapes|segments)\)$")
_NOTICED: Final = (
    (
        re.compile(r"^([\d,]+) outlines? (?:are|is) part of an object with several"),
        "further part of an object",
    ),
    (re.compile(r"^([\d,]+) outlines? (?:are|is) background"), "background"),
    (re.compile(r"^([\d,]+) outlines? (?:are|is) ignored"), "ignored pixels"),
)


def _counted(file: str, reason: str) -> tuple[str, int]:
    """What an entry of the report is about, and of how many objects."""
    whole = _WHOLE.search(file)
    if whole:
        return re.sub(r"called .*", "called so", reason)[:60], int(whole[1])
    for pattern, what in _NUMBERS:
        found = pattern.search(reason)
        if found:
            return what, sum(int(n) for n in re.findall(r"(?:^|, )(\d+)", found[1]))
    return (
        ("", 0)
        if re.match(r"\d+ files give boxes|left out, because|class ", reason + file)
        else (reason[:60], 1)
    )


def run(data: DataSet, root: Path, work: Path) -> Row:
    """Import a data set into a new project that has its pictures and no classes."""
    pictures = [root / folder for folder in data.pictures]
    if data.blank is not None:
        (work / "blank").mkdir(parents=True)
        for name, size in data.blank(root / data.src).items():
            Image.new("L", size).save(work / "blank" / name)
        pictures.append(work / "blank")
    files = sorted({path for pattern in data.reads for path in root.glob(pattern) if path.is_file()})
    options = plugins.load("labeltool.importers", data.importer).Options(add_classes=True, **data.options)
    refused: list[str] = []
    with ProjectStore.create(work / "project", "interop", ClassCatalog.from_names([])) as store:
        add_images(store, pictures)
        reported: Counter[str] = Counter()
        try:
            report = import_labels(store, root / data.src, data.importer, options)
        except BadInputError as error:
            return Row(data, len(files), 0, data.count(files), 0, Counter(), (str(error),))
        for each in report.skipped:
            what, number = _counted(each.file, each.reason)
            reported[what] += number
            refused.append(f"{each.file.removeprefix(f'{root}/')}: {each.reason}")
        for notice in report.notices:
            for pattern, what in _NOTICED:
                found = pattern.match(notice)
                reported[what] += int(found[1].replace(",", "")) if found else 0
    return Row(data, len(files), report.images, data.count(files), report.objects, +reported, tuple(refused))


def rows(root: Path) -> Iterator[Row]:
    """Every data set."""
    for data in DATA_SETS:
        with tempfile.TemporaryDirectory(prefix="labeltool-interop-") as folder:
            yield run(data, root, Path(folder))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="also every reason in full")
    parser.add_argument("--data", type=Path, default=DATA / "interop")
    args = parser.parse_args()
    heads = ("data set", "importer", "files", "images", "objects in", "out", "reported", "reasons")
    cells = [heads]
    strays = [path for path, what in accounted(args.data).items() if not what]
    lost = 0
    for row in rows(args.data):
        lost += not row.is_whole
        reasons = ", ".join(f"{number} {what}" for what, number in row.reported.items())
        numbers = (row.files, row.images, row.objects_in, row.objects_out, row.reported.total())
        made = " (pictures made up)" if row.data.blank else ""
        flag = "" if row.is_whole else "**LOST** "
        cells.append(
            (f"{row.data.src}{made}", row.data.importer, *(f"{n:,}" for n in numbers), flag + reasons)
        )
        if args.verbose or not row.is_whole:
            print("\n".join(("", row.data.src, *row.refused[:20])), file=sys.stderr)
    if args.markdown:
        cells.insert(1, ("---",) * len(heads))
        print("\n".join(f"| {' | '.join(row)} |" for row in cells))
    else:
        widths = [max(len(row[n]) for row in cells) for n in range(7)]
        for row in cells:
            print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[7])
    for path in strays:
        print(f"nobody reads {path}", file=sys.stderr)
    return int(bool(strays or lost))


if __name__ == "__main__":
    sys.exit(main())
