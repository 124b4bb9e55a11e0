"""ISAT: the same pixels as ISAT's own masks, and what strangers may write."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mask_samples import CELLS, STREETS, imported, labelled
from numpy.typing import NDArray
from PIL import Image
from skimage.draw import polygon as as_isat_fills

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.isat import IsatImporter
from labeltool.formats.options import ImportOptions
from labeltool.formats.outlines import with_border
from labeltool.formats.protocol import ImportedMask, LabelledImage
from tests.laws.examples import law

Read = Callable[..., tuple[ImportedMask | None, list[Skipped]]]


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.jpg", np.zeros((10, 12), np.uint8), CELLS)


@pytest.fixture
def read(image: LabelledImage, tmp_path: Path) -> Read:
    """Imports objects of the image."""

    def read(*objects: Any, catalog: ClassCatalog = CELLS, **info: Any) -> Any:
        file = tmp_path / "labels" / "x.json"
        file.parent.mkdir(exist_ok=True)
        stated = {"description": "ISAT", "name": "x.jpg", "width": 12, "height": 10, **info}
        file.write_text(json.dumps({"info": stated, "objects": list(objects)}))
        masks, skipped = imported(IsatImporter(), file, catalog, [image])
        return masks.get(image.record.id), skipped

    return read


def entry(
    points: Any, category: Any = "nucleus", group: Any = 1, layer: Any = 1.0, **more: Any
) -> dict[str, Any]:
    return {"category": category, "group": group, "segmentation": points, "layer": layer, **more}


SQUARE = [[2, 2], [5, 2], [5, 5], [2, 5]]


corners = st.lists(st.tuples(st.integers(-6, 22), st.integers(-6, 22)), min_size=3, max_size=9)


def filled_by_both(points: list[tuple[int, int]]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The pixels of a polygon in an image of 17 x 14, by us and by scikit-image, with which ISAT makes masks."""
    ours, theirs = np.zeros((14, 17), bool), np.zeros((14, 17), bool)
    theirs[as_isat_fills([y for _, y in points], [x for x, _ in points], theirs.shape)] = True
    try:
        pixels = with_border([(float(x), float(y)) for x, y in points], Size(17, 14))
    except BadInputError:
        return ours, theirs
    ours[pixels.box.slices()] = pixels.inside
    return ours, theirs


@law(200)
@given(corners)
def test_polygons_that_do_not_cross_themselves_are_filled_as_isat_fills_them(
    points: list[tuple[int, int]],
) -> None:
    middle = np.mean(points, axis=0) + 0.01
    by_angle = {math.atan2(y - middle[1], x - middle[0]): (x, y) for x, y in points}
    around = [by_angle[angle] for angle in sorted(by_angle)]
    ahead = np.diff([*around, *around[:2]], axis=0)
    turns = ahead[:-1, 0] * ahead[1:, 1] - ahead[:-1, 1] * ahead[1:, 0]
    assume(len(around) >= 3 and (turns != 0).all())
    ours, theirs = filled_by_both(around)
    assert np.array_equal(ours, theirs)


@law(200)
@given(corners)
def test_of_polygons_that_cross_themselves_no_pixel_is_lost(points: list[tuple[int, int]]) -> None:
    ours, theirs = filled_by_both(points)
    assert not (theirs & ~ours).any()


def test_the_pixels_on_the_outline_belong_to_a_polygon(read: Read) -> None:
    mask, skipped = read(entry(SQUARE))
    assert mask is not None and not skipped
    assert (mask.label == 1).sum() == 16 and mask.known is None


def test_the_higher_layer_lies_on_top_wherever_it_stands_in_the_file(read: Read) -> None:
    upper, lower = entry(SQUARE, "cell wall", 2, layer=7.0), entry(SQUARE, "nucleus", 1, layer=3.0)
    mask, _ = read(upper, lower)
    assert mask is not None and (mask.label == 2).sum() == 16
    assert "16 pixels lie in several objects; the later one counts" in mask.notices


def test_one_group_is_one_object(read: Read) -> None:
    mask, _ = read(entry(SQUARE, group=4), entry([[7, 7], [9, 7], [9, 9]], group=4))
    assert mask is not None and mask.objects == 1
    assert set(np.unique(mask.object)) == {0, 4}


def test_background_takes_pixels_away(read: Read) -> None:
    hole = entry([[3, 3], [4, 3], [4, 4], [3, 4]], "__background__", 2, layer=9)
    mask, skipped = read(entry(SQUARE), hole)
    assert mask is not None and not skipped
    assert ((mask.label == 1).sum(), mask.label[3, 3], mask.objects) == (12, 0, 1)


