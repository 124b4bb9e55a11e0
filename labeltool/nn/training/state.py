"""What a run needs to go on: how far it is, what has been learnt, and the best weights, each whole at any moment."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from labeltool.core import atomic
from labeltool.core.errors import DiskFullError, ModelError
from labeltool.inference.card import ModelCard
from labeltool.inference.run import BEST, MANIFEST, PER_IMAGE, STATE, STATE_TENSORS, Manifest, RunState
from labeltool.inference.timetable import Timetable
from labeltool.inference.travelling import travelling
from labeltool.nn.checkpoint import save_network

FREE_SPACE = "Free some space and go on with the run: what it had reached before is kept"
_NEW, _OLD = ".best.new", ".best.old"


@dataclass
class Reached:
    """How far a run is: ``step`` steps are done in ``seconds``, the last evaluation was after ``evaluated`` of them
    and the ``evaluations``-th. ``place`` is where metrics.jsonl ended. ``ended`` says why no more steps follow before
    the last. ``pace`` are the fields of :class:`~labeltool.nn.training.pace.Pace` where the time is limited."""

    timetable: Timetable
    threads: int
    step: int = 0
    seconds: float = 0.0
    evaluated: int = 0
    evaluations: int = 0
    score: float | None = None
    best_step: int = 0
    place: int = 0
    ended: str = ""
    pace: tuple[float, ...] = ()


def save_state(folder: Path, reached: Reached, learner: Mapping[str, Any]) -> None:
    """Replace state.pt; a kill at any moment leaves the old one or the new one, and so does DiskFullError."""
    plain = {**asdict(reached), "timetable": reached.timetable.to_json()}
    path = folder / STATE_TENSORS
    with atomic.replacing(path) as temporary:
        try:
            torch.save({"reached": plain, "learner": learner}, temporary)
        except (OSError, RuntimeError) as error:  # torch says only that its writer failed
            if not atomic.out_of_room(error, folder):
                raise
            raise DiskFullError("the disk is full", file=path, hint=FREE_SPACE) from error


def load_state(folder: Path) -> tuple[Reached, dict[str, Any]] | None:
    """What :func:`save_state` kept, tensors on the CPU; None where nothing is kept. ModelError when it is damaged."""
    path = folder / STATE_TENSORS
    if not path.exists():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        plain = dict(content["reached"])
        timetable = Timetable.from_json(plain.pop("timetable"))
        return Reached(timetable, **{**plain, "pace": tuple(plain["pace"])}), content["learner"]
    except Exception as error:  # a damaged zip or pickle fails in every way there is
        raise ModelError(
            f"the state of the run is damaged: {error}", file=path, hint="Delete it to begin the run anew"
        ) from error


def forget_state(folder: Path) -> None:
    """Of a run that has ended nothing goes on; its state is several times as large as its weights."""
    (folder / STATE_TENSORS).unlink(missing_ok=True)


def tell(folder: Path, state: RunState) -> None:
    """Replace state.json."""
    with atomic.replacing(folder / STATE) as temporary:
        temporary.write_text(json.dumps(state._asdict()), encoding="utf-8")


def keep_best(
    folder: Path, card: ModelCard, network: nn.Module, manifest: Manifest, per_image: list[dict[str, Any]]
) -> ModelCard:
    """Replace best/: a folder beside it gets its name when it is whole. The card, with the hash of the weights.

    ``per_image`` are the figures of images of the manifest by their ``id``; they get their digests.
    """
    new, best, old = folder / _NEW, folder / BEST, folder / _OLD
    shutil.rmtree(new, ignore_errors=True)
    card = save_network(new, card, network)
    digests = {image.id: image.sha256 for image in manifest.images}
    _write(new / MANIFEST, travelling(manifest).to_json())
    _write(new / PER_IMAGE, [{**row, "sha256": digests[row["id"]]} for row in per_image])
    atomic.sync_folder(new)
    if old.exists():  # it could not be removed the last time
        shutil.rmtree(old)
    if best.exists():
        atomic.move(best, old)
    atomic.move(new, best)
    atomic.sync_folder(folder)
    shutil.rmtree(old, ignore_errors=True)
    return card


def keep_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest beside the best weights: how many steps there are may have changed since they were kept."""
    _write(folder / BEST / MANIFEST, travelling(manifest).to_json())


def settle_best(folder: Path) -> None:
    """Finish what a kill cut off while best/ was replaced: the old one is set aside only when the new one is whole.
    Half of a state, which is several times as large as the weights, goes, too."""
    new, best, old = folder / _NEW, folder / BEST, folder / _OLD
    for half in (*folder.glob(f".*{atomic.TEMPORARY}"), *best.glob(f".*{atomic.TEMPORARY}")):
        half.unlink()
    if old.exists() and not best.exists():
        atomic.move(new, best)
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)


def best_card(folder: Path) -> ModelCard | None:
    """The card of the best weights so far, if there are any."""
    return ModelCard.read(folder / BEST) if (folder / BEST).is_dir() else None


def _write(path: Path, values: Any) -> None:
    atomic.write_bytes(path, (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode())
