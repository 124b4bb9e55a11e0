"""What is told of outlines that reach out of the image, or cross themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fuzz.samples import BUILDERS, CATALOG, SIZE, project, sample
from hypothesis import given
from hypothesis import strategies as st

from labeltool import plugins
from labeltool.core.draw import Point
from labeltool.core.geometry import Size
from labeltool.formats.outlines import Outlined, filled, rectangle, with_border
from labeltool.formats.protocol import ImportedMask

SQUARE = [(2.0, 2.0), (8.0, 2.0), (8.0, 7.0), (2.0, 7.0)]
EIGHT = [(2.0, 2.0), (9.0, 7.0), (9.0, 2.0), (2.0, 7.0)]
STAR = [(6.0, 0.0), (9.0, 9.0), (0.0, 3.0), (12.0, 3.0), (3.0, 9.0)]
TWICE = [(1.0, 1.0), (9.0, 1.0), (9.0, 8.0), (1.0, 8.0), (1.0, 1.0), *SQUARE, SQUARE[0]]
WITH_HOLE = [*SQUARE, SQUARE[0], (4.0, 4.0), (4.0, 6.0), (6.0, 6.0), (6.0, 4.0), (4.0, 4.0)]
"""A hole that a bridge joins to the outline, as YOLO writes it."""
CUT = "outlines are cut at the edge of the image"
CROSSED = "outlines are self-crossing and painted by the even-odd rule"


@pytest.mark.parametrize(
    ("points", "crossed"),
    [(SQUARE, 0), (SQUARE[::-1], 0), (EIGHT, 1), (STAR, 1), (WITH_HOLE, 0), (TWICE, 1)],
)
def test_an_outline_that_crosses_itself_is_counted(points: list[Point], crossed: int) -> None:
    found = filled([points], Size(20, 20))
    assert isinstance(found, Outlined) and found.crossed == crossed
    assert filled([points, points, SQUARE], SIZE).crossed == 2 * crossed
    assert with_border([(x, y) for x, y in points], Size(20, 20)).crossed == crossed


@given(st.lists(st.floats(1.0, 9.0), min_size=3, max_size=12), st.floats(-6, 6), st.booleans())
def test_no_outline_round_a_point_is_taken_for_one_that_crosses_itself(
    radii: list[float], at: float, backwards: bool
) -> None:
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    points = [(at + r * np.cos(a) + 6, at + r * np.sin(a) + 6) for r, a in zip(radii, angles, strict=True)]
    inside = np.zeros((12, 12), bool)
    try:
        found = filled([points[::-1] if backwards else points], Size(12, 12))
    except Exception:
        return
    inside[found.box.slices()] = found.inside
    assert found.crossed == 0


@pytest.mark.parametrize(
    ("x0", "x1", "cut"), [(0, 12, 0), (-0.5, 12.5, 0), (-0.6, 5, 1), (5, 12.6, 1), (-1e6, 1e6, 1)]
)
def test_an_outline_that_could_hold_pixels_beyond_the_edge_is_counted(x0: float, x1: float, cut: int) -> None:
    assert rectangle(x0, 2, x1, 5, SIZE).cut == cut
    assert rectangle(2, x0, 5, x1, Size(9, 12)).cut == cut


def test_the_pixels_of_an_outline_beyond_the_edge_are_cut_too() -> None:
    assert with_border([(0, 0), (11, 0), (11, 8), (0, 8)], SIZE).cut == 0
    assert with_border([(0, 0), (12, 0), (12, 8), (0, 8)], SIZE).cut == 1


@pytest.mark.parametrize("name", sorted(n for n in BUILDERS if "points" in sample(n).places))
def test_every_importer_of_polygons_tells_of_those_that_are_cut_or_crossed(name: str, tmp_path: Path) -> None:
    images = project(tmp_path / "photos")
    for points, told in ((((-3, 2), (8, 2), (8, 5), (-3, 5)), CUT), (EIGHT, CROSSED), (SQUARE, "")):
        folder = tmp_path / str(len(told))
        src = sample(name, points=[tuple(map(int, point)) for point in points]).write(folder)
        importer = plugins.load("labeltool.importers", name)()
        found = list(importer.read(src, CATALOG, images, importer.Options()))
        notices = [n for mask in found if isinstance(mask, ImportedMask) for n in mask.notices]
        assert [n for n in notices if CUT in n or CROSSED in n] == ([f"1 {told}"] if told else [])


def test_names_that_lead_out_are_told_by_name_and_then_counted(tmp_path: Path) -> None:
    images = project(tmp_path / "photos")
    plain = json.loads(sample("labelme").files["x.json"])
    (tmp_path / "set" / "below").mkdir(parents=True)
    for file, name in (("set/x.json", "../../secret.png"), ("set/below/other.json", "../other.png")):
        (tmp_path / file).write_text(json.dumps({**plain, "imagePath": name}))
    importer = plugins.load("labeltool.importers", "labelme")()
    found = list(importer.read(tmp_path / "set", CATALOG, images, importer.Options()))
    notices = [n for mask in found if isinstance(mask, ImportedMask) for n in mask.notices]
    assert notices == [
        "x.json names its picture '../../secret.png', which leads out of the folder; nothing is opened there, "
        "only its name counts"
    ]
