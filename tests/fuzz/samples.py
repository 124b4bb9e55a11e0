"""Small, valid annotation of one picture in every format, into which anything at all can be put."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from mask_samples import record_of, write_picture
from numpy.typing import NDArray
from PIL import Image

from labeltool.core import rle
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord

SIZE = Size(12, 9)
CATALOG = ClassCatalog.from_names(["nucleus", "wall"])
INSIDE = np.zeros((SIZE.height, SIZE.width), bool)
INSIDE[2:5, 3:8] = True
SQUARE = ((3, 2), (8, 2), (8, 5), (3, 5))

Files = dict[str, bytes]
"""Content by path below the folder."""


class Raw(str):
    """A text that goes into a file as it is: 1e400 is no Python number."""

    __slots__ = ()


@dataclass(frozen=True)
class Facts:
    """What a file says. Every field may be replaced by anything."""

    picture: Any = "x.png"
    class_name: Any = "nucleus"
    points: Any = SQUARE
    width: Any = SIZE.width
    height: Any = SIZE.height
    counts: Any = None
    number: Any = 1
    png: bytes | None = None

    def mask(self, values: NDArray[Any], palette: Sequence[int] | None = None) -> bytes:
        """The PNG that the facts give, else one of some values."""
        return png(values, palette) if self.png is None else self.png


@dataclass(frozen=True)
class Sample:
    """The files of a data set; ``src`` is what is imported, as a path below their folder. ``places`` names the facts
    that stand in it."""

    files: Files
    src: str = "."
    places: frozenset[str] = frozenset()
    options: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Put the files into ``folder``; what is to be imported."""
        for name, data in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return folder / self.src


def project(folder: Path) -> list[ImageRecord]:
    """The images that the samples are about: x.png and another one."""
    for name in ("x.png", "other.png"):
        write_picture(folder / name, SIZE)
    return [record_of(folder / name, SIZE) for name in ("x.png", "other.png")]


def jsonic(data: object) -> bytes:
    """JSON, also of what is none."""
    text = json.dumps(data, default=str)
    return re.sub(r'"@@(.*?)@@"', r"\1", text).encode("utf-8", "surrogatepass")


def _mark(value: Any) -> Any:
    """The same value, its raw parts marked so that :func:`jsonic` finds them."""
    if isinstance(value, Raw):
        return f"@@{value}@@"
    if isinstance(value, list | tuple):
        return [_mark(each) for each in value]
    return value


def _plain(value: Any) -> str:
    """As it stands in XML or in a line."""
    return str(value).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def png(values: NDArray[Any], palette: Sequence[int] | None = None) -> bytes:
    """A PNG file of values or colours."""
    picture, file = Image.fromarray(values), io.BytesIO()
    if palette is not None:
        picture.putpalette(list(palette) + [0] * (768 - len(palette)))
    picture.save(file, format="PNG")
    return file.getvalue()


def _label(value: int = 1) -> NDArray[np.uint8]:
    return (INSIDE * value).astype(np.uint8)


def _counts(facts: Facts) -> dict[str, Any]:
    counts = rle.to_string(rle.encode(INSIDE)) if facts.counts is None else facts.counts
    return {"size": [_mark(facts.height), _mark(facts.width)], "counts": _mark(counts)}


def _flat(points: Any) -> list[Any]:
    return [_mark(n) for point in points for n in (point if isinstance(point, list | tuple) else [point])]


def coco(facts: Facts) -> Sample:
    """Polygons, or run lengths where some are given."""
    data = {
        "images": [
            {
                "id": _mark(facts.number),
                "file_name": facts.picture,
                "width": _mark(facts.width),
                "height": _mark(facts.height),
            }
        ],
        "annotations": [
            {
                "id": 1,
                "image_id": _mark(facts.number),
                "category_id": 1,
                "iscrowd": 0,
                "segmentation": [_flat(facts.points)] if facts.counts is None else _counts(facts),
            }
        ],
        "categories": [{"id": 1, "name": facts.class_name}],
    }
    return Sample(
        {"annotations/instances_train.json": jsonic(data)},
        places=frozenset("picture class_name points width height counts number".split()),
    )


