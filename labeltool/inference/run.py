"""The folder of one training run: everything that it is made from and everything that it leaves.

    manifest.json       options, classes, and every image with the digests of its file and its label
    labels/<id>.png     the labels as they were when the run began: 8 bits of class value, 255 where nothing is known
    metrics.jsonl       a row for each thing that happened, in order
    state.json          how far it is, in a few words
    state.pt            all that is needed to go on with the same result; not kept of a run that has ended
    best/               card.json, weights.safetensors, manifest.json and metrics_per_image.json of the best so far,
                        always whole; the manifest says in addition in how many steps and threads it was made
                        and, until the run has ended, at which step, and has of images their digests alone
                        (:mod:`labeltool.inference.travelling`)
    samples/<step>/     what the network made of some validation images: <k>.png is of the k-th of the manifest, from 0
    board/              event files of TensorBoard
    lock                held by the process at work

The program writes the manifest and the labels, the trainer in its own process everything else; both only read what
the other has written. So a run can go on after a kill, on another machine, or on several processors at once.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import NOT_AS_EXPECTED, BadInputError, ModelError
from labeltool.core.project import Skipped
from labeltool.core.regular import no_file
from labeltool.core.system_lock import try_lock
from labeltool.inference.timetable import Timetable
from labeltool.inference.training_options import TrainingOptions

MANIFEST, METRICS, STATE, STATE_TENSORS = "manifest.json", "metrics.jsonl", "state.json", "state.pt"
LABELS, BEST, SAMPLES, BOARD, LOCK = "labels", "best", "samples", "board", "lock"
PER_IMAGE = "metrics_per_image.json"
NOT_A_NUMBER = "the loss was not a number"
"""The event of a row of metrics.jsonl: at its ``step`` the run ended, and the weights of the step ``best`` are kept."""

_POLL_S = 0.02
_MOST = 2.0**53
"""No number in a state is as large; NaN and infinity are none."""

SUBSETS = ("train", "val", "unlabelled")
STATES = ("new", "running", "finished", "cancelled", "failed")
"""``running`` in a file whose process is gone means that the process was killed: the run can go on."""


@dataclass(frozen=True)
class RunImage:
    """One image of a run. ``id`` names the file of its label (ValueError for what could name one elsewhere). ``sha256``
    is its digest (:mod:`labeltool.core.digest`), ``label_sha256`` that of the label's bytes as an array (empty for an
    unlabelled image); ``name`` and ``path`` are empty in what goes with a model; ``group`` only splits the figures of
    an evaluation."""

    id: str
    name: str
    path: str
    page: str
    subset: str
    sha256: str
    label_sha256: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        if not all(isinstance(each, str) for each in astuple(self)):
            raise TypeError("what a run says of an image is not text")
        if not re.fullmatch(r"\w[\w.-]*", self.id):
            raise ValueError(f"{self.id!r} cannot be the id of an image")


_RUNS = "A project's runs are the folders in its folder runs"


@dataclass(frozen=True)
class Manifest:
    """What a run is made from: the same manifest on the same machine gives the same weights.

    ``timetable`` and ``threads`` are None and 0 before a run has begun: it then finds out how many steps there is time
    for and takes the threads there are. ``skipped`` are the images that were left out, and why;
    ``notices`` say what of the images is in two splits at once.
    ``weights_sha256`` is of the file of weights that the options name to begin with, ``seen_before`` are the digests of
    the images that these weights had been trained on, and ``seen_all`` says whether they are all: it is False where
    nobody wrote down what a model was trained on that these weights come of.
    """

    options: TrainingOptions
    catalog: ClassCatalog
    images: tuple[RunImage, ...]
    created: str = ""
    timetable: Timetable | None = None
    threads: int = 0
    skipped: tuple[Skipped, ...] = ()
    weights_sha256: str = ""
    seen_before: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    seen_all: bool = True

    def of(self, subset: str) -> tuple[RunImage, ...]:
        """The images of train, val or unlabelled."""
        return tuple(image for image in self.images if image.subset == subset)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "created": self.created,
            "options": self.options.to_json(),
            "catalog": self.catalog.to_json(),
            "timetable": None if self.timetable is None else self.timetable.to_json(),
            "threads": self.threads,
            "weights_sha256": self.weights_sha256,
            "seen_before": list(self.seen_before),
            "seen_all": self.seen_all,
            "notices": list(self.notices),
            "skipped": [asdict(each) for each in self.skipped],
            "images": [asdict(image) for image in self.images],
        }

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read a run's manifest; ModelError names what is wrong."""
        path = folder / MANIFEST
        try:
            if path.exists() and (what := no_file(path)):
                raise BadInputError(what)
            data = json.loads(path.read_text(encoding="utf-8"))
            timetable = data.get("timetable")
            return cls(
                TrainingOptions.from_json(data["options"]),
                ClassCatalog.from_json(data["catalog"], file=path),
                tuple(RunImage(**image) for image in data["images"]),
                data["created"],
                None if timetable is None else Timetable.from_json(timetable),
                int(data.get("threads", 0)),
                tuple(Skipped(**each) for each in data.get("skipped", ())),
                str(data.get("weights_sha256", "")),
                tuple(map(str, data.get("seen_before", ()))),
                tuple(map(str, data.get("notices", ()))),
                bool(data.get("seen_all", True)),
            )
        except NotADirectoryError as error:
            raise ModelError(
                "this is a file, and a training run is a folder", file=folder, hint=_RUNS
            ) from error
        except FileNotFoundError as error:
            raise ModelError("no training run here", file=path, hint=_RUNS) from error
        except BadInputError as error:
            raise ModelError(f"not the manifest of a run: {error.message}", file=path) from error
        except NOT_AS_EXPECTED as error:
            raise ModelError(f"not the manifest of a run: {error}", file=path) from error


class RunState(NamedTuple):
    """How far a run is. ``score`` is the best on validation so far, None before the first evaluation; ``steps`` is how
    many there will be; ``pid`` is the process at work; ``error`` says why it failed, ``doing`` what it is at: reading,
    learning, evaluating, calibrating or stopping, and perhaps at which image of how many ("evaluating 3/12")."""

    state: str = "new"
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    score: float | None = None
    best_step: int = 0
    pid: int = 0
    error: str = ""
    doing: str = ""


def read_state(folder: Path) -> RunState:
    """The state of a run; a new one's where none is written yet or the file is damaged."""
    try:
        data = json.loads((folder / STATE).read_text(encoding="utf-8"))
        score = data.pop("score", None)
        usual = RunState()._asdict()
        said = {name: type(usual[name])(value) for name, value in data.items()}
        found = RunState(**said, score=None if score is None else float(score))
        if not all(abs(each) < _MOST for each in found if isinstance(each, int | float)):
            return RunState()
        return found
    except NOT_AS_EXPECTED:
        return RunState()


@contextmanager
def at_work(folder: Path, patience_s: float = 0.0) -> Iterator[bool]:
    """Be the one process that works on a run, if no other is: gives whether that is so. Whoever only looks
    (:func:`is_at_work`) holds the lock for a moment, which ``patience_s`` waits for."""
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    ends_s = time.monotonic() + patience_s
    try:
        while (taken := try_lock(handle) is False) and time.monotonic() < ends_s:
            time.sleep(_POLL_S)
        yield not taken
    finally:
        os.close(handle)


def is_at_work(folder: Path) -> bool:
    """Whether a process works on a run at this moment; False where the folder can only be read, and none can."""
    if not (folder / LOCK).exists():
        return False
    try:
        with at_work(folder) as free:
            return not free
    except OSError:
        return False
