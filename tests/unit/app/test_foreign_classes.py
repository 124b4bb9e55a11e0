"""Classes that labels bring: all of them where they fit, else those that are needed, else none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app.importing import import_labels
from labeltool.core.errors import BadInputError
from labeltool.formats.options import ImportOptions
from labeltool.store.project import ProjectStore

ADDING = ImportOptions(add_classes=True)


def coco(folder: Path, categories: list[str], used: dict[int, str]) -> Path:
    """A COCO file with these categories; ``used`` are the numbers of those that an object is of, each in its image."""
    images = [{"id": number, "file_name": name} for number, name in enumerate(sorted(set(used.values())), 1)]
    ids = {image["file_name"]: image["id"] for image in images}
    objects = [
        {
            "id": place,
            "image_id": ids[name],
            "category_id": category,
            "segmentation": [[place, 1, place + 1, 1, place + 1, 3, place, 3]],
            "iscrowd": 0,
        }
        for place, (category, name) in enumerate(used.items(), 1)
    ]
    file = folder / "coco.json"
    listed = [{"id": number, "name": name} for number, name in enumerate(categories)]
    file.write_text(json.dumps({"images": images, "categories": listed, "annotations": objects}))
    return file


def many(number: int) -> list[str]:
    return [f"k{each}" for each in range(number)]


def test_classes_that_fit_are_all_added_whether_a_label_is_of_them_or_not(
    store: ProjectStore, tmp_path: Path
) -> None:
    import_labels(store, coco(tmp_path, many(252), {7: "a.png"}), "coco", ADDING)
    assert [each.name for each in store.catalog.classes] == ["background", "nucleus", *many(252)]


def test_of_classes_that_do_not_all_fit_those_are_added_that_a_label_is_of(
    store: ProjectStore, tmp_path: Path
) -> None:
    used = {7: "a.png", 299: "b.png", 5: "an image that is not here.png"}
    report = import_labels(store, coco(tmp_path, many(300), used), "coco", ADDING)
    assert [each.name for each in store.catalog.classes] == ["background", "nucleus", "k7", "k299"]
    assert (report.images, report.objects) == (2, 2)
    assert report.notices[:2] == [
        "classes added to the project: k7, k299",
        "298 classes were not added, for not all fit and no label that would come in is of them: "
        "k0, k1, k2, k3, k4 and 293 more",
    ]
    labels = {int(v) for image in store.images() for v in np.unique(store.load_mask(image.id).read("label"))}
    assert labels == {0, 2, 3}


@pytest.mark.parametrize("reference", [None, "theirs"])
def test_where_even_those_do_not_fit_nothing_is_written_and_their_number_is_named(
    store: ProjectStore, tmp_path: Path, reference: str | None
) -> None:
    before, file = store.catalog, coco(tmp_path, many(300), dict.fromkeys(range(1, 254), "a.png"))
    with pytest.raises(
        BadInputError, match="of 253 classes that the project lacks, and it has room for 252"
    ) as e:
        import_labels(store, file, "coco", ADDING, reference=reference)
    assert e.value.file == str(file) and "import without --add-classes" in str(e.value.hint)
    assert store.catalog == before
    assert [image.revision for image in store.images()] == [0, 0]
    assert not any(store.references(image.id) for image in store.images())


def test_of_masks_whose_list_does_not_fit_the_classes_of_the_values_that_occur_are_added(
    store: ProjectStore, tmp_path: Path
) -> None:
    folder = tmp_path / "masks"
    folder.mkdir()
    values = np.full((60, 300), 9, np.uint8)
    values[:, 100:], values[:, 200:] = 200, 254
    Image.fromarray(values).save(folder / "a.png")
    listed = [{"value": value, "name": f"k{value}"} for value in range(1, 255)]
    (folder / "classes.json").write_text(json.dumps({"classes": listed}))
    report = import_labels(store, folder, "png", ADDING)
    assert [each.name for each in store.catalog.classes] == ["background", "nucleus", "k9", "k200", "k254"]
    assert (report.images, report.skipped) == (1, [])
    label = store.load_mask(store.images()[0].id).read("label")
    assert np.array_equal(label, np.select([values == 9, values == 200], [2, 3], 4))


def test_a_name_that_no_class_can_have_is_reported_and_the_others_are_added(
    store: ProjectStore, tmp_path: Path
) -> None:
    report = import_labels(store, coco(tmp_path, ["good", "x" * 201], {0: "a.png"}), "coco", ADDING)
    assert [each.name for each in store.catalog.classes] == ["background", "nucleus", "good"]
    assert [each.file for each in report.skipped] == [f"class {'x' * 80!r}"]