def test_without_a_background_in_the_project_what_is_taken_away_is_unlabelled(read: Read) -> None:
    hole = entry([[3, 3], [4, 3], [4, 4], [3, 4]], "__background__", 2, layer=9)
    mask, _ = read(entry(SQUARE, "Road"), hole, catalog=STREETS)
    assert mask is not None and mask.known is not None and mask.known.sum() == 12


def test_a_crowd_is_no_single_object(read: Read) -> None:
    mask, _ = read(entry(SQUARE, iscrowd=True))
    assert mask is not None and mask.object is not None and not mask.object.any()
    assert any(notice.startswith("1 object came as a crowd") for notice in mask.notices)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (7, "no category"),
        (entry(SQUARE, category=None), "no category"),
        (entry(SQUARE, group=[1]), "neither a number nor a name"),
        (entry(SQUARE, layer="top"), "no number"),
        (entry(SQUARE, layer=1e300), "beyond"),
        (entry("x"), "not a list of points"),
        (entry([[1, 2], [3, 4]]), "three or more"),
        (entry([[1, 2], [3, 4], [1e12, 0]]), "beyond any image"),
        (entry([[50, 50], [60, 50], [60, 60]]), "covers no pixel"),
    ],
)
def test_a_broken_object_is_reported_and_the_others_are_read(read: Read, broken: Any, reason: str) -> None:
    mask, (told,) = read(broken, entry(SQUARE))
    assert reason in told.reason and ": object 1" in told.file
    assert mask is not None and mask.objects == 1 and mask.known is not None


def test_coordinates_at_the_edge_of_what_is_read_do_not_take_long(read: Read) -> None:
    far = [[-(10**7), -(10**7)], [10**7, -(10**7)], [10**7, 10**7], [-(10**7), 10**7]] * 20_000
    mask, skipped = read(entry(far[:-2]))
    assert mask is not None or skipped


def test_a_file_for_another_size_or_of_another_tool_is_refused(read: Read) -> None:
    assert "takes it for 11 x 10 pixels" in read(entry(SQUARE), width=11)[1][0].reason
    with pytest.raises(BadInputError, match="not ISAT JSON"):
        read(entry(SQUARE), description="other")


def test_classes_come_with_the_colours_of_isat_yaml(tmp_path: Path, read: Read) -> None:
    read(entry(SQUARE, "later"))
    text = "label:\n- color: '#000000'\n  name: __background__\n- color: '#ef2929'\n  name: person\n- name: yes\n"
    (tmp_path / "labels" / "isat.yaml").write_text(text)
    found = IsatImporter().classes(tmp_path / "labels", ImportOptions())
    assert [(each.name, each.color) for each in found] == [
        ("person", (239, 41, 41)),
        ("yes", None),
        ("later", None),
    ]


def test_a_hostile_isat_yaml_gives_no_colours_and_does_no_harm(tmp_path: Path, read: Read) -> None:
    read(entry(SQUARE))
    for text in (
        "a: &a [x]\nlabel: [*a, *a]",
        "!!python/object/apply:os.system ['true']",
        "[" * 5000,
        "label: {x",
    ):
        (tmp_path / "labels" / "isat.yaml").write_text(text)
        assert [c.name for c in IsatImporter().classes(tmp_path / "labels", ImportOptions())] == ["nucleus"]


def record_of(file: Path) -> ImageRecord:
    with Image.open(file) as picture:
        size = Size(*picture.size)
    data = file.read_bytes()
    return ImageRecord(
        hashlib.md5(str(file).encode()).hexdigest(),
        file,
        size,
        "jpeg",
        hashlib.sha256(data).hexdigest(),
        len(data),
    )


def test_real_files_give_the_very_pixels_of_isat_s_own_masks(shared_data: Path) -> None:
    src = shared_data / "interop" / "isat"
    if not src.is_dir():
        pytest.skip(f"no {src}")
    importer, options = IsatImporter(), ImportOptions()
    found = importer.classes(src / "images", options)
    catalog = ClassCatalog.from_names([each.name for each in found])
    records = [record_of(picture) for picture in (src / "images").glob("*.jpg")]
    masks = list(importer.read(src / "images", catalog, records, options))
    names = (src / "semantic" / "classification.txt").read_text().split("\n")
    assert len(masks) == 4
    for mask in masks:
        assert isinstance(mask, ImportedMask) and mask.object is not None
        stem = Path(mask.file).stem
        classes = np.array(Image.open(src / "semantic" / f"{stem}.png"))
        groups = np.array(Image.open(src / "instance" / f"{stem}.png"))
        values = np.array([0, *(catalog.by_name(n).value if catalog.by_name(n) else 0 for n in names[1:])])
        assert np.array_equal(mask.label, values[classes])
        crowds = (groups > 0) & (mask.object == 0)
        assert np.array_equal(np.where(crowds, groups, mask.object), groups)
        assert bool(crowds.any()) == any("crowd" in notice for notice in mask.notices)
