"""Work that could not be saved: kept in the user's own folder meanwhile, and brought back into its project later.

What follows on the newest revision is committed. What does not, because somebody else has changed the annotation, is
kept beside it as another annotator's layer: both stay, and people decide.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from labeltool.app.people.references import LABELLED, LONGEST, keep, kept, windows_of
from labeltool.app.session import Operation
from labeltool.core.atomic import sync_file, sync_folder
from labeltool.core.cold import Held, warm
from labeltool.core.errors import ConflictError, LabeltoolError, StoreError
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, Place, TileDelta
from labeltool.core.spelling import Spellings
from labeltool.core.words import counted
from labeltool.store import commit as committing
from labeltool.store.database import explained
from labeltool.store.layout import QUARANTINE, is_project
from labeltool.store.predictions import reference_key
from labeltool.store.rescue import SUFFIX, About, Rescued, RescueFile, at_revision, rescue_files
from labeltool.store.tiles import tile_hash

if TYPE_CHECKING:
    from labeltool.store.project import ProjectStore
    from labeltool.store.recovery import Recovery

__all__ = ["SUFFIX", "BroughtBack", "Rescue", "bring_back", "bring_back_all", "keep_both", "rescue_folder"]


def rescue_folder() -> Path:
    """Where work goes that cannot be saved: a folder of the user's own, made when it is needed."""
    from platformdirs import user_data_path  # noqa: PLC0415 - the window's start needs none of this

    return user_data_path("labeltool", appauthor=False) / "unsaved"


