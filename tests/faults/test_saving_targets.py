"""A disk that fills up under an export, an import, a prediction or a training: words, and nothing half (row 7)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.__main__ import main
from labeltool.app.exporting import StoredImages, exporter_of
from labeltool.app.importing import import_labels
from labeltool.app.project import add_images
from labeltool.app.saving import room
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, DiskFullError
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken, silent
from labeltool.formats.export import export
from labeltool.formats.items import Watched
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.faults.saving_scene import fill_up, small_disk, tree

SIDE = 480
OPTIONS_OF = {"voc": {"objects": False}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An image that does not deflate, with a mask of noise."""
    dice = np.random.default_rng(1)
    (tmp_path / "images").mkdir()
    for name in "ab":
        Image.fromarray(dice.integers(0, 255, (SIDE, SIDE, 3), np.uint8)).save(
            tmp_path / "images" / f"{name}.png"
        )
    with ProjectStore.create(tmp_path / "project", "p", ClassCatalog.from_names(["cell"])) as store:
        add_images(store, [tmp_path / "images"])
        for record in store.images():
            noise = dice.random((SIDE, SIDE)) < 0.5
            mask, box = store.load_mask(record.id), Box(0, 0, SIDE, SIDE)
            patch = write(mask, box, noise, title="t", kind="fill", label=1, origin=2)
            store.commit(record.id, patch, expected=0)
    return tmp_path / "project"


QUICK, SLOW = ("png",), ("geotiff", "coco", "cvat", "labelme", "panoptic", "origin", "voc")


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_an_export_is_refused_where_it_does_not_fit_and_given_up_whole_where_the_disk_fills_meanwhile(
    project: Path, tmp_path: Path, name: str
) -> None:
    before, sources = tree(project), tree(tmp_path / "images")
    with small_disk(tmp_path / "stick", 1) as stick, ProjectStore.open(project, write=False) as store:
        fill_up(stick)
        exporter = exporter_of(name)
        images = StoredImages(store, store.images())
        options = exporter.Options(**OPTIONS_OF.get(name, {}))
        with pytest.raises(BadInputError, match=r"the export needs up to .* MB and 0 MB are free"):
            export(exporter, images, store.catalog, stick / "out", options)
        assert [path.name for path in stick.iterdir()] == ["filler"]
        plan = exporter.plan(Watched(images, silent, CancelToken(), ""), store.catalog, options)
        with pytest.raises(DiskFullError, match="the export could not be written: the disk is full") as told:
            export(exporter, images, store.catalog, stick / "out", options, plan=replace(plan, nbytes=0))
        assert str(told.value.file).startswith(str(stick / "out")), (
            "not a source's name, nor the partial folder's"
        )
        assert "Nothing was kept of it; free some space" in str(told.value)
        assert [path.name for path in stick.iterdir()] == ["filler"]
    assert (tree(project), tree(tmp_path / "images")) == (before, sources)


@pytest.mark.slow
def test_an_import_and_a_prediction_on_a_full_disk_leave_the_project_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 2) as small:
        images, masks = tmp_path / "images", tmp_path / "masks"
        for folder in (images, masks):
            folder.mkdir()
        dice = np.random.default_rng(2)
        Image.fromarray(np.zeros((SIDE, SIDE), np.uint8)).save(images / "a.png")
        Image.fromarray(dice.integers(0, 2, (SIDE, SIDE), np.uint8)).save(masks / "a.png")
        root = small / "project"
        with ProjectStore.create(root, "p", ClassCatalog.from_names(["cell"])) as store:
            add_images(store, [images])
            (record,) = store.images()
            patch = write(
                store.load_mask(record.id), Box(0, 0, 9, 9), title="t", kind="fill", label=1, origin=2
            )
            store.commit(record.id, patch, expected=0)
            pixels = store.root_hash(record.id)
            fill_up(small)
            with pytest.raises(DiskFullError, match="the disk is full"):
                import_labels(store, masks, "png")
            window = (Box(0, 0, SIDE, SIDE), *dice.integers(0, 2, (2, SIDE, SIDE), np.uint8))
            with pytest.raises(DiskFullError, match="the disk is full"):
                store.save_prediction(record.id, "m@1", [window])
            assert (store.history(record.id).revision, store.root_hash(record.id)) == (1, pixels)
            assert store.prediction_keys(record.id) == []
            (small / "filler").unlink()
            assert import_labels(store, masks, "png").images == 1
        assert check(root) == []


