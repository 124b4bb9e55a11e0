"""A machine whose disk is one folder: it notes everything that a program does to the files there, in order, and lets
the operation fail that it is told to.

Python's own files are seen in :mod:`faults.power.calls`, SQLite's in :mod:`faults.power.sqlite`: both do the real thing
to real files and say so here. The program itself runs unchanged.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from faults.power.disk import ROOT, Disk, Link, Op, Rename, Tree, Unlink

SPACE = frozenset({"write", "create"})
"""The kinds of operation that a full disk refuses."""
DEVICE = frozenset({"read", "write", "create", "resize", "sync", "names", "delete"})
"""Those that a failing disk refuses: *names* is to flush a folder, *delete* and *create* change one."""


@dataclass
class Fault:
    """Operation number ``at`` fails with ``code`` if it is of one of the ``kinds``, and with ``lasting`` all such that
    come after it, too. With ``short`` half of a write's bytes arrive first."""

    at: int
    code: int
    kinds: frozenset[str] = DEVICE
    lasting: bool = False
    short: bool = False
    struck: str = ""
    """The first operation that failed: its kind, and the name of the file."""

    def strikes(self, number: int, kind: str, path: str) -> bool:
        """True when this operation fails."""
        hit = kind in self.kinds and (number >= self.at if self.lasting else number == self.at)
        if hit:
            self.struck = self.struck or f"{kind} {Path(path).name}"
        return hit

    @property
    def is_full(self) -> bool:
        """True once there is no room."""
        return bool(self.struck) and self.code == errno.ENOSPC

    def error(self, path: str) -> OSError:
        """What the system says."""
        return OSError(self.code, os.strerror(self.code), path)


class Machine:
    """``root`` is the folder, ``ops`` what was done to it since the beginning."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.ops: list[Op] = []
        self.fault: Fault | None = None
        self.kinds: list[str] = []
        """The kinds of the operations since :meth:`failing` began, reads among them."""
        self.on = False
        self.start = Tree()
        self._nodes: dict[str, int] = {str(self.root): ROOT}
        self._numbers = count(ROOT + 1)
        for path in sorted(self.root.rglob("*")):
            link = self._link(str(path), path.is_dir())
            self.start.make(link)
            self.start.apply(link)
            if path.is_file():
                self.start.files[link.node][:] = path.read_bytes()

    def disk(self) -> Disk:
        """The disk as it was at the beginning; :attr:`ops` have yet to happen to it."""
        return Disk(self.start.copy())

    def now(self) -> Tree:
        """What the folder must hold, going by :attr:`ops`."""
        disk = self.disk()
        for op in self.ops:
            disk.apply(op)
        return disk.now

    @contextmanager
    def running(self) -> Iterator[None]:
        """Everything within is seen."""
        from faults.power import calls, sqlite

        with calls.seen_by(self), sqlite.seen_by(self):
            self.on = True
            try:
                yield
            finally:
                self.on = False

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """What is done within must change nothing, and is not noted."""
        before, self.on = self.on, False
        try:
            yield
        finally:
            self.on = before

    @contextmanager
    def failing(self, fault: Fault | None) -> Iterator[None]:
        """Operations are counted from 0, and one may fail."""
        self.fault, self.kinds = fault, []
        try:
            yield
        finally:
            self.fault = None

    @contextmanager
    def sparing(self) -> Iterator[None]:
        """Nothing fails within."""
        before, self.fault = self.fault, None
        try:
            yield
        finally:
            self.fault = before

    def sees(self, path: Any) -> bool:
        """True for what lies in the folder while somebody looks."""
        return self.on and not isinstance(path, int) and self._inside(_plain(path))

    def strikes(self, kind: str, path: Any) -> Fault | None:
        """Count an operation; the fault that strikes it, or None."""
        self.kinds.append(kind)
        number = len(self.kinds) - 1
        return self.fault if self.fault and self.fault.strikes(number, kind, str(path)) else None

    def node(self, path: Any) -> int:
        """The number of a file or folder that is there."""
        return self._nodes[_plain(path)]

    def created(self, path: Any, *, folder: bool = False) -> None:
        """A file or folder has come to be."""
        self.ops.append(self._link(_plain(path), folder))

    def deleted(self, path: Any) -> None:
        """A name has gone."""
        folder, name = os.path.split(_plain(path))
        self.ops.append(Unlink(self._nodes[folder], name))
        del self._nodes[_plain(path)]

    def renamed(self, source: Any, target: Any) -> None:
        """A file or folder has another name, in the place of what had that."""
        old, new = _plain(source), _plain(target)
        (folder, name), (to_folder, to_name) = os.path.split(old), os.path.split(new)
        node = self._nodes[old]
        self.ops.append(Rename(self._nodes[folder], name, self._nodes[to_folder], to_name, node))
        for path in [each for each in self._nodes if each == old or each.startswith(old + os.sep)]:
            self._nodes[new + path[len(old) :]] = self._nodes.pop(path)

    def _inside(self, path: str) -> bool:
        return path == str(self.root) or path.startswith(str(self.root) + os.sep)

    def _link(self, path: str, folder: bool) -> Link:
        self._nodes[path] = node = next(self._numbers)
        above, name = os.path.split(path)
        return Link(self._nodes[above], name, node, folder)


def _plain(path: Any) -> str:
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - links are followed by nobody else either