class Rescue:
    """The rescue files of one session, one for each image whose operations cannot be saved.

    Everything but ``folder`` waits for a disk: for the saver's thread. StoreError where that fails, too.
    """

    def __init__(self, store: ProjectStore, folder: Path | None = None) -> None:
        self._store = store
        self.folder = folder or rescue_folder()
        self._files: dict[str, tuple[RescueFile, int]] = {}

    @property
    def files(self) -> list[Path]:
        """The files as they are now."""
        return [file.path for file, _ in self._files.values()]

    def file_of(self, image_id: str) -> Path:
        """The file of an image of which something is kept."""
        return self._files[image_id][0].path

    def adopt(self, resumed: Resumed) -> None:
        """Go on with the file of an earlier session: its operations wait in this one now."""
        self._files[resumed.image_id] = RescueFile(resumed.path), resumed.operations[-1].revision

    def keep(self, image_id: str, operations: Sequence[Operation]) -> None:
        """Have all these operations of an image on disk, oldest first; those that are there stay as they are."""
        file, reached = self._files.get(image_id, (None, 0))
        new = [operation for operation in operations if file is None or operation.revision > reached]
        if not new:
            return
        if file is None or not file.path.exists():
            new = list(operations)
            description = at_revision(self._store.description(image_id), new[0].revision - 1)
            file = RescueFile.create(self.folder, description, self._store.root)
        author = self._store.author
        file.append(
            committing.Operation(each.patch, each.revision - 1, each.kind, each.target, author)
            for each in new
        )
        self._files[image_id] = file, new[-1].revision

    def forget(self, image_id: str) -> None:
        """Everything of an image is saved, or given up: its file is not needed any more."""
        file, _ = self._files.pop(image_id, (None, 0))
        if file is not None:
            with explained(file.path):
                file.path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Somebody has decided to lose it all."""
        for image_id in list(self._files):
            self.forget(image_id)


@dataclass(frozen=True)
class Resumed:
    """Operations of an earlier session that follow on the newest revision of their image, at least one; the file that
    they are kept in, and since when."""

    path: Path
    image_id: str
    image_name: str
    operations: list[Operation]
    at_utc: str

    def saved(self) -> BroughtBack:
        """They are in the project now."""
        return BroughtBack(self.image_id, self.image_name, len(self.operations), self.at_utc)


@dataclass(frozen=True)
class BroughtBack:
    """What became of operations that could not be saved. Where they did not follow on the annotation, which is at
    ``theirs`` by ``whose`` work, they are kept beside it as ``layer``; empty where they were committed."""

    image_id: str
    image_name: str
    operations: int
    at_utc: str = ""
    layer: str = ""
    theirs: int = 0
    whose: str = ""

    def __str__(self) -> str:
        changes = counted(self.operations, "change")
        if not self.layer:
            verb = "is" if self.operations == 1 else "are"
            return f"{self.image_name}: {changes} that could not be saved before {verb} saved now"
        return (
            f"{self.image_name}: somebody else has changed the annotation meanwhile. Theirs stays; yours, with"
            f" {changes} that could not be saved, is kept beside it as the layer {self.layer!r}"
        )


@dataclass(frozen=True)
class Waiting:
    """A rescue file of an image of a project: how many operations it holds, and the revision on which the first was
    made."""

    path: Path
    image_id: str
    image_name: str
    operations: int
    expected: int


def waiting_for(store: ProjectStore, folder: Path | None = None) -> list[Waiting]:
    """The rescue files whose images are this project's, by their heads; those of one image in the order of their
    revisions, for clocks lie. Of a copy of the project they are not, as long
    as the project is where it was. ``store.notices`` say what cannot be read."""
    ids = {record.id for record in store.images()}
    found = []
    try:
        paths = rescue_files(folder or rescue_folder())
    except OSError as error:
        store.notices.append(f"unsaved work cannot be looked for: {error}")
        return []
    for path in paths:
        try:
            about = RescueFile(path).about()
        except LabeltoolError as error:
            store.notices.append(f"unsaved work cannot be read: {error}")
            continue
        image = about.description.image
        if image.id in ids and (_is_one(about.root, store.root) or not _is_there(about.root)):
            found.append(Waiting(path, image.id, store.image(image.id).name, about.changes, about.expected))
    return sorted(found, key=lambda each: (each.image_id, each.expected))


def _is_one(root: Path, other: Path) -> bool:
    """Whether two paths lead to one folder: by a link, or by another spelling where the file system does not mind."""
    if root == other:
        return True
    with suppress(OSError, ValueError):  # a file of unsaved work may name what no folder can be called
        return root.samefile(other) or Spellings().is_one(root, other)
    return False


def _is_there(root: Path) -> bool:
    try:
        return is_project(root)
    except OSError:  # it cannot be reached, or not be read: it is not there for us
        return False


def bring_back_all(
    store: ProjectStore, folder: Path | None = None, *, put_off: Callable[[Path], None] | None = None
) -> list[BroughtBack]:
    """Bring back what waits for this project; a file goes once its operations are in the project.

    What cannot be brought back stays where it is, and ``store.notices`` say why. Where trying again later may help
    ``put_off`` is told of the file instead, where there is one.
    """
    done = []
    for waiting in waiting_for(store, folder):
        path = waiting.path
        if store.read_only_reason:
            changes, waits = (
                counted(waiting.operations, "change"),
                "waits" if waiting.operations == 1 else "wait",
            )
            store.notices.append(
                f"{waiting.image_name}: {changes} that could not be saved {waits} for this project to be writable:"
                f" {path}"
            )
            continue
        try:
            brought = bring_back(store, path)
            with explained(path):
                path.unlink()
        except LabeltoolError as error:
            if store.recovery is not None:
                store.recovery = _reckoned(store, store.recovery, waiting)
            if put_off is not None and isinstance(error, StoreError) and error.may_pass:
                put_off(path)
            else:
                store.notices.append(not_back(path, error))
            continue
        if brought.operations:
            done.append(brought)
        if store.recovery is not None:
            revision = store.history(brought.image_id).revision
            store.recovery = store.recovery.after(brought.image_id, brought.operations, revision)
    return done


def _reckoned(store: ProjectStore, recovery: Recovery, waiting: Waiting) -> Recovery:
    """What is left of a session once its file could not be brought back, or only in part."""
    try:
        rest, revision = len(resume(store, waiting.path).operations), store.history(waiting.image_id).revision
    except LabeltoolError:
        return recovery.keeping(waiting.operations)
    return recovery.after(waiting.image_id, waiting.operations - rest, revision).keeping(rest)


def not_back(path: Path, error: LabeltoolError) -> str:
    """That a file could not be brought back."""
    return f"unsaved work could not be brought back; it stays in {path}: {error}"


def bring_back(store: ProjectStore, path: Path) -> BroughtBack:
    """Commit what a rescue file holds, or keep it beside the annotation; the file stays. Operations that the journal
    has already are left out. StoreError where the image is not this project's, or the disk fails."""
    try:
        resumed = resume(store, path)
    except ConflictError:
        return keep_both(store, path)
    try:
        for each in resumed.operations:
            status = store.image(resumed.image_id).status.after(each.patch.kind)
            store.commit(
                resumed.image_id,
                each.patch,
                kind=each.kind,
                target=each.target,
                expected=each.revision - 1,
                status=status,
            )
    except ConflictError:  # a moment ago it was not so
        return keep_both(store, path)
    return resumed.saved()


def resume(store: ProjectStore, path: Path) -> Resumed:
    """What a rescue file holds and the journal does not, to go on from there: none where it has all of it.

    ConflictError where it does not follow on the annotation; StoreError where the image is not this project's."""
    file = RescueFile(path)
    file.settle()
    about, operations = file.about(), file.operations()
    image = about.description.image
    try:
        store.image(image.id)
    except StoreError as error:
        raise StoreError(
            f"these changes are of {image.name} in the project {about.description.project}",
            file=path,
            hint=f"Open that project first; it was at {about.root}",
        ) from error
    record = store.reread(image.id)  # a list of images that lagged behind would not know its status
    rest = operations[_known(store, image.id, operations) :]
    mask = store.load_mask(image.id)
    if rest and (not _fits(mask, rest[0]) or store.history(image.id).revision != rest[0].expected):
        raise ConflictError("somebody else has changed this annotation", file=record.path)
    found = []
    for each in rest:
        patch = each.patch(_held(mask, each.after))
        mask.apply(patch)
        found.append(Operation(each.kind, patch, each.expected + 1, each.target))
    return Resumed(path, image.id, record.name, found, about.at_utc)


