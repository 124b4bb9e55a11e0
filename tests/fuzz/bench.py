"""A bench plays mutated files of one kind through the program, and says what was wrong with the answer."""

from __future__ import annotations

import os
import random
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from fuzz.guarded import SECONDS, TooSlowError, Watched, bounded, frames_of, unreadable, where
from fuzz.mutations import mutated
from fuzz.samples import Files

from labeltool.core.errors import LabeltoolError

Event = dict[str, Any]
"""What came of a case, as it goes through a pipe: case, what, came_in, wrong, seconds, messages, traits."""

T = TypeVar("T")


class Specimen(NamedTuple):
    """Valid files, what they are called, and which of them are mutated (all where none are named)."""

    called: str
    files: Files
    mutable: tuple[str, ...] = ()


class Mutant(NamedTuple):
    """The specimen of a case by its number, its files after the mutation, and what was done to them."""

    place: int
    files: Files
    what: str


class Bench(ABC):
    """A folder in which the cases of one kind are played, with a bait beside it that nobody may open."""

    def __init__(self, name: str, root: Path) -> None:
        self.name, self.root = name, root
        self.bait = root / "bait"
        self.bait.mkdir(parents=True)
        (self.bait / "secret.json").write_text("{}")
        self.watched = Watched(str(self.bait))
        self.specimens: Sequence[Specimen] = ()

    def work(self, place: int) -> Path:
        """The folder of a specimen, some folders deep, so that ../../.. stays below the root."""
        return self.root / "work" / "a" / "b" / str(place)

    def case(self, number: int, seed: int, base: Mutant | None = None) -> Mutant:
        """The mutant of a number: of a specimen, or of ``base``, which was a mutant itself."""
        rng = random.Random(f"{self.name} {seed} {number}")
        place = rng.randrange(len(self.specimens)) if base is None else base.place
        specimen = self.specimens[place]
        whole = specimen.files if base is None else base.files
        inner = {n: d for n, d in whole.items() if not specimen.mutable or n in specimen.mutable}
        files, what = mutated(inner, rng)
        rest = {n: d for n, d in whole.items() if n not in inner}
        told = what if base is None else f"{base.what}, {what}"
        return Mutant(place, {**rest, **files}, told)

    def play(self, number: int, seed: int, base: Mutant | None = None) -> Event:
        """Mutate and play one case; the answer as an event."""
        mutant = self.case(number, seed, base)
        called = self.specimens[mutant.place].called
        return {"case": number, "what": f"{called}: {mutant.what}", **self.judge(mutant, number)}

    @abstractmethod
    def judge(self, mutant: Mutant, number: int) -> Event:
        """Play one mutant: came_in, wrong, seconds, messages, traits."""


class Asked:
    """What the program answers to one thing after the other. Where it gives a value that is ``exact``, that must be the
    value of the valid files: whatever else comes in without a word was let in."""

    def __init__(self, known: dict[str, object] | None = None) -> None:
        self._known = known
        self.learnt: dict[str, object] = {}
        self.came_in = 0
        self.messages: list[str] = []
        self.wrong: list[str] = []
        self.traits: set[str] = set()

    def __call__(self, called: str, run: Callable[[], T], *, exact: bool = False) -> T | None:
        """The answer; None where the program refuses, which it must do in words of ours."""
        try:
            value = run()
        except LabeltoolError as error:
            self._refused(called, error)
            return None
        except (TooSlowError, KeyboardInterrupt):
            raise
        except BaseException as error:  # libraries in Rust panic with one
            self.wrong.append(f"{called}: {where(error)}")
            return None
        self.came_in += 1
        if exact:
            self.learnt[called] = value
            if self._known is not None and called in self._known and self._known[called] != value:
                self.wrong.append(f"{called} came in as something else than was saved, and nobody said so")
        return value

    def must(self, called: str, *, holds: bool) -> None:
        """What has to be so after an answer."""
        if not holds:
            self.wrong.append(called)

    def _refused(self, called: str, error: LabeltoolError) -> None:
        text = str(error)
        self.messages.append(f"{called}: {text}")
        self.traits.add(f"{called} | {' > '.join(frames_of(error)[-3:])} | {form(error.message)}")
        problem = unreadable(text)
        if problem:
            self.wrong.append(f"{called}: message: {problem}: {text[:200]!a}")
        if error.file is None:
            self.wrong.append(f"{called}: a message that names no file: {text[:200]!a}")


def form(text: str) -> str:
    """A message without what differs from one file to the next."""
    return re.sub(r"0x[0-9a-f]+|\d+|'[^']*'|\"[^\"]*\"|b'[^']*'", "#", text)[:120]


