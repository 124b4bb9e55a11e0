"""Where things lie in a folder of label volumes, and the lists beside them.

``dataset.json`` is the list of the Medical Segmentation Decathlon (labels by value; training, validation, test), with a
few keys of ours that others pass over; nnU-Net's form of it (values by name) is read as well. ``classes.json`` is the
project's own list with colours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.formats.foreign import Meanings
from labeltool.formats.nifti.file import SUFFIX
from labeltool.formats.untrusted import MAX_TEXT_BYTES, is_given, load_json, refused_name

CLASSES: Final = "classes.json"
DATASET: Final = "dataset.json"
OBJECTS: Final = "objects"
"""The folder of the volumes of object ids: ``objects/train/x.nii.gz`` belongs with ``train/x.nii.gz``."""
IMAGES: Final = ("imagesTr", "imagesTs", "imagesVal")
"""Folders that hold images and no labels."""

_LISTS: Final = {"train": "training", "": "training", "val": "validation", "test": "test"}
_MOST_VALUE: Final = 65_535


def label_name(split: str, name: str) -> PurePosixPath:
    """The place of a volume's labels below the export's folder."""
    return PurePosixPath(split, f"{name}{SUFFIX}")


def objects_name(split: str, name: str) -> PurePosixPath:
    """The place of its object ids."""
    return OBJECTS / label_name(split, name)


@dataclass(frozen=True)
class Entry:
    """A volume in the list: ``image`` is the name of its source, ``unlabelled`` names slices that nobody labelled."""

    name: str
    split: str
    image: str
    has_objects: bool
    unlabelled: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The entry as others expect it."""
        objects = {"objects": f"./{objects_name(self.split, self.name)}"} if self.has_objects else {}
        unlabelled = {"unlabelled_slices": list(self.unlabelled)} if self.unlabelled else {}
        return {
            "image": self.image,
            "label": f"./{label_name(self.split, self.name)}",
            **objects,
            **unlabelled,
        }


def write_lists(out: Path, catalog: ClassCatalog, entries: list[Entry]) -> None:
    """``classes.json`` and ``dataset.json``."""
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in _LISTS.values()}
    for entry in entries:
        lists[_LISTS[entry.split]].append(entry.to_json())
    dataset = {
        "name": catalog.name,
        "tensorImageSize": "3D",
        "labels": {str(c.value): c.name for c in catalog.classes},
        "ignore_value": IGNORE,
        **{f"num{name.capitalize()}": len(found) for name, found in lists.items()},
        **lists,
    }
    for name, content in ((CLASSES, catalog.to_json()), (DATASET, dataset)):
        (out / name).write_text(json.dumps(content, indent=1, ensure_ascii=True) + "\n", encoding="ascii")


@dataclass(frozen=True)
class Lists:
    """What lies beside label volumes: the names of their values (None where nobody says them), and by path, the slices
    that nobody labelled and the split."""

    catalog: ClassCatalog | None
    names: Mapping[int, str] | None
    unlabelled: Mapping[Path, frozenset[str]]
    splits: Mapping[Path, str]

    def meanings(self, own: ClassCatalog) -> Meanings:
        """What the values mean in the project."""
        if self.names is None:
            return Meanings({**{value: value for value in own.values}, IGNORE: IGNORE}, {}, frozenset())
        found = Meanings.of(self.names, own)
        return Meanings({IGNORE: IGNORE, **found.values}, found.names, found.left)


def lists_beside(src: Path) -> Lists:
    """What ``classes.json`` and ``dataset.json`` in the folder say, or in the one above it. BadInputError where one of
    them is broken."""
    folder = src if src.is_dir() else src.parent
    catalog = dataset = None
    root = folder
    for each in (folder, folder.parent):
        if catalog is None and is_given(file := each / CLASSES, each):
            catalog = ClassCatalog.from_json(load_json(file, MAX_TEXT_BYTES), file=file)
        if dataset is None and is_given(file := each / DATASET, each):
            dataset, root = load_json(file), each
    names = None if dataset is None else _names(dataset, root / DATASET)
    if catalog is not None:
        names = catalog.meanings
    unlabelled, splits = {}, {}
    for split, entry in _entries(dataset):
        label = entry.get("label")
        if not refused_name(label):
            path = (root / str(label)).resolve()
            splits[path] = split
            slices = entry.get("unlabelled_slices", [])
            unlabelled[path] = frozenset(map(str, slices)) if isinstance(slices, list) else frozenset()
    return Lists(catalog, names, unlabelled, splits)


def _names(dataset: Any, file: Path) -> dict[int, str] | None:
    """Names by value: from ``{"1": "liver"}`` or, as nnU-Net has it, ``{"liver": 1}``."""
    labels = dataset.get("labels") if isinstance(dataset, dict) else None
    if labels is None:
        return None
    found: dict[int, str] = {}
    try:
        for key, value in labels.items():
            name, number = (key, value) if isinstance(value, int | list) else (str(value), int(key))
            if isinstance(number, list):
                raise BadInputError(
                    f"{name[:80]!r} is a region of several labels",
                    file=file,
                    hint="Give every value one name: a region is no class of its own",
                )
            if isinstance(number, bool) or not 0 <= number <= _MOST_VALUE or number in found:
                raise ValueError(f"{number!r} is no value, or has two names")
            found[number] = str(name)
    except (AttributeError, TypeError, ValueError) as error:
        raise BadInputError(f"the labels are no list of names and values ({error})", file=file) from error
    return found


def _entries(dataset: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for split, key in (("train", "training"), ("val", "validation"), ("test", "test")):
        listed = dataset.get(key) if isinstance(dataset, dict) else None
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, dict):
                yield split, entry
