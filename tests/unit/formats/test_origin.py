"""Who has set each pixel, as index PNG with a legend."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from mask_samples import CELLS, labelled, several
from PIL import Image

from labeltool.core.errors import LabeltoolError
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken, silent
from labeltool.core.provenance import Origin
from labeltool.formats import dataset
from labeltool.formats.export import export
from labeltool.formats.options import ExportOptions
from labeltool.formats.origin import OriginExporter
from labeltool.formats.protocol import LabelledImage


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    """300 x 600 pixels, of which each origin has set a part; the last rows nobody."""
    made = labelled(tmp_path / "photos" / "x.png", np.ones((600, 300), np.uint8), CELLS)
    origin = np.zeros((600, 300), np.uint8)
    for number in Origin:
        origin[100 * number : 100 * number + 60, 20 * number :] = number
    made.mask.apply(write(made.mask, made.mask.size.box, title="", kind="", origin=origin))
    return made


def test_other_peoples_readers_see_the_origin_plane(image: LabelledImage, tmp_path: Path) -> None:
    report = export(OriginExporter(), [image], CELLS, tmp_path / "out")
    assert (report.images, report.objects, report.files) == (1, 0, 3)
    with Image.open(tmp_path / "out" / "origins" / "x.png") as seen:
        assert seen.mode == "P"
        assert np.array_equal(np.array(seen), image.mask.read("origin"))
        colours = np.array(seen.convert("RGB"))
    legend = json.loads((tmp_path / "out" / "origins.json").read_text())["origins"]
    assert {each["name"]: each["value"] for each in legend} == {o.name.lower(): int(o) for o in Origin}
    for each in legend:
        assert (colours[image.mask.read("origin") == each["value"]] == each["color"]).all()


def test_an_image_that_nobody_has_labelled_is_left_out_unless_it_is_wanted(
    image: LabelledImage, tmp_path: Path
) -> None:
    nothing = np.zeros((4, 5), np.uint8)
    bare = labelled(tmp_path / "photos" / "bare.png", nothing, CELLS, where=nothing > 0)
    plan = OriginExporter().plan([image, bare], CELLS, ExportOptions())
    assert (plan.images, plan.ids) == (1, {image.record.id})
    assert [each.reason for each in plan.skipped] == [dataset.UNLABELLED]
    assert "nothing of its class" in plan.notices[0]
    report = export(
        OriginExporter(), [image, bare], CELLS, tmp_path / "out", ExportOptions(include_unlabelled=True)
    )
    assert report.images == 2
    assert not np.array(Image.open(tmp_path / "out" / "origins" / "bare.png")).any()


def test_without_a_labelled_image_nothing_is_written(tmp_path: Path) -> None:
    nothing = np.zeros((4, 5), np.uint8)
    bare = labelled(tmp_path / "photos" / "bare.png", nothing, CELLS, where=nothing > 0)
    with pytest.raises(LabeltoolError, match="no labelled image"):
        export(OriginExporter(), [bare], CELLS, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_every_image_is_written_and_none_over_another(tmp_path: Path) -> None:
    images = several(tmp_path / "photos", CELLS)
    report = export(OriginExporter(), images, CELLS, tmp_path / "out")
    assert len(set(report.names.values())) == len(images)


@pytest.mark.parametrize("what", ["pixel", "colour", "legend"])
def test_a_file_that_is_not_what_was_written_is_found(
    image: LabelledImage, tmp_path: Path, what: str
) -> None:
    out = tmp_path / "out"
    export(OriginExporter(), [image], CELLS, out)
    file = out / "origins" / "x.png"
    if what == "legend":
        (out / "origins.json").write_text("{}")
    else:
        with Image.open(file) as seen:
            values, palette = np.array(seen), list(seen.getpalette())
        if what == "pixel":
            values[599, 299] = Origin.HUMAN
        else:
            palette[0] = 9
        wrong = Image.fromarray(values, "L")
        wrong.putpalette(palette)
        wrong.save(file)
    with pytest.raises(LabeltoolError, match="read back"):
        OriginExporter().verify([image], CELLS, out, ExportOptions(), silent, CancelToken())
