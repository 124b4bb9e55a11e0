"""What lies beside an attack and is well: a wall in the same picture, and one in another, which must come in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, Final

import numpy as np
from fuzz.samples import INSIDE, SIZE, SQUARE, Sample, png, sample

from labeltool.core import rle

OTHER: Final = "other.png"
CORNER: Final = ((9, 6), (11, 6), (11, 8), (9, 8))
_IN_CORNER: Final = np.zeros(INSIDE.shape, bool)
_IN_CORNER[6:8, 9:11] = True


def with_others(name: str, attacked: Sample) -> Sample:
    """The sample of an importer, with its wall and the other picture. Bytes are put in between, so that what is no JSON
    and no XML stays so."""
    files = dict(attacked.files)
    for path, data in attacked.files.items():
        files[path] = (
            _AMONG[name](data) if name in _AMONG and path.endswith((".json", ".xml", ".txt")) else data
        )
    return replace(attacked, files={**_of_another_picture(name), **files})


def _of_another_picture(name: str) -> dict[str, bytes]:
    """Files that are the other picture's alone; nothing of a format that keeps all pictures in one file."""
    if name in _LISTS:
        return {}
    if name == "panoptic":
        colors = np.zeros((*INSIDE.shape, 3), np.uint8)
        colors[INSIDE, 0] = 2
        return {f"annotations/panoptic_train/{OTHER}": png(colors)}
    plain = sample(name, picture=OTHER) if "picture" in sample(name).places else sample(name)
    found = {}
    for path, data in plain.files.items():
        inside = PurePosixPath(path)
        if name == "sam":
            found["sa_2.json"] = data
        elif name == "labelme_xml" and inside.suffix == ".png":
            found[str(inside.with_name(OTHER))] = data
        elif inside.stem == "x" or inside.stem.startswith("x_"):
            found[str(inside.with_name(f"other{inside.name[1:]}"))] = data
    return found


def _flat(points: tuple[tuple[int, int], ...]) -> list[int]:
    return [number for point in points for number in point]


def _put(data: bytes, after: str, *entries: dict[str, Any]) -> bytes:
    """Entries at the beginning of a list."""
    text = "".join(f"{json.dumps(each)}, " for each in entries)
    return data.replace(after.encode(), after.encode() + text.encode(), 1)


def _coco(data: bytes) -> bytes:
    of_x = re.search(rb'"image_id": (.*?), "category_id"', data)
    mine = {"id": 70, "image_id": 77, "category_id": 2, "segmentation": [_flat(SQUARE)]}
    wall = {"id": 71, "image_id": 1, "category_id": 2, "segmentation": [_flat(CORNER)]}
    data = _put(data, '"annotations": [', mine, wall)
    if of_x:
        data = data.replace(b'"id": 71, "image_id": 1,', b'"id": 71, "image_id": ' + of_x[1] + b",")
    data = _put(data, '"categories": [', {"id": 2, "name": "wall"})
    return _put(
        data, '"images": [', {"id": 77, "file_name": OTHER, "width": SIZE.width, "height": SIZE.height}
    )


def _cvat(data: bytes) -> bytes:
    def wall(points: tuple[tuple[int, int], ...]) -> str:
        told = ";".join(f"{x},{y}" for x, y in points)
        return f'<polygon label="wall" points="{told}" z_order="0"/>'

    other = (
        f'<image id="77" name="{OTHER}" width="{SIZE.width}" height="{SIZE.height}">{wall(SQUARE)}</image>'
    )
    data = data.replace(b"</image></annotations>", f"{wall(CORNER)}</image></annotations>".encode(), 1)
    return data.replace(b"</version>", f"</version>{other}".encode(), 1)


def _datumaro(data: bytes) -> bytes:
    def wall(points: tuple[tuple[int, int], ...]) -> dict[str, Any]:
        return {"id": 1, "type": "polygon", "label_id": 1, "points": _flat(points), "z_order": 0, "group": 0}

    data = _put(data, '"annotations": [', wall(CORNER))
    data = data.replace(b'}]}}, "items"', b'}, {"name": "wall"}]}}, "items"', 1)
    picture = {"path": OTHER, "size": [SIZE.height, SIZE.width]}
    return _put(data, '"items": [', {"id": OTHER, "annotations": [wall(SQUARE)], "image": picture})


def _via(data: bytes) -> bytes:
    def wall(points: tuple[tuple[int, int], ...]) -> dict[str, Any]:
        x, y = zip(*points, strict=True)
        shape = {"name": "polygon", "all_points_x": x, "all_points_y": y}
        return {"shape_attributes": shape, "region_attributes": {"type": "wall"}}

    data = _put(data, '"regions": [', wall(CORNER))
    other = {"filename": OTHER, "size": 1, "regions": [wall(SQUARE)], "file_attributes": {}}
    return data.replace(b"{", f'{{"other": {json.dumps(other)}, '.encode(), 1)


def _panoptic(data: bytes) -> bytes:
    segments = [{"id": 2, "category_id": 2, "area": 15, "iscrowd": 0}]
    data = _put(data, '"annotations": [', {"image_id": 77, "file_name": OTHER, "segments_info": segments})
    data = _put(data, '"categories": [', {"id": 2, "name": "wall", "isthing": 1, "color": [4, 5, 6]})
    return _put(
        data, '"images": [', {"id": 77, "file_name": OTHER, "width": SIZE.width, "height": SIZE.height}
    )


def _sam(data: bytes) -> bytes:
    counts = {"size": [SIZE.height, SIZE.width], "counts": rle.to_string(rle.encode(_IN_CORNER))}
    return _put(data, '"annotations": [', {"id": 9, "area": 4, "segmentation": counts})


def _labelme(data: bytes) -> bytes:
    return _put(data, '"shapes": [', {"label": "wall", "points": CORNER, "shape_type": "polygon"})


def _isat(data: bytes) -> bytes:
    return _put(data, '"objects": [', {"category": "wall", "segmentation": CORNER, "layer": 0.0})


def _mapillary(data: bytes) -> bytes:
    return _put(data, '"objects": [', {"label": "wall", "polygon": CORNER})


def _yolo(data: bytes) -> bytes:
    shares = " ".join(f"{x / SIZE.width} {y / SIZE.height}" for x, y in CORNER)
    return data + f"0 {shares}\n".encode()


_AMONG: Final[dict[str, Callable[[bytes], bytes]]] = {
    "coco": _coco,
    "panoptic": _panoptic,
    "cvat": _cvat,
    "datumaro": _datumaro,
    "via": _via,
    "sam": _sam,
    "labelme": _labelme,
    "isat": _isat,
    "mapillary": _mapillary,
    "yolo": _yolo,
}
"""What puts a wall among what is in a file already."""

_LISTS: Final = frozenset({"coco", "cvat", "datumaro", "via", "mapillary"})
"""Formats whose other picture stands in the same file, or is part of the sample."""
