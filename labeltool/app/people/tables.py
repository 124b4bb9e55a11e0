"""Agreement and the gold report as tables: together, and image by image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from labeltool.app.people.agreement import Pair
from labeltool.app.people.gold import GoldReport
from labeltool.app.tables import Column, Kind, Table
from labeltool.core.catalog import ClassCatalog
from labeltool.core.project import ImageRecord

_NOBODY = "unknown"


class Tables(NamedTuple):
    """Figures over all images, and those of each image alone; both may be empty."""

    together: Table
    images: Table


def agreement_tables(pairs: Sequence[Pair], catalog: ClassCatalog) -> Tables:
    """Each pair of layers: kappa, how many pixels are the same, IoU and Dice by class."""
    together, images, records = [], [], []
    for pair in pairs:
        layers = {"layer": pair.a, "other layer": pair.b}
        together.append({**layers, "images": len(pair.images), **_agreed(pair.pooled.report(catalog))})
        for record, found in pair.images:
            images.append({"image": record.name, **layers, **_agreed(found.report(catalog))})
            records.append(record)
    return Tables(_table(together), _table(images, records))


def gold_tables(report: GoldReport) -> Tables:
    """Each annotator's newest word on each image against gold, and every decision in order of time."""
    found = report.to_json()
    together = [
        {"annotator": author or _NOBODY, "images": figures["images"], **_judged(figures)}
        for author, figures in found["annotators"].items()
    ]
    images = [
        {
            "image": row["image"],
            "when (UTC)": row["at_utc"][:16].replace("T", " "),
            "annotator": row["author"] or _NOBODY,
            "status": row["status"],
            **_judged(row),
        }
        for row in found["over_time"]
    ]
    return Tables(_table(together), _table(images, [each.record for each in report.judged]))


def _agreed(found: Mapping[str, Any]) -> dict[str, Any]:
    pixels = found["pixels"]
    return {
        "kappa": found["kappa"],
        "pixel agreement": found["pixel_agreement"],
        "mIoU": found["miou"],
        **_by_class(found["per_class"], {"IoU": "iou", "Dice": "dice"}),
        "pixels": pixels["counted"],
        "only in the first": pixels["only_a"],
        "only in the other": pixels["only_b"],
    }


def _judged(found: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {"IoU": "iou", "precision": "precision", "recall": "recall"}
    return {
        "mIoU": found["miou"],
        "kappa": found["kappa"],
        "pixels right": found["pixel_accuracy"],
        **_by_class(found["per_class"], kinds),
        "pixels": found["pixels"],
        "not labelled": found["missed"],
    }


def _by_class(per_class: Mapping[str, Mapping[str, Any]], kinds: Mapping[str, str]) -> dict[str, Any]:
    return {
        f"{kind} {name}": scores[key] for kind, key in kinds.items() for name, scores in per_class.items()
    }


def _table(rows: Sequence[Mapping[str, Any]], records: Iterable[ImageRecord] = ()) -> Table:
    """Rows that have all the same cells; None is a cell that says nothing."""
    if not rows:
        return Table([], [], [], np.zeros((0, 4), np.int64))
    columns = [Column(name, _kind([row[name] for row in rows])) for name in rows[0]]
    data = [
        [str(row[column.name]) for row in rows]
        if column.kind == "text"
        else np.array([np.nan if row[column.name] is None else row[column.name] for row in rows], np.float64)
        for column in columns
    ]
    found = list(records)
    boxes = [(0, 0, each.size.width, each.size.height) for each in found]
    return Table(columns, data, [each.id for each in found], np.array(boxes, np.int64).reshape(-1, 4))


def _kind(cells: Sequence[Any]) -> Kind:
    if any(isinstance(cell, str) for cell in cells):
        return "text"
    return "count" if any(isinstance(cell, int) for cell in cells) else "number"
