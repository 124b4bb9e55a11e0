"""The only writer of a mask: applies patches, keeps undo and redo, hands every operation to the saver."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self, TypeVar

from labeltool.app.diagnosis.unexpected import hand_over
from labeltool.core.change import Change, Signal
from labeltool.core.draw import Point
from labeltool.core.errors import LabeltoolError, LockedError
from labeltool.core.geometry import Box
from labeltool.core.guard import OPEN, Admitted, Guard
from labeltool.core.mask import PLANES, LabelMask
from labeltool.core.memory import share
from labeltool.core.patch import Patch, empty_patch

T = TypeVar("T")
NOTHING = Box(0, 0, 0, 0)
HISTORY_BYTES = share("undo")
"""What undo keeps in memory, a quarter of it as arrays and the rest deflated; older steps are read back from the
journal when they are wanted."""
HOT_BYTES = share("mask") // len(PLANES)
"""What a plane of the mask keeps as arrays; the rest is deflated."""


@dataclass(frozen=True)
class Operation:
    """What the saver gets: a patch that has been applied, and the revision it led to.

    ``target`` is the revision of the operation that an undo or redo is about.
    """

    kind: Literal["do", "undo", "redo"]
    patch: Patch
    revision: int
    target: int | None = None


@dataclass
class Step:
    """One entry of the undo or redo list. ``patch`` is None while it is only in the journal.

    ``resting`` is the number of bytes of a patch that is deflated, else None.
    """

    revision: int
    title: str
    patch: Patch | None = None
    resting: int | None = None

    def rest(self) -> None:
        """Keep the patch in the least memory."""
        if self.patch is not None:
            self.patch = self.patch.at_rest()
            self.resting = self.patch.nbytes

    def forget(self) -> None:
        """Leave the patch to the journal."""
        self.patch = self.resting = None


class Session:
    """One image being annotated. Lives on one thread; everybody else gets snapshots.

    ``save`` is told of every operation, in order. ``load_patch`` brings back the patch of a revision.
    ``began`` is called when a stroke begins, ``dropped`` when it ends with nothing to save.
    ``may_begin`` is asked before anything changes, and raises LabeltoolError where nothing may.
    ``undo_bytes`` is what undo may keep in memory. A listener that fails stops nothing: what is on the screen may be
    wrong then, but never what is saved.
    """

    def __init__(
        self,
        mask: LabelMask,
        save: Callable[[Operation], None],
        *,
        revision: int = 0,
        undo: Iterable[Step] = (),
        redo: Iterable[Step] = (),
        load_patch: Callable[[int], Patch] | None = None,
        began: Callable[[], None] = lambda: None,
        dropped: Callable[[], None] = lambda: None,
        may_begin: Callable[[], None] = lambda: None,
        undo_bytes: int = HISTORY_BYTES,
    ) -> None:
        self.mask = mask
        self.revision = revision
        self.changed: Signal[Change] = Signal()
        self.committed: Signal[Operation] = Signal()
        """What was done and handed to ``save``."""
        self._save = save
        self._load_patch = load_patch
        self._began = began
        self._dropped = dropped
        self._may_begin = may_begin
        self._undo_bytes = undo_bytes
        self._undo = list(undo)
        self._redo = list(redo)
        self._open: Stroke | None = None
        self.guard: Guard = OPEN
        """What every patch passes before it is applied."""
        self.last_point: Point | None = None
        """Where the last stroke ended; a straight line may go on from there."""
        self.frozen = False
        """True once another session takes over: nothing may be changed through this one any more."""

    @property
    def undo_title(self) -> str:
        """What undo would undo; empty when there is nothing."""
        return self._undo[-1].title if self._undo else ""

    @property
    def redo_title(self) -> str:
        """What redo would do again; empty when there is nothing."""
        return self._redo[-1].title if self._redo else ""

    @property
    def painting(self) -> bool:
        """True between the first dab of a stroke and its end."""
        return self._open is not None

    def apply(self, patch: Patch) -> None:
        """Do a whole patch as one step of undo."""
        with self.stroke(patch.title, patch.kind) as stroke:
            stroke.add(patch)

    def restore(self, patch: Patch) -> None:
        """Go to an earlier state as one step of undo. As undo does, it passes the locks alone, and whole or not at all:
        LockedError where it would change a class that is locked."""
        self._check_locks(patch, "restore")
        with self.stroke(patch.title, patch.kind) as stroke:
            stroke.add(Admitted(patch, self.guard))

    def stroke(self, title: str, kind: str) -> Stroke:
        """Begin a step of undo that is made of many patches; a context manager that ends or cancels it."""
        if self._open is not None:
            raise LabeltoolError("a stroke is being drawn; finish it first")
        if self.frozen:
            raise LabeltoolError("this image is being loaded again", hint="Wait a moment")
        self._may_begin()
        self._began()  # first: where that fails there is no stroke
        self._open = Stroke(self, empty_patch(title, kind))
        return self._open

    def undo(self) -> bool:
        """Take the last step back; False when there is none."""
        return self._step_back_or_forth(self._undo, self._redo, "undo")

    def redo(self) -> bool:
        """Do the last undone step again; False when there is none."""
        return self._step_back_or_forth(self._redo, self._undo, "redo")

    def _step_back_or_forth(
        self, source: list[Step], target: list[Step], kind: Literal["undo", "redo"]
    ) -> bool:
        if self._open is not None or self.frozen or not source:
            return False
        self._may_begin()
        step = source[-1]
        patch = self._patch_of(step)
        forward = patch.inverse() if kind == "undo" else patch
        self._check_locks(forward, kind)
        source.pop()
        target.append(step)
        self._change(forward)
        self._commit(kind, forward, target=step.revision)
        self._save_memory()
        return True

    def _check_locks(self, patch: Patch, kind: str) -> None:
        """A step is taken back whole or not at all: half of it would be a state that nobody has made."""
        value = self.guard.violated(self.mask, patch)
        if value is not None:
            raise LockedError(f"this {kind} would change a class that is locked", value)

    def _patch_of(self, step: Step) -> Patch:
        if step.patch is None:
            if self._load_patch is None:
                raise LabeltoolError(f"the journal of revision {step.revision} is not at hand")
            step.patch = self._load_patch(step.revision)
        return step.patch

    def follow(self, patch: Patch, revision: int) -> None:
        """Somebody else has changed the image, which is only looked at here: ``patch`` leads to their ``revision``.
        Nothing is saved, and nothing can be undone here any more."""
        self._undo.clear()
        self._redo.clear()
        self.revision = revision
        self._change(patch)

    def _change(self, patch: Patch) -> None:
        self.mask.apply(patch)
        self._tell(self.changed, Change(patch.box(self.mask.size), self.revision, patch.touched))

    def _commit(self, kind: Literal["do", "undo", "redo"], patch: Patch, target: int | None = None) -> None:
        self.revision += 1
        operation = Operation(kind, patch, self.revision, target)
        self._save(operation)
        self._tell(self.changed, Change(NOTHING, self.revision))
        self._tell(self.committed, operation)

    @staticmethod
    def _tell(signal: Signal[T], value: T) -> None:
        """A view that fails must not come between the mask and the journal."""
        try:
            signal.emit(value)
        except Exception as error:  # whatever it is
            hand_over(error)

    def _end(self, stroke: Stroke, *, keep: bool) -> None:
        self._open = None
        if keep and stroke.patch:
            self._undo.append(Step(self.revision + 1, stroke.patch.title, stroke.patch))
            self._redo.clear()
            self._commit("do", stroke.patch)
            self._save_memory()
            return
        self._change(stroke.patch.inverse())
        self._dropped()
        self._tell(self.changed, Change(NOTHING, self.revision))

    def _save_memory(self) -> None:
        """Deflate what was painted long ago. What the saver has written is deflated already: that costs nothing."""
        self.mask.cool(HOT_BYTES)
        for steps in (self._undo, self._redo):
            _rest_old_steps(steps, self._undo_bytes, journal=self._load_patch is not None)


def _rest_old_steps(steps: list[Step], bound: int, *, journal: bool) -> None:
    """Deflate the patches of steps far back, and drop those further back where a journal can bring them back."""
    hot = resting = 0
    for step in reversed(steps):
        if step.patch is None:
            return
        if step.resting is None:
            hot += step.patch.nbytes
            if hot > bound // 4:
                step.rest()
        resting += step.resting or 0
        if journal and resting > bound - bound // 4:
            step.forget()


class Stroke:
    """A step of undo while it is being drawn. Leaving the ``with`` block by an error cancels it."""

    def __init__(self, session: Session, patch: Patch) -> None:
        self.patch = patch
        self._session = session

    def add(self, patch: Patch | Admitted) -> None:
        """Apply a patch now, as far as the guard allows; it becomes part of this step."""
        guard = self._session.guard
        judged = isinstance(patch, Admitted) and patch.guard is guard and not self.patch
        patch = patch.patch if isinstance(patch, Admitted) else patch
        if not judged:
            patch = guard.admit(self._session.mask, patch, self.patch)
        if patch:
            self.patch = self.patch.then(patch)  # first: so it can be taken back, whatever happens next
            self._session._change(patch)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session._end(self, keep=kind is None)
