"""Making a run: what it would learn from, and its folder with everything that it is made from."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from labeltool.app.models import (
    digest_of,
    embedded_models,
    free_name,
    is_recorded,
    model_folder,
    new_folder,
    seen,
)
from labeltool.app.project import source_problem
from labeltool.app.provenance import Verified
from labeltool.app.runs.at_home import at_home
from labeltool.app.runs.images import TrainingImages, refuse_test_images, training_images
from labeltool.app.runs.labels import copy_label, learnt_origins, write_label, write_same_label
from labeltool.app.runs.run import RUNS, Run, read_run
from labeltool.core.errors import ModelError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.inference.card import CARD_NAME
from labeltool.inference.run import MANIFEST, Manifest, RunImage
from labeltool.inference.run_data import hash_of, weights_file
from labeltool.inference.training_options import TrainingOptions
from labeltool.store.project import ProjectStore


@dataclass(frozen=True)
class Plan:
    """What a run would be made from: images of each kind, those of the split test that it does not see, what is left
    out, and what is in two splits at once. ``verified`` says how many of the labelled pixels are left where only those
    that somebody has verified are learnt from; None where all are."""

    train: int
    val: int
    unlabelled: int
    held_out_test: int
    skipped: list[Skipped]
    notices: list[str] = field(default_factory=list)
    verified: Verified | None = None


def plan(store: ProjectStore, options: TrainingOptions) -> Plan:
    """What a run would learn from. Files are looked for, not read. BadInputError as :func:`begin`."""
    options.check()
    images = training_images(store, options, _missing)
    before, _ = seen_before(options)
    refuse_test_images(store, Manifest(options, store.catalog, (), seen_before=before))
    return Plan(
        len(images.train),
        len(images.val),
        len(images.unlabelled),
        len(images.test),
        images.skipped,
        images.notices,
        images.verified,
    )


def new_name(root: Path, name: str) -> str:
    """A name that no run and no model of the project has: ``name`` with a number."""
    first = free_name(root, name)
    stem, _, number = first.rpartition("-")
    return next(n for n in (f"{stem}-{i}" for i in count(int(number))) if _is_free(root, n))


def begin(
    store: ProjectStore,
    options: TrainingOptions,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Run:
    """Make the folder of a run: the labels as they are now, and the digests of everything.

    BadInputError where there is nothing to learn from, or an image of train or val is, by its digest, one of the split
    test. The project may be open for writing elsewhere: nothing of it is changed.
    """
    options.check()
    images = training_images(store, options, source_problem)
    with _new_run(store.root, options.name) as folder:
        write_run(store, folder, options, images, progress=progress, cancel=cancel)
    return read_run(store.root / RUNS / options.name)


def write_run(
    store: ProjectStore,
    folder: Path,
    options: TrainingOptions,
    images: TrainingImages,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> None:
    """Write into an empty folder all that a run on these images is made from. BadInputError as :func:`begin`."""
    total = len(images.train) + len(images.val)
    writer = _Labels(store, options, progress, cancel or CancelToken(), total)
    rows = [writer.written(folder, record, "train") for record in images.train]
    rows += [writer.written(folder, record, "val") for record in images.val]
    rows += [_row(record, "unlabelled") for record in images.unlabelled]
    manifest = _with_weights(
        Manifest(
            options,
            store.catalog,
            tuple(rows),
            _now(),
            skipped=tuple(images.skipped),
            notices=tuple(images.notices),
        )
    )
    refuse_test_images(store, manifest)
    _write_manifest(folder, manifest)


def again(
    store: ProjectStore,
    source: Path,
    name: str,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Run:
    """Make a run from the manifest of another, whose folder or whose model's folder is ``source``: the same images,
    labels, options, steps and threads. BadInputError names an image or a label that is not the same any more."""
    cancel, by_digest = cancel or CancelToken(), {digest_of(r): r for r in store.images()}
    manifest = at_home(source, store.root, by_digest)
    manifest.options.check()
    refuse_test_images(store, manifest)
    with _new_run(store.root, name) as folder:
        for number, image in enumerate(manifest.images):
            cancel.check()
            progress(number, len(manifest.images), image.name)
            if image.label_sha256 and not copy_label(source, folder, image):
                write_same_label(store, by_digest.get(image.sha256), folder, image, manifest.options)
        options = replace(manifest.options, name=name)
        _write_manifest(folder, replace(manifest, options=options, created=_now()))
    return read_run(store.root / RUNS / name)


class _Labels:
    """Writes what people have labelled, a band of rows at a time."""

    def __init__(
        self,
        store: ProjectStore,
        options: TrainingOptions,
        progress: Progress,
        cancel: CancelToken,
        total: int,
    ) -> None:
        self._store, self._options, self._progress, self._cancel = store, options, progress, cancel
        self._done, self._total = 0, total

    def written(self, folder: Path, record: ImageRecord, subset: str) -> RunImage:
        """Write the label of an image, and say what the manifest holds of it."""
        self._cancel.check()
        self._progress(self._done, self._total, record.name)
        self._done += 1
        mask, origins = self._store.load_mask(record.id), learnt_origins(self._options, record)
        return _row(record, subset, write_label(folder, record.id, mask, origins))


def _row(record: ImageRecord, subset: str, label_sha256: str = "") -> RunImage:
    return RunImage(
        record.id, record.name, str(record.path), record.page, subset, digest_of(record), label_sha256
    )


def _with_weights(manifest: Manifest) -> Manifest:
    """The same with the place and the digest of the weights to begin with, and what these have seen."""
    if not manifest.options.weights:
        return manifest
    path = weights_file(manifest.options).absolute()
    options = replace(manifest.options, weights=str(path))
    before, all_of_it = seen_before(options)
    return replace(
        manifest, options=options, weights_sha256=hash_of(path), seen_before=before, seen_all=all_of_it
    )


def seen_before(options: TrainingOptions) -> tuple[tuple[str, ...], bool]:
    """The digests of what the model was trained on whose weights are to begin with, and whether they are all. A file
    that is no model's, as of an encoder, has seen none of a project's images."""
    folder = weights_file(options).parent if options.weights else None
    if folder is None or not (folder / CARD_NAME).is_file():
        return (), True
    return tuple(sorted(seen(folder))), is_recorded(folder)


def _new_run(root: Path, name: str) -> AbstractContextManager[Path]:
    """A folder for a run of this name, made whole or not at all; ModelError when the name is taken."""
    for there in (root / RUNS / name, model_folder(root, name)):
        if there.exists():
            raise ModelError(
                f"{name!r} is taken", file=there, hint="Choose another name, or go on with that run"
            )
    if name in _embedded():
        raise ModelError(
            f"{name!r} is the name of a model that comes with the program", hint="Choose another name"
        )
    return new_folder(root / RUNS / name)


def _is_free(root: Path, name: str) -> bool:
    taken = (root / RUNS / name).exists() or model_folder(root, name).exists()
    return not taken and name not in _embedded()


def _embedded() -> set[str]:
    return {model.card.name for model in embedded_models()}


def _missing(record: ImageRecord) -> str:
    return "" if record.is_there else "the image is not there any more"


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    write_json(folder / MANIFEST, manifest.to_json())


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write plain values as people can read them."""
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
