"""The publishers' own scripts and datumaro see in our Cityscapes exports exactly the pixels of the masks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contracts.readers import TOWN
from mask_samples import several
from numpy.typing import NDArray
from PIL import Image

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.regions import Region, regions
from labeltool.formats.cityscapes import CityscapesExporter
from labeltool.formats.cityscapes.labels import OFFICIAL
from labeltool.formats.export import export
from labeltool.formats.protocol import LabelledImage

Exported = tuple[Path, dict[str, LabelledImage]]


@pytest.fixture(scope="session")
def scripts() -> Any:
    return pytest.importorskip(
        "cityscapesscripts.helpers.labels", reason="cityscapesscripts is not installed"
    )


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("town")
    return exported(several(folder / "photos", TOWN), TOWN, folder / "out")


def exported(images: list[LabelledImage], catalog: ClassCatalog, out: Path) -> Exported:
    """The folder, and the images by their names in it."""
    report = export(CityscapesExporter(), images, catalog, out)
    assert report.images == len(images)
    return out, {report.names[image.record.id]: image for image in images}


def maps(out: Path, kind: str) -> dict[str, Path]:
    """The files of a kind by the name of their image."""
    ending = f"_gtFine_{kind}.png"
    return {f.name.removesuffix(ending): f for f in sorted(out.glob(f"gtFine/*/*/*{ending}"))}


def label_of(image: LabelledImage) -> NDArray[np.uint8]:
    return image.mask.read("label").astype(np.uint8)


def objects_of(image: LabelledImage, catalog: ClassCatalog) -> list[Region]:
    return regions(label_of(image), image.mask.read("object").astype(np.uint32), catalog)


def packed(region: Region, shape: tuple[int, ...]) -> bytes:
    whole = np.zeros(shape, bool)
    whole[region.box.slices()] = region.inside
    return np.packbits(whole).tobytes()


def test_our_table_of_classes_is_that_of_the_publishers(scripts: Any) -> None:
    theirs = [
        (x.name, x.id, x.trainId, x.category, x.hasInstances, x.ignoreInEval, x.color) for x in scripts.labels
    ]
    assert [tuple(label) for label in OFFICIAL] == theirs
    assert len(OFFICIAL) == 35


def test_the_scripts_take_every_file_name_apart(town: Exported, scripts: Any) -> None:
    from cityscapesscripts.helpers.csHelpers import getCoreImageFileName

    for file in town[0].rglob("*_*.png"):
        assert getCoreImageFileName(file.name) in town[1]


def test_ids_training_ids_and_colours_are_those_of_the_scripts(town: Exported, scripts: Any) -> None:
    names = {"Sky": "sky", "traffic_light": "traffic light", "Person": "person"}
    for name, image in town[1].items():
        seen = {
            kind: np.array(Image.open(maps(town[0], kind)[name]))
            for kind in ("labelIds", "labelTrainIds", "color")
        }
        label = label_of(image)
        for value in np.unique(label).tolist():
            of = TOWN.by_value(value)
            wanted = scripts.name2label[names.get(of.name, of.name) if of else "unlabeled"]
            there = label == value
            assert (seen["labelIds"][there] == wanted.id).all()
            assert (seen["labelTrainIds"][there] == wanted.trainId).all()
            assert (seen["color"][there] == wanted.color).all()


def test_the_scripts_make_the_same_panoptic_segments(
    town: Exported, tmp_path: Path, scripts: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from cityscapesscripts.preparation.createPanopticImgs import convert2panoptic

    splits = [folder.name for folder in (town[0] / "gtFine").iterdir()]
    convert2panoptic(str(town[0] / "gtFine"), str(tmp_path), setNames=splits)
    seen = 0
    for split in splits:
        data = json.loads((tmp_path / f"cityscapes_panoptic_{split}.json").read_text())
        for annotation in data["annotations"]:
            image = town[1][annotation["image_id"]]
            colors = np.array(Image.open(tmp_path / f"cityscapes_panoptic_{split}" / annotation["file_name"]))
            ids = colors.astype(int) @ (1, 256, 65_536)
            things = {24, 26, 33}
            found = {
                np.packbits(ids == s["id"]).tobytes()
                for s in annotation["segments_info"]
                if s["category_id"] in things
            }
            wanted = {packed(r, ids.shape) for r in objects_of(image, TOWN) if r.class_value in (2, 4, 5)}
            assert found == wanted
            assert np.array_equal(ids == 0, label_of(image) == IGNORE)
            seen += 1
    assert seen == len(town[1])


def test_a_perfect_prediction_scores_one_in_the_scripts(
    town: Exported, scripts: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling

    judge = evalPixelLevelSemanticLabeling

    files = [str(f) for f in maps(town[0], "labelIds").values()]
    judge.args.JSONOutput, judge.args.quiet, judge.args.evalInstLevelScore = False, True, False
    result = judge.evaluateImgLists(files, files, judge.args)
    scores = {name: score for name, score in result["classScores"].items() if not np.isnan(score)}
    assert scores == dict.fromkeys(["road", "sky", "car", "traffic light", "person", "bicycle"], 1.0)


def test_datumaro_reads_the_same_pixels_of_the_official_classes(
    town: Exported, datumaro: Callable[[str, Path], dict[str, NDArray[Any]]]
) -> None:
    """Where there are no others, no list of classes lies beside them."""
    seen = datumaro("cityscapes", town[0])
    values = {"sky": 1, "car": 2, "trafficlight": 3, "person": 4, "bicycle": 5}
    lookup = np.array([*(values.get(name, IGNORE) for name in seen["names"].tolist()), IGNORE])
    for name, file in maps(town[0], "labelTrainIds").items():
        wanted = label_of(town[1][name]).copy()
        wanted[wanted == 0] = IGNORE  # it passes over the training id 0, which is the road's
        assert np.array_equal(lookup[seen[f"{file.parent.name}/{name}/classes"]], wanted)
