"""What is asked of a drive before a project is at hand. It is done beside the window, and knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Condition
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QCoreApplication

from labeltool.core.errors import LabeltoolError
from labeltool.store.layout import is_project, seems_project, touch

if TYPE_CHECKING:
    # What a project needs is imported when one is opened: the start page is up sooner.
    from labeltool.app.rescuing import BroughtBack
    from labeltool.core.catalog import ClassCatalog
    from labeltool.store.lock import ProjectLockedError, Sign
    from labeltool.store.project import ProjectStore

translate = QCoreApplication.translate

LET_GO_S = 60.0
"""Who asks for a project again waits for no longer until it is let go of by an opening that nobody waits for."""
_changed = Condition()
_ours: list[Path] = []
"""Projects that are being opened for writing here, or were and are not yet at hand, nor let go of."""


class Found(NamedTuple):
    """What lies at a path."""

    is_project: bool
    is_there: bool


class Opened(NamedTuple):
    """A project, with the changes of earlier sessions that came back, and the files of those that wait."""

    store: ProjectStore
    brought: list[BroughtBack]
    put_off: list[Path]


def look(path: Path) -> Found:
    """What is there; LabeltoolError where nobody may look."""
    touch(path)
    try:
        return Found(is_project(path), path.exists())
    except OSError as error:
        hint = translate("Projects", "Ask whoever owns the folder for permission to read it")
        raise LabeltoolError(error.strerror or str(error), file=path, hint=hint) from error


def project_among(paths: Sequence[Path]) -> Path | None:
    """The first project of what was dropped."""
    return next((path for path in paths if seems_project(path)), None)


def who_edits(root: Path) -> ProjectLockedError | None:
    """Who holds a project; None, too, where opening it says what is wrong. It is not we ourselves: whoever has given up
    waiting for a project, and asks for it again, waits until it is let go of."""
    from labeltool.store.layout import LOCK  # noqa: PLC0415
    from labeltool.store.lock import holder  # noqa: PLC0415

    touch(root)
    with _changed:
        _changed.wait_for(lambda: root.absolute() not in _ours, LET_GO_S)
    try:
        return holder(root / LOCK)
    except OSError:
        return None


def edit(root: Path, take_over: Sign | None) -> Opened:
    """Open a project for writing, or as far as its disk allows. ProjectLockedError where somebody else edits it."""
    from labeltool.store.project import ProjectStore  # noqa: PLC0415

    return _as_ours(root, lambda: ProjectStore.open(root, take_over=take_over))


def view(root: Path, reason: str) -> Opened:
    """Open a project to look at it."""
    from labeltool.store.project import ProjectStore  # noqa: PLC0415

    return _brought(ProjectStore.open(root, write=False, reason=reason))


def make(root: Path, catalog: ClassCatalog) -> Opened:
    """A new project."""
    from labeltool.store.project import ProjectStore  # noqa: PLC0415

    return _as_ours(root, lambda: ProjectStore.create(root, root.name, catalog))


def let_go(opened: Opened) -> None:
    """Nobody waited for it any more: others may edit it."""
    try:
        opened.store.close()
    finally:
        settled(opened.store.root)


def settled(root: Path) -> None:
    """A project that was opened for writing is at hand, or was let go of."""
    with _changed:
        if root.absolute() in _ours:
            _ours.remove(root.absolute())
        _changed.notify_all()


def _as_ours(root: Path, open_: Callable[[], ProjectStore]) -> Opened:
    with _changed:
        _ours.append(root.absolute())
    try:
        return _brought(open_())
    except BaseException:
        settled(root)
        raise


def _brought(store: ProjectStore) -> Opened:
    from labeltool.app.rescuing import bring_back_all  # noqa: PLC0415

    put_off: list[Path] = []
    try:
        return Opened(store, bring_back_all(store, put_off=put_off.append), put_off)
    except BaseException:
        store.close()
        raise
