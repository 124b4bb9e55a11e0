"""Whether the labels of a project can be read, as far as that can be said in a moment; fsck looks at everything."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from labeltool.core.errors import StoreError
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord
from labeltool.store.database import DamagedError, NewerError, UnfinishedError
from labeltool.store.layout import mask_path
from labeltool.store.project import ProjectStore
from labeltool.store.scope import is_of_one_image
from labeltool.store.settling import sound


@dataclass(frozen=True)
class Unsound:
    """An image whose labels cannot be read, by its name, their file, and what is wrong with that."""

    image: str
    file: Path
    what: str


@dataclass
class Labels:
    """What was found of the labels of a project: ``pixels`` by class value, as they were counted when they were saved;
    of ``labelled`` images so many were ``checked`` to their last tile, and some are ``unsound``; what ``unread``
    ones hold nobody can say, as nobody could look. Of ``interrupted`` ones nothing is wrong, but they are put right by
    who opens the project for writing."""

    pixels: dict[int, int] = field(default_factory=dict)
    labelled: int = 0
    checked: int = 0
    unsound: list[Unsound] = field(default_factory=list)
    unread: list[Unsound] = field(default_factory=list)
    interrupted: list[Unsound] = field(default_factory=list)


def look(
    store: ProjectStore,
    records: Iterable[ImageRecord],
    *,
    at_most_s: float = math.inf,
    cancel: CancelToken | None = None,
) -> Labels:
    """Read what every image says of its labels, and then, no longer than ``at_most_s``, the labels themselves; those
    that were written last come first."""
    cancel, found, readable = cancel or CancelToken(), Labels(), list[tuple[int, ImageRecord]]()
    for record in records:
        cancel.check()
        path = mask_path(store.root, record.id)
        try:
            for value, count in store.class_pixels(record.id).items():
                found.pixels[value] = found.pixels.get(value, 0) + count
            if path.exists():
                readable.append((path.stat().st_mtime_ns, record))
        except NewerError:
            raise  # that is no damage, and nothing can be said without the newer version
        except StoreError as error:
            found.labelled += 1
            _note(found, record, error)
    found.labelled += len(readable)
    began_s = time.monotonic()
    for _, record in sorted(readable, key=lambda each: -each[0]):
        cancel.check()
        if time.monotonic() - began_s >= at_most_s:
            break
        path = mask_path(store.root, record.id)
        try:
            wrong = sound(path)
        except StoreError as error:
            _note(found, record, error)
            continue
        found.checked += 1
        if wrong:
            found.unsound.append(Unsound(record.name, path, wrong))
    return found


def _note(found: Labels, record: ImageRecord, error: StoreError) -> None:
    """Why the labels of an image were not read; StoreError where that is about the whole project."""
    if not is_of_one_image(error):
        raise error
    each = Unsound(record.name, Path(error.file or record.path), error.message)
    if isinstance(error, UnfinishedError):
        found.interrupted.append(each)
    elif isinstance(error, DamagedError):
        found.unsound.append(each)
        found.checked += 1
    else:
        found.unread.append(each)
