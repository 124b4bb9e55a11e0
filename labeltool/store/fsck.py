"""Checking a project: everything that was promised, held against what is on disk. Changes nothing."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.project import ImageRecord
from labeltool.store import audit
from labeltool.store.database import UnfinishedError
from labeltool.store.index import Index
from labeltool.store.layout import INDEX, is_project, leftovers, mask_path, mask_paths
from labeltool.store.mask_file import MaskFile
from labeltool.store.rebuild import rebuild_index
from labeltool.store.records import Description

__all__ = ["Finding", "check", "rebuild_index"]


BACKUP = "Restore the file from a backup"


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be. A notice needs nothing done; an error may mean lost work."""

    file: Path
    what: str
    severity: Literal["error", "notice"]
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.severity}: {self.file}: {self.what}{'. ' + self.hint if self.hint else ''}"


def check(root: Path) -> list[Finding]:
    """Everything that is wrong with a project nobody is writing; StoreError where there is none."""
    root = root.absolute()
    if not is_project(root):
        raise StoreError("there is no project here", file=root)
    findings = [_leftover(path) for path in leftovers(root)]
    described: dict[str, Description] = {}
    for path in mask_paths(root):
        findings += _check_masks(path, described)
    return findings + _check_index(root, described)


def _leftover(path: Path) -> Finding:
    return Finding(path, "is left from an interrupted save", "notice", "It goes when the project is opened")


def _check_masks(path: Path, described: dict[str, Description]) -> list[Finding]:
    findings = []
    try:
        with _settled(path) as settled:
            if settled != path:
                findings.append(
                    Finding(
                        path, "saving was interrupted", "notice", "It is put right when the project is opened"
                    )
                )
            file = MaskFile.open(settled)
            for what in audit.problems(file):
                findings.append(Finding(path, what, "error", BACKUP))
            description = file.description()
    except LabeltoolError as error:
        return [*findings, Finding(path, error.message, "error", BACKUP)]
    except (sqlite3.Error, OSError) as error:
        return [*findings, Finding(path, str(error), "error", BACKUP)]
    described[description.image.id] = description
    if path.stem != description.image.id:
        findings.append(Finding(path, f"holds the mask of another image, {description.image.id}", "error"))
    return findings


@contextmanager
def _settled(path: Path) -> Iterator[Path]:
    """The file, or a copy that has been rolled back where a save was interrupted: the original stays as it is."""
    try:
        MaskFile.open(path)
    except UnfinishedError:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(shutil.copy(path, folder))
            shutil.copy(path.with_name(f"{path.name}-journal"), folder)
            MaskFile.open(copy, write=True)
            yield copy
    else:
        yield path


def _check_index(root: Path, described: dict[str, Description]) -> list[Finding]:
    path = root / INDEX
    again = "Opening the project for writing makes the list again"
    if not path.is_file():
        return [Finding(path, "the list of images is missing", "error", again)]
    index = Index(path, write=False)
    try:
        index.name()
        index.catalog()
        records = index.records()
    except UnfinishedError:
        return [
            Finding(path, "saving was interrupted", "notice", "It is put right when the project is opened")
        ]
    except StoreError as error:
        return [Finding(path, error.message, "error", again)]
    findings = [
        Finding(
            mask_path(root, i), "is not in the list of images", "error", "`labeltool fsck --rebuild` adds it"
        )
        for i in described.keys() - records.keys()
    ]
    for record in records.values():
        findings += _compare(mask_path(root, record.id), record, described.get(record.id))
    return findings


def _compare(path: Path, record: ImageRecord, description: Description | None) -> list[Finding]:
    if description is None:
        gone = record.revision > 0 and not path.exists()
        what = f"the mask file of {record.name} is gone (it was at r{record.revision})"
        return [Finding(path, what, "error", BACKUP)] if gone else []
    if description.image != record:
        what = f"the list of images lags behind (it says r{record.revision}, the file r{description.image.revision})"
        return [Finding(path, what, "notice", "It catches up with the next change")]
    return []