def panoptic(facts: Facts) -> Sample:
    """A segment of the number 1."""
    data = {
        "images": [
            {"id": 1, "file_name": facts.picture, "width": _mark(facts.width), "height": _mark(facts.height)}
        ],
        "annotations": [
            {
                "image_id": 1,
                "file_name": "x.png" if facts.picture == "x.png" else facts.picture,
                "segments_info": [{"id": _mark(facts.number), "category_id": 1, "area": 15, "iscrowd": 0}],
            }
        ],
        "categories": [{"id": 1, "name": facts.class_name, "isthing": 1, "color": [1, 2, 3]}],
    }
    colors = np.zeros((*INSIDE.shape, 3), np.uint8)
    colors[INSIDE, 0] = 1
    return Sample(
        {
            "annotations/panoptic_train.json": jsonic(data),
            "annotations/panoptic_train/x.png": facts.mask(colors),
        },
        places=frozenset("picture class_name width height number png".split()),
    )


def png_masks(facts: Facts) -> Sample:
    """A mask with ``classes.json`` and a map of objects."""
    classes = {
        "classes": [
            {"value": 0, "name": "background"},
            {"value": _mark(facts.number), "name": facts.class_name},
        ]
    }
    return Sample(
        {
            "labels/train/x.png": facts.mask(_label()),
            "instances/train/x.png": png(_label(7)),
            "classes.json": jsonic(classes),
        },
        places=frozenset("class_name number png".split()),
    )


def voc(facts: Facts) -> Sample:
    """Palette masks with boxes and a labelmap."""
    palette = [0, 0, 0, 10, 20, 30]
    base = "VOCdevkit/VOC2012"
    box = (
        f"<annotation><object><name>{_plain(facts.class_name)}</name><attributes><attribute><name>number</name>"
        f"<value>1</value></attribute><attribute><name>object_id</name><value>{_plain(facts.number)}</value>"
        "</attribute></attributes></object></annotation>"
    )
    return Sample(
        {
            f"{base}/SegmentationClass/x.png": facts.mask(_label(), palette),
            f"{base}/SegmentationObject/x.png": png(_label(), palette),
            f"{base}/Annotations/x.xml": box.encode("utf-8", "surrogatepass"),
            f"{base}/ImageSets/Segmentation/train.txt": b"x\n",
            f"{base}/labelmap.txt": f"background:0,0,0::\n{facts.class_name}:10,20,30::\n".encode(
                "utf-8", "surrogatepass"
            ),
        },
        places=frozenset("class_name number png".split()),
    )


def yolo(facts: Facts) -> Sample:
    """A line of shares."""
    shares = [
        n / side if type(n) in (int, float) and abs(n) < 1e300 else n
        for n, side in zip(
            _flat(facts.points), [SIZE.width, SIZE.height] * len(list(facts.points)), strict=False
        )
    ]
    line = " ".join(str(n).removeprefix("@@").removesuffix("@@") for n in (facts.number, *shares))
    names = json.dumps({"0": "wall", "1": facts.class_name}, ensure_ascii=False)  # YAML holds JSON
    return Sample(
        {
            "labels/train/x.txt": f"{line}\n".encode("utf-8", "surrogatepass"),
            "data.yaml": f"train: images/train\nnames: {names}\n".encode("utf-8", "surrogatepass"),
        },
        places=frozenset("class_name points number".split()),
    )


def cvat(facts: Facts) -> Sample:
    """A polygon, or a mask where run lengths are given."""
    points = ";".join(
        ",".join(_plain(n) for n in (p if isinstance(p, list | tuple) else [p])) for p in facts.points
    )
    shape = f'<polygon label="{_plain(facts.class_name)}" points="{points}" z_order="0"/>'
    if facts.counts is not None:
        counts = facts.counts if isinstance(facts.counts, str) else ", ".join(map(str, facts.counts))
        shape = (
            f'<mask label="{_plain(facts.class_name)}" rle="{_plain(counts)}" left="0" top="0" '
            f'width="{_plain(facts.width)}" height="{_plain(facts.height)}" z_order="0"/>'
        )
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>'
        f'<image id="{_plain(facts.number)}" name="{_plain(facts.picture)}" width="{_plain(facts.width)}" '
        f'height="{_plain(facts.height)}">{shape}</image></annotations>'
    )
    return Sample(
        {"annotations.xml": text.encode("utf-8", "surrogatepass")},
        "annotations.xml",
        frozenset("picture class_name points width height counts number".split()),
    )


