"""``manifest.json`` of an export: what is in it, from which images it came, and a checksum of every file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from labeltool import __version__
from labeltool.core.atomic import sync_file, write_bytes
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.progress import CancelToken
from labeltool.core.project import split_called
from labeltool.formats.pictures import sha256
from labeltool.formats.untrusted import load_json, stays_inside
from labeltool.formats.workers import in_order, workers

MANIFEST = "manifest.json"
SYNCING = 8
"""Files that are brought to disk at a time; most of that is waiting."""


@dataclass(frozen=True)
class Source:
    """An exported image: its id, its ``name`` in the export, its own file's name and checksum, its revision, and the
    ``root`` hash of its mask at that revision (empty where nobody knows)."""

    id: str
    name: str
    file: str
    sha256: str
    split: str
    revision: int
    root: str = ""


@dataclass(frozen=True)
class Manifest:
    """What :func:`read_manifest` gives back: ``files`` maps relative names to (sha256, bytes)."""

    format: str
    sources: tuple[Source, ...]
    files: dict[str, tuple[str, int]]

    @property
    def names(self) -> dict[str, str]:
        """Name in the export by image id."""
        return {source.id: source.name for source in self.sources}


def write_manifest(
    folder: Path,
    format_name: str,
    objects: int,
    catalog: ClassCatalog,
    sources: list[Source],
    cancel: CancelToken | None = None,
    *,
    catalog_version: int = 0,
) -> Manifest:
    """Bring every file below ``folder`` safely to disk, take its checksum, and write the manifest beside them.

    ``catalog_version`` is that of the classes in the project, 0 where nobody counts them.
    """
    files = {}
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    with workers(SYNCING) as pool:
        for path, digest in in_order(pool, _settled, paths, 2 * SYNCING):
            files[path.relative_to(folder).as_posix()] = (digest, path.stat().st_size)
            if cancel is not None:
                cancel.check()
    content = {
        "format": format_name,
        "written_by": f"labeltool {__version__}",
        "images": len(sources),
        "objects": objects,
        "classes": {**({"version": catalog_version} if catalog_version else {}), **catalog.to_json()},
        "sources": [asdict(source) for source in sources],
        "files": {name: {"sha256": digest, "bytes": size} for name, (digest, size) in files.items()},
    }
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=True)
    write_bytes(folder / MANIFEST, text.encode("ascii"))
    return Manifest(format_name, tuple(sources), files)


def _settled(path: Path) -> tuple[Path, str]:
    """A file and its checksum, once its bytes have reached the disk."""
    sync_file(path)
    return path, sha256(path)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of one of our exports, or None where there is none; BadInputError when it is damaged."""
    path = folder / MANIFEST
    if not path.is_file() or not stays_inside(path, folder):
        return None
    data = load_json(path)
    if not isinstance(data, dict) or not str(data.get("written_by", "")).startswith("labeltool "):
        return None  # somebody else's file of this name
    try:
        return Manifest(
            str(data["format"]),
            tuple(_source(source) for source in data["sources"]),
            {str(name): (str(f["sha256"]), int(f["bytes"])) for name, f in data["files"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadInputError(f"the manifest is damaged: {error}", file=path) from error


def own_manifest(folder: Path) -> Manifest:
    """The manifest of the export that is being verified; LabeltoolError where there is none."""
    manifest = read_manifest(folder)
    if manifest is None:
        raise LabeltoolError("the export has no manifest, so it cannot be verified", file=folder)
    return manifest


def _source(data: dict[str, object]) -> Source:
    text = {key: str(data[key]) for key in ("id", "name", "file", "sha256", "split")}
    text["split"] = split_called(text["split"])
    root = str(data.get("root", ""))  # manifests of older versions do not say
    return Source(**text, revision=int(str(data["revision"])), root=root)