@pytest.mark.slow
def test_the_command_says_that_the_disk_is_full(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "stick", 1) as stick:
        fill_up(stick, leave=50_000)
        assert main(["export", str(project), str(stick / "out"), "--format", "png"]) != 0
        assert "MB are free" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_checkpoint_that_does_not_fit_leaves_the_last_one_and_says_why(tmp_path: Path) -> None:
    import torch

    from labeltool.inference.timetable import Timetable
    from labeltool.nn.training import state

    with small_disk(tmp_path / "small", 8) as small:
        reached = state.Reached(Timetable(((0, 10),), 2), 1)
        state.save_state(small, reached, {"weights": torch.zeros(1000)})
        kept = {path.name: path.read_bytes() for path in small.iterdir()}
        fill_up(small)
        with pytest.raises(DiskFullError, match="the disk is full"):
            state.save_state(small, reached, {"weights": torch.rand(1_000_000)})
        (small / "filler").unlink()
        assert {path.name: path.read_bytes() for path in small.iterdir()} == kept


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_training_on_a_full_disk_says_so_and_goes_on_once_there_is_room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, masks = tmp_path / "images", tmp_path / "masks"
    for number, name in enumerate("ab"):
        for folder in (images, masks):
            folder.mkdir(exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 255, (80, 120)).astype(np.uint8)
        Image.fromarray(pixels).save(images / f"{name}.png")
        Image.fromarray((pixels > 127).astype(np.uint8)).save(masks / f"{name}.png")
    small_network = [
        "--encoder",
        "tu-mobilenetv3_small_050",
        "--crop",
        "64",
        "--batch",
        "2",
        "--device",
        "cpu",
    ]
    with small_disk(tmp_path / "small", 128) as small:
        project = str(small / "project")
        assert main(["new", project, "--classes", "cell"]) == 0
        assert main(["add", project, str(images)]) == 0
        assert main(["import", project, str(masks), "--format", "png"]) == 0
        fill_up(small, leave=1_000_000)
        capsys.readouterr()
        assert main(["train", project, *small_network, "--steps", "4", "--name", "mine"]) == 1
        said = capsys.readouterr().err
        assert "the disk is full" in said and "Traceback" not in said, said
        assert not (small / "project" / "models" / "mine").exists()
        (small / "filler").unlink()
        (run,) = (small / "project" / "runs").glob("[!.]*")
        assert main(["train", project, "--resume", run.name]) == 0, capsys.readouterr().err
        assert (small / "project" / "models" / "mine" / "card.json").is_file()
        assert check(small / "project") == []


@pytest.mark.parametrize("side", [40, pytest.param(700, marks=pytest.mark.slow)])
def test_the_room_that_a_change_is_said_to_need_is_enough_for_it(tmp_path: Path, side: int) -> None:
    dice = np.random.default_rng(3)
    (tmp_path / "images").mkdir()
    Image.fromarray(np.zeros((720, 720), np.uint8)).save(tmp_path / "images" / "a.png")
    with small_disk(tmp_path / "small", 64) as small:
        with ProjectStore.create(small / "project", "p", ClassCatalog.from_names(["cell", "rest"])) as store:
            add_images(store, [tmp_path / "images"])
            (record,) = store.images()
            mask = store.load_mask(record.id)
            for revision in range(4):  # the first makes the file, the others take the place of tiles
                noise = dice.integers(0, 3, (side, side)).astype(np.uint8)
                patch = write(
                    mask, Box(5, 5, 5 + side, 5 + side), title="t", kind="fill", label=noise, origin=2
                )
                fill_up(small, leave=room(patch.at_rest()))
                assert store.commit(record.id, patch, expected=revision) == revision + 1
                mask.apply(patch)
                (small / "filler").unlink()
        assert check(small / "project") == []