def datumaro(facts: Facts) -> Sample:
    """A polygon, or a mask where run lengths are given."""
    mark = {
        "id": 0,
        "type": "polygon",
        "label_id": 0,
        "points": _flat(facts.points),
        "z_order": 0,
        "group": 0,
    }
    if facts.counts is not None:
        mark = {"id": 0, "type": "mask", "label_id": 0, "rle": _counts(facts), "z_order": 0, "group": 0}
    data = {
        "categories": {"label": {"labels": [{"name": facts.class_name}]}},
        "items": [
            {
                "id": facts.picture,
                "annotations": [mark],
                "image": {"path": facts.picture, "size": [_mark(facts.height), _mark(facts.width)]},
            }
        ],
    }
    return Sample(
        {"train.json": jsonic(data)},
        places=frozenset("picture class_name points width height counts".split()),
    )


def sam(facts: Facts) -> Sample:
    """A mask."""
    data = {
        "image": {
            "image_id": 1,
            "file_name": facts.picture,
            "width": _mark(facts.width),
            "height": _mark(facts.height),
        },
        "annotations": [{"id": _mark(facts.number), "area": 15, "segmentation": _counts(facts)}],
    }
    return Sample(
        {"sa_1.json": jsonic(data)},
        places=frozenset("picture width height counts number".split()),
        options={"class_name": "nucleus"},
    )


def cityscapes(facts: Facts) -> Sample:
    """Maps of ids, and the list of classes that our own exports have."""
    labels = [
        {
            "name": facts.class_name,
            "id": _mark(34 if facts.number == 1 else facts.number),
            "trainId": 0,
            "category": "other",
            "hasInstances": True,
            "ignoreInEval": False,
            "color": [1, 2, 3],
        }
    ]
    base = "gtFine/train/city/x_gtFine"
    return Sample(
        {
            f"{base}_labelIds.png": facts.mask(_label(34)),
            f"{base}_instanceIds.png": png(INSIDE.astype(np.uint16) * 34_001),
            "labels.json": jsonic(labels),
        },
        places=frozenset("class_name number png".split()),
    )


def mapillary(facts: Facts) -> Sample:
    """Polygons of one split, and a map of objects of another."""
    labels = [
        {"name": facts.class_name, "readable": "N", "instances": True, "color": [1, 2, 3]},
        {"name": "void--unlabeled", "readable": "Unlabeled", "instances": False, "color": [0, 0, 0]},
    ]
    drawn = {
        "width": _mark(facts.width),
        "height": _mark(facts.height),
        "objects": [{"label": facts.class_name, "polygon": _mark(facts.points)}],
    }
    return Sample(
        {
            "config_v2.0.json": jsonic({"labels": labels, "version": "2.0"}),
            "training/v2.0/polygons/x.json": jsonic(drawn),
            "validation/v2.0/instances/other.png": facts.mask(np.where(INSIDE, 1, 256).astype(np.uint16)),
        },
        places=frozenset("class_name points width height png".split()),
    )


def colours(facts: Facts) -> Sample:
    """A mask of colours, and a list that names them."""
    colors = np.zeros((*INSIDE.shape, 3), np.uint8)
    colors[INSIDE] = (10, 20, 30)
    meta = {
        "label_map": {"0": "background", "1": facts.class_name},
        "segmentation_colors": [[0, 0, 0], [10, 20, 30]],
    }
    return Sample(
        {
            "masks/x.png": facts.mask(colors),
            "dataset_meta.json": jsonic(meta),
            "train.txt": b"x\n",
        },
        places=frozenset("class_name png".split()),
    )


