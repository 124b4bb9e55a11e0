"""``labeltool import`` over what people have drawn, and with more classes than a project holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore
from tests.e2e.conftest import Run, two_blobs


def drawn(project: Path) -> None:
    """A human sets the left half of a.png to the background, the whole of b.png to the class 1."""
    with ProjectStore.open(project) as store:
        for image, box, label in zip(
            store.images(), (Box(0, 0, 60, 80), Box(0, 0, 120, 80)), (0, 1), strict=False
        ):
            mask = store.load_mask(image.id)
            patch = write(mask, box, title="brush", kind="brush", label=label, origin=Origin.HUMAN)
            store.commit(image.id, patch, expected=0)


def test_pixels_that_people_have_set_are_counted_with_their_images(
    project: Path, masks: Path, labeltool: Run
) -> None:
    drawn(project)
    said = labeltool("import", project, masks, "--format", "png")
    assert said.code == 0
    assert "labeltool import: 14,400 pixels stay as set by people (in a.png, b.png)" in said.err
    again = labeltool("import", project, masks, "--format", "png", "--json").json
    assert "14,400 pixels stay as set by people (in a.png, b.png)" in again["notices"]
    with ProjectStore.open(project) as store:
        first, second, third = (store.load_mask(image.id) for image in store.images())
        assert (first.read("label")[:, :60] == 0).all() and (second.read("label") == 1).all()
        assert (first.read("label")[:, 60:] == two_blobs()[:, 60:]).all()
        assert (third.read("origin") == Origin.IMPORTED).all()
        assert store.images()[1].revision == 1, "nothing came in where all is a human's"


def test_pixels_of_a_locked_class_are_counted_with_their_image(
    project: Path, masks: Path, labeltool: Run
) -> None:
    assert labeltool("import", project, masks, "--format", "png").code == 0
    with ProjectStore.open(project) as store:
        image = store.images()[0]
        mask = store.load_mask(image.id)
        patch = write(mask, Box(0, 0, 120, 80), title="", kind="", label=1, origin=Origin.MODEL)
        store.commit(image.id, patch, expected=image.revision)
        store.set_catalog(store.catalog.lock(1, True))
    said = labeltool("import", project, masks, "--format", "png", "--json").json
    assert "9,600 pixels stay unchanged, because a class is locked (in a.png)" in said["notices"]


def test_more_classes_than_a_project_holds_are_refused_before_anything_is_written(
    tmp_path: Path, project: Path, labeltool: Run
) -> None:
    ring = [5, 1, 8, 1, 8, 3, 5, 3]
    objects = [
        {"id": i, "image_id": 1, "category_id": i, "segmentation": [ring], "iscrowd": 0}
        for i in range(1, 301)
    ]
    file = tmp_path / "many.json"
    categories = [{"id": each, "name": f"k{each}"} for each in range(1, 301)]
    images = [{"id": 1, "file_name": "a.png"}]
    file.write_text(json.dumps({"images": images, "categories": categories, "annotations": objects}))
    before = labeltool("status", project, "--json").json
    said = labeltool("import", project, file, "--format", "coco", "--add-classes")
    assert said.code == 1
    assert "300 classes that the project lacks, and it has room for 252 more: at most 254 fit" in said.err
    assert "without --add-classes" in said.err
    assert labeltool("status", project, "--json").json == before


def test_a_project_of_too_many_classes_is_refused_and_no_folder_is_made(
    tmp_path: Path, labeltool: Run
) -> None:
    said = labeltool("new", tmp_path / "many", "--classes", ",".join(f"k{each}" for each in range(300)))
    assert said.code == 1
    assert "301 classes: at most 254 fit into a project, its background among them. Leave out" in said.err
    assert not (tmp_path / "many").exists()


def test_numbers_of_objects_at_the_end_of_their_range_do_not_meet(
    tmp_path: Path, project: Path, labeltool: Run
) -> None:
    with ProjectStore.open(project) as store:
        mask = store.load_mask(store.images()[0].id)
        patch = write(
            mask, Box(0, 0, 4, 80), title="", kind="", label=1, object_id=2**32 - 2, origin=Origin.HUMAN
        )
        store.commit(store.images()[0].id, patch, expected=0)
    objects = [
        {
            "id": i,
            "image_id": 1,
            "category_id": 1,
            "segmentation": [[5, 2 * i, 8, 2 * i, 8, 2 * i + 1, 5, 2 * i + 1]],
            "iscrowd": 0,
        }
        for i in range(1, 5)
    ]
    file, images = tmp_path / "four.json", [{"id": 1, "file_name": "a.png"}]
    categories = [{"id": 1, "name": "nucleus"}]
    file.write_text(json.dumps({"images": images, "categories": categories, "annotations": objects}))
    assert labeltool("import", project, file, "--format", "coco").code == 0
    with ProjectStore.open(project) as store:
        found = np.unique(store.load_mask(store.images()[0].id).read("object"))
    assert found.tolist() == [0, 1, 2, 3, 4, 2**32 - 2]
