"""Laws of formats whose masks are pictures: numbers are never guessed, and every segment is painted or reported."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mask_samples import CELLS, record_of, write_picture
from PIL import Image

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.cityscapes import CityscapesImporter
from labeltool.formats.cityscapes.labels import OFFICIAL
from labeltool.formats.colours import ColoursImporter
from labeltool.formats.colours.importer import ColoursOptions
from labeltool.formats.options import ImportOptions
from labeltool.formats.panoptic import PanopticImporter
from tests.laws.examples import law

SEEDS, SIDES = st.integers(0, 2**32 - 1), st.integers(1, 20)


def record_in(folder: str, size: Size, stem: str = "a") -> ImageRecord:
    picture = Path(folder, "photos", f"{stem}.png")
    write_picture(picture, size)
    return record_of(picture, size)


def save(file: Path, values: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(file)


numbers = st.sampled_from([1, 2, 3, 4, 300, 70_000, 0, -1, 1 << 24, 1.0, "1", True, None])
segment = st.fixed_dictionaries(
    {"id": numbers, "category_id": st.sampled_from([1, "1", 2, 9, None])},
    optional={
        "area": st.floats() | st.text(max_size=2),
        "iscrowd": st.sampled_from([0, 1, "1", None]),
        "attributes": st.sampled_from([{}, 5, {"object_id": 7}, {"object_id": -1}]),
    },
)


@law(100)
@given(SEEDS, st.lists(segment | st.none() | st.integers(), max_size=6))
def test_every_segment_of_any_panoptic_file_is_painted_or_reported(seed: int, segments: list[object]) -> None:
    ids = np.random.default_rng(seed).choice([0, 1, 2, 3, 300, 70_000], (4, 5))
    with tempfile.TemporaryDirectory() as folder:
        record = record_in(folder, Size(5, 4))
        colors = np.stack([ids & 255, ids >> 8 & 255, ids >> 16], axis=-1)
        save(Path(folder, "set", "panoptic_val", "a.png"), colors.astype(np.uint8))
        data = {
            "images": [{"id": 1, "file_name": "a.png"}],
            "annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": segments}],
            "categories": [{"id": 1, "name": "nucleus"}, {"id": 2, "name": "dog"}],
        }
        text = json.dumps(data).replace("NaN", "0").replace("-Infinity", "0").replace("Infinity", "0")
        Path(folder, "set", "panoptic_val.json").write_text(text)
        found = list(PanopticImporter().read(Path(folder, "set"), CELLS, [record], ImportOptions()))
    painted, told = 0, 0
    for entry in found:
        if isinstance(entry, Skipped):
            left_out = re.search(r"'dog': (\d+) objects", entry.reason)
            told += int(left_out[1]) if left_out else "belong to no segment" not in entry.reason
        else:
            painted += entry.objects
            known = np.ones(ids.shape, bool) if entry.known is None else entry.known
            assert not known[ids == 0].any()
            assert (entry.label[known] == 1).all()
            assert entry.object is not None
            for number in np.unique(entry.object[known & (entry.object > 0)]):
                assert len(np.unique(ids[entry.object == number])) == 1
    shared = sum(isinstance(s, dict) and s.get("attributes") == {"object_id": 7} for s in segments)
    assert len(segments) - max(0, shared - 1) <= painted + told <= len(segments)


@law(60)
@given(SEEDS, SIDES, SIDES, st.booleans())
def test_colours_give_the_classes_of_their_names_and_no_others(
    seed: int, width: int, height: int, strange: bool
) -> None:
    rng = np.random.default_rng(seed)
    colors = np.unique(rng.integers(0, 256, (12, 3)), axis=0)
    catalog = ClassCatalog.from_names([f"c{n}" for n in range(len(colors))])
    label = rng.integers(0, len(colors) - 1, (height, width))
    if strange:
        label[rng.integers(0, height), rng.integers(0, width)] = len(colors) - 1
    named = colors[:-1] if strange else colors
    with tempfile.TemporaryDirectory() as folder:
        record = record_in(folder, Size(width, height))
        save(Path(folder, "set", "masks", "a.png"), colors[label].astype(np.uint8))
        lines = [f"{r} {g} {b} c{n}" for n, (r, g, b) in enumerate(named.tolist())]
        Path(folder, "set", "label_colors.txt").write_text("\n".join(lines))
        (found,) = ColoursImporter().read(Path(folder, "set"), catalog, [record], ColoursOptions())
    if strange:
        assert isinstance(found, Skipped)
        assert "in 1 pixels" in found.reason
    else:
        assert not isinstance(found, Skipped)
        assert np.array_equal(found.label, label + 1)


@law(60)
@given(SEEDS, SIDES, SIDES)
def test_values_of_cityscapes_give_the_classes_and_objects_of_their_numbers(
    seed: int, width: int, height: int
) -> None:
    rng = np.random.default_rng(seed)
    official = {label.id: label.name for label in OFFICIAL if label.id > 3}
    catalog = ClassCatalog.from_names(list(official.values()))
    classes = rng.choice(sorted([0, *official]), (height, width))
    things = (classes > 23) & (rng.random(classes.shape) < 0.8)
    raw = np.where(things, classes * 1000 + rng.integers(0, 3, classes.shape), classes).astype(np.uint16)
    with tempfile.TemporaryDirectory() as folder:
        record = record_in(folder, Size(width, height), "x_0_0_leftImg8bit")
        for kind, values in (("labelIds", classes.astype(np.uint8)), ("instanceIds", raw)):
            save(Path(folder, "set", "gtFine", "val", "x", f"x_0_0_gtFine_{kind}.png"), values)
        (found,) = CityscapesImporter().read(Path(folder, "set"), catalog, [record], ImportOptions())
    assert not isinstance(found, Skipped)
    wanted = np.array(
        [c.value for n in range(34) for c in [catalog.by_name(official.get(n, "background"))] if c]
    )
    wanted[:4] = IGNORE
    assert np.array_equal(found.label, wanted[classes])
    assert found.object is not None
    assert np.array_equal(found.object, np.where(things, raw, 0))