def labelme(facts: Facts) -> Sample:
    """A polygon."""
    shape = {
        "label": facts.class_name,
        "points": _mark(facts.points),
        "group_id": _mark(facts.number),
        "shape_type": "polygon",
        "flags": {},
    }
    data = {
        "version": "5.5.0",
        "flags": {},
        "shapes": [shape],
        "imagePath": facts.picture,
        "imageData": None,
        "imageHeight": _mark(facts.height),
        "imageWidth": _mark(facts.width),
    }
    return Sample(
        {"x.json": jsonic(data)}, places=frozenset("picture class_name points width height number".split())
    )


def labelme_xml(facts: Facts) -> Sample:
    """A polygon, and a mask in a file."""
    points = "".join(
        f"<pt><x>{_plain(p[0])}</x><y>{_plain(p[1])}</y></pt>"
        if isinstance(p, list | tuple) and len(p) == 2
        else "<pt/>"
        for p in facts.points
    )
    mask = facts.picture if facts.picture != "x.png" else "x_mask_1.png"
    text = (
        f"<annotation><filename>{_plain(facts.picture)}</filename><folder>train</folder>"
        f"<imagesize><nrows>{_plain(facts.height)}</nrows><ncols>{_plain(facts.width)}</ncols></imagesize>"
        f"<object><name>{_plain(facts.class_name)}</name><deleted>0</deleted><id>{_plain(facts.number)}</id>"
        f"<polygon>{points}</polygon></object>"
        f"<object><name>wall</name><deleted>0</deleted><segm><mask>{_plain(mask)}</mask></segm></object></annotation>"
    )
    return Sample(
        {
            "Annotations/train/x.xml": text.encode("utf-8", "surrogatepass"),
            "Masks/train/x_mask_1.png": facts.mask(_label(255)),
        },
        places=frozenset("picture class_name points width height number png".split()),
    )


def isat(facts: Facts) -> Sample:
    """A polygon."""
    entry = {
        "category": facts.class_name,
        "group": _mark(facts.number),
        "segmentation": _mark(facts.points),
        "area": 15,
        "layer": 1.0,
        "bbox": [3, 2, 8, 5],
        "iscrowd": 0,
        "note": "",
    }
    info = {
        "description": "ISAT",
        "folder": "x",
        "name": facts.picture,
        "width": _mark(facts.width),
        "height": _mark(facts.height),
        "depth": 3,
        "note": "",
    }
    return Sample(
        {
            "x.json": jsonic({"info": info, "objects": [entry]}),
            "isat.yaml": b"label:\n- color: '#000000'\n  name: __background__\n- color: '#5500ff'\n  name: nucleus\n",
        },
        places=frozenset("picture class_name points width height number".split()),
    )


def via(facts: Facts) -> Sample:
    """A polygon."""
    xs, ys = (
        [p[n] if isinstance(p, list | tuple) and len(p) == 2 else p for p in facts.points] for n in (0, 1)
    )
    region = {
        "shape_attributes": {"name": "polygon", "all_points_x": _mark(xs), "all_points_y": _mark(ys)},
        "region_attributes": {"type": facts.class_name},
    }
    entry = {
        "filename": facts.picture,
        "size": _mark(facts.number),
        "regions": [region],
        "file_attributes": {},
    }
    return Sample(
        {"via_region_data.json": jsonic({"x": entry})},
        places=frozenset("picture class_name points number".split()),
    )


BUILDERS: dict[str, Callable[[Facts], Sample]] = {
    "coco": coco,
    "panoptic": panoptic,
    "png": png_masks,
    "voc": voc,
    "yolo": yolo,
    "cvat": cvat,
    "datumaro": datumaro,
    "sam": sam,
    "cityscapes": cityscapes,
    "mapillary": mapillary,
    "colours": colours,
    "labelme": labelme,
    "labelme_xml": labelme_xml,
    "isat": isat,
    "via": via,
}


def sample(name: str, **facts: Any) -> Sample:
    """The sample of an importer with some facts replaced."""
    return BUILDERS[name](replace(Facts(), **facts))
