"""Exports that foreign readers judge: hard cases made up, and real images with hard cases put in."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contracts.judges import Exported, ask_datumaro, datumaro_python
from mask_samples import CELLS, STREETS, labelled, random_planes, record_of, several
from numpy.typing import NDArray
from PIL import Image

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.formats.export import export
from labeltool.formats.protocol import LabelledImage
from labeltool.plugins import load

Case = tuple[list[LabelledImage], ClassCatalog]


@pytest.fixture(
    scope="session",
    params=["cells", "streets", "many", "nuclei", pytest.param("all nuclei", marks=pytest.mark.slow)],
)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Images and their classes."""
    folder = tmp_path_factory.mktemp("images")
    if request.param.endswith("nuclei"):
        data: Path = request.getfixturevalue("shared_data")
        return nuclei(data / "nuclei", every=1 if request.param.startswith("all") else 4)
    if request.param == "many":
        return many(folder)
    catalog = CELLS if request.param == "cells" else STREETS
    return several(folder, catalog), catalog


def many(folder: Path) -> Case:
    """Twenty random masks of small sizes, a full one, one that holds a frame, and one of diagonals."""
    rng = np.random.default_rng(7)
    sizes = [Size(int(w), int(h)) for w, h in rng.integers(1, 24, (20, 2))]
    planes = [random_planes(rng, size, CELLS) for size in sizes]
    frame = np.ones((9, 11), np.uint8)
    frame[1:-1, 1:-1] = IGNORE
    frame[4, 5] = 2
    for label in (np.full((5, 6), 3, np.uint8), frame, np.eye(8, dtype=np.uint8)):
        planes.append((label, np.zeros(label.shape, np.uint32)))
    images = [
        labelled(folder / f"m{i}.jpg", label, CELLS, object_, split="val" if i % 3 else "train")
        for i, (label, object_) in enumerate(planes)
    ]
    return images, CELLS


def nuclei(data: Path, every: int) -> Case:
    """Some of the 40 real images, or all, with touching objects, holes and ignored pixels put in."""
    catalog = ClassCatalog.read(str(data / "classes.json"))
    files = sorted((data / "images" / "val").iterdir())
    assert len(files) == 40
    return [nucleus(data, file, catalog) for file in files[::every]], catalog


def nucleus(data: Path, file: Path, catalog: ClassCatalog) -> LabelledImage:
    label = np.array(Image.open(data / "labels" / "val" / f"{file.stem}.png"))
    ids = np.array(Image.open(data / "instances" / "val" / f"{file.stem}.png")).astype(np.uint32)
    height, width = label.shape
    label[5:25, 5:35] = 1
    ids[5:25, 5:20], ids[5:25, 20:35] = 60_001, 60_002  # they share an edge
    label[10:14, 10:14], ids[10:14, 10:14] = 0, 0  # a hole
    label[12, 12], ids[12, 12] = 1, 0  # an island in it, as a connected region
    label[height // 2 :: 7, width // 2 :: 5] = IGNORE
    ids[label != 1] = 0
    mask = LabelMask(Size(width, height))
    mask.apply(write(mask, mask.size.box, title="", kind="import", label=label, object_id=ids, origin=3))
    return LabelledImage(record_of(file, mask.size, "val"), mask)


@pytest.fixture(scope="session")
def exported(case: Case, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exported]:
    """The exports in formats that several readers judge."""
    images, catalog = case
    found = {}
    for name in ("coco", "panoptic", "voc", "cityscapes"):
        out = tmp_path_factory.mktemp("exports") / name
        report = export(load("labeltool.exporters", name)(), images, catalog, out)
        assert report.images == len(images)
        found[name] = Exported(out, images, catalog, report)
    return found


@pytest.fixture(scope="session")
def datumaro() -> Callable[[str, Path], dict[str, NDArray[Any]]]:
    """Asks datumaro, in a process of its own, what it sees in a folder."""
    if datumaro_python() == sys.executable and importlib.util.find_spec("datumaro") is None:
        pytest.skip(
            "datumaro is not installed (make test installs it), nor does LABELTOOL_DATUMARO_PYTHON name it"
        )
    return ask_datumaro
