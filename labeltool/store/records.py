"""What a mask file says of its image and its project, as JSON values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord, Status


@dataclass(frozen=True)
class Description:
    """Enough to make the index again from the mask files alone."""

    image: ImageRecord
    project: str
    catalog: ClassCatalog
    catalog_version: int

    def to_meta(self) -> dict[str, str]:
        """The rows of the table ``meta``."""
        return {
            "image": dump(image_to_json(self.image)),
            "project": self.project,
            "catalog": dump({"version": self.catalog_version, **self.catalog.to_json()}),
        }

    @classmethod
    def from_meta(cls, meta: dict[str, str], revision: int) -> Description:
        """Read the rows back; BadInputError, KeyError, TypeError or ValueError where they are not ours."""
        catalog = json.loads(meta["catalog"])
        return cls(
            image_from_json(json.loads(meta["image"]), revision),
            meta["project"],
            ClassCatalog.from_json(catalog),
            int(catalog["version"]),
        )


_OLDER = {Status.DONE: Status.IN_WORK, Status.REJECTED: Status.IN_WORK}
"""What versions that do not know a status are told. They could not read a mask file that says more."""


def dump(value: Any) -> str:
    """JSON with sorted keys, so that equal values are equal text."""
    return json.dumps(value, sort_keys=True)


def image_to_json(image: ImageRecord) -> dict[str, Any]:
    """All of a record but its revision, which the journal knows."""
    return {
        "id": image.id,
        "path": str(image.path),
        "size": list(image.size),
        "kind": image.kind,
        "sha256": image.sha256,
        "file_bytes": image.file_bytes,
        "split": image.split,
        "status": _OLDER.get(image.status, image.status).value,
        "stage": image.status.value,
        "page": image.page,
        "series": image.series,
        "place": image.place,
        "subject": image.subject,
    }


def image_from_json(data: dict[str, Any], revision: int) -> ImageRecord:
    """The record; KeyError, TypeError or ValueError where it is not one."""
    width, height = map(int, data["size"])
    if not Size(width, height).is_possible:
        raise ValueError(f"an image of {width} x {height} pixels")
    return ImageRecord(
        id=str(data["id"]),
        path=Path(data["path"]),
        size=Size(width, height),
        kind=str(data["kind"]),
        sha256=str(data["sha256"]),
        file_bytes=int(data["file_bytes"]),
        split=str(data["split"]),
        status=_status(data),
        revision=revision,
        page=str(data.get("page", "")),  # mask files of the first version do not say
        series=str(data.get("series", "")),
        place=float(data.get("place", 0.0)),
        subject=str(data.get("subject", "")),
    )


def _status(data: dict[str, Any]) -> Status:
    """The *stage* where there is one that this version knows; else what every version knows."""
    stage = str(data.get("stage", ""))
    return Status(stage if stage in [*Status] else data["status"])
