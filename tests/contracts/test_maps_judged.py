"""Of other programs' samples our importers read what datumaro reads, pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mask_samples import record_of
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.project import Skipped
from labeltool.formats.foreign import is_class
from labeltool.imaging.open import probe
from labeltool.plugins import load


@pytest.mark.parametrize(
    ("name", "folder", "pictures", "theirs"),
    [
        ("cityscapes", "cityscapes_dataset/train_dataset", "leftImg8bit/*/*/*.png", "cityscapes"),
        ("colours", "camvid_dataset", "*/*.png", "camvid"),
        (
            "colours",
            "common_semantic_segmentation_dataset/dataset",
            "images/*.png",
            "common_semantic_segmentation",
        ),
        ("mapillary", "mapillary_vistas_dataset", "train/images/*.jpg", "mapillary_vistas"),
    ],
)
def test_our_importers_see_what_datumaro_sees(
    shared_data: Path,
    datumaro: Callable[[str, Path], dict[str, NDArray[Any]]],
    name: str,
    folder: str,
    pictures: str,
    theirs: str,
) -> None:
    src = shared_data / "interop" / "datumaro" / folder
    importer = load("labeltool.importers", name)()
    catalog = ClassCatalog.from_names([c.name for c in importer.classes(src, importer.Options())])
    records = [
        record_of(f, probe(f).size) for f in sorted(src.glob(pictures)) if "annot" not in f.parent.name
    ]
    seen = datumaro(theirs, src)
    found = {key.split("/")[-2]: seen[key] for key in seen if key.endswith("/classes")}
    own = [catalog.by_name(n) if is_class(n) else None for n in seen["names"].tolist()]
    values = np.array([*(IGNORE if c is None else c.value for c in own), IGNORE])
    compared = 0
    for mask in importer.read(src, catalog, records, importer.Options()):
        assert not isinstance(mask, Skipped)
        (record,) = (r for r in records if r.id == mask.image_id)
        label = np.where(mask.label == catalog.background, IGNORE, mask.label)
        assert np.array_equal(values[found[record.path.stem.removesuffix("_leftImg8bit")]], label)
        assert (label != IGNORE).any() or record.path.stem.startswith("defaultcity_000001_000019")
        compared += 1
    assert compared == len(records) > 0
