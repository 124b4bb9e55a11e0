"""The JSON files of our exports, written and read back a line at a time, so that no number of objects fills memory.

An annotation is a line, and so is an image; the annotations of an image follow one another.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from labeltool import __version__
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.formats.coco import layout

_OPENING: Final = b'{"annotations": [\n'
_CLOSING: Final = b"],\n"
_IMAGES: Final = b'"images": [\n'
_IMAGE_ID: Final = re.compile(rb'"image_id": (\d+)[,}]')
_MOST_IN_MEMORY: Final = 1 << 20


@dataclass
class SplitFile:
    """A JSON file whose annotations are on disk already while its images are still collected."""

    annotations: IO[bytes]
    images: IO[bytes]
    written: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, image: dict[str, Any], annotations: list[dict[str, Any]]) -> None:
        """An image and what is in it."""
        for place, (file, entries) in enumerate(((self.annotations, annotations), (self.images, [image]))):
            for entry in entries:
                file.write((b",\n" if self.written[place] else b"") + _json(entry))
                self.written[place] += 1


@contextmanager
def split_file(path: Path, catalog: ClassCatalog) -> Iterator[SplitFile]:
    """A file of a split; it is whole when the context ends."""
    with path.open("wb") as text, tempfile.SpooledTemporaryFile(_MOST_IN_MEMORY) as images:
        text.write(_OPENING)
        file = SplitFile(text, images)
        yield file
        images.seek(0)
        text.write(b"\n" * bool(file.written[0]) + _CLOSING + _categories(catalog) + _IMAGES)
        for part in iter(lambda: images.read(_MOST_IN_MEMORY), b""):
            text.write(part)
        text.write(b"\n" * bool(file.written[1]) + _CLOSING + _ending(catalog))


class _Place(NamedTuple):
    """Where the line of an image begins, and where its annotations begin and end."""

    image: int
    first: int
    end: int


class WrittenFile:
    """A file as :func:`split_file` writes it; LabeltoolError where a line of it is anything else.

    Every line is held against what must be there, so that the file as a whole is JSON when each of them is.
    """

    def __init__(self, path: Path, catalog: ClassCatalog) -> None:
        self.path = path
        found: dict[int, tuple[int, int]] = {}
        self._places: dict[str, _Place] = {}
        with path.open("rb") as file:
            self._expect(file, _OPENING)
            for at, line in self._lines(file):
                match = _IMAGE_ID.search(line)
                image_id = int(match[1]) if match else 0
                first, end = found.get(image_id, (at, at))
                if end != at or not match:
                    raise self._broken(at)
                found[image_id] = first, file.tell()
            self._expect(file, _categories(catalog))
            self._expect(file, _IMAGES)
            for at, line in self._lines(file):
                entry = self._parse(line, at)
                first, end = found.pop(entry["id"], (0, 0))
                self._places[Path(entry["file_name"]).stem] = _Place(at, first, end)
            self._expect(file, _ending(catalog))
            if file.read(1) or found:
                raise self._broken(file.tell())

    def read(self, name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The image whose file has this name (without suffix), and its annotations."""
        place = self._places.get(name)
        if place is None:
            raise LabeltoolError(f"the file does not list {name}", file=self.path)
        with self.path.open("rb") as file:
            file.seek(place.image)
            image = self._parse(file.readline(), place.image)
            file.seek(place.first)
            lines = file.read(place.end - place.first).splitlines()
        return image, [self._parse(line, place.first) for line in lines]

    def _lines(self, file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
        """The lines of a list and where they begin; all but the last end in a comma."""
        more = False
        while True:
            at = file.tell()
            line = file.readline()
            if line == _CLOSING and not more:
                return
            if not line.startswith(b"{"):
                raise self._broken(at)
            yield at, line
            more = line.endswith(b"},\n")
            if not more and file.readline() != _CLOSING:
                raise self._broken(at)
            if not more:
                return

    def _expect(self, file: IO[bytes], wanted: bytes) -> None:
        at = file.tell()
        if file.read(len(wanted)) != wanted:
            raise self._broken(at)

    def _parse(self, line: bytes, at: int) -> dict[str, Any]:
        try:
            entry: dict[str, Any] = json.loads(line.rstrip(b",\n"))
        except ValueError as error:
            raise self._broken(at) from error
        return entry

    def _broken(self, at: int) -> LabeltoolError:
        return LabeltoolError(f"the file is not as it was written, near byte {at:,}", file=self.path)


def _categories(catalog: ClassCatalog) -> bytes:
    names = {each.value: each.name for each in catalog.classes}
    entries = [
        {"id": category, "name": names[value], "supercategory": ""}
        for value, category in layout.category_ids(catalog).items()
    ]
    return b'"categories": ' + _json(entries) + b",\n"


def _ending(catalog: ClassCatalog) -> bytes:
    info = {"description": catalog.name, "version": f"labeltool {__version__}"}
    return _json({"info": info, "licenses": []})[1:] + b"\n"


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True).encode("ascii")
