"""Promise 3: source images are never opened for writing, whatever the program does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from labeltool.store.project import ProjectStore
from labeltool.ui.main import application, open_window
from tests.e2e.pause import pause_ms, until
from tests.e2e.tidy import tidy
from tests.faults.watched import changes

from .conftest import Run, two_blobs

FORMATS = ("png", "coco", "voc", "cityscapes", "panoptic", "yolo", "labelme", "cvat", "origin")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Sources of many kinds: what reads them is written in C as often as in Python."""
    folder = tmp_path / "images"
    (folder / "deep").mkdir(parents=True)
    rgb = np.repeat(two_blobs()[..., None] * np.uint8(200), 3, axis=2)
    for name in ("a", "b", "c"):
        Image.fromarray(rgb).save(folder / f"{name}.png")
    turned = Image.Exif()
    turned[0x112] = 6
    Image.fromarray(rgb).save(folder / "turned.jpg", exif=turned)
    Image.fromarray(rgb).save(folder / "d.webp", lossless=True)
    tifffile.imwrite(folder / "stack.tif", np.stack([rgb, rgb[::-1]]), photometric="rgb")
    (folder / "deep" / "sixteen.png").write_bytes(
        cv2.imencode(".png", rgb[..., 0].astype(np.uint16) * 200)[1].tobytes()
    )
    big = np.tile(rgb, (4, 4, 1))
    tifffile.imwrite(folder / "deep" / "tiled.tif", big, tile=(64, 64), photometric="rgb")
    return folder


@pytest.fixture
def project(tmp_path: Path, labeltool: Run) -> Path:
    """Without images: adding them is watched, too."""
    assert labeltool("new", tmp_path / "project", "--classes", "nucleus").code == 0
    return tmp_path / "project"


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[None]:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    with tidy(application()):
        yield


def told(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Bytes, time of change and mode of all sources."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def in_the_window(project: Path, y: int) -> None:
    """Look at every image, and paint on each."""
    window = open_window(project)
    canvas = window.findChild(QWidget, "canvas")
    for record in image_ids(project):
        window.bench.open_image(record)
        until(lambda record=record: window.bench.open is not None and window.bench.open.record.id == record)
        before = window.bench.open.session.revision
        at = [QPointF(*canvas.image_to_widget(x, y)).toPoint() for x in (10, 30, 40)]
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at[0])
        for place in at[1:]:
            QTest.mouseMove(canvas, place)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at[-1])
        assert window.bench.open.session.revision == before + 1
    pause_ms(200)  # thumbnails
    window.close()


def image_ids(project: Path) -> list[str]:
    with ProjectStore.open(project, write=False) as store:
        return [record.id for record in store.images()]


def quickly(project: Path, images: Path, masks: Path, tmp_path: Path, run: Callable[..., None]) -> None:
    """What is done with nearly every project."""
    run("add", project, images)
    run("import", project, masks, "--format", "png")
    run("status", project)
    for number, name in enumerate(("png", "coco", "voc")):
        run("export", project, tmp_path / f"out{number}", "--format", name)
    run("fsck", project)


def all_of_it(project: Path, model: Path, tmp_path: Path, run: Callable[..., None]) -> None:
    """The rest of what the program does, by the command line and in the window."""
    run("prelabel", project, "--model", model)
    in_the_window(project, 20)
    run("split", project, "--seed", "1")
    run("decide", project, "done", "*")
    run("evaluate", project, "--model", model)
    run("measure", project, tmp_path / "measures.csv")
    for number, name in enumerate(FORMATS):
        run("export", project, tmp_path / f"more{number}", "--format", name)
    run("remove", project, "d.webp")
    run("remove", project, "--back", "d.webp")


@pytest.fixture
def run(labeltool: Run) -> Callable[..., None]:
    """A command that must go well."""

    def run(*words: object) -> None:
        ended = labeltool(*words)
        assert ended.code == 0, (words, ended.err)

    return run


def test_the_daily_work_opens_no_source_for_writing(
    project: Path, images: Path, masks: Path, tmp_path: Path, run: Callable[..., None]
) -> None:
    before = told(images)
    with changes([images, images / "deep"]) as found:
        quickly(project, images, masks, tmp_path, run)
    assert found == []
    assert told(images) == before


@pytest.mark.slow
@pytest.mark.usefixtures("settings")
def test_nothing_that_the_program_does_opens_a_source_for_writing(
    project: Path, images: Path, masks: Path, threshold_model: Path, tmp_path: Path, run: Callable[..., None]
) -> None:
    before = told(images)
    with changes([images, images / "deep"]) as found:
        quickly(project, images, masks, tmp_path, run)
        all_of_it(project, threshold_model, tmp_path, run)
    assert found == []
    moved = images.rename(tmp_path / "moved")
    with changes([moved, moved / "deep"]) as found:
        run("relink", project, moved)
        in_the_window(project, 60)
        (project / "project.db").unlink()
        run("fsck", project, "--rebuild")
        run("fsck", project)
    assert found == []
    assert told(moved) == before


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_training_opens_a_source_for_writing(
    project: Path, images: Path, masks: Path, labeltool: Run
) -> None:
    labeltool("add", project, images)
    labeltool("import", project, masks, "--format", "png")
    before = told(images)
    small = ["--encoder", "tu-mobilenetv3_small_050", "--crop", "64", "--batch", "2", "--device", "cpu"]
    with changes([images]) as found:
        ended = labeltool("train", project, *small, "--steps", 4, "--name", "mine")
        assert ended.code == 0, ended.err
        assert labeltool("prelabel", project, "--model", "mine").code == 0
    assert found == []
    assert told(images) == before


def test_who_opens_a_source_for_writing_is_caught(images: Path, tmp_path: Path) -> None:
    """Even where nothing is written, and where it is a copy that takes the place of the file."""
    with changes([images]) as found, (images / "a.png").open("r+b"):
        pass
    assert any("a.png was opened for writing" in text for text in found)
    with changes([images]) as found:
        shutil.copy(images / "b.png", tmp_path / "b.png")
        (tmp_path / "b.png").replace(images / "b.png")
    assert any("b.png was moved here" in text for text in found)
    with changes([images]) as found:
        (images / "a.png").read_bytes()
    assert found == []
