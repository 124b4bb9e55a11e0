"""A child for the kills of the window: works in the real window without end, and tells what it does before and after.

    python -m tests.faults.kills.painter PROJECT SEED SETTINGS SPARE_MB

Once it is ready it may take only so much memory more than it has; 0 leaves it as it is.

Lines on standard output: ``{"image": k, "revision": r}`` the k-th image is at hand; ``{"do": tool, "value": class,
"events": [[kind, x, y, key], ...]}`` a stroke that begins now, in points of the image; ``{"began": true}`` it has
begun; ``{"undo": true}``; and what the window has acknowledged: ``{"saved": r}`` whenever the status bar says so,
``{"approved": r}``, ``{"classes": n}``.
"""

from __future__ import annotations

import json
import random
import sys
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from labeltool.core.mask import LabelMask
from labeltool.core.project import Status
from labeltool.ui.main import open_window
from tests.e2e.pause import pause_ms
from tests.faults.kills.server import leave_memory

RADIUS_PX = 9.0
PATIENCE_S = 5.0
LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def digest(mask: LabelMask) -> str:
    """Equal for equal pixels."""
    return sha256(b"".join(mask.read(name).tobytes() for name in ("label", "object", "origin"))).hexdigest()


class Painter:
    """Strokes with the brush and polygons, undo, classes, images and approvals, drawn by a seed."""

    def __init__(self, project: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.window = open_window(project)
        canvas, status = (
            self.window.findChild(QWidget, "canvas"),
            self.window.findChild(QLabel, "status.saved"),
        )
        assert canvas is not None and status is not None
        self.canvas, self.status = canvas, status
        # A dialog that says what is opened may have been there for a moment: keys go to the window once it is active.
        self._wait(lambda: self.window.annotate.image is not None and self.window.isActiveWindow())
        self.bench = self.window.bench
        assert self.bench is not None
        self.ids = [record.id for record in self.bench.store.images()]
        self.bench.hand.radius_px = RADIUS_PX
        self._shown = ""
        self._arrived()

    def _wait(self, reached: object) -> bool:
        ends_s = time.monotonic() + PATIENCE_S
        while not reached() and time.monotonic() < ends_s:  # type: ignore[operator]
            pause_ms(3)
        return bool(reached())  # type: ignore[operator]

    def _arrived(self) -> None:
        image = self.window.annotate.image
        assert image is not None
        self._shown = ""
        tell(image=self.ids.index(image.record.id), revision=image.session.revision)
        self.look()

    def look(self) -> None:
        """Tell what the status bar says, once."""
        if self.status.text() != self._shown:
            self._shown = self.status.text()
            if self._shown.startswith("saved r"):
                tell(saved=int(self._shown.removeprefix("saved r")))

    def work(self, *, in_need: bool) -> None:
        """Go on until somebody ends the process. In need of memory what a deed has come to is told afterwards, for it
        may have come to nothing."""
        deeds = [self.brush, self.polygon, self.undo, self.turn, self.approve, self.add_class]
        while True:
            self.dice.choices(deeds, (10, 5, 3, 1, 1, 1))[0]()
            for _ in range(self.dice.randrange(3)):
                pause_ms(3)
                self.look()
            self.look()
            if in_need:
                self._tell_what_is_shown()

    def _tell_what_is_shown(self) -> None:
        image = self.window.annotate.image
        if image is not None:
            with suppress(MemoryError):
                tell(shown=image.session.revision, digest=digest(image.session.mask))

    def _choose(self, tool: str) -> int:
        self.window.actions_[tool].trigger()
        value = self.dice.randrange(3)  # a mask that is full of one class would not change any more
        QTest.keyClick(self.canvas, Qt.Key(Qt.Key.Key_0 + value))
        return value

    def _event(self, kind: str, at: QPoint) -> list[object]:
        point = self.canvas.widget_to_image(at.x(), at.y())  # type: ignore[attr-defined]
        return [kind, *point, ""]

    def brush(self) -> None:
        """A stroke of four points; sometimes the window handles events in the middle of it."""
        value = self._choose("brush")
        size, slowly = self.canvas.size(), self.dice.random() < 0.4
        at = [QPoint(self.dice.randrange(size.width()), self.dice.randrange(size.height())) for _ in range(4)]
        kinds = ("press", "move", "move", "move")
        events = [self._event(kind, point) for kind, point in zip(kinds, at, strict=True)]
        tell(do="brush", value=value, events=[*events, self._event("release", at[-1])])
        QTest.mousePress(self.canvas, LEFT, NO, at[0])
        tell(began=True)
        for point in at[1:]:
            if slowly:
                pause_ms(8)
            QTest.mouseMove(self.canvas, point)
        QTest.mouseRelease(self.canvas, LEFT, NO, at[-1])

    def polygon(self) -> None:
        """Four corners in four quarters of the canvas, and Enter."""
        value = self._choose("polygon")
        wide, high = self.canvas.width() // 2, self.canvas.height() // 2
        corners = [(0, 0), (wide, 0), (wide, high), (0, high)]
        margin = 40
        at = [
            QPoint(
                x + self.dice.randrange(margin, wide - margin), y + self.dice.randrange(margin, high - margin)
            )
            for x, y in corners
        ]
        events = [self._event("press", point) for point in at]
        tell(do="polygon", value=value, events=[*events, ["key", 0.0, 0.0, "accept"]])
        drawing = self.window.annotate.image
        assert drawing is not None
        before = drawing.session.revision
        for point in at:
            QTest.mouseClick(self.canvas, LEFT, NO, point)
        QTest.keyClick(self.canvas, Qt.Key.Key_Return)
        pause_ms(20)  # what is worked out on another thread comes back
        if drawing.session.revision > before:
            tell(began=True)

    def undo(self) -> None:
        image = self.window.annotate.image
        if image is not None and image.session.undo_title:
            tell(undo=True)
            QTest.keyClick(self.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    def turn(self) -> None:
        """To another image; whatever was drawn on this one is saved by then."""
        before = self.window.annotate.image
        self.window.actions_[self.dice.choice(("next_image", "previous_image"))].trigger()
        if self._wait(lambda: self.window.annotate.image not in (None, before)):
            self._arrived()

    def approve(self) -> None:
        """Approve the image at hand; acknowledged once its record says so."""
        image = self.window.annotate.image
        assert image is not None and self.bench is not None
        bench, revision = self.bench, image.session.revision
        if image.record.status is Status.APPROVED:
            return
        self.window.actions_["approve"].trigger()
        if self._wait(lambda: bench.open is not None and bench.open.record.status is Status.APPROVED):
            tell(approved=revision)

    def add_class(self) -> None:
        """One more class, as the dialog adds it."""
        assert self.bench is not None
        catalog = self.bench.catalog
        if len(catalog.classes) < 9:
            self.bench.change_catalog(catalog.add(f"class {len(catalog.classes)}"))
            tell(classes=len(self.bench.catalog.classes))


def main(project: Path, seed: int, settings: Path, spare_mb: int) -> None:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(settings))
    painter = Painter(project, seed)
    tell(ready=True)
    leave_memory(spare_mb)
    painter.work(in_need=spare_mb > 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
