"""The queue of a project: which images or regions to label next, kept as ``queue.json``, and what became of each.

An entry is answered by the image itself: nobody ticks anything off.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import numpy as np

from labeltool.app.effort import worked_on
from labeltool.app.leaving_out import left_out
from labeltool.app.truth import truth
from labeltool.core import atomic
from labeltool.core.catalog import IGNORE
from labeltool.core.errors import NOT_AS_EXPECTED, BadInputError
from labeltool.core.geometry import Box, tile_box, tiles_in
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord, Skipped, Status
from labeltool.core.provenance import TRUTH, Origin
from labeltool.store.project import ProjectStore

FILE = "queue.json"
ANYBODY = tuple(origin for origin in Origin if origin is not Origin.NOBODY)
_VERSION = 1
_MOST = 0.5
"""The share of a region that somebody has labelled from which it is done."""

State = Literal["open", "in_work", "done", "gone"]


@dataclass(frozen=True)
class Suggestion:
    """One entry: an image, or its region ``box``, and the ``strategy`` that chose it, with what score and ``why``.

    ``seconds`` is how long people are expected to need (None where nobody can say), ``control`` marks what was drawn
    at random for comparison, ``prediction`` is the key under which is kept what the model says of the image.
    """

    image: str
    box: Box | None
    strategy: str
    score: float
    why: str
    seconds: float | None = None
    control: bool = False
    prediction: str = ""


@dataclass(frozen=True)
class Double:
    """An image that was left out because it is nearly the same as another."""

    image: str
    of: str


@dataclass(frozen=True)
class Outcome:
    """What became of a suggestion that is done: of ``pixels`` the prediction had ``wrong`` ones, and people worked on
    the image for ``seconds`` (None where that was not measured, or is not of this region alone)."""

    control: bool
    strategy: str
    pixels: int
    wrong: int
    seconds: float | None = None


@dataclass(frozen=True)
class Queue:
    """What to label next, in this order. ``model`` is the key of the model that ranked (empty: none did), ``measured``
    the images that predicted seconds were learnt from (0: none, they are a prior's). ``past`` is what became of
    suggestions of earlier queues. ``skipped`` are images that could not be ranked, ``notices`` sentences for the user.
    """

    strategy: str
    model: str = ""
    made_utc: str = ""
    measured: int = 0
    suggestions: tuple[Suggestion, ...] = ()
    doubles: tuple[Double, ...] = ()
    past: tuple[Outcome, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    notices: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"version": _VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Queue:
        """What :meth:`to_json` gave; KeyError, TypeError or ValueError for anything else."""
        if data["version"] != _VERSION:
            raise ValueError(f"version {data['version']}")
        return cls(
            str(data["strategy"]),
            str(data["model"]),
            str(data["made_utc"]),
            int(data["measured"]),
            tuple(_suggestion(each) for each in data["suggestions"]),
            tuple(Double(**each) for each in data["doubles"]),
            tuple(_outcome(each) for each in data["past"]),
            tuple(Skipped(**each) for each in data["skipped"]),
            tuple(str(each) for each in data["notices"]),
        )

    def save(self, root: Path) -> None:
        """Take the place of the queue in a project; OSError or StoreError leave the old one there."""
        text = json.dumps(self.to_json(), ensure_ascii=False, indent=1)
        atomic.write_bytes(root / FILE, text.encode() + b"\n")


def read_queue(root: Path) -> Queue | None:
    """The queue of a project, None where nobody has ranked yet. BadInputError where the file is damaged."""
    path = root / FILE
    try:
        return Queue.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except NOT_AS_EXPECTED as error:
        raise BadInputError(
            f"this is not a queue: {error}",
            file=path,
            hint="Rank again: that makes a new one, and sets this one aside",
        ) from error


def state_of(store: ProjectStore, suggestion: Suggestion) -> State:
    """What became of an entry: nobody has begun, somebody is at it, it is done, or its image is not there any more."""
    record = next((r for r in store.images() if r.id == suggestion.image), None)
    found = _plain_state(record, suggestion)
    return _state_of_region(store.load_mask(suggestion.image), suggestion) if found is None else found


def states_of(
    store: ProjectStore, suggestions: Sequence[Suggestion], cancel: CancelToken | None = None
) -> list[State]:
    """The same of many entries: each mask is read once. A region of an image whose labels cannot be read is in work,
    as its image is."""
    records = {record.id: record for record in store.images()}
    found = [_plain_state(records.get(each.image), each) for each in suggestions]
    of_regions = sorted(
        (i for i, state in enumerate(found) if state is None), key=lambda i: suggestions[i].image
    )
    for image_id, indices in groupby(of_regions, key=lambda i: suggestions[i].image):
        if cancel is not None:
            cancel.check()
        with left_out():
            mask = store.load_mask(image_id)
            for i in indices:
                found[i] = _state_of_region(mask, suggestions[i])
    return [state or "in_work" for state in found]


def _plain_state(record: ImageRecord | None, suggestion: Suggestion) -> State | None:
    """What the status of an image says; None where it is the pixels of a region that say it."""
    if record is None:
        return "gone"
    if record.status.settled:
        return "done"
    if record.status in (Status.NEW, Status.PRELABELLED):
        return "open"
    return "in_work" if suggestion.box is None else None


def _state_of_region(mask: LabelMask, suggestion: Suggestion) -> State:
    share = labelled_share(mask, suggestion.box or mask.size.box)
    return "done" if share >= _MOST else "in_work" if share > 0 else "open"


def labelled_share(mask: LabelMask, box: Box) -> float:
    """The share of a box in which somebody but a model has labelled; ignore counts as labelled."""
    here = box.intersect(mask.size.box)
    found = sum(
        int(np.isin(mask.read("origin", tile_box(index, mask.size).intersect(here)), TRUTH).sum())
        for index in tiles_in(here, mask.size)
    )
    return found / max(1, here.width * here.height)


def is_labelled(mask: LabelMask, box: Box) -> bool:
    """Whether a region is done, as far as its pixels say."""
    return labelled_share(mask, box) >= _MOST


def outcomes(store: ProjectStore, queue: Queue, cancel: CancelToken | None = None) -> Iterator[Outcome]:
    """What became of the entries that are done; of an image whose labels cannot be read nothing is said."""
    for suggestion in queue.suggestions:
        if cancel is not None:
            cancel.check()
        with left_out():
            outcome = outcome_of(store, suggestion)
            if outcome is not None:
                yield outcome


def outcome_of(store: ProjectStore, suggestion: Suggestion) -> Outcome | None:
    """What became of an entry that is done; None where it is not, or where the prediction is not kept any more.

    Of an image that somebody has said to be right every label counts, else those that a person has set.
    """
    if state_of(store, suggestion) != "done":
        return None
    kept = store.prediction(suggestion.image, suggestion.prediction) if suggestion.prediction else None
    if kept is None:
        return None
    mask, settled = store.load_mask(suggestion.image), store.image(suggestion.image).status.settled
    area = mask.size.box if suggestion.box is None else suggestion.box.intersect(mask.size.box)
    pixels = wrong = 0
    for index in tiles_in(area, mask.size):
        box = tile_box(index, mask.size).intersect(area)
        true = truth(mask, box, ANYBODY if settled else TRUTH)
        counted = true != IGNORE
        pixels += int(np.count_nonzero(counted))
        wrong += int(np.count_nonzero(counted & (kept.label.read(box) != true)))
    seconds = worked_seconds(store, suggestion.image) if suggestion.box is None else None
    return Outcome(suggestion.control, suggestion.strategy, pixels, wrong, seconds)


def worked_seconds(store: ProjectStore, image_id: str) -> float | None:
    """How long people have worked on an image, pauses left out; None where nobody measured it."""
    return worked_on(store, image_id).seconds or None


def _suggestion(data: Mapping[str, Any]) -> Suggestion:
    box, seconds = data["box"], data["seconds"]
    return Suggestion(
        str(data["image"]),
        None if box is None else Box(*(int(side) for side in box)),
        str(data["strategy"]),
        float(data["score"]),
        str(data["why"]),
        None if seconds is None else _seconds(seconds),
        bool(data["control"]),
        str(data["prediction"]),
    )


def _outcome(data: Mapping[str, Any]) -> Outcome:
    seconds = data.get("seconds")
    return Outcome(
        bool(data["control"]),
        str(data["strategy"]),
        int(data["pixels"]),
        int(data["wrong"]),
        None if seconds is None else _seconds(seconds),
    )


def _seconds(value: Any) -> float:
    if not 0 <= float(value) < math.inf:
        raise ValueError(f"{value} seconds")
    return float(value)
