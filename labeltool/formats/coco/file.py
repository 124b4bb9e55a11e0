"""A COCO JSON file, checked piece by piece: what is whole is kept, what is not is listed with the reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import Skipped
from labeltool.formats.untrusted import load_json, refused_name, stated_side

Key = int | str
"""An id as the file writes it; "7" is taken for 7."""


@dataclass(frozen=True)
class CocoImage:
    """An entry of ``images``; ``size`` is None where the file gives none."""

    key: Key
    file_name: str
    size: Size | None
    data: dict[str, Any]


@dataclass
class CocoFile:
    """The usable parts of one file. ``skipped`` lists the others; nothing is in neither. ``colors`` are those of the
    categories by name, where the file gives some."""

    path: Path
    images: list[CocoImage]
    categories: dict[Key, str]
    annotations: dict[Key, list[dict[str, Any]]]
    repeated_ids: dict[Key, list[Key]]
    skipped: list[Skipped]
    colors: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    _by_stem: dict[str, list[CocoImage]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, path: Path) -> CocoFile:
        """Read and index a file; BadInputError when it is not COCO at all."""
        return cls.of(path, load_json(path))

    @classmethod
    def of(cls, path: Path, data: Any) -> CocoFile:
        """Index what a file holds; BadInputError when it is not COCO at all."""
        lists = ("images", "annotations", "categories")
        if not isinstance(data, dict) or not all(isinstance(data.get(k), list) for k in lists):
            raise BadInputError("this is not COCO: images, annotations and categories are needed", file=path)
        skipped: list[Skipped] = []
        images = _images(data["images"], path, skipped)
        annotations, repeated = _annotations(data["annotations"], {i.key for i in images}, path, skipped)
        file = cls(
            path,
            images,
            _categories(data["categories"], path, skipped),
            annotations,
            repeated,
            skipped,
            _colors(data["categories"]),
        )
        for image in images:
            file._by_stem[PurePosixPath(image.file_name).stem].append(image)
        return file

    def images_called(self, stem: str) -> list[CocoImage]:
        """Images whose file name has this stem."""
        return self._by_stem.get(stem, [])

    def annotations_of(self, image: CocoImage) -> list[dict[str, Any]]:
        """The annotations of an image, in the file's order."""
        return self.annotations.get(image.key, [])

    def category_of(self, annotation: dict[str, Any]) -> str:
        """The name of an annotation's category; BadInputError when the file has none."""
        category = key(annotation.get("category_id"))
        if category is None or category not in self.categories:
            raise BadInputError(f"the file has no category {str(annotation.get('category_id'))[:40]!r}")
        return self.categories[category]


def key(value: object) -> Key | None:
    """An id, or None for what cannot be one."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value


def _images(entries: list[Any], path: Path, skipped: list[Skipped]) -> list[CocoImage]:
    found = []
    for place, entry in enumerate(entries):
        data = entry if isinstance(entry, dict) else {}
        image_id = key(data.get("id"))
        name = data.get("file_name")
        reason = "the entry has no id" if image_id is None else refused_name(name)
        if reason or image_id is None or not isinstance(name, str):
            skipped.append(Skipped(f"{path}: image {place + 1}", reason))
        else:
            found.append(CocoImage(image_id, name, _size(data), data))
    twice = _repeated(image.key for image in found)
    skipped += [
        Skipped(f"{path}: {i.file_name}", f"several images share the id {i.key}")
        for i in found
        if i.key in twice
    ]
    return [image for image in found if image.key not in twice]


def _size(data: dict[str, Any]) -> Size | None:
    found = Size(stated_side(data.get("width")), stated_side(data.get("height")))
    return found if all(found) else None


def _categories(entries: list[Any], path: Path, skipped: list[Skipped]) -> dict[Key, str]:
    pairs: list[tuple[Key, str]] = []
    for place, entry in enumerate(entries):
        data = entry if isinstance(entry, dict) else {}
        category, name = key(data.get("id")), data.get("name")
        if category is None or not isinstance(name, str):
            skipped.append(Skipped(f"{path}: category {place + 1}", "the category has no id or no name"))
        else:
            pairs.append((category, name))
    twice = _repeated(category for category, _ in pairs)
    skipped += [
        Skipped(f"{path}: category {name}", f"several categories share the id {c}")
        for c, name in pairs
        if c in twice
    ]
    return {category: name for category, name in pairs if category not in twice}


def _colors(entries: list[Any]) -> dict[str, tuple[int, int, int]]:
    found = {}
    for entry in entries:
        name, color = (entry.get("name"), entry.get("color")) if isinstance(entry, dict) else (None, None)
        if (
            isinstance(name, str)
            and isinstance(color, list)
            and len(color) == 3
            and all(type(n) is int and 0 <= n <= 255 for n in color)
        ):
            found[name] = (color[0], color[1], color[2])
    return found


def _annotations(
    entries: list[Any], images: set[Key], path: Path, skipped: list[Skipped]
) -> tuple[dict[Key, list[dict[str, Any]]], dict[Key, list[Key]]]:
    """Annotations by image, and ids that occur more than once, by image; they are harmless, for nothing uses them."""
    by_image: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    strays: Counter[str] = Counter()
    for entry in entries:
        image = key(entry.get("image_id")) if isinstance(entry, dict) else None
        if image is None:
            strays["say of which image they are"] += 1
        elif image not in images:
            strays["belong to an image that the file lists"] += 1
        else:
            by_image[image].append(entry)
    skipped += [Skipped(str(path), f"{number} annotations do not {what}") for what, number in strays.items()]
    twice = _repeated(k for group in by_image.values() for a in group if (k := key(a.get("id"))) is not None)
    repeated = {
        image: [k for a in group if (k := key(a.get("id"))) in twice and k is not None]
        for image, group in by_image.items()
        if twice
    }
    return by_image, repeated


def _repeated(keys: Iterable[Key]) -> set[Key]:
    return {k for k, number in Counter(keys).items() if number > 1}
