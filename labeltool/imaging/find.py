"""Which files of a folder are images."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import Skipped
from labeltool.imaging import sniff
from labeltool.imaging.open import probe, readable_suffixes

_MANIFEST = "manifest.json"


def find_images(
    paths: Sequence[Path], progress: Progress = silent, cancel: CancelToken | None = None
) -> tuple[list[Path], list[Skipped]]:
    """The images among files and folders, absolute, each once, and what was left out.

    Folders are searched with everything below them, in natural order (2 before 10), by suffix: hidden files and what
    merely lies beside images (labels, notes, archives) are passed over, kinds of images that are not read are
    reported, and so are folders that are called like an image, links that lead to a folder again, and exports of ours.
    Of files that have no suffix, or a number for one, the first bytes tell whether they are DICOM, which scanners name
    so. A file that is named itself must be an image. Of files that are found no more is read. ``progress`` is told of
    each folder, with a total of 0 because nobody knows it. CancelledError between folders, and between files that are
    named.
    """
    found: dict[Path, None] = {}
    skipped: list[Skipped] = []
    cancel = cancel or CancelToken()
    for given in paths:
        cancel.check()
        path = Path(os.path.abspath(given.expanduser()))  # noqa: PTH100 - resolve() would follow links
        if path.is_dir():
            images, notes, again = _search(path, progress, cancel)
            found.update(dict.fromkeys(images))
            skipped += notes if images or notes else [Skipped(str(path), "no images in this folder")]
            skipped += again
        else:
            skipped += _take(path, found)
    return list(found), skipped


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sort key that puts 2 before 10 and does not mind upper and lower case."""
    parts = re.split(r"(\d+)", text.casefold())
    return [(0, int(p), p) if p.isdecimal() else (1, 0, p) for p in parts if p]


def _take(path: Path, found: dict[Path, None]) -> list[Skipped]:
    try:
        probe(path)
    except BadInputError as error:
        return [Skipped(str(path), ". ".join(filter(None, (error.message, error.hint))))]
    found[path] = None
    return []


def _search(
    top: Path, progress: Progress, cancel: CancelToken
) -> tuple[list[Path], list[Skipped], list[Skipped]]:
    """The images below a folder, what was left out, and the links that were not followed."""
    suffixes = readable_suffixes()
    found: list[Path] = []
    notes: list[Skipped] = []
    again: list[Skipped] = []
    for folder, names in _walk(top, notes, again):
        cancel.check()
        progress(len(found), 0, str(folder))
        if folder != top and folder.name.lower().endswith(suffixes):
            notes.append(Skipped(str(folder), "this is a folder, not an image; it was searched as one"))
        for name in names:
            path = folder / name
            kind = sniff.by_suffix(path)
            # Behind a suffix some systems take a blank or a dot, which is seen nowhere.
            if name.lower().rstrip(" .").endswith(suffixes) or _is_unnamed_dicom(path):
                found.append(path)
            elif kind is not None and kind.image:
                notes.append(Skipped(str(path), f"this is {kind.name}. {kind.hint}"))
    return found, notes, again


def _is_unnamed_dicom(path: Path) -> bool:
    """True for DICOM called IM0001, or by a UID; a DICOMDIR, which only lists others, is passed over."""
    if path.suffix.lstrip(".").strip("0123456789") or path.name.upper() == "DICOMDIR":
        return False
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would keep us waiting
            return False
        with path.open("rb", buffering=0) as file:
            return file.read(sniff.PREAMBLE_BYTES).endswith(sniff.DICOM_MAGIC)
    except OSError:
        return False


def _is_export(manifest: Path) -> bool:
    """Whether a manifest is that of one of our exports, which says at its end who has written it."""
    try:
        with manifest.open("rb") as file:
            file.seek(max(0, manifest.stat().st_size - 200))
            return b'"written_by": "labeltool ' in file.read()
    except OSError:
        return False


def _walk(top: Path, notes: list[Skipped], again: list[Skipped]) -> Iterator[tuple[Path, list[str]]]:
    """Folders and the names of their visible files; a folder that links lead to again is not entered twice."""

    def report(error: OSError) -> None:
        notes.append(Skipped(str(error.filename), f"the folder cannot be read: {error.strerror}"))

    seen: dict[tuple[int, int], str] = {}
    for folder, below, files in os.walk(top, onerror=report, followlinks=True):
        status = Path(folder).stat()
        first = seen.setdefault((status.st_dev, status.st_ino), folder)
        if first != folder:
            below.clear()
            again.append(Skipped(folder, f"this leads to {first} again, where each image is taken once"))
            continue
        if Path(folder) != top and _MANIFEST in files and _is_export(Path(folder, _MANIFEST)):
            below.clear()
            notes.append(
                Skipped(
                    folder,
                    "labeltool has exported this; where you want its files as images, add it by itself",
                )
            )
            continue
        below[:] = sorted((name for name in below if not name.startswith(".")), key=natural_key)
        visible = [name for name in files if not name.startswith(".")]
        yield Path(folder), sorted(visible, key=natural_key)
