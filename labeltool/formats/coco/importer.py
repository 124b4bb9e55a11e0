"""Reads COCO instances, our own and other people's: run lengths of both kinds, and polygons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.canvas import without_class
from labeltool.formats.coco import layout, results
from labeltool.formats.coco.file import CocoFile, CocoImage
from labeltool.formats.coco.painting import paint
from labeltool.formats.manifest import MANIFEST, read_manifest
from labeltool.formats.match import Matcher, one_each
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import left_out, stays_inside


class CocoImporter:
    """Categories are the classes of the same name, images those of the same file name.

    Results, a bare list of masks with scores, name neither: there an image is the one that COCO names by its number,
    and a category is called by its number.

    Each annotation becomes an object of its own; our own exports give back the ids they had.
    """

    name: ClassVar[str] = "coco"
    title: ClassVar[str] = "COCO instances"
    Options: ClassVar[type[ImportOptions]] = ImportOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The categories of all files."""
        files, _ = _read_all(_json_files(src.absolute())[0], src.absolute(), ())
        return [ForeignClass(name) for name in dict.fromkeys(n for f in files for n in f.categories.values())]

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one from a JSON file or a folder; every annotation is painted or reported."""
        paths, others = _json_files(src.absolute())
        files, skipped = _read_all(paths, src.absolute(), images)
        yield from skipped
        yield from (Skipped(str(f), "left out, because there are files called instances") for f in others)
        entries, skipped = one_each(_matched(files, Matcher(images, read_manifest(_export_folder(paths[0])))))
        yield from skipped
        unknown: Counter[str] = Counter()
        for (file, image), record in entries:
            try:
                painted = paint(file, image, record, catalog)
            except BadInputError as error:
                yield Skipped(_called(file, image), str(error))
                continue
            unknown += painted.unknown
            split = layout.split_of(file.path)
            yield from replace(painted, mask=replace(painted.mask, split=split)).entries()
        yield from without_class(str(src), unknown)


def _matched(
    files: list[CocoFile], matcher: Matcher
) -> Iterator[tuple[tuple[CocoFile, CocoImage], str, ImageRecord | str]]:
    """Every image of the files, what to call it in a report, and its record or why it has none."""
    for file in files:
        for image in file.images:
            path = PurePosixPath(image.file_name.replace("\\", "/"))
            yield (file, image), _called(file, image), matcher.find(path, suffix_counts=True)


def _called(file: CocoFile, image: CocoImage) -> str:
    return f"{file.path}: {image.file_name} ({len(file.annotations_of(image))} annotations)"


def _export_folder(file: Path) -> Path:
    """Where the manifest lies if the file is part of one of our exports."""
    return file.parent.parent if file.parent.name == layout.ANNOTATIONS else file.parent


def _json_files(src: Path) -> tuple[list[Path], list[Path]]:
    """The file itself, or the instance files of a folder, or all its JSON files where none is named so; and the others
    of the folder."""
    if src.is_file():
        return [src], []
    folder = src / layout.ANNOTATIONS if (src / layout.ANNOTATIONS).is_dir() else src
    found = sorted(folder.glob("*.json")) if folder.is_dir() else []
    found = [f for f in found if f.name not in (MANIFEST, "classes.json")]
    if not found:
        raise BadInputError(
            "there is no COCO file", file=src, hint="Give the JSON file or the folder that holds it"
        )
    named = [f for f in found if f.name.startswith("instances")] or found
    return named, [f for f in found if f not in named]


def _read_all(
    paths: list[Path], src: Path, images: Sequence[ImageRecord]
) -> tuple[list[CocoFile], list[Skipped]]:
    """The files that are COCO, and what is wrong with them or with the others; BadInputError when none is."""
    files, skipped = [], []
    for path in paths:
        try:
            if not stays_inside(path, src):
                raise BadInputError("the file is a link that leads out of the folder", file=path)
            file = results.read(path, images) if results.is_results(path) else CocoFile.read(path)
        except BadInputError as error:
            if len(paths) == 1:
                raise
            skipped.append(left_out(error, path))
        else:
            files.append(file)
            skipped += file.skipped
    if not files:
        raise BadInputError(f"no file is COCO: {skipped[0].file}: {skipped[0].reason}", file=paths[0].parent)
    return files, skipped
