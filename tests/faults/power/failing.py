"""Calls on a disk that fails at one operation, or from one on: what the caller is told, and what is on the disk then,
after a retry, and after a power cut right behind that."""

from __future__ import annotations

import errno
import random
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from faults.power.disk import Disk, Tree, lost
from faults.power.laws import PROJECT, look, no_waiting
from faults.power.machine import DEVICE, SPACE, Fault, Machine
from faults.power.work import IMAGES, Annotator, State, age, record, start, state_of

from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.project import Status
from labeltool.store import trash
from labeltool.store.fsck import rebuild_index
from labeltool.store.layout import is_project
from labeltool.store.project import ProjectStore

FULL = ("disk is full", "No space left")
FAILED = ("disk failed", "Input/output error", "cannot be opened")


@dataclass(frozen=True)
class Failure:
    """A way to fail, and the words of which people are told one."""

    name: str
    code: int
    kinds: frozenset[str]
    words: tuple[str, ...]
    lasting: bool = False
    short: bool = False

    def at(self, number: int) -> Fault:
        """The fault that begins with operation ``number``."""
        return Fault(number, self.code, self.kinds, self.lasting, self.short)


FAILURES = {
    failure.name: failure
    for failure in (
        Failure("full once", errno.ENOSPC, SPACE, FULL),
        Failure(
            "half written, then full", errno.ENOSPC, frozenset({"write"}), FULL, lasting=True, short=True
        ),
        Failure("full until freed", errno.ENOSPC, SPACE, FULL, lasting=True),
        Failure("fails once", errno.EIO, DEVICE, FAILED),
        Failure("fails until replugged", errno.EIO, DEVICE, FAILED, lasting=True),
    )
}


@dataclass
class Scene:
    """A project on a machine, open with somebody at work on it, or not open."""

    root: Path
    store: ProjectStore | None = None
    who: Annotator | None = None
    adds: int = 0

    @property
    def at_work(self) -> Annotator:
        """Who works there."""
        assert self.who is not None
        return self.who

    def open(self) -> None:
        """Open the project, for writing; StoreError where it would open for reading only."""
        self.store = ProjectStore.open(self.root)
        if self.store.read_only_reason:
            reason = self.store.read_only_reason
            self.close()
            raise StoreError(reason, file=self.root)
        self.who = Annotator(self.store, 5)

    def close(self) -> None:
        """Let go of it."""
        if self.store is not None:
            self.store.close()
            self.store = None


Act = Callable[[Scene], object]


def _nothing(scene: Scene) -> None:
    pass


@dataclass(frozen=True)
class Case:
    """Something that may be called again until it works: ``before`` makes ready for it, on a disk that is well."""

    act: Act
    before: Act = _nothing
    is_open: bool = True
    between: str = ""
    """This part may be left in a state that is neither the old nor the new one."""
    over: str = ""
    """With these words a retry may be refused: there is nothing left to do."""


def _stroke(image: str) -> Act:
    def before(scene: Scene) -> None:
        scene.at_work.hold = True
        scene.at_work.stroke(image)

    return before


def _undo(scene: Scene) -> None:
    scene.at_work.hold = True
    scene.at_work.undo(A)


def _flush(scene: Scene) -> None:
    scene.at_work.flush()


def _same(act: Callable[[Annotator], object]) -> Act:
    """The same data whenever it is called."""

    def again(scene: Scene) -> None:
        scene.at_work.chance = random.Random(5)
        act(scene.at_work)

    return again


A, B, C, D, E = IMAGES


def _add(scene: Scene) -> None:
    """As the program does: who tries again makes a new image of the same file."""
    scene.adds += 1
    new = replace(record(A), id=f"{scene.adds:032}", path=Path("/images/f.png"))
    scene.at_work.store.add_images([new])


def _removed(scene: Scene) -> None:
    scene.at_work.store.remove_images([B])


def _removed_long_ago(scene: Scene) -> None:
    _removed(scene)
    trash.write(scene.root, trash.read(scene.root, B).record, at_utc="2020-01-01T00:00:00+00:00")


CASES = {
    "stroke": Case(_flush, _stroke(A)),
    "first stroke": Case(_flush, _stroke(E)),
    "stroke on another image": Case(_flush, _stroke(B)),
    "undo": Case(_flush, _undo),
    "decide": Case(lambda scene: scene.at_work.decide(A, Status.DONE)),
    "comment": Case(_same(lambda who: who.comment(A))),
    "comment first": Case(_same(lambda who: who.comment(D))),
    "predict": Case(_same(lambda who: who.predict(B))),
    "classes": Case(lambda scene: scene.at_work.classes("wall")),
    "split": Case(_same(lambda who: who.split(B))),
    "add": Case(_add),
    "remove": Case(lambda scene: scene.at_work.store.remove_images([E])),
    "remove with labels": Case(_removed),
    "bring back": Case(lambda scene: scene.at_work.store.bring_back([B]), _removed),
    "delete from the trash": Case(
        lambda scene: scene.at_work.store.delete_removed([B]),
        _removed_long_ago,
        between="trash",
        over="not in the project's trash",
    ),
    "rank": Case(_same(lambda who: who.rank())),
    "promote": Case(_same(lambda who: who.promote())),
    "open and migrate": Case(Scene.open, lambda scene: age(scene.root), is_open=False),
    "rebuild": Case(lambda scene: rebuild_index(scene.root), is_open=False),
    "create": Case(
        lambda scene: (ProjectStore.open if is_project(scene.root) else start)(scene.root).close(),
        lambda scene: shutil.rmtree(scene.root),
        is_open=False,
    ),
}


