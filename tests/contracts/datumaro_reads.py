"""Runs in an interpreter that has datumaro: reads a data set and writes what it saw as arrays.

python datumaro_reads.py FORMAT FOLDER OUT.npz

Per image ``<id>/classes`` holds [h, w] indices of ``names``, -1 where no object lies; ``<id>/annotations`` the
number of each pixel's annotation, counted from 1, 0 where there is none; ``<id>/subset`` is a name.
"""

from __future__ import annotations

import sys

import numpy as np
from datumaro import Dataset
from datumaro.components.annotation import AnnotationType


def main(format_name: str, folder: str, out: str) -> None:
    dataset = Dataset.import_from(folder, format_name)
    labels = dataset.categories()[AnnotationType.label]
    arrays = {"names": np.array([label.name for label in labels.items])}
    for item in dataset:
        height, width = item.media.size
        classes = np.full((height, width), -1, np.int32)
        annotations = np.zeros((height, width), np.int32)
        for number, annotation in enumerate(item.annotations, 1):
            if annotation.type == AnnotationType.mask:
                inside = np.asarray(annotation.image, bool)
                if (annotations[inside] > 0).any():
                    raise SystemExit(f"{item.id}: two objects on one pixel")
                classes[inside], annotations[inside] = annotation.label, number
        arrays[f"{item.id}/classes"], arrays[f"{item.id}/annotations"] = classes, annotations
        arrays[f"{item.id}/subset"] = np.array(item.subset)
    np.savez(out, **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
