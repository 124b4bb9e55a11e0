"""Reads CVAT's XML, for images and for videos."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord, Skipped, split_called
from labeltool.formats.canvas import without_class
from labeltool.formats.cvat.file import Frame, classes, frames
from labeltool.formats.cvat.painting import IGNORED, UNLABELLED, paint
from labeltool.formats.manifest import read_manifest
from labeltool.formats.match import Matcher, one_each
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import found_below, left_out, refused_name, stays_inside


class CvatImporter:
    """Masks, polygons, boxes and ellipses become objects, nearer ones (z_order) over others.

    Images are matched by name, frames of a video by CVAT's name for them (frame_000010) or by their number.
    """

    name: ClassVar[str] = "cvat"
    title: ClassVar[str] = "CVAT XML"
    Options: ClassVar[type[ImportOptions]] = ImportOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The labels of all files, with their colours."""
        found: dict[str, ForeignClass] = {}
        for path in _xml_files(src.absolute())[0]:
            try:
                if not stays_inside(path, src.absolute()):
                    continue  # read says so
                found |= {each.name: each for each in classes(path) if each.name not in found}
            except BadInputError:
                continue
        return list(found.values())

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one from an XML file or a folder; every shape is painted or reported.

        Each file is gone through twice: first for the names, then for the shapes.
        """
        src = src.absolute()
        paths, others = _xml_files(src)
        yield from others
        listed, skipped = _listed(paths, src, images)
        yield from skipped
        entries, skipped = one_each(listed)
        yield from skipped
        wanted: dict[Path, dict[int, ImageRecord]] = defaultdict(dict)
        for (path, place), record in entries:
            wanted[path][place] = record
        unknown: Counter[str] = Counter()
        for path, records in wanted.items():
            for place, frame in enumerate(frames(path)):
                if place not in records:
                    continue
                called = _name(frame)
                try:
                    split = split_called(frame.subset) or split_called(path.stem)
                    painted = paint(frame, path, called, records[place], catalog, split)
                except BadInputError as error:
                    yield Skipped(_told(path, frame), str(error))
                    continue
                unknown += painted.unknown
                yield from painted.entries()
        yield from without_class(str(src), unknown)


_Listed = tuple[tuple[Path, int], str, ImageRecord | str]
"""A file and the place of an image in it, what to call it in a report, and its record or why it has none."""


def _listed(
    paths: list[Path], src: Path, images: Sequence[ImageRecord]
) -> tuple[list[_Listed], list[Skipped]]:
    """What the files hold, and the files that are not CVAT's; BadInputError when none is."""
    listed: list[_Listed] = []
    skipped, good, by_number = [], 0, _by_number(images)
    for path in paths:
        try:
            if not stays_inside(path, src):
                raise BadInputError("the file is a link that leads out of the folder", file=path)
            matcher = Matcher(images, read_manifest(path.parent))
            listed += [
                ((path, place), _told(path, frame), _match(frame, matcher, by_number))
                for place, frame in enumerate(frames(path))
            ]
            good += 1
        except BadInputError as error:
            if len(paths) == 1:
                raise
            skipped.append(left_out(error, path))
    if not good:
        raise BadInputError(f"no file is CVAT's: {skipped[0].file}: {skipped[0].reason}", file=src)
    return listed, skipped


def _match(frame: Frame, matcher: Matcher, by_number: dict[int, list[ImageRecord]]) -> ImageRecord | str:
    name = _name(frame)
    reason = refused_name(name)
    if reason:
        return reason
    found = matcher.find(PurePosixPath(name.replace("\\", "/")), suffix_counts=True)
    same = by_number.get(frame.number, []) if frame.number is not None else []
    return same[0] if isinstance(found, str) and len(same) == 1 else found


def _by_number(images: Sequence[ImageRecord]) -> dict[int, list[ImageRecord]]:
    """Images by the number that ends their name."""
    found: dict[int, list[ImageRecord]] = defaultdict(list)
    for record in images:
        number = re.search(r"[0-9]{1,9}$", record.path.stem)
        if number:
            found[int(number[0])].append(record)
    return found


def _name(frame: Frame) -> str:
    """The image's name, or the one that CVAT gives to a frame."""
    return frame.name or "" if frame.number is None else f"frame_{frame.number:06d}.png"


def _told(path: Path, frame: Frame) -> str:
    shapes = sum(shape.kind not in (IGNORED, UNLABELLED) for shape in frame.shapes)
    return f"{path}: {_name(frame)[:200]} ({shapes} shapes)"


def _xml_files(src: Path) -> tuple[list[Path], list[Skipped]]:
    if src.is_file():
        return [src], []
    found, others = found_below(src, (".xml",)) if src.is_dir() else ([], [])
    if others and not found:
        raise BadInputError(others[0].reason, file=others[0].file)
    if not found:
        raise BadInputError("there is no XML file", file=src, hint="Give the annotations.xml or its folder")
    return found, others
