"""The images and labels of a run as a trainer takes them, and whether they are still what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labeltool.core.digest import file_hash, page_digest
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken
from labeltool.imaging.budget import DECODE_BUDGET
from labeltool.imaging.open import open_image
from labeltool.imaging.vips import grey_png
from labeltool.inference.card import WEIGHTS_NAME
from labeltool.inference.run import LABELS, SUBSETS, Manifest, RunImage
from labeltool.inference.segmenter import Plane8
from labeltool.inference.training import TrainingImage, TrainingSet
from labeltool.inference.training_options import TrainingOptions

_HINT = "Put the file back that was there, or begin a new run"


@dataclass(frozen=True)
class RunLabel:
    """The label of an image as it was when the run began."""

    path: Path
    sha256: str

    def __call__(self) -> Plane8:
        """uint8 [height, width] of class values; BadInputError where it is not the label of the manifest."""
        try:
            label = grey_png(self.path.read_bytes())
        except OSError as error:
            raise BadInputError(f"the label cannot be read: {error.strerror}", file=self.path) from error
        except BadInputError as error:
            raise BadInputError(
                f"the label is damaged: {error.message}", file=self.path, hint=_HINT
            ) from error
        if hashlib.sha256(label.tobytes()).hexdigest() != self.sha256:
            raise BadInputError("this is not the label that the run began with", file=self.path, hint=_HINT)
        return label.astype("uint8", copy=False)


def training_set(folder: Path, manifest: Manifest) -> TrainingSet:
    """What a run learns from. Labels are read from its folder when they are wanted."""
    train, val, unlabelled = (_images(folder, manifest.of(subset)) for subset in SUBSETS)
    return TrainingSet(train, val, manifest.catalog, unlabelled)


def weights_file(options: TrainingOptions) -> Path:
    """The file of weights that ``options`` name to begin with: itself, or that of a model's folder."""
    path = Path(options.weights)
    return path / WEIGHTS_NAME if path.is_dir() else path


def check_files(manifest: Manifest, cancel: CancelToken) -> None:
    """BadInputError names an image or a file of weights that is not there, or not the one that the run began with, and
    an image that is too large to learn from."""
    hashes: dict[str, str] = {}
    for image in manifest.images:
        cancel.check()
        if image.path not in hashes:
            hashes[image.path] = hash_of(Path(image.path))
        if page_digest(hashes[image.path], image.page) != image.sha256:
            raise BadInputError("the image has changed since the run began", file=image.path, hint=_HINT)
        _check_size(image, len(manifest.options.bands) or 3)
    if manifest.weights_sha256:
        path = weights_file(manifest.options)
        if hash_of(path) != manifest.weights_sha256:
            raise BadInputError("the weights have changed since the run began", file=path, hint=_HINT)


def _check_size(image: RunImage, channels: int) -> None:
    """Images are learnt from whole: their pixels, stretched ones and the label lie in memory together."""
    with open_image(Path(image.path), image.page) as reader:
        size = reader.info.size
    most = DECODE_BUDGET // (2 * channels + 1)
    if size.pixels > most:
        raise BadInputError(
            f"the image has {size.width:,} x {size.height:,} pixels, more than are learnt from at once",
            file=image.path,
            hint=f"At most {most // 1_000_000} million pixels fit the memory budget: "
            "cut it into smaller images, or take it out of the splits train and val",
        )


def hash_of(path: Path) -> str:
    """SHA-256 of a file that a run needs; BadInputError where it cannot be read."""
    try:
        return file_hash(path)
    except OSError as error:
        raise BadInputError(f"the file cannot be read: {error.strerror}", file=path, hint=_HINT) from error


def data_digest(images: Sequence[RunImage]) -> str:
    """SHA-256 over the digests of images and labels, the same whatever their order and names."""
    parts = sorted(f"{image.sha256} {image.label_sha256}\n" for image in images)
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _images(folder: Path, images: Sequence[RunImage]) -> tuple[TrainingImage, ...]:
    return tuple(
        TrainingImage(
            image.id,
            Path(image.path),
            RunLabel(folder / LABELS / f"{image.id}.png", image.label_sha256),
            image.group,
            image.page,
        )
        for image in images
    )