def keep_both(store: ProjectStore, path: Path, mask: LabelMask | None = None) -> BroughtBack:
    """Keep a rescue file's operations beside the annotation of their image: as a layer of its own, and as a copy of the
    file in the project's quarantine. ``mask`` is how the image looked with them, where that is known."""
    file = RescueFile(path)
    file.settle()
    about, operations = file.about(), file.operations()
    image = about.description.image
    mine = mask or _with(store, image.id, operations)
    journal = store.journal(image.id)
    record = store.reread(image.id)
    _copy(path, store.root / QUARANTINE)
    name = _keep(store, image.id, mine, about)
    theirs = journal[-1] if journal else None
    return BroughtBack(
        image.id,
        record.name,
        len(operations),
        about.at_utc,
        name,
        theirs.revision if theirs else 0,
        theirs.author if theirs else "",
    )


def _known(store: ProjectStore, image_id: str, operations: Sequence[Rescued]) -> int:
    """How many of the operations, from the first, are in the journal: a session may have died right after it saved."""
    journal = {entry.revision: entry for entry in store.journal(image_id)}
    blank = LabelMask(store.image(image_id).size, store.load_mask(image_id).planes["label"].fill)
    for number, each in enumerate(operations):
        entry = journal.get(each.expected + 1)
        if entry is None or (entry.kind, entry.target) != (each.kind, each.target):
            return number
        deltas = store.patch(image_id, entry.revision).deltas
        left = {place: _tile_hash(blank, place, delta.held_after) for place, delta in deltas.items()}
        if left != {place: _tile_hash(blank, place, tile) for place, tile in each.after.items()}:
            return number
    return len(operations)


def _with(store: ProjectStore, image_id: str, operations: Sequence[Rescued]) -> LabelMask:
    """The mask as it was with the operations: on what they were made on, where the journal has that, else alone."""
    record = store.image(image_id)
    first = operations[0]
    mask = LabelMask(record.size, store.catalog.unlabelled_value)
    if first.expected <= store.history(image_id).revision:
        before = store.mask_at(image_id, first.expected)
        mask = before if _fits(before, first) else mask
    for each in operations:
        mask.apply(Patch("", "", {place: TileDelta(None, tile) for place, tile in each.after.items()}))
    return mask


def _fits(mask: LabelMask, operation: Rescued) -> bool:
    """Whether the mask is the one that an operation was made on, as far as the operation knows it."""
    blank = LabelMask(mask.size, mask.planes["label"].fill)
    return all(
        _tile_hash(mask, place, None) == (sha256 or _tile_hash(blank, place, None))
        for place, sha256 in operation.before_hashes.items()
    )


def _tile_hash(mask: LabelMask, place: Place, tile: Held | None) -> bytes:
    """The hash of a tile; without one, of the mask's own at that place."""
    name, index = place
    return tile_hash(mask.planes[name].tile(index) if tile is None else warm(tile))


def _held(mask: LabelMask, places: Mapping[Place, object]) -> dict[Place, Held | None]:
    return {(name, index): mask.planes[name].tiles.held(index) for name, index in places}


def _keep(store: ProjectStore, image_id: str, mine: LabelMask, about: About) -> str:
    """Keep a mask as a layer, and return its name: that of an equal one where it was kept before, by somebody who could
    not put the file away any more."""
    taken, told = store.references(image_id), {each.name for each in kept(store, image_id) if each.at_utc}
    name = next(each for each in _names(about) if each not in taken or _holds(store, image_id, each, mine))
    if name not in taken or name not in told:
        keep(store, image_id, name, windows_of(mine, LABELLED), revision=None)
    return name


def _holds(store: ProjectStore, image_id: str, name: str, mine: LabelMask) -> bool:
    found = store.prediction(image_id, reference_key(name))
    return found is not None and all(
        np.array_equal(found.label.read(box), label) and np.array_equal(found.confidence.read(box), labelled)
        for box, label, labelled, *_ in windows_of(mine, LABELLED)
    )


def _names(about: About) -> Iterator[str]:
    """Whose work it is, and when it could not be saved, in local time; where that is taken with a number."""
    when = datetime.fromisoformat(about.at_utc).astimezone()
    name = f"{about.author or 'somebody'} {when:%Y-%m-%d %H.%M.%S} not saved"[-LONGEST:]
    yield name
    for number in count(2):
        yield f"{name[: LONGEST - 4]} {number}"


def _copy(path: Path, folder: Path) -> None:
    target = folder / path.name
    if target.exists() and target.read_bytes() == path.read_bytes():
        return
    with explained(target):
        folder.mkdir(exist_ok=True)
        shutil.copyfile(path, target)
        sync_file(target)
        sync_folder(folder)
