"""Undo and redo as the journal tells them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from labeltool.core.geometry import TileIndex
from labeltool.core.patch import Place
from labeltool.store.tiles import PLANE_NAMES, PLANE_NUMBERS

OperationKind = Literal["do", "undo", "redo"]


class OperationInfo(NamedTuple):
    """One operation of the journal; ``at_utc`` is ISO 8601, and order goes by revision, never by time."""

    revision: int
    title: str
    kind: OperationKind
    at_utc: str


class JournalEntry(NamedTuple):
    """One operation of the journal with all that is known of it.

    ``target`` is the revision that an undo or redo is about, ``patch_kind`` the one word for what made the change,
    ``tiles`` the number of tiles changed, ``details`` what the patch says of itself (model, file).
    """

    revision: int
    kind: OperationKind
    target: int | None
    patch_kind: str
    title: str
    author: str
    at_utc: str
    tiles: int
    details: Mapping[str, str]


class History(NamedTuple):
    """What can be undone and what can be redone, the next one last, and the newest revision."""

    undo: list[OperationInfo]
    redo: list[OperationInfo]
    revision: int


def replay(rows: Iterable[tuple[OperationInfo, int | None]], revision: int) -> History:
    """Both stacks from the operations and their targets, oldest first; ValueError where they make no sense."""
    undo: list[OperationInfo] = []
    redo: list[OperationInfo] = []
    for info, target in rows:
        if info.kind == "do":
            undo.append(info)
            redo.clear()
            continue
        source, goal = (undo, redo) if info.kind == "undo" else (redo, undo)
        if not source or source[-1].revision != target:
            raise ValueError(f"r{info.revision} cannot {info.kind} r{target}")
        goal.append(source.pop())
    return History(undo, redo, revision)


def chain_start(image_id: str) -> bytes:
    """The hash that the chain of an image's operations begins with."""
    return hashlib.sha256(image_id.encode()).digest()


def chain_next(
    previous: bytes, revision: int, kind: str, target: int | None, after: Mapping[Place, bytes | None]
) -> bytes:
    """The chain's hash after an operation; ``after`` gives the hashes of the tiles it left (None: fill value)."""
    chain = hashlib.sha256(previous)
    chain.update(f"{revision} {kind} {target}".encode())
    for key, digest in sorted((place_key(place), digest) for place, digest in after.items()):
        chain.update("{} {} {} ".format(*key).encode() + (digest or b"-"))
    return chain.digest()


def place_key(place: Place) -> tuple[int, int, int]:
    """Plane number, row and column: the key of a tile in the file."""
    name, index = place
    return PLANE_NUMBERS[name], index.row, index.col


def place_of(plane: int, row: int, col: int) -> Place:
    """The place that a key of the file stands for; ValueError where there is none: SQLite lets anything in."""
    if not (isinstance(plane, int) and isinstance(row, int) and isinstance(col, int)):
        raise ValueError(f"a tile at {plane!r}, {row!r}, {col!r}")
    if not 0 <= plane < len(PLANE_NAMES) or row < 0 or col < 0:
        raise ValueError(f"a tile at {plane}, {row}, {col}")
    return PLANE_NAMES[plane], TileIndex(row, col)
