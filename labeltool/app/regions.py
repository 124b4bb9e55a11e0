"""What can be done to regions: grow, shrink, smooth, clean, split; and how it is done without anybody waiting.

The work runs on a lane against a snapshot of the mask and gives a patch; that is applied as one step of undo where
the mask is still the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from labeltool.app.targets import Target
from labeltool.core.algebra import Alike, Both, Either, without
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Box
from labeltool.core.labelling import Components
from labeltool.core.mask import LabelMask
from labeltool.core.morphology import Holes, Islands, grown, shrunk, smoothed
from labeltool.core.patch import Patch, empty_patch, paint, write
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.provenance import Origin
from labeltool.core.shape import Bools, Coarse, Dense, Shape
from labeltool.tools.objects import Pixel, fresh_object, split

if TYPE_CHECKING:
    from labeltool.app.jobs import Job
    from labeltool.app.workbench import Workbench

OperationId = Literal["grow", "shrink", "smooth", "fill_holes", "remove_islands", "keep_largest"]
Result = Callable[[int], Shape]
"""What becomes of a shape, by the amount."""
Prepare = Callable[[Shape, LabelMask, CancelToken, Progress], Result]
MOST_SPLIT_PX = 16_000_000
"""The watershed holds a region's whole box in memory."""


@dataclass(frozen=True)
class Amount:
    """The number that an operation asks for."""

    default: int
    low: int
    high: int
    unit: Literal["px", "px²"]


@dataclass(frozen=True)
class Operation:
    """Something done to a set of pixels. ``title`` completes "Undo ..."; ``whole`` means of a class only."""

    id: OperationId
    title: str
    amount: Amount | None
    prepare: Prepare
    whole: bool = False
    adds: bool = True


def _islands(shape: Shape, mask: LabelMask, cancel: CancelToken, progress: Progress) -> Islands:
    return Islands(shape, mask.size, cancel, progress)


def _largest(shape: Shape, mask: LabelMask, cancel: CancelToken, progress: Progress) -> Result:
    largest = _islands(shape, mask, cancel, progress).largest()
    return lambda _: largest


SPLIT_DISTANCE = Amount(10, 1, 1000, "px")

OPERATIONS: Mapping[OperationId, Operation] = MappingProxyType(
    {
        each.id: each
        for each in (
            Operation(
                "grow",
                "grow",
                Amount(2, 1, 200, "px"),
                prepare=lambda shape, mask, *_: lambda px: grown(shape, px, mask.size),
            ),
            Operation(
                "shrink",
                "shrink",
                Amount(2, 1, 200, "px"),
                adds=False,
                prepare=lambda shape, mask, *_: lambda px: shrunk(shape, px, mask.size),
            ),
            Operation(
                "smooth",
                "smooth",
                Amount(3, 1, 30, "px"),
                prepare=lambda shape, mask, *_: lambda px: smoothed(shape, px, mask.size),
            ),
            Operation(
                "fill_holes",
                "fill holes",
                Amount(0, 0, 10_000_000, "px²"),
                prepare=lambda shape, mask, *job: Holes(shape, mask.size, *job).filled,
            ),
            Operation(
                "remove_islands",
                "remove islands",
                Amount(50, 1, 10_000_000, "px²"),
                whole=True,
                adds=False,
                prepare=lambda *of: _islands(*of).larger_than,
            ),
            Operation(
                "keep_largest",
                "keep largest",
                None,
                whole=True,
                adds=False,
                prepare=_largest,
            ),
        )
    }
)


class Draft:
    """A patch made of several, each against what the ones before it leave."""

    def __init__(self, mask: LabelMask, title: str, kind: str) -> None:
        self.mask = mask.snapshot()
        self.patch = empty_patch(title, kind)

    def add(self, patch: Patch) -> None:
        """Go on from here."""
        self.mask.apply(patch)
        self.patch = self.patch.then(patch)

    def paint(self, shape: Shape, value: int, object_id: int = 0) -> None:
        """Give a shape a class, as a human's decision."""
        self.add(
            paint(self.mask, shape, title="", kind="", label=value, origin=Origin.HUMAN, object_id=object_id)
        )


def _free(mask: LabelMask) -> Shape:
    """Background and what nobody has labelled."""
    label, origin = mask.planes["label"], mask.planes["origin"]
    box = mask.size.box
    return Either((Alike((label,), (mask.unlabelled_value,), box), Alike((origin,), (Origin.NOBODY,), box)))


@dataclass(frozen=True)
class Wish:
    """What somebody wants done: to the region at a pixel or to all of a class, how far, and over what."""

    at: Pixel | None
    value: int
    amount: int = 0
    over_others: bool = False


