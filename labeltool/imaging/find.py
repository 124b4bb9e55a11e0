"""Which files of a folder are images."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from labeltool.core.errors import BadInputError
from labeltool.core.progress import Progress, silent
from labeltool.core.project import Skipped
from labeltool.imaging import sniff
from labeltool.imaging.open import probe, readable_suffixes


def find_images(paths: Sequence[Path], progress: Progress = silent) -> tuple[list[Path], list[Skipped]]:
    """The images among files and folders, absolute, each once, and what was left out.

    Folders are searched with everything below them, in natural order (2 before 10), by suffix: hidden files and what
    merely lies beside images (labels, notes, archives) are passed over, kinds of images that are not read are
    reported. Of files that have no suffix, or a number for one, the first bytes tell whether they are DICOM, which
    scanners name so. A file that is named itself must be an image. Of files that are found no more is read.
    ``progress`` is told of each folder, with a total of 0 because nobody knows it.
    """
    found: dict[Path, None] = {}
    skipped: list[Skipped] = []
    for given in paths:
        path = Path(os.path.abspath(given.expanduser()))  # noqa: PTH100 - resolve() would follow links
        if path.is_dir():
            images, notes = _search(path, progress)
            found.update(dict.fromkeys(images))
            skipped += notes if images or notes else [Skipped(str(path), "no images in this folder")]
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


def _search(top: Path, progress: Progress) -> tuple[list[Path], list[Skipped]]:
    suffixes = readable_suffixes()
    found: list[Path] = []
    notes: list[Skipped] = []
    for folder, names in _walk(top, notes):
        progress(len(found), 0, str(folder))
        for name in names:
            path = folder / name
            kind = sniff.by_suffix(path)
            if name.lower().endswith(suffixes) or _is_unnamed_dicom(path):
                found.append(path)
            elif kind is not None and kind.image:
                notes.append(Skipped(str(path), f"this is {kind.name}. {kind.hint}"))
    return found, notes


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


def _walk(top: Path, notes: list[Skipped]) -> Iterator[tuple[Path, list[str]]]:
    """Folders and the names of their visible files; a folder that links lead to again is not entered twice."""

    def report(error: OSError) -> None:
        notes.append(Skipped(str(error.filename), f"the folder cannot be read: {error.strerror}"))

    seen: set[tuple[int, int]] = set()
    for folder, below, files in os.walk(top, onerror=report, followlinks=True):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in seen:
            below.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        below[:] = sorted((name for name in below if not name.startswith(".")), key=natural_key)
        visible = [name for name in files if not name.startswith(".")]
        yield Path(folder), sorted(visible, key=natural_key)
