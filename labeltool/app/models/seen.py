"""What a model has seen before it is judged, told by the digests of images rather than by their names and places."""

from __future__ import annotations

from pathlib import Path

from labeltool.core.digest import page_digest
from labeltool.core.project import ImageRecord
from labeltool.inference.run import MANIFEST, Manifest

TRAINED_ON = ("train", "unlabelled")
CHOSEN_ON = "val"


def subsets(folder: Path) -> dict[str, str]:
    """The images of the run that the model in ``folder`` came of: digest -> train, val or unlabelled; those that the
    weights it began with had been trained on count as train. Empty where the model has no manifest, so that nobody
    knows; ModelError where it is damaged."""
    if not (folder / MANIFEST).is_file():
        return {}
    manifest = Manifest.read(folder)
    own = {image.sha256: image.subset for image in manifest.images}
    return own | dict.fromkeys(manifest.seen_before, "train")


def is_recorded(folder: Path) -> bool:
    """Whether :func:`subsets` has all that the model in ``folder`` has seen: there is a manifest, and so there was for
    the model, if any, whose weights it began with. ModelError where it is damaged."""
    return (folder / MANIFEST).is_file() and Manifest.read(folder).seen_all


def seen(folder: Path) -> frozenset[str]:
    """The digests of the images that the model in ``folder`` was trained on, with labels or without. Empty where nobody
    knows."""
    return frozenset(digest for digest, subset in subsets(folder).items() if subset in TRAINED_ON)


def digest_of(record: ImageRecord) -> str:
    """The digest of a project's image, by which a manifest names it."""
    return page_digest(record.sha256, record.page)
