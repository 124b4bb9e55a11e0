"""What is picked up for editing, what is shown of it, and how it keeps up with the mask."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import TypeVar

from labeltool.core.components import region_at
from labeltool.core.draw import Point
from labeltool.core.geometry import TILE, Box, TileIndex, tiles_in
from labeltool.core.guard import Admitted
from labeltool.core.mask import LabelMask, PlaneName
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Tiles
from labeltool.tools.draft import Draft
from labeltool.tools.picked import (
    Contour,
    Picked,
    Pixel,
    Place,
    around,
    at,
    picked_up,
)
from labeltool.tools.tool import Outline, Pointer, Preview, Scene, ToolContext
from labeltool.tools.working import worked

T = TypeVar("T")
Held = tuple[int, int, int]
"""Numbers of contour, ring and vertex."""


class Work:
    """What is picked up, and what is shown of it."""

    def __init__(self, context: ToolContext) -> None:
        self.context = context
        self.picked = Picked()
        self.active = 0
        self.held: Held | None = None
        self.shown = Preview(idle=True)
        self._seen: LabelMask = context.mask.snapshot()

    def show(
        self, picked: Picked, text: str = "", held: Held | None = None, changed: Box | None = None
    ) -> None:
        """These are picked up from now on; ``held`` is the vertex that Delete takes out."""
        picked = _holding(picked, held)
        self.picked, self.held = picked, held
        self.active = min(self.active, max(0, len(picked.contours) - 1))
        self.shown = Preview(picked.outlines, text=text, changed=changed, idle=True)
        self._seen = self.context.mask.snapshot()

    def say(self, text: str) -> None:
        """Show a few words."""
        self.shown = replace(self.shown, text=text, changed=None, idle=True)

    def near(self, place: Place | None, point: Point) -> Place | None:
        """The place, if a click on ``point`` means it."""
        return place if place is not None and self.context.is_near(place.point, point) else None

    def pixel(self, point: Point) -> Pixel | None:
        """The pixel of the image that is under a point."""
        col, row = math.floor(point[0]), math.floor(point[1])
        size = self.context.size
        return (col, row) if 0 <= col < size.width and 0 <= row < size.height else None

    def edited(
        self, title: str, edit: Callable[[Draft], T], outlines: tuple[Outline, ...] | None = None
    ) -> Generator[Preview, Pointer, T]:
        """``answer = yield from work.edited(...)``: one step of undo, made of what ``edit`` does to a draft.

        It is worked out where nobody has to wait for it, with ``outlines`` shown meanwhile, or what is picked up. An
        edit that changes nothing is no step; nobody else changes the mask meanwhile either.
        """

        def drafted(scene: Scene, cancel: CancelToken) -> tuple[T, Admitted]:
            draft = Draft(scene, cancel)
            return edit(draft), draft.admitted()

        with self.context.stroke(title, "contour") as stroke:
            meanwhile = Preview(self.picked.outlines if outlines is None else outlines)
            answer, patch = yield from worked(self.context, drafted, meanwhile)
            stroke.add(patch)
        return answer

    def contour_at(self, pixel: Pixel | None) -> Generator[Preview, Pointer, Contour | None]:
        """The region around a pixel, where it is one."""
        if pixel is None:
            return None

        def found(draft: Draft) -> Contour | None:
            return _contour_at(pixel, draft.scene, draft.cancel)

        return (yield from self.edited("outline", found))

    def refresh(self) -> None:
        """The mask is another one: pick up again what may have changed, let go of what is gone."""
        changed = _differing(self._seen, self.context.mask)
        kept: list[Contour] = []
        for contour in self.picked.contours:
            if changed.isdisjoint(_tiles_near(contour)):
                kept.append(contour)
                continue
            seeds = [s for s in reversed(contour.seeds) if at(self.context.mask, s)[0] == contour.value]
            if seeds and not any(each.holds(seeds[0]) for each in kept):
                again = _contour_at(seeds[0], self.context, seeds=contour.seeds)
                kept += [again] if again is not None else []
        if changed:
            self.held = None
            self.show(Picked(tuple(kept)))

    def commit(
        self, number: int, contour: Contour, box: Box, held: Held | None
    ) -> Generator[Preview, Pointer, None]:
        """Put a contour back whose outline was changed inside ``box``."""
        before, picked = self.picked.contours[number], self.picked.with_contour(number, contour)

        def put_back(draft: Draft) -> Tiles:
            near = box.grow(math.ceil(before.beside_px))
            anew = before.beside_edges_gone(contour)
            return draft.put_back(before, before.filled(), contour.filled(), near, anew)

        region = yield from self.edited("outline", put_back, picked.outlines)
        if region.parts:
            picked = picked.with_contour(number, replace(contour, region=region))
            self.show(picked, held=held, changed=None if held is None else box)
        else:
            self.show(picked.with_contour(number))


def _contour_at(
    pixel: Pixel, scene: Scene, cancel: CancelToken | None = None, seeds: tuple[Pixel, ...] = ()
) -> Contour | None:
    value, object_id = at(scene.mask, pixel)
    if value == scene.erase_value:
        return None
    region = region_at(scene.mask, pixel, cancel)
    return picked_up(region, scene.mask, value, object_id, scene.option("tolerance"), seeds)


def _holding(picked: Picked, held: Held | None) -> Picked:
    """The same with this one vertex marked; nothing that looks the same is made anew."""
    for c, contour in enumerate(picked.contours):
        for r, ring in enumerate(contour.rings):
            vertex = held[2] if held is not None and held[:2] == (c, r) else -1
            if ring.held != vertex:
                new = picked.contours[c].with_ring(r, replace(ring, held=vertex))
                picked = picked.with_contour(c, new)
    return picked


def _differing(before: LabelMask, after: LabelMask) -> set[TileIndex]:
    names: tuple[PlaneName, ...] = ("label", "object")
    pairs = [(before.planes[name].tiles, after.planes[name].tiles) for name in names]
    return {i for old, new in pairs for i in {*old, *new} if old.held(i) is not new.held(i)}


def _tiles_near(contour: Contour) -> Iterator[TileIndex]:
    for ring in contour.rings:
        yield from tiles_in(around(ring.points).grow(TILE), contour.region.size)
    yield from contour.region.parts
