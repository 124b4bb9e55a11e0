"""Where the loop of a project stands: the rounds so far, what is approved since, and whether a round could begin."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from labeltool.app.loop.curve import Point, curve
from labeltool.app.loop.journal import Round, read_rounds
from labeltool.app.loop.rounds import newly_approved
from labeltool.app.loop.settings import LoopSettings, read_settings
from labeltool.app.loop.training import beginning, model_in_use, round_options
from labeltool.app.loop.yardstick import nothing_to_measure_by
from labeltool.app.runs import plan
from labeltool.app.truth import with_truth
from labeltool.core.errors import LabeltoolError
from labeltool.store.project import ProjectStore


@dataclass(frozen=True)
class Standing:
    """The ``rounds``, oldest first, how many lines of their journal are ``damaged``, the ``points`` of their curve, and
    how many images were ``approved`` since the last one began."""

    rounds: tuple[Round, ...] = ()
    damaged: int = 0
    points: tuple[Point, ...] = ()
    settings: LoopSettings = field(default_factory=LoopSettings)
    approved: int = 0

    @property
    def missing(self) -> int | None:
        """How many more approvals a round begins after by itself; None where it does not."""
        every = self.settings.every
        return max(0, every - self.approved) if every else None


def read_standing(store: ProjectStore, settings: LoopSettings | None = None) -> Standing:
    """Read it from the disk, unless ``settings`` are given those too. BadInputError where they are damaged, OSError
    where a file cannot be read."""
    rounds, damaged = read_rounds(store.root)
    settings = settings or read_settings(store.root)
    return Standing(
        tuple(rounds),
        damaged,
        tuple(curve(store.root, rounds)),
        settings,
        newly_approved(store, rounds),
    )


@dataclass(frozen=True)
class Prospects:
    """What a round that began now would learn from, choose on and be measured by, or the ``problem`` for which it
    would fail."""

    learn: int = 0
    choose: int = 0
    test: int = 0
    problem: LabeltoolError | None = None


def prospects(store: ProjectStore) -> Prospects:
    """Look what a round would find. Each mask is opened, no image is."""
    test, _ = with_truth(store, [record for record in store.images() if record.split == "test"])
    try:
        settings = read_settings(store.root)
        options = beginning(round_options(store, settings), model_in_use(store), fresh=settings.fresh)
        found = plan(store, options)
    except LabeltoolError as error:
        return Prospects(test=len(test), problem=error)
    known = Prospects(found.train, found.val, len(test))
    return known if test else replace(known, problem=nothing_to_measure_by(store))
