"""The three files that VGG Image Annotator 2 saves: the project and the regions as JSON, the regions as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from labeltool.core.errors import BadInputError
from labeltool.formats.untrusted import load_json, parse_json, read_text

MAX_CSV_BYTES: Final = 1 << 28
_MAX_FIELD: Final = 1 << 24
_SHAPE, _ATTRIBUTES = "shape_attributes", "region_attributes"


@dataclass(frozen=True)
class ViaPicture:
    """A picture and its regions, each as the file has it: a mapping of shape_attributes and region_attributes."""

    file: Path
    name: Any
    regions: list[Any]


@dataclass(frozen=True)
class ViaFile:
    """``attributes`` are those that a project declares for its regions; empty where the file declares none."""

    pictures: list[ViaPicture]
    attributes: tuple[str, ...] = ()


def read_via(file: Path) -> ViaFile:
    """The pictures of a file; BadInputError when VGG Image Annotator 2 has not written it."""
    if file.suffix.lower() == ".csv":
        return ViaFile(list(_from_csv(file)))
    data = load_json(file)
    if not isinstance(data, dict):
        raise _not_via(file)
    if isinstance(data.get("metadata"), dict) and isinstance(data.get("view"), dict):
        raise BadInputError(
            "this is a project of VGG Image Annotator 3, which is not read",
            file=file,
            hint="Label images with version 2, or export COCO",
        )
    entries = data.get("_via_img_metadata", data)
    if not isinstance(entries, dict) or not all(_is_entry(entry) for entry in entries.values()):
        raise _not_via(file)
    pictures = [ViaPicture(file, entry["filename"], _regions(entry["regions"])) for entry in entries.values()]
    if not pictures and entries is data:
        raise _not_via(file)
    declared = data.get("_via_attributes")
    of_regions = declared.get("region") if isinstance(declared, dict) else None
    return ViaFile(pictures, tuple(of_regions) if isinstance(of_regions, dict) else ())


def mapping(value: object) -> Mapping[str, Any]:
    """A JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and "filename" in entry and isinstance(entry.get("regions"), dict | list)


def _regions(regions: dict[str, Any] | list[Any]) -> list[Any]:
    """Version 1 numbers them, version 2 lists them."""
    return list(regions.values()) if isinstance(regions, dict) else regions


def _from_csv(file: Path) -> Iterator[ViaPicture]:
    """The pictures in the order in which they occur; one without regions has a line of its own."""
    csv.field_size_limit(_MAX_FIELD)
    found: dict[str, ViaPicture] = {}
    reader = csv.DictReader(io.StringIO(read_text(file, MAX_CSV_BYTES), newline=""), restval="")
    columns = [name.lstrip("#") for name in reader.fieldnames or ()]
    if not {"filename", f"region_{_SHAPE}", _ATTRIBUTES} <= set(columns):
        raise _not_via(file)
    reader.fieldnames = columns
    try:
        for row in reader:
            name, shape = row["filename"], parse_json(row[f"region_{_SHAPE}"] or "{}", file)
            picture = found.setdefault(name, ViaPicture(file, name, []))
            if shape:
                attributes = parse_json(row[_ATTRIBUTES] or "{}", file)
                picture.regions.append({_SHAPE: shape, _ATTRIBUTES: attributes})
    except csv.Error as error:
        raise BadInputError(f"this is not valid CSV: {error} (line {reader.line_num})", file=file) from error
    yield from found.values()


def _not_via(file: Path) -> BadInputError:
    return BadInputError(
        "this is no file of VGG Image Annotator 2",
        file=file,
        hint="Its projects and its annotations as JSON or CSV are read; for its COCO export use the format coco",
    )
