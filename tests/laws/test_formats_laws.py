"""Laws of exports and imports: what goes out comes back, and no input brings the program down."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mask_samples import (
    CELLS,
    STREETS,
    assert_same_planes,
    imported,
    labelled,
    random_planes,
    record_of,
    write_picture,
)

from labeltool.core import rle
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.formats.coco import CocoImporter
from labeltool.formats.export import export
from labeltool.formats.index_png import read_index, write_index
from labeltool.formats.options import ImportOptions
from labeltool.plugins import load
from tests.laws.examples import law

SIDES = st.integers(1, 30)
CATALOGS = st.sampled_from([CELLS, STREETS])


@pytest.mark.parametrize("name", ["coco", "voc", "png", "cityscapes", "panoptic", "labelme"])
@law(25)
@given(st.integers(0, 2**32 - 1), SIDES, SIDES, CATALOGS, st.floats(0.1, 1))
def test_importing_our_own_export_gives_back_the_planes(
    name: str, seed: int, width: int, height: int, catalog: ClassCatalog, share: float
) -> None:
    rng = np.random.default_rng(seed)
    label, object_ = random_planes(rng, Size(width, height), catalog)
    where = rng.random(label.shape) < share
    where[0, 0] = True
    with tempfile.TemporaryDirectory() as folder:
        image = labelled(Path(folder, "in", "a.png"), label, catalog, object_, where=where)
        out = Path(folder, "out")
        report = export(load("labeltool.exporters", name)(), [image], catalog, out)
        masks, skipped = imported(load("labeltool.importers", name)(), out, catalog, [image])
        mask = masks[image.record.id]
        assert skipped == []
        assert_same_planes(image, mask)
        assert mask.objects == report.objects
        if name in ("coco", "panoptic", "labelme"):
            known = np.ones(label.shape, bool) if mask.known is None else mask.known
            assert np.array_equal(known, where)


@law(25)
@given(st.integers(0, 2**32 - 1), SIDES, SIDES, st.booleans())
def test_an_index_mask_reads_back_as_written(seed: int, width: int, height: int, colored: bool) -> None:
    values = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    palette = np.random.default_rng(seed).integers(0, 256, (256, 3)).astype(np.uint8) if colored else None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mask.png")
        write_index(file, values, palette)
        read, found = read_index(file, Size(width, height))
    assert np.array_equal(read, values)
    assert (palette is None and found is None) or np.array_equal(found, palette)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
wild = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ids = st.sampled_from([1, 2, "1", "x", True, None, 0, -1, 1.5])
sizes = st.sampled_from([[5, 4], [4, 5], [5], None, [5.0, 4], [True, 4]])
segmentations = (
    wild
    | st.fixed_dictionaries(
        {
            "size": sizes,
            "counts": st.text("012345OPQR`", max_size=8) | st.lists(st.integers(-2, 22), max_size=4),
        }
    )
    | st.lists(st.lists(st.floats(-3, 1e12) | st.integers(-2, 9), max_size=9), max_size=3)
)
annotations = st.fixed_dictionaries(
    {"id": ids, "image_id": ids, "category_id": ids, "segmentation": segmentations},
    optional={"iscrowd": wild, "attributes": wild},
)
images = st.fixed_dictionaries(
    {"id": ids, "file_name": st.sampled_from(["a.png", "../a.png", "b.png", 5, ""])},
    optional={"width": st.sampled_from([4, 5, "4"]), "height": st.just(5), "ignored": segmentations},
)


@law(100)
@given(
    st.lists(images, max_size=3),
    st.lists(annotations, max_size=6),
    st.lists(st.fixed_dictionaries({"id": ids, "name": st.sampled_from(["nucleus", "dog", 7])}), max_size=3),
)
def test_every_annotation_of_any_coco_file_is_painted_or_reported(
    entries: list[object], marks: list[object], categories: list[object]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "a.png")
        write_picture(picture, Size(4, 5))
        record = record_of(picture, Size(4, 5))
        file = Path(folder, "any.json")
        file.write_text(json.dumps({"images": entries, "annotations": marks, "categories": categories}))
        try:
            found = list(CocoImporter().read(file, CELLS, [record], ImportOptions()))
        except BadInputError:
            return  # NaN and infinity are not JSON
    painted = sum(entry.objects for entry in found if hasattr(entry, "objects"))
    told = sum(annotations_in(entry.reason, entry.file) for entry in found if hasattr(entry, "reason"))
    assert painted + told == len(marks)


def annotations_in(reason: str, file: str) -> int:
    """How many annotations a reason speaks for."""
    if ": annotation " in file:
        return 1
    if file.endswith(" annotations)"):
        return int(file.rpartition("(")[2].split()[0])
    words = (reason.rsplit(": ", maxsplit=1)[-1] if "no class" in reason else reason).split()
    return int(words[0]) if "annotations" in words[:2] else 0


@law(40)
@given(st.integers(0, 2**32 - 1), SIDES, SIDES)
def test_coco_of_strangers_paints_what_its_run_lengths_say(seed: int, width: int, height: int) -> None:
    rng = np.random.default_rng(seed)
    inside = rng.random((height, width)) < 0.5
    counts = rle.encode(inside)
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "a.png")
        write_picture(picture, Size(width, height))
        annotation = {
            "id": 1,
            "image_id": 1,
            "category_id": 9,
            "segmentation": {"size": [height, width], "counts": counts.tolist()},
        }
        data = {
            "images": [{"id": 1, "file_name": "a.png", "width": width, "height": height}],
            "annotations": [annotation],
            "categories": [{"id": 9, "name": "nucleus"}],
        }
        file = Path(folder, "a.json")
        file.write_text(json.dumps(data))
        (mask,) = CocoImporter().read(file, CELLS, [record_of(picture, Size(width, height))], ImportOptions())
    assert np.array_equal(mask.label == 1, inside)
    assert np.array_equal(mask.object == 1, inside)
    assert not (mask.label == IGNORE).any()
