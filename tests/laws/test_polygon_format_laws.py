"""Laws of YOLO and CVAT: what goes out comes back as promised, and no line or shape of any file goes missing."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import cv2
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

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.core.project import Skipped
from labeltool.core.regions import Region
from labeltool.formats.cvat import CvatExporter, CvatImporter, CvatOptions, runs
from labeltool.formats.datumaro_json import DatumaroImporter
from labeltool.formats.export import export
from labeltool.formats.options import ImportOptions
from labeltool.formats.outlines import filled
from labeltool.formats.protocol import ImportedMask
from labeltool.formats.sam import SamImporter, SamImportOptions
from labeltool.formats.yolo import YoloExporter, YoloImporter, YoloImportOptions, YoloOptions
from labeltool.formats.yolo.outline import outline, parts_of
from tests.laws.examples import law

SIDES = st.integers(1, 30)
CATALOGS = st.sampled_from([CELLS, STREETS])
SEEDS = st.integers(0, 2**32 - 1)


@law(50)
@given(SEEDS, SIDES, SIDES, st.floats(0.05, 0.95), st.booleans())
def test_the_one_line_around_an_object_holds_the_same_pixels_here_and_in_opencv(
    seed: int, width: int, height: int, share: float, smooth: bool
) -> None:
    noise = np.random.default_rng(seed).random((height, width))
    inside = (cv2.blur(noise, (3, 3)) if smooth else noise) < share
    here, there = np.zeros_like(inside), np.zeros(inside.shape, np.uint8)
    for part in parts_of(Region(1, 0, Box(0, 0, width, height), inside, 0)):
        points = outline(part, holes=True)
        pixels = filled([points.tolist()], Size(width, height))
        assert not (here[pixels.box.slices()] & pixels.inside).any()
        here[pixels.box.slices()] |= pixels.inside
        cv2.fillPoly(there, [points.astype(np.int32)], 1)
    assert np.array_equal(here, inside)
    assert np.array_equal(there.astype(bool), inside)


@law(25)
@given(SEEDS, SIDES, SIDES, CATALOGS)
def test_yolo_gives_back_every_pixel_of_an_object(
    seed: int, width: int, height: int, catalog: ClassCatalog
) -> None:
    label, object_ = random_planes(np.random.default_rng(seed), Size(width, height), catalog)
    with tempfile.TemporaryDirectory() as folder:
        image = labelled(Path(folder, "in", "a.png"), label, catalog, object_)
        export(YoloExporter(), [image], catalog, Path(folder, "out"))
        masks, skipped = imported(YoloImporter(), Path(folder, "out"), catalog, [image])
    assert skipped == []
    if image.record.id not in masks:
        assert catalog.background is None
        assert (label == IGNORE).all(), "without a pixel that is known there is no mask"
        return
    wanted = np.where(label == IGNORE, catalog.unlabelled_value, label)
    assert np.array_equal(masks[image.record.id].label, wanted)


@law(25)
@given(SEEDS, SIDES, SIDES, CATALOGS)
def test_the_plan_counts_every_pixel_that_filling_holes_changes(
    seed: int, width: int, height: int, catalog: ClassCatalog
) -> None:
    label, object_ = random_planes(np.random.default_rng(seed), Size(width, height), catalog)
    with tempfile.TemporaryDirectory() as folder:
        image = labelled(Path(folder, "in", "a.png"), label, catalog, object_)
        options = YoloOptions(holes="fill")
        plan = YoloExporter().plan([image], catalog, options)
        export(YoloExporter(), [image], catalog, Path(folder, "out"), options)
        masks, _ = imported(YoloImporter(), Path(folder, "out"), catalog, [image])
    if image.record.id not in masks:
        assert (label == IGNORE).all()
        return
    found = masks[image.record.id].label
    changed = found != np.where(label == IGNORE, catalog.unlabelled_value, label)
    told = re.search(r"holes, ([0-9,]+) pixels", " ".join(plan.notices))
    assert int(told[1].replace(",", "") if told else 0) == np.count_nonzero(changed)


@law(25)
@given(SEEDS, SIDES, SIDES, CATALOGS, st.sampled_from(["masks", "polygons"]), st.floats(0.1, 1))
def test_cvat_gives_back_every_plane(
    seed: int, width: int, height: int, catalog: ClassCatalog, shapes: Any, share: float
) -> None:
    rng = np.random.default_rng(seed)
    label, object_ = random_planes(rng, Size(width, height), catalog)
    where = rng.random(label.shape) < share
    where[0, 0] = True
    with tempfile.TemporaryDirectory() as folder:
        image = labelled(Path(folder, "in", "a.png"), label, catalog, object_, where=where)
        report = export(CvatExporter(), [image], catalog, Path(folder, "out"), CvatOptions(shapes=shapes))
        masks, skipped = imported(CvatImporter(), Path(folder, "out"), catalog, [image])
    mask = masks[image.record.id]
    assert skipped == []
    assert_same_planes(image, mask)
    assert mask.objects == report.objects
    known = np.ones(label.shape, bool) if mask.known is None else mask.known
    assert np.array_equal(known, where)


@law(50)
@given(SEEDS, SIDES, SIDES, st.floats(0, 1))
def test_cvats_run_lengths_read_back_as_written(seed: int, width: int, height: int, share: float) -> None:
    inside = np.random.default_rng(seed).random((height, width)) < share
    box = Box(3, 5, 3 + width, 5 + height)
    assert np.array_equal(runs.decode(runs.encode(inside), box, Size(40, 40)).inside, inside)


numbers = st.sampled_from(
    ["0", "1", "0.5", "0.25", "3", "-1", "nan", "inf", "1e400", "1e12", "", "x", "2,", "0,1", "4,4", "9" * 30]
)
words = st.sampled_from(["nucleus", "dog", "", "x" * 300])


@law(100)
@given(st.lists(st.lists(numbers.filter(bool), max_size=9).map(" ".join), max_size=6))
def test_every_line_of_any_yolo_file_is_painted_or_reported(lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        record = pictured(folder)
        Path(folder, "a.txt").write_text("\n".join(lines))
        options = YoloImportOptions(classes="nucleus,dog,cell wall")
        found = list(YoloImporter().read(Path(folder, "a.txt"), CELLS, [record], options))
    assert accounted(found) == sum(bool(line.strip()) for line in lines)


shapes = st.tuples(
    st.sampled_from(["mask", "polygon", "box", "ellipse", "points", "tag", "skeleton", "attribute", "x"]),
    st.dictionaries(
        st.sampled_from(
            "label points rle left top width height xtl ytl xbr ybr cx cy rx ry rotation z_order outside".split()
        ),
        numbers | words | st.sampled_from(["0,0;4,0;4,4", "0,0;1,1", ";;", "0, 4", "2, 2"]),
        max_size=9,
    ),
)


@law(100)
@given(st.lists(shapes, max_size=6), st.booleans())
def test_every_shape_of_any_cvat_file_is_painted_or_reported(marks: list[Any], tracked: bool) -> None:
    frame = {"frame": "1"} if tracked else {}
    inner = "".join(
        f"<{tag} {' '.join(f'{k}={quoteattr(v)}' for k, v in {**data, **frame}.items())}/>"
        for tag, data in marks
    )
    around = f'<track label="nucleus">{inner}</track>' if tracked else f'<image name="a.png">{inner}</image>'
    with tempfile.TemporaryDirectory() as folder:
        record = pictured(folder, "frame_000001.png" if tracked else "a.png")
        Path(folder, "a.xml").write_text(f"<annotations>{around}</annotations>")
        found = list(CvatImporter().read(Path(folder, "a.xml"), CELLS, [record], ImportOptions()))
    assert accounted(found) == len(marks)


wild = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
run_lengths = st.fixed_dictionaries(
    {
        "size": st.sampled_from([[5, 4], [4, 5], None, [5.0, 4]]),
        "counts": st.text("012345OPQR`", max_size=8) | st.lists(st.integers(-2, 22), max_size=4),
    }
)
annotations = wild | st.fixed_dictionaries(
    {"type": st.sampled_from(["polygon", "mask", "ellipse", "bbox", "label", 5])},
    optional={
        "label_id": st.sampled_from([0, 1, 9, -1, True, None, "0"]),
        "points": st.lists(st.floats(-3, 1e12) | st.integers(-2, 9), max_size=9) | wild,
        "rle": run_lengths | wild,
        "segmentation": run_lengths | wild,
        "z_order": wild,
        "group": wild,
        "area": wild,
    },
)


@law(100)
@given(st.lists(annotations, max_size=6), st.booleans())
def test_every_annotation_of_any_datumaro_or_sam_file_is_painted_or_reported(
    marks: list[Any], sam: bool
) -> None:
    labels = {"label": {"labels": [{"name": "nucleus"}, {"name": "dog"}]}}
    picture = {"file_name": "a.png", "path": "a.png"}
    data = {"annotations": marks, "id": "a", "image": picture}
    with tempfile.TemporaryDirectory() as folder:
        record = pictured(folder)
        Path(folder, "a.json").write_text(
            json.dumps(data if sam else {"categories": labels, "items": [data]})
        )
        reader: Any = SamImporter() if sam else DatumaroImporter()
        options = SamImportOptions(class_name="nucleus") if sam else ImportOptions()
        found = list(reader.read(Path(folder, "a.json"), CELLS, [record], options))
    assert accounted(found) == len(marks)


GOOD: dict[str, tuple[Any, Any, str, bytes]] = {
    "cvat": (
        CvatImporter(),
        ImportOptions(),
        "a.xml",
        b'<?xml version="1.0"?><annotations><meta><task><labels><label><name>nucleus</name><color>#ff0000</color>'
        b'</label></labels></task></meta><image name="a.png" width="4" height="5">'
        b'<mask label="nucleus" rle="1, 2, 1" left="0" '
        b'top="1" width="2" height="2"/><polygon label="nucleus" points="0,0;3,0;3,3" z_order="1"/></image>'
        b"</annotations>",
    ),
    "yolo": (
        YoloImporter(),
        YoloImportOptions(),
        "data.yaml",
        b"train: images\nnames:\n  0: nucleus\n  1: 'dog'\n",
    ),
    "labels": (
        YoloImporter(),
        YoloImportOptions(classes="nucleus"),
        "a.txt",
        b"0 0.1 0.1 0.9 0.1 0.9 0.9\n0 0.5 0.5 0.5 0.5\n",
    ),
    "datumaro": (
        DatumaroImporter(),
        ImportOptions(),
        "a.json",
        b'{"categories":{"label":{"labels":[{"name":"nucleus"}]}},"items":[{"id":"a","annotations":[{"type":"mask",'
        b'"label_id":0,"rle":{"counts":"56","size":[5,4]},"z_order":0},{"type":"polygon","label_id":0,"points":[0,0,2,0,2,2]}]}]}',
    ),
    "sam": (
        SamImporter(),
        SamImportOptions(class_name="nucleus"),
        "a.json",
        b'{"image":{"file_name":"a.png","width":4,"height":5},"annotations":[{"segmentation":{"size":[5,4],"counts":"56"}}]}',
    ),
}


@pytest.mark.parametrize("name", GOOD)
@law(100)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.binary(max_size=4)), min_size=1, max_size=4)
)
def test_a_damaged_file_is_read_or_refused(name: str, changes: list[tuple[int, int, bytes]]) -> None:
    importer, options, file, text = GOOD[name]
    for where, cut, put in changes:
        place = where % (len(text) + 1)
        text = text[:place] + put + text[place + cut :]
    with tempfile.TemporaryDirectory() as folder:
        record = pictured(folder)
        Path(folder, "data").mkdir()
        Path(folder, "data", "a.txt").write_text("0 0 0 1 0 1 1")
        Path(folder, "data", file).write_bytes(text)
        before = sorted(Path(folder).rglob("*"))
        try:
            importer.classes(Path(folder, "data", file), options)
            list(importer.read(Path(folder, "data", file), CELLS, [record], options))
        except BadInputError:
            pass
        assert sorted(Path(folder).rglob("*")) == before


def pictured(folder: str, name: str = "a.png") -> Any:
    """The record of a picture of 4 x 5 pixels."""
    write_picture(Path(folder, "photos", name), Size(4, 5))
    return record_of(Path(folder, "photos", name), Size(4, 5))


def accounted(found: list[Any]) -> int:
    """Objects that were painted, and what the reasons and notices speak for."""
    masks = [each for each in found if isinstance(each, ImportedMask)]
    skipped = [each for each in found if isinstance(each, Skipped)]
    parts = [re.match(r"([0-9,]+) outlines are", n) for mask in masks for n in mask.notices]
    return (
        sum(mask.objects for mask in masks)
        + sum(int(part[1]) for part in parts if part)
        + sum(speaks_for(each) for each in skipped)
    )


def speaks_for(skipped: Skipped) -> int:
    whole = re.search(r"\(([0-9]+) shapes\)$", skipped.file)
    if whole:
        return int(whole[1])
    if "no class" in skipped.reason:
        return int(re.search(r": ([0-9]+) objects", skipped.reason)[1])  # type: ignore[index]
    counts = re.findall(r"([0-9]+) shapes left out|[:,] ([0-9]+) [a-z]", skipped.reason)
    area = "no area" in skipped.reason or "left out: each is" in skipped.reason
    return sum(int(a or b) for a, b in counts) if area and counts else 1
