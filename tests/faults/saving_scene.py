"""What the tests of failing saves share: a window on a project, a hand that draws, and disks that fail on demand."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QToolButton, QWidget

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.project import Status
from labeltool.store import database, index, mask_file
from labeltool.store.commit import Operation
from labeltool.store.contents import Contents
from labeltool.store.layout import LOCK, mask_path
from labeltool.store.lock import holder
from labeltool.store.mask_file import MaskFile
from labeltool.store.project import ProjectStore
from labeltool.ui.dialogs.unsaved import UnsavedDialog
from labeltool.ui.main import open_window
from labeltool.ui.projects import Locked
from labeltool.ui.window import MainWindow
from tests.e2e.pause import PATIENCE_S, until

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
WIDTH, HEIGHT = 400, 300


def make_project(root: Path, images: Path, names: str = "ab") -> Path:
    """A project of grey images that nobody has labelled; nobody waits for the disk while it is made."""
    images.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.fromarray(np.full((HEIGHT, WIDTH), 30 + number, np.uint8)).save(images / f"{name}.png")
    with pytest.MonkeyPatch.context() as patched:
        for module in (database, index):
            patched.setattr(module, "DURABLE", ("PRAGMA synchronous=OFF",))
        with ProjectStore.create(root, "cells", ClassCatalog.from_names(["nucleus", "cell"])) as store:
            add_images(store, [images])
    return root


class Hand:
    """Somebody at the real window."""

    def __init__(self, project: Path, *, view: bool = False) -> None:
        self.window = open_window(None if view else project)
        if view:  # as the dialog does that says who is editing it
            error = holder(project / LOCK)
            assert error is not None
            self.window.projects.view(Locked(project, error))
        self.canvas = self.window.findChild(QWidget, "canvas")
        self.until(lambda: self.window.annotate.image is not None)
        QTest.qWaitForWindowExposed(self.window)
        self.canvas.setFocus()

    def until(self, reached: Callable[[], object], seconds: float = PATIENCE_S) -> None:
        until(reached, seconds, so_far=self.status)

    @property
    def session(self):
        return self.window.annotate.image.session

    @property
    def store(self) -> ProjectStore:
        return self.window.bench.store

    @property
    def image_id(self) -> str:
        return self.window.annotate.image.record.id

    def at(self, x: float, y: float) -> QPoint:
        return QPointF(*self.canvas.image_to_widget(x, y)).toPoint()

    def draw(self, y: int, x0: int = 50, x1: int = 150) -> None:
        """A stroke of the brush from left to right."""
        QTest.mousePress(self.canvas, LEFT, NO, self.at(x0, y))
        QTest.mouseMove(self.canvas, self.at((x0 + x1) / 2, y))
        QTest.mouseMove(self.canvas, self.at(x1, y))
        QTest.mouseRelease(self.canvas, LEFT, NO, self.at(x1, y))

    def label(self, x: int, y: int) -> int:
        return int(self.session.mask.read("label")[y, x])

    def status(self) -> str:
        return self.window.findChild(QLabel, "status.saved").text()

    def banner(self) -> str:
        return self.window.findChild(QLabel, "banner.text").text()

    def is_saved(self) -> bool:
        return self.status() == f"saved r{self.session.revision}" and self.session.revision > 0

    def saved(self) -> None:
        self.until(self.is_saved)

    def failing(self) -> None:
        self.until(lambda: self.status().startswith("not saved: "))

    def retry(self) -> None:
        QTest.mouseClick(self.window.findChild(QToolButton, "status.retry"), LEFT)

    def in_dialog(self, what: Callable[[QDialog], None]) -> list[str]:
        """Do this in the dialog that blocks next; the texts it shows are in the list once it was there."""
        seen: list[str] = []
        deadline = time.monotonic() + PATIENCE_S

        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if not isinstance(dialog, UnsavedDialog):
                if time.monotonic() < deadline:
                    QTimer.singleShot(20, look)
                return
            names = ("heading", "dialog.unsaved.images", "dialog.unsaved.why", "dialog.unsaved.where")
            seen.extend(dialog.findChild(QLabel, name).text() for name in names)
            what(dialog)

        QTimer.singleShot(20, look)
        return seen


def let_go() -> None:
    """However a test ended: no window asks what is to become of changes that it could not save."""
    for window in QApplication.topLevelWidgets():
        if isinstance(window, MainWindow) and window.bench is not None and window.bench.saver.waiting:
            window.bench.abandon(lose=True)
            window.projects.bench = None


def press(dialog: QDialog, name: str) -> None:
    """A click on a button of the dialog of unsaved changes."""
    QTest.mouseClick(dialog.findChild(QPushButton, f"dialog.unsaved.{name}"), LEFT)


class FullDisk:
    """While it is full SQLite gets no further page for a mask file: its own error, by its own limit, after everything
    but the last page of a commit was written."""

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        self._patched, self._real = patched, mask_file.commit

    def fill(self) -> None:
        def commit(file: Contents, *more: Any) -> Any:
            file.db.execute("PRAGMA max_page_count=1")  # no more than there are
            done = self._real(file, *more)
            file.db.execute("INSERT INTO meta VALUES('filler', zeroblob(1000000))")
            return done

        self._patched.setattr(mask_file, "commit", commit)

    def free(self) -> None:
        self._patched.setattr(mask_file, "commit", self._real)


@contextmanager
def small_disk(at: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own, in memory; skips where nobody may mount one."""
    at.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "labeltool-test", str(at)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no `mount` here")
    if done.returncode:
        pytest.skip(f"no disk may be mounted here: {done.stderr.decode().strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def fill_up(disk: Path, leave: int = 0) -> Path:
    """A file that takes all room of a disk but ``leave`` bytes."""
    filler = disk / "filler"
    filler.touch()
    room, taken = os.statvfs(disk), filler.stat().st_size
    size = taken + room.f_bavail * room.f_frsize - leave
    if size < taken:
        os.truncate(filler, size)
    elif size > taken:
        with filler.open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    return filler


def kept(tmp_path: Path) -> list[Path]:
    """The files of unsaved work in the user's own folder."""
    return sorted((tmp_path / "unsaved").glob("*.unsaved"))


def tree(root: Path) -> dict[str, tuple[int, str]]:
    """Every file and folder with the time of its last change and a hash of its bytes, but for the lock."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.name != "lock":
            digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            found[str(path.relative_to(root))] = (path.stat().st_mtime_ns, digest)
    found["."] = (root.stat().st_mtime_ns, "")
    return found


def change_behind(root: Path, image_id: str, y: int = 200, author: str = "anna") -> None:
    """Somebody else's stroke on an image, written past every lock, as over a network drive that has none."""
    file = MaskFile(mask_path(root, image_id), write=True)
    description = file.description()
    mask = file.load()
    patch = write(mask, Box(300, y, 330, y + 30), title="brush stroke", kind="brush", label=2, origin=2)
    image = replace(description.image, status=Status.IN_WORK)
    file.commit(Operation(patch, file.revision(), author=author), replace(description, image=image))