def prepare(disk: Path) -> None:
    """A project in which somebody has worked, on an empty disk."""
    with no_waiting():
        start(disk / PROJECT).close()
        with ProjectStore.open(disk / PROJECT) as store:
            store.add_images(record(each) for each in IMAGES)
            who = Annotator(store, 3)
            for image in (A, A, A, B, C):
                who.stroke(image)
            who.comment(A)
            who.rank()
            who.promote()


@dataclass
class Told:
    """What a failure did, in figures; ``notes`` must stay empty."""

    faults: int = 0
    refused: int = 0
    """Calls that raised; the others went on regardless, as they may where nothing that was promised failed."""
    words: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def fail(name: str, failure: Failure, template: Path, most: int | None = None) -> Told:
    """Let a call fail at each operation that can fail so, or at ``most`` of them, spread evenly."""
    case, told = CASES[name], Told()
    new, kinds = _outcome(name, template)
    numbers = [number for number, kind in enumerate(kinds) if kind in failure.kinds]
    step = max(1, len(numbers) // most) if most else 1
    for at in numbers[::step]:
        with tempfile.TemporaryDirectory(prefix="labeltool-failing-") as folder:
            root = Path(folder).resolve() / "disk"
            shutil.copytree(template, root)
            _one(case, failure.at(at), root, new, failure.words, told)
    return told


@cache
def _outcome(name: str, template: Path) -> tuple[State, list[str]]:
    """What the call leads to where nothing fails, and the kinds of its operations."""
    with tempfile.TemporaryDirectory(prefix="labeltool-failing-") as folder:
        root = Path(folder).resolve() / "disk"
        shutil.copytree(template, root)
        machine = Machine(root)
        with machine.running():
            scene = _scene(CASES[name], root)
            with machine.failing(None):
                CASES[name].act(scene)
            kinds = machine.kinds
            scene.close()
        return state_of(scene.root), kinds


def _scene(case: Case, root: Path) -> Scene:
    scene = Scene(root / PROJECT)
    if case.is_open:
        scene.open()
    case.before(scene)
    return scene


def _one(case: Case, fault: Fault, root: Path, new: State, words: tuple[str, ...], told: Told) -> None:
    """One failure."""
    machine = Machine(root)
    with machine.running():
        scene = _scene(case, root)
        old = _read(machine)
        error = _refused(case, scene, machine, fault)
        note = f"{fault.struck} failed: "
        if fault.struck:
            told.faults += 1
            told.words |= {str(error).partition(" (")[0].replace(str(root), "…")} if error else set()
            told.refused += error is not None
            if error is not None:
                _words(error, words, root, told, note)
                _look(
                    machine.now(),
                    [_without(each, case.between) for each in (old, new)],
                    told,
                    note + "then a kill: ",
                )
            _again(case, scene, error, told, note)
            _look(_disk(machine).cut(lost, random.Random(0)), [new], told, note + "then a power cut: ")
        scene.close()
    if fault.struck and state_of(scene.root) != new:
        told.notes.append(f"{note}after a retry {_difference(state_of(scene.root), new)}")


def _refused(case: Case, scene: Scene, machine: Machine, fault: Fault) -> Exception | None:
    try:
        with machine.failing(fault):
            case.act(scene)
    except (LabeltoolError, OSError) as error:
        return error
    return None


def _again(case: Case, scene: Scene, error: Exception | None, told: Told, note: str) -> None:
    if error is None:
        return
    try:
        case.act(scene)
    except (LabeltoolError, OSError) as again:
        if not case.over or case.over not in str(again):
            told.notes.append(f"{note}a retry fails: {again!r}")


def _read(machine: Machine) -> State:
    with machine.unseen():
        return state_of(machine.root / PROJECT)


def _words(error: Exception, words: tuple[str, ...], root: Path, told: Told, note: str) -> None:
    """People are told what happened, and to which file."""
    if not any(each in str(error) for each in words):
        told.notes.append(f"{note}the words are {error!s}")
    file = str(getattr(error, "file", None) or getattr(error, "filename", None) or "")
    if not file.startswith(str(root)) or file not in str(error):
        told.notes.append(f"{note}no file is named: {error!s}")


def _disk(machine: Machine) -> Disk:
    disk = machine.disk()
    for op in machine.ops:
        disk.apply(op)
    return disk


def _look(tree: Tree, states: list[State], told: Told, note: str) -> None:
    acknowledged = [(number, "the call", state) for number, state in enumerate(states)]
    told.notes += [note + each for each in look(tree, acknowledged, 0).notes]


def _without(state: State, part: str) -> State:
    return {name: value for name, value in state.items() if name != part}


def _difference(found: State, wanted: State) -> str:
    parts = [name for name in wanted if found.get(name) != wanted[name]]
    return "; ".join(f"{name} is {found.get(name)}, not {wanted[name]}" for name in parts)
