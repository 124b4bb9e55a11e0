"""What models are measured by: the images of the split test with their present labels, under one digest.

The split is frozen as long as the digest stays. It changes when an image joins or leaves, or a label is corrected:
figures from before and after are then not of the same thing.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from labeltool.app.loop.settings import LOOP
from labeltool.app.models import digest_of
from labeltool.app.truth import Origins, has_truth, truth, truth_origins
from labeltool.core.atomic import write_bytes
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.project import ImageRecord
from labeltool.core.provenance import TRUTH
from labeltool.store.project import ProjectStore

FOLDER = "yardsticks"
_BAND_ROWS = 256


@dataclass(frozen=True)
class Yardstick:
    """The digests of test images, and for each that of its truth."""

    images: dict[str, str]

    @property
    def digest(self) -> str:
        """Equal for equal images with equal truth, whatever their names and places."""
        rows = "".join(f"{image} {label}\n" for image, label in sorted(self.images.items()))
        return hashlib.sha256(rows.encode()).hexdigest()


def read_yardstick(store: ProjectStore) -> tuple[list[ImageRecord], Yardstick]:
    """The images of the split test that somebody has labelled. BadInputError where there is none."""
    found: list[ImageRecord] = []
    labels: dict[str, str] = {}
    for record in store.images():
        if record.split == "test":
            mask = store.load_mask(record.id)
            if has_truth(mask, truth_origins(record)):
                found.append(record)
                labels[digest_of(record)] = truth_digest(mask, truth_origins(record))
    if not found:
        raise nothing_to_measure_by(store)
    return found, Yardstick(labels)


def nothing_to_measure_by(store: ProjectStore) -> BadInputError:
    """The error of a project without a labelled test image."""
    return BadInputError(
        "no image of the split test is labelled, so nobody could say whether a new model is better",
        file=store.root,
        hint="Put some images into the split test and label them: `labeltool split`, or the Images panel",
    )


def truth_digest(mask: LabelMask, origins: Origins = TRUTH) -> str:
    """SHA-256 of what counts as truth in a mask; a pre-label changes nothing of it."""
    digest = hashlib.sha256(f"{mask.size.width} {mask.size.height} ".encode())
    for top in range(0, mask.size.height, _BAND_ROWS):
        band = Box(0, top, mask.size.width, min(top + _BAND_ROWS, mask.size.height))
        digest.update(truth(mask, band, origins).tobytes())
    return digest.hexdigest()


def keep(root: Path, yardstick: Yardstick) -> None:
    """Write down the images and labels behind a digest, once."""
    path = _path(root, yardstick.digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, json.dumps(yardstick.images, indent=0, sort_keys=True).encode())


def difference(root: Path, before: str, after: str) -> str:
    """In words what differs between two yardsticks that were kept, by their digests; empty where they are equal."""
    if before == after:
        return ""
    old, new = _kept(root, before), _kept(root, after)
    if old is None or new is None:
        return "the test images or their labels are others"
    counts = {
        "joined": len(new.keys() - old.keys()),
        "left": len(old.keys() - new.keys()),
        "have other labels": sum(old[image] != new[image] for image in old.keys() & new.keys()),
    }
    return "test images: " + ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _kept(root: Path, digest: str) -> dict[str, str] | None:
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        return None
    try:
        images = json.loads(_path(root, digest).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return images if isinstance(images, dict) else None


def _path(root: Path, digest: str) -> Path:
    return root / LOOP / FOLDER / f"{digest[:32]}.json"
