"""A disk that can lose its power: what is surely on it, what is only on its way there, and what a cut may leave.

Files and folders are nodes, names belong to folders. A write is sure once its file is flushed, a name once its folder
is; until then a cut may keep it, lose it, or keep some sectors of it, each change for itself and in any order.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = 0


@dataclass(frozen=True)
class Write:
    """Bytes into a file."""

    node: int
    offset: int
    data: bytes


@dataclass(frozen=True)
class Resize:
    """A file gets a length."""

    node: int
    size: int


@dataclass(frozen=True)
class Grow:
    """A file is at least so long, by zeros: the length arrived and the bytes did not."""

    node: int
    size: int


@dataclass(frozen=True)
class Link:
    """A new file or folder gets its name."""

    folder: int
    name: str
    node: int
    is_folder: bool = False


@dataclass(frozen=True)
class Unlink:
    """A name goes."""

    folder: int
    name: str


@dataclass(frozen=True)
class Rename:
    """A name is given to what had another one; both change, or neither."""

    folder: int
    name: str
    to_folder: int
    to_name: str
    node: int


@dataclass(frozen=True)
class Flush:
    """What was written to a file is sure from now on."""

    node: int


@dataclass(frozen=True)
class FlushFailed:
    """A flush failed: the system forgets what was to be written. It can still be read, and no later flush writes it."""

    node: int


@dataclass(frozen=True)
class FlushNames:
    """What was done to the names in a folder is sure from now on."""

    folder: int


Data = Write | Resize | Grow
Names = Link | Unlink | Rename
Change = Data | Names
Op = Change | Flush | FlushFailed | FlushNames


@dataclass
class Tree:
    """Files and folders as they are at one moment."""

    files: dict[int, bytearray] = field(default_factory=dict)
    folders: dict[int, dict[str, int]] = field(default_factory=lambda: {ROOT: {}})

    def copy(self) -> Tree:
        """One that can be changed by itself."""
        files = {node: bytearray(data) for node, data in self.files.items()}
        return Tree(files, {node: dict(names) for node, names in self.folders.items()})

    def apply(self, op: Change) -> None:
        """Let a change happen."""
        match op:
            case Write(node, offset, data):
                self.apply(Grow(node, offset + len(data)))
                self.files[node][offset : offset + len(data)] = data
            case Grow(node, size):
                file = self.files[node]
                file.extend(bytes(max(0, size - len(file))))
            case Resize(node, size):
                self.apply(Grow(node, size))
                del self.files[node][size:]
            case Link(folder, name, node, _):
                self.folders[folder][name] = node
            case Unlink(folder, name):
                self.folders[folder].pop(name, None)
            case Rename(folder, name, to_folder, to_name, node):
                self.folders[folder].pop(name, None)
                self.folders[to_folder][to_name] = node

    def make(self, op: Link) -> None:
        """The node behind a new name is there, whether or not the name gets lost."""
        if op.is_folder:
            self.folders.setdefault(op.node, {})
        else:
            self.files.setdefault(op.node, bytearray())

    def paths(self, folder: int = ROOT, above: Path = Path()) -> Iterator[tuple[Path, bytes | None]]:
        """Everything that has a name: the bytes of files, None for folders."""
        for name, node in sorted(self.folders[folder].items()):
            path = above / name
            if node in self.folders:
                yield path, None
                yield from self.paths(node, path)
            else:
                yield path, bytes(self.files[node])

    def write_to(self, root: Path) -> None:
        """Make real files of it in an empty folder."""
        for path, data in self.paths():
            if data is None:
                (root / path).mkdir()
            else:
                (root / path).write_bytes(data)


Fate = Callable[[Change, random.Random], Iterator[Change]]
"""What of a change that is not sure survives a cut."""


def kept(op: Change, chance: random.Random) -> Iterator[Change]:
    """Everything: the disk was quick."""
    yield op


def lost(op: Change, chance: random.Random) -> Iterator[Change]:
    """Nothing."""
    yield from ()


def some(op: Change, chance: random.Random) -> Iterator[Change]:
    """Each change or not, in whatever order the disk took them."""
    if chance.random() < 0.5:
        yield op


def torn(sector: int) -> Fate:
    """Of each write some sectors; where a file was to become longer, zeros may be there in their stead."""

    def tear(op: Change, chance: random.Random) -> Iterator[Change]:
        if not isinstance(op, Write):
            yield from some(op, chance)
            return
        share = chance.choice((0.0, 0.5, 0.5, 1.0))
        end, at = op.offset + len(op.data), op.offset
        while at < end:
            stop = min(end, (at // sector + 1) * sector)
            if chance.random() < share:
                yield Write(op.node, at, op.data[at - op.offset : stop - op.offset])
            at = stop
        if chance.random() < 0.5:
            yield Grow(op.node, end)

    return tear


FATES: dict[str, Fate] = {
    "kept": kept,
    "lost": lost,
    "some": some,
    "torn at 512": torn(512),
    "torn at 4096": torn(4096),
}


class Disk:
    """What happens to a disk, operation by operation."""

    def __init__(self, safe: Tree | None = None) -> None:
        self.safe = safe or Tree()
        self.now = self.safe.copy()
        """What programs see."""
        self.pending: list[Change] = []

    def apply(self, op: Op) -> None:
        """Let the next operation happen."""
        match op:
            case Flush(node):
                self._settle(lambda each: _file_of(each) == node)
            case FlushFailed(node):
                self.pending = [each for each in self.pending if _file_of(each) != node]
            case FlushNames(folder):
                folders = self._joined(folder)
                self._settle(lambda each: bool(_folders_of(each) & folders))
            case _:
                if isinstance(op, Link):
                    self.safe.make(op)
                    self.now.make(op)
                self.now.apply(op)
                self.pending.append(op)

    def cut(self, fate: Fate, chance: random.Random) -> Tree:
        """What is there when the power is back."""
        tree = self.safe.copy()
        for op in self.pending:
            for part in fate(op, chance):
                tree.apply(part)
        return tree

    def _settle(self, sure: Callable[[Change], bool]) -> None:
        for op in self.pending:
            if sure(op):
                self.safe.apply(op)
        self.pending = [op for op in self.pending if not sure(op)]

    def _joined(self, folder: int) -> set[int]:
        """The folder, and those that a move joins with it: no system writes one half of a move."""
        found, before = {folder}, 0
        while len(found) > before:
            before = len(found)
            for op in self.pending:
                if _folders_of(op) & found:
                    found |= _folders_of(op)
        return found


def _file_of(op: Change) -> int | None:
    return op.node if isinstance(op, Write | Resize | Grow) else None


def _folders_of(op: Change) -> set[int]:
    if isinstance(op, Rename):
        return {op.folder, op.to_folder}
    return {op.folder} if isinstance(op, Link | Unlink) else set()