class Target(ABC):
    """A kind of file and how the program reads it."""

    keeps = True
    """Whether a file that was refused must still be there afterwards: a cache may go."""

    @abstractmethod
    def specimens(self, folder: Path) -> list[Specimen]:
        """Valid files, made in an empty folder."""

    @abstractmethod
    def read(self, folder: Path, ask: Asked) -> None:
        """All that the program does with the files that must change nothing."""

    def write(self, folder: Path, ask: Asked) -> None:  # noqa: B027 - many files are only read
        """What it does with them for writing."""

    @contextmanager
    def around(self) -> Iterator[None]:
        """What holds while a case is played."""
        yield


class FileBench(Bench):
    """Mutants of a target's files."""

    def __init__(self, name: str, root: Path, target: Target) -> None:
        super().__init__(name, root)
        self.target = target
        with target.around():
            self.specimens = target.specimens(root / "made")
        self.known: list[dict[str, object]] = []
        for place, specimen in enumerate(self.specimens):
            folder = self.work(place)
            put(folder, {}, specimen.files)
            asked = Asked()
            with target.around():
                target.read(folder, asked)
                target.write(folder, asked)
            assert not asked.wrong and asked.came_in, (name, specimen.called, asked.wrong, asked.messages)
            self.known.append(asked.learnt)
            restore(folder, specimen.files)

    def judge(self, mutant: Mutant, number: int) -> Event:
        """Read, look whether anything was written, write, look whether anything is gone."""
        folder, whole = self.work(mutant.place), self.specimens[mutant.place].files
        restore(folder, mutant.files)
        ask = Asked(self.known[mutant.place])
        self.watched.strays.clear()
        start, work = time.perf_counter(), time.process_time()
        try:
            with self.target.around(), bounded():
                self._play(folder, mutant.files, whole, ask)
        except TooSlowError as error:
            ask.wrong.append(f"{error}, in {where(error)}")
        except MemoryError as error:
            ask.wrong.append(where(error))
        finally:
            self.watched.on = False
        seconds = time.perf_counter() - start
        if time.process_time() - work > SECONDS:
            ask.wrong.append(f"more than {SECONDS} s of work")
        return {
            "came_in": ask.came_in,
            "wrong": list(dict.fromkeys(ask.wrong)),
            "seconds": seconds,
            "messages": ask.messages,
            "traits": sorted(ask.traits),
        }

    def _play(self, folder: Path, files: Files, whole: Files, ask: Asked) -> None:
        self.watched.on = True
        self.target.read(folder, ask)
        self.watched.on = False
        ask.wrong += self.watched.strays
        if (there := read_all(folder)) != files:
            names = sorted(n for n in {*there, *files} if there.get(n) != files.get(n))
            ask.wrong.append(f"what only reads has changed {names}")
            restore(folder, files)
        refused = bool(ask.messages)
        self.target.write(folder, ask)
        if self.target.keeps and refused:
            ask.wrong += [f"what was left of {name} is gone" for name in _gone(folder, files, whole)]


def _gone(folder: Path, files: Files, whole: Files) -> Iterator[str]:
    """Mutants that lie nowhere any more. A database or a journal may be written on, and the lock is the program's."""
    there = read_all(folder)
    for name, data in files.items():
        if data and data != whole.get(name) and Path(name).name != "lock":
            grows = data.startswith(b"SQLite format 3\0") and there.get(name)
            if not grows and not any(each.startswith(data) for each in there.values()):
                yield name


def put(folder: Path, old: Files, new: Files) -> None:
    """Bring a folder from the one state to the other."""
    for name in old.keys() - new.keys():
        (folder / name).unlink(missing_ok=True)
    for name, data in new.items():
        if old.get(name) is not data:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)


def read_all(folder: Path) -> Files:
    """All files below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def restore(folder: Path, files: Files) -> None:
    """Bring a folder to a state, whatever it is in; empty folders may be left."""
    there = read_all(folder) if folder.is_dir() else {}
    for name in there.keys() - files.keys():
        (folder / name).unlink()
    for name, data in files.items():
        if there.get(name) != data:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)


def snapshot(*tops: Path) -> dict[str, bytes]:
    """Everything below some folders, by its bytes."""
    return {str(p): p.read_bytes() for top in tops for p in top.rglob("*") if p.is_file()}


def listed(*folders: Path) -> dict[str, bytes]:
    """What lies in some folders, by names."""
    return {
        str(folder): b"\n".join(sorted(os.fsencode(p) for p in folder.iterdir() if p.name != "projects"))
        for folder in folders
    }
