"""Where things lie in a YOLO folder, and the list of classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.formats.untrusted import is_given, read_text
from labeltool.formats.untrusted_yaml import load_yaml

PICTURES: Final = "images"
LABELS: Final = "labels"
DATA: Final = "data.yaml"
UNSPLIT: Final = "default"
"""Folder of the images that are in no split; ``data.yaml`` counts them as training images."""

_LISTS: Final = ("classes.txt", "obj.names")
_MOST_CLASSES: Final = 100_000


def folder_of(split: str) -> str:
    """The folder below ``images`` and ``labels``."""
    return split or UNSPLIT


def class_numbers(catalog: ClassCatalog) -> dict[int, int]:
    """Class numbers, from 0 in the order of the foreground classes, by class value."""
    return {each.value: number for number, each in enumerate(catalog.foreground)}


def data_yaml(catalog: ClassCatalog, splits: set[str]) -> str:
    """The text of ``data.yaml``. Without ``path`` Ultralytics takes the folders as lying beside the file, wherever that
    is; it demands ``val``, so the training images stand in where no image is in that split."""
    folders: dict[str, str] = {
        s: f"{PICTURES}/{folder_of(s)}" for s in ("train", "", "val", "test") if s in splits
    }
    train = [folders.pop(s) for s in ("train", "") if s in folders] or list(folders.values())[:1]
    stands_in = train if len(train) > 1 else train[0]
    names = {number: each.name for number, each in enumerate(catalog.foreground)}
    content: dict[str, Any] = {"train": stands_in, "val": stands_in, **folders, "names": names}
    told = "" if "val" in folders else "# No image is in the split val: the training images stand in.\n"
    text: str = told + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    return text


def class_list(root: Path) -> list[str | None] | None:
    """The names by number (None for a number that has none), from ``data.yaml`` or a list of lines in ``root``; None
    where there is neither."""
    if is_given(root / DATA, root):
        return names_in(root / DATA)
    for file in sorted([*root.glob("*.yaml"), *root.glob("*.yml")]):
        try:
            data = load_yaml(file) if is_given(file, root) else None
        except BadInputError:
            continue  # it may well be about something else
        names = _names_of(data, file)
        if names is not None:
            return names
    for name in _LISTS:
        if is_given(root / name, root):
            return [line.strip() or None for line in read_text(root / name).rstrip().splitlines()]
    return None


def names_in(file: Path) -> list[str | None] | None:
    """The ``names`` of a YAML file, None where it has none; BadInputError where they are not a list of classes."""
    return _names_of(load_yaml(file), file)


def _names_of(data: Any, file: Path) -> list[str | None] | None:
    if not isinstance(data, dict) or "names" not in data:
        return None
    if "kpt_shape" in data:
        raise BadInputError("this is a data set of key points, which have no masks", file=file)
    names = data["names"]
    pairs: Any = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(pairs, dict) or not all(isinstance(name, str) for name in pairs.values()):
        raise BadInputError("names is not a list of class names", file=file)
    numbers: dict[int | None, str] = {_number(key): name for key, name in pairs.items()}
    if None in numbers or len(numbers) != len(pairs):
        raise BadInputError("names has keys that are not the numbers of classes, each once", file=file)
    most = max((n for n in numbers if n is not None), default=-1)
    return [numbers.get(n) or None for n in range(most + 1)]


def _number(key: object) -> int | None:
    text = str(key)
    short = text.isascii() and text.isdigit() and len(text) < 7
    return int(text) if short and int(text) < _MOST_CLASSES else None
