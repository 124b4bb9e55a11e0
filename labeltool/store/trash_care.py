"""What is wrong in a project's trash, and what is done about it, as of the project itself: a mask file becomes whole as
any does (:mod:`labeltool.store.remedy`), and a tombstone is made again from what the mask file says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.store import trash
from labeltool.store.database import CANNOT_SAY, DamagedError, explained
from labeltool.store.deeds import Deed, fact
from labeltool.store.layout import keep_in_quarantine, mask_path, quarantine
from labeltool.store.mask_file import MaskFile
from labeltool.store.remedy import ACCEPT, AFRESH, RESTORED, Remedy


def mask_files(root: Path) -> Iterator[Path]:
    """Where mask files are in the trash or should be; what a removal or a return was cut off with lies in its place."""
    for image_id in trash.all_ids(root):
        path = trash.kept_path(root, image_id)
        if path.exists() or not mask_path(root, image_id).exists():
            yield path


def tombstone(root: Path, image_id: str, *, accept_loss: bool = False) -> Remedy | None:
    """What can be done about the tombstone of an image whose mask file has been looked at; None where nothing is wrong.
    It is only said (see :func:`apply`)."""
    path, kept = trash.tombstone_path(root, image_id), trash.kept_path(root, image_id)
    try:
        known = trash.read(root, image_id).record
        wrong = trash.older(kept, known) if kept.exists() else ""
    except DamagedError as error:
        return _again_or_aside(root, image_id, path, error)
    except CANNOT_SAY as error:
        return Remedy(path, "none", (error.message,), fact(error.hint or "it stays as it is"))
    except LabeltoolError:  # there is none, or what is wrong is with the mask file
        return None
    if not wrong:
        return None
    if accept_loss or _says_so(kept):
        words = Deed("it says so now", "it would say so")
        return Remedy(path, "mended", (wrong,), words)
    way = f"no step is known to come after them. {ACCEPT} would take them as they are"
    return Remedy(path, "none", (wrong,), fact(way))


def _again_or_aside(root: Path, image_id: str, path: Path, error: StoreError) -> Remedy | None:
    if trash.held(root, image_id) is not None:
        words = Deed(
            "it was made again from its labels, and counts as removed today",
            "it would be made again from its labels, and count as removed today",
        )
        return Remedy(path, "mended", (error.message,), words)
    if not path.exists():  # what is damaged is the mask file, which has been told
        return None
    why = "no labels lie with it that say which image this was"
    words = Deed(
        f"{why}, so it was set aside; add the image again",
        f"{why}, so it would be set aside; add the image again then",
    )
    return Remedy(path, "aside", (error.message,), words)


def _says_so(kept: Path) -> bool:
    """True where a mask file says itself that it is older, because it was restored."""
    return bool(MaskFile(kept).events({RESTORED, AFRESH}))


def apply(root: Path, image_id: str, found: Remedy) -> str:
    """Do what :func:`tombstone` says, and say where the damaged one is kept. The project's lock is held."""
    path = trash.tombstone_path(root, image_id)
    with explained(path):
        if found.kind == "aside":
            return f"it is kept as {quarantine(root, path)}"
        image = trash.held(root, image_id)
        if found.kind != "mended" or image is None:
            return ""
        kept = f"the old one is kept as {keep_in_quarantine(root, path)}" if path.exists() else ""
        try:
            before = trash.read(root, image_id)
        except StoreError:
            trash.write(root, image)
        else:
            trash.write(root, replace(before.record, revision=image.revision), before.author, before.at_utc)
        return kept
