"""What must hold after a power cut."""

from __future__ import annotations

import hashlib
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from faults.power.disk import FATES, Op, Tree
from faults.power.machine import Machine
from faults.power.work import Annotation, State, day, go_on, start, state_of

from labeltool.core.errors import LabeltoolError
from labeltool.store import audit, database, fsck, index, reserve
from labeltool.store.layout import is_project
from labeltool.store.mask_file import MaskFile
from labeltool.store.project import ProjectStore

PROJECT = "project"
"""The name of the project's folder on the disk."""
MODES = ("EXTRA", "FULL", "OFF")
"""What SQLite's ``synchronous`` may be: the program's, SQLite's own choice, and none."""


@dataclass
class Recording:
    """What was done to the disk, and which state was acknowledged after how many operations, under which name."""

    machine: Machine
    acknowledged: list[tuple[int, str, State]]

    @property
    def ops(self) -> list[Op]:
        """What was done to the disk."""
        return self.machine.ops


@dataclass
class Verdict:
    """What cuts have done. All but ``cuts`` must be 0."""

    cuts: int = 0
    harmful: int = 0
    """Cuts after which anything was not as it must be."""
    lost: int = 0
    """Acknowledged calls of which nothing is left."""
    unreadable: int = 0
    """Files that cannot be read."""
    torn: int = 0
    """Parts of a project in a state that never was."""
    lagging: int = 0
    """Images of which the list says something else than their file, after the project was opened."""
    unsound: int = 0
    """Errors that fsck finds."""
    stuck: int = 0
    """Projects in which nobody can go on labelling."""
    notes: list[str] = field(default_factory=list)

    @property
    def harm(self) -> int:
        """Everything that went wrong."""
        return self.lost + self.unreadable + self.torn + self.lagging + self.unsound + self.stuck

    def add(self, other: Verdict) -> None:
        """Count another's cuts, too."""
        for name in ("cuts", "harmful", "lost", "unreadable", "torn", "lagging", "unsound", "stuck"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.notes += other.notes


@contextmanager
def synchronous(mode: str) -> Iterator[None]:
    """The program asks SQLite for this."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reserve, "RESERVE_BYTES", 1 << 16)
        for module in (database, index):
            patched.setattr(module, "DURABLE", tuple(p.replace("EXTRA", mode) for p in module.DURABLE))
        yield


_found: dict[bytes, list[str]] = {}


def _problems(file: MaskFile) -> list[str]:
    """What the program finds wrong in a mask file. Most files are the same after most cuts: each is looked at once."""
    data = hashlib.sha256(file.path.read_bytes()).digest()
    if data not in _found:
        _found[data] = list(_real_problems(file))
    return _found[data]


_real_problems = audit.problems


@contextmanager
def no_waiting() -> Iterator[None]:
    """Do not wait for the real disk, on which nothing is to stay."""
    with synchronous("OFF"), pytest.MonkeyPatch.context() as patched:
        patched.setattr(audit, "problems", _problems)
        patched.setattr(os, "fsync", lambda handle: None)
        yield


def record_day(root: Path, seed: int, strokes: int = 24, mode: str = "EXTRA") -> Recording:
    """Let somebody work for a day in the empty folder ``root``."""
    machine = Machine(root)
    acknowledged: list[tuple[int, str, State]] = [(0, "nothing", {})]
    with machine.running(), synchronous(mode):
        for name, call in day(machine.root / PROJECT, seed, strokes):
            call()
            with machine.unseen():
                acknowledged.append((len(machine.ops), name, state_of(machine.root / PROJECT)))
    return Recording(machine, acknowledged)


def cuts(recording: Recording, count: int, seed: int = 0) -> Iterator[tuple[int, str, Tree]]:
    """``count`` cuts spread evenly over the day: after which operation, what became of the rest, what is left."""
    disk, done, names = recording.machine.disk(), 0, list(FATES)
    for number in range(count):
        upto = (number * len(recording.ops)) // count + 1
        for op in recording.ops[done:upto]:
            disk.apply(op)
        done = upto
        turn = number % max(1, round(count / len(recording.ops))) if count > len(recording.ops) else number
        fate = names[turn % len(names)]
        yield upto, fate, disk.cut(FATES[fate], random.Random(f"{seed} {number}"))


def judge(recording: Recording, count: int, seed: int = 0) -> Verdict:
    """Cut the power ``count`` times and look at what is left."""
    total = Verdict()
    for upto, fate, tree in cuts(recording, count, seed):
        found = look(tree, recording.acknowledged, upto)
        found.notes = [f"cut after {upto}, unsure writes {fate}: {note}" for note in found.notes]
        total.add(found)
    return total


def look(tree: Tree, acknowledged: Sequence[tuple[int, str, State]], upto: int) -> Verdict:
    """Hold what is left after operation ``upto`` against what was acknowledged by then."""
    last = max(i for i, (ops, _, _) in enumerate(acknowledged) if ops <= upto)
    allowed = [state for _, _, state in acknowledged[last : last + 2]]
    past = [state for _, _, state in acknowledged[:last]]
    verdict = Verdict(cuts=1)
    during = acknowledged[min(last + 1, len(acknowledged) - 1)][1]
    with tempfile.TemporaryDirectory(prefix="labeltool-power-") as name, no_waiting():
        root = Path(name).resolve()
        tree.write_to(root)
        _look(root / PROJECT, allowed, past, verdict)
    verdict.harmful = int(verdict.harm > 0)
    verdict.notes = [f"during {during!r}: {note}" for note in verdict.notes]
    return verdict


def _look(root: Path, allowed: list[State], past: list[State], verdict: Verdict) -> None:
    _sound(root, verdict, "")
    try:
        store = ProjectStore.open(root) if is_project(root) else None
    except LabeltoolError as error:
        verdict.unreadable += 1
        verdict.notes.append(f"cannot be opened: {error}")
        return
    _parts(root, allowed, past, verdict)
    try:
        with store or start(root) as going:
            _lagging(going, verdict)
            go_on(going)
    except (LabeltoolError, AssertionError) as error:
        verdict.stuck += 1
        verdict.notes.append(f"nobody can go on: {error!r}")
    _sound(root, verdict, " after going on")


def _sound(root: Path, verdict: Verdict, when: str) -> None:
    if not is_project(root):
        return
    for finding in fsck.check(root):
        if finding.severity == "error":
            verdict.unsound += 1
            verdict.notes.append(f"fsck{when}: {finding}")


def _parts(root: Path, allowed: list[State], past: list[State], verdict: Verdict) -> None:
    """Each part is as it was before the call that the cut fell into, or as that leaves it."""
    try:
        found = state_of(root)
    except (LabeltoolError, OSError) as error:
        verdict.unreadable += 1
        verdict.notes.append(f"cannot be read: {error}")
        return
    nothing = {name: Annotation() if len(name) == 32 else None for name in allowed[-1]}
    for name in allowed[-1]:
        value = found.get(name, nothing[name])
        if any(value == state.get(name, nothing[name]) for state in allowed):
            continue
        steps = [state.get(name, nothing[name]) for state in (*past, allowed[0])]
        if value in steps:
            verdict.lost += _distance(steps, value)
            verdict.notes.append(f"{name} has lost what was acknowledged: {value}")
        else:
            verdict.torn += 1
            verdict.notes.append(f"{name} is in a state that never was: {value}, not {allowed}")


def _distance(steps: list[object], value: object) -> int:
    """How many calls that changed a part came after ``value`` was so for the last time."""
    after = steps[max(i for i, each in enumerate(steps) if each == value) :]
    return sum(old != new for old, new in pairwise(after))


def _lagging(store: ProjectStore, verdict: Verdict) -> None:
    """The list of images says of each what its file says."""
    described: dict[str, object] = {}
    for record in store.images():
        file = store._files.existing(record)
        described[record.id] = file.description().image if file is not None else record
        if described[record.id] != record:
            verdict.lagging += 1
            verdict.notes.append(f"the list lags: {record}, not {described[record.id]}")
