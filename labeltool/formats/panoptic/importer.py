"""Reads COCO panoptic, our own and other people's."""

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
from labeltool.formats.coco.file import CocoFile, CocoImage
from labeltool.formats.coco.layout import split_of
from labeltool.formats.foreign import is_class
from labeltool.formats.manifest import MANIFEST, read_manifest
from labeltool.formats.match import Matcher, one_each
from labeltool.formats.options import ImportOptions
from labeltool.formats.panoptic import layout
from labeltool.formats.panoptic.painting import paint
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import left_out, stays_inside


class PanopticImporter:
    """Categories are the classes of the same name, images those of the same file name, segments their objects.

    Void pixels stay as they are. Our own exports give back the ids, the ignored and the unlabelled pixels.
    """

    name: ClassVar[str] = "panoptic"
    title: ClassVar[str] = "COCO panoptic"
    Options: ClassVar[type[ImportOptions]] = ImportOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The categories of all files, with the colours that they state."""
        return panoptic_classes(_json_files(src.absolute()), src.absolute())

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one from a JSON file or a folder; every segment is painted or reported."""
        src = src.absolute()
        paths = _json_files(src)
        folder = src if src.is_dir() else src.parent
        yield from read_panoptic(
            paths, folder, catalog, Matcher(images, read_manifest(_export_folder(paths[0])))
        )


def panoptic_classes(paths: Sequence[Path], src: Path) -> list[ForeignClass]:
    """The categories of panoptic files, which lie below ``src``, each once, without background and void."""
    files, _ = _read_all(paths, src)
    found: dict[str, ForeignClass] = {}
    for file in files:
        for name in file.categories.values():
            if is_class(name):
                found.setdefault(name, ForeignClass(name, file.colors.get(name)))
    return list(found.values())


def read_panoptic(
    paths: Sequence[Path], src: Path, catalog: ClassCatalog, matcher: Matcher
) -> Iterator[ImportedMask | Skipped]:
    """Masks one by one from panoptic JSON files, whose pictures lie below ``src``."""
    files, skipped = _read_all(paths, src)
    yield from skipped
    entries, skipped = one_each(_matched(files, matcher))
    yield from skipped
    unknown: Counter[str] = Counter()
    for (file, image), record in entries:
        try:
            painted = paint(file, image, record, catalog, src)
        except BadInputError as error:
            yield Skipped(_called(file, image), str(error))
            continue
        unknown += painted.unknown
        yield from replace(painted, mask=replace(painted.mask, split=split_of(file.path))).entries()
    yield from without_class(str(src), unknown)


def _matched(
    files: list[CocoFile], matcher: Matcher
) -> Iterator[tuple[tuple[CocoFile, CocoImage], str, ImageRecord | str]]:
    for file in files:
        for image in file.images:
            path = PurePosixPath(image.file_name.replace("\\", "/"))
            yield (file, image), _called(file, image), matcher.find(path, suffix_counts=True)


def _called(file: CocoFile, image: CocoImage) -> str:
    segments = [a.get("segments_info") for a in file.annotations_of(image)]
    number = sum(len(each) for each in segments if isinstance(each, list))
    return f"{file.path}: {image.file_name} ({number} segments)"


def _export_folder(file: Path) -> Path:
    return file.parent.parent if file.parent.name == layout.ANNOTATIONS else file.parent


def _json_files(src: Path) -> list[Path]:
    """The file itself, or the files of a folder that are called panoptic, or all its JSON files."""
    if src.is_file():
        return [src]
    folder = src / layout.ANNOTATIONS if (src / layout.ANNOTATIONS).is_dir() else src
    found = sorted(folder.glob("*.json")) if folder.is_dir() else []
    found = [f for f in found if f.name not in (MANIFEST, "classes.json")]
    if not found:
        raise BadInputError(
            "there is no panoptic file", file=src, hint="Give the JSON file or the folder that holds it"
        )
    return [f for f in found if "panoptic" in f.name] or found


def _read_all(paths: Sequence[Path], src: Path) -> tuple[list[CocoFile], list[Skipped]]:
    """The files that are panoptic, and what is wrong with them or with the others; BadInputError when none is."""
    files, skipped = [], []
    for path in paths:
        try:
            if not stays_inside(path, src):
                raise BadInputError("the file is a link that leads out of the folder", file=path)
            file = CocoFile.read(path)
            if file.annotations and not any(
                "segments_info" in a for each in file.annotations.values() for a in each
            ):
                raise BadInputError(
                    "this is COCO, and not panoptic: no annotation has segments_info", file=path
                )
        except BadInputError as error:
            if len(paths) == 1:
                raise
            skipped.append(left_out(error, path))
        else:
            files.append(file)
            skipped += file.skipped
    if not files:
        raise BadInputError(f"no file is COCO panoptic: {skipped[0].reason}", file=skipped[0].file)
    return files, skipped