class Prepared:
    """An operation on targets, ready to be shown and done for any amount.

    With ``over_others`` what is added may take the place of other classes and objects, else only of background and of
    what is unlabelled. What is taken away becomes background.
    """

    def __init__(
        self,
        operation: Operation,
        mask: LabelMask,
        wanted: Sequence[Target],
        cancel: CancelToken,
        progress: Progress = silent,
    ) -> None:
        self._operation, self._mask = operation, mask
        self._results: list[tuple[Target, Result]] = [
            (target, operation.prepare(target.shape, mask, cancel, progress)) for target in wanted
        ]

    def changed(self, wish: Wish) -> Shape:
        """The pixels that would change."""
        shapes: list[Shape] = []
        for target, result in self._results:
            after = result(wish.amount)
            shapes += [self._added(self._mask, target, after, wish.over_others), without(target.shape, after)]
        return Either(shapes)

    @staticmethod
    def _added(mask: LabelMask, target: Target, after: Shape, over_others: bool) -> Shape:
        added = without(after, target.shape)
        return added if over_others else Both(added, _free(mask))

    def patch(
        self,
        wish: Wish,
        *,
        cancel: CancelToken | None = None,
        progress: Progress = silent,
    ) -> Patch:
        """The change, as one step."""
        draft = Draft(self._mask, self._operation.title, self._operation.id)
        for done, (target, result) in enumerate(self._results):
            progress(done, len(self._results))
            if cancel is not None:
                cancel.check()
            after = result(wish.amount)
            draft.paint(without(target.shape, after), self._mask.unlabelled_value)
            draft.paint(
                self._added(draft.mask, target, after, wish.over_others), target.value, target.object_id
            )
        return draft.patch


def split_objects(
    mask: LabelMask,
    wanted: Sequence[Target],
    least_distance_px: int,
    cancel: CancelToken | None = None,
    progress: Progress = silent,
) -> Patch:
    """Give the objects that touch in a region ids of their own; regions that are one object stay as they are."""
    draft = Draft(mask, "split objects", "split")
    number = fresh_object(mask)
    for part, share in _parts(mask, wanted, cancel):
        progress(share, 1)
        pieces = split(part.inside, least_distance_px)
        count = int(pieces.max())
        if count < 2:
            continue
        ids = (pieces + (number - 1)).astype(np.uint32)
        draft.add(write(draft.mask, part.box, part.inside, title="", kind="", object_id=ids))
        number += count
    return draft.patch


def split_lines(
    mask: LabelMask,
    wanted: Sequence[Target],
    least_distance_px: int,
    seen: Box,
    step: int,
    cancel: CancelToken | None = None,
) -> Coarse:
    """Where :func:`split_objects` would cut, as far as ``seen``: the pixels on both sides of a cut.

    What is too large to be split is left out.
    """
    lines = np.zeros((-(-seen.height // step), -(-seen.width // step)), bool)
    for part, _ in _parts(mask, wanted, cancel, seen):
        rows, cols = np.nonzero(_cuts(split(part.inside, least_distance_px)))
        rows, cols = rows + (part.box.y0 - seen.y0), cols + (part.box.x0 - seen.x0)
        kept = (rows >= 0) & (rows < seen.height) & (cols >= 0) & (cols < seen.width)
        lines[rows[kept] // step, cols[kept] // step] = True
    return Coarse(seen, step, lines)


def _cuts(pieces: NDArray[np.int32]) -> Bools:
    """The pixels of pieces (0 is none) that have another piece beside them."""
    found = np.zeros(pieces.shape, bool)
    for a, b in (
        ((slice(None), slice(1, None)), (slice(None), slice(-1))),
        ((slice(1, None),), (slice(-1),)),
    ):
        apart = (pieces[a] != pieces[b]) & (pieces[a] > 0) & (pieces[b] > 0)
        found[a] |= apart
        found[b] |= apart
    return found


def _parts(
    mask: LabelMask, wanted: Sequence[Target], cancel: CancelToken | None, seen: Box | None = None
) -> Iterator[tuple[Dense, float]]:
    """Each connected region as an array, and the share of them done so far.

    With ``seen`` those that meet this box, and none that is too large; else raises LabeltoolError for such.
    """
    for at, target in enumerate(wanted):
        found = Components(target.shape, mask.size, cancel=cancel)
        for number in range(len(found)):
            if cancel is not None:
                cancel.check()
            box = found.box(number)
            too_large = box.width * box.height > MOST_SPLIT_PX
            if seen is not None and (too_large or box.intersect(seen).is_empty):
                continue
            if too_large:
                raise LabeltoolError(
                    f"a region of {box.width} x {box.height} pixels is too large to be split",
                    hint="Cut it in two with the eraser first",
                )
            yield found.inside(number), (at + number / len(found)) / len(wanted)


Work = Callable[[LabelMask, CancelToken, Progress], Patch]


def change_mask(
    bench: Workbench,
    title: str,
    work: Work,
    *,
    done: Callable[[Patch], None],
    failed: Callable[[BaseException], None],
    progress: Progress = silent,
    key: str = "regions",
) -> Job[Patch]:
    """Make a patch on a lane, against a snapshot of the image at hand, and apply it.

    ``failed`` gets a LabeltoolError, and nothing is applied, where the mask has been changed meanwhile. Of two calls
    with one ``key`` only the newer one answers. Raises LabeltoolError where no image is open.
    """
    image = bench.open
    if image is None:
        raise LabeltoolError("no image is open")
    session, revision, snapshot = image.session, image.session.revision, image.session.mask.snapshot()

    def apply(patch: Patch) -> None:
        if bench.open is not image or session.frozen or session.painting or session.revision != revision:
            failed(LabeltoolError("the mask was changed meanwhile; nothing was done", hint="Try again"))
            return
        if patch:
            session.apply(patch)
        done(patch)

    return bench.lanes.submit(
        "io",
        key,
        lambda cancel, report: work(snapshot, cancel, report),
        done=apply,
        failed=failed,
        progress=progress,
        title=title,
    )
