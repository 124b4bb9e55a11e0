"""Edit outline: pick regions up by a click, drag their vertices; each release of the mouse is one step of undo."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from labeltool.core.algebra import Either
from labeltool.core.catalog import IGNORE
from labeltool.core.contour import CORNERS
from labeltool.core.draw import Point
from labeltool.core.shape import Tiles
from labeltool.tools.cutting import cut
from labeltool.tools.draft import Draft
from labeltool.tools.editing import Work
from labeltool.tools.objects import fresh_object
from labeltool.tools.picked import Contour, Moved, Picked, Pixel, Place, around, picked_up, regions_in
from labeltool.tools.tool import Gesture, Option, Outline, Pointer, Preview, Tool, ToolContext, line

HELP = (
    "Click a region, drag its vertices; Shift+drag cuts, Ctrl+click joins\n"
    "Shift+click adds a region, a double click on empty ground all of the current class on the screen. Click an edge "
    "to put a vertex in; right click or Delete takes one out. Ctrl+drag moves the region, Shift+drag across it cuts it "
    "in two, Ctrl+click on another region of its class joins them. Enter or Esc ends."
)


def _edit(context: ToolContext, first: Pointer) -> Gesture:
    work, event = Work(context), first
    while True:
        if event.kind in ("press", "double"):
            yield from _pressed(work, event)
        elif event.kind == "key":
            if event.key == "accept":
                return
            if event.key == "refresh":
                work.refresh()
            elif event.key in ("delete", "back") and work.held is not None:
                yield from _take_out(work, *work.held)
        event = yield work.shown


def _pressed(work: Work, event: Pointer) -> Gesture:
    point = event.point
    vertex = work.near(work.picked.vertex(point), point)
    if event.button == "right":
        if vertex is not None:
            yield from _take_out(work, vertex.contour, vertex.ring, vertex.vertex)
    elif event.shift:
        yield from _cut_or_add(work, event)
    elif event.ctrl:
        yield from _move_or_join(work, event)
    elif vertex is not None:
        yield from _drag(work, vertex, event)
    else:
        edge = work.near(work.picked.edge(point), point)
        if edge is not None:
            yield from _drag(work, edge, event, insert=True)
        else:
            yield from _pick(work, event)


def _pick(work: Work, event: Pointer) -> Gesture:
    pixel = work.pixel(event.point)
    within = None if pixel is None else work.picked.holding(pixel)
    if within is not None:
        work.active = within
        return
    contour = yield from work.contour_at(pixel)
    if contour is not None:
        if contour.value != IGNORE:  # no class, though a region like any other
            work.context.choose(contour.value)
        work.show(Picked((contour,)))
    elif event.kind == "double":
        yield from _pick_all(work)
    else:
        work.show(Picked())


def _pick_all(work: Work) -> Gesture:
    def found(draft: Draft) -> Picked:
        scene = draft.scene
        value, tolerance = scene.paint_value, scene.option("tolerance")
        regions = regions_in(scene.mask, scene.visible, value, draft.cancel)
        return Picked(tuple(picked_up(shape, scene.mask, value, id_, tolerance) for id_, shape in regions))

    work.show((yield from work.edited("outline", found)))


def _next(shown: Preview) -> Generator[Preview, Pointer, Pointer]:
    """What happens next in a drag; that work is done which was waited for before does not count."""
    event = yield shown
    while event.key == "done":
        event = yield shown
    return event


# ---- vertices


def _neighbourhood(points: NDArray[np.float64], vertex: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = points[[vertex - 1, vertex, (vertex + 1) % len(points)]]
    return found


def _drag(work: Work, place: Place, first: Pointer, *, insert: bool = False) -> Gesture:
    """Only the two edges at the vertex are painted again, however much is picked up."""
    first_look = work.held is None
    if not first_look:
        work.show(work.picked)
    contour = work.picked.contours[place.contour]
    ring = contour.rings[place.ring]
    index = place.vertex + 1 if insert else place.vertex
    points = np.insert(ring.points, index, place.point, axis=0) if insert else ring.points
    start = points[index]
    outline = replace(ring, points=points, held=index)
    outlines = list(work.picked.outlines)
    number = next(i for i, each in enumerate(outlines) if each is ring)
    touched = around(_neighbourhood(points, index))
    changed = touched if first_look else None
    event = first
    while event.kind != "release":
        outlines[number] = outline
        event = yield from _next(Preview(tuple(outlines), changed=changed))
        if event.kind == "key":
            work.show(work.picked)
            return
        to = start + np.subtract(event.point, first.point)
        moved = outline.points.copy()
        moved[index] = to
        changed = around(np.vstack([_neighbourhood(outline.points, index), to]))
        touched = touched.union(changed)
        outline = replace(outline, points=moved)
    held, after = (place.contour, place.ring, index), contour.with_ring(place.ring, outline)
    if (outline.points != points).any():
        yield from work.commit(place.contour, after, touched, held)
    else:  # the outline is the same line still, if perhaps of one vertex more
        picked = work.picked.with_contour(place.contour, after) if insert else work.picked
        work.show(picked, held=held, changed=touched)


def _take_out(work: Work, number: int, ring: int, vertex: int) -> Gesture:
    contour = work.picked.contours[number]
    points = contour.rings[ring].points
    if len(points) <= CORNERS:
        work.say("an outline keeps at least three vertices")
        return
    outline = Outline(np.delete(points, vertex, axis=0), handles=True)
    yield from work.commit(
        number, contour.with_ring(ring, outline), around(_neighbourhood(points, vertex)), None
    )


# ---- whole regions


def _move_or_join(work: Work, first: Pointer) -> Gesture:
    pixel = work.pixel(first.point)
    number = None if pixel is None else work.picked.holding(pixel)
    dx = dy = 0
    event = first
    while event.kind != "release":
        rings = work.picked.contours[number].rings if number is not None else ()
        moved = tuple(Outline(ring.points + np.array((dx, dy))) for ring in rings) if dx or dy else ()
        event = yield from _next(Preview((*work.picked.outlines, *moved)))
        if event.kind == "key":
            work.show(work.picked)
            return
        dx, dy = round(event.x - first.x), round(event.y - first.y)
    if number is not None and (dx or dy):
        yield from _move(work, number, dx, dy)
    elif number is None or number != work.active:
        other = (yield from work.contour_at(pixel)) if number is None else work.picked.contours[number]
        yield from _join(work, other, number)
    else:
        work.show(work.picked)


def _move(work: Work, number: int, dx: int, dy: int) -> Gesture:
    """The region's own pixels move, not those of the simpler outline: no sliver stays behind."""
    contour = work.picked.contours[number]
    rings = tuple(Outline(ring.points + np.array((dx, dy)), handles=True) for ring in contour.rings)

    def move(draft: Draft) -> Tiles:
        own = draft.kept(draft.own(contour))
        new = Moved(own, dx, dy)
        return draft.put_back(contour, own, new, own.box.union(new.box))

    region = yield from work.edited("moved region", move, (*work.picked.outlines, *rings))
    seeds = tuple((x + dx, y + dy) for x, y in contour.seeds[-1:])
    inside = tuple(s for s in seeds if work.pixel(s) is not None)
    after = replace(contour, region=region, rings=rings, seeds=(*contour.seeds, *inside))
    work.show(work.picked.with_contour(number, *([after] if region.parts else [])))


def _join(work: Work, other: Contour | None, number: int | None) -> Gesture:
    """The regions become one object, even where they do not touch."""
    contours = work.picked.contours
    if other is None or not contours or other.value != contours[work.active].value:
        work.say("only another region of the same class can be joined")
        return
    one, two = contours[work.active], other

    def join(draft: Draft) -> Contour:
        object_id = one.object_id or two.object_id or fresh_object(draft.mask, draft.cancel)
        for each in (one, two):
            draft.set_to(draft.kept(draft.own(each)), one.value, object_id)
        region = draft.kept(Either((one.region, two.region)))
        return Contour(
            one.value,
            object_id,
            region,
            (*one.rings, *two.rings),
            max(one.tolerance_px, two.tolerance_px),
            (*two.seeds, *one.seeds),
        )

    joined = yield from work.edited("joined regions", join)
    rest = tuple(each for i, each in enumerate(contours) if i not in (work.active, number))
    work.show(Picked((joined, *rest)))
    work.active = 0


def _cut_or_add(work: Work, first: Pointer) -> Gesture:
    event = first
    while event.kind != "release":
        shown = (*work.picked.outlines, line([first.point, event.point], dashed=True))
        event = yield from _next(Preview(shown))
        if event.kind == "key":
            work.show(work.picked)
            return
    if work.context.is_near(first.point, event.point):
        yield from _add(work, work.pixel(first.point))
    else:
        yield from _cut(work, first.point, event.point)


def _add(work: Work, pixel: Pixel | None) -> Gesture:
    number = None if pixel is None else work.picked.holding(pixel)
    if number is not None:
        work.show(work.picked.with_contour(number))
        return
    contour = yield from work.contour_at(pixel)
    work.show(work.picked if contour is None else Picked((*work.picked.contours, contour)))


def _cut(work: Work, start: Point, end: Point) -> Gesture:
    picked, shown = work.picked, (*work.picked.outlines, line([start, end], dashed=True))
    parts = yield from work.edited("cut region", lambda draft: cut(draft, picked, start, end), shown)
    if parts is None:
        work.show(picked, "the line does not go right across a region that is picked up")
    else:
        work.show(parts)


TOLERANCE = Option("tolerance", "Simplify", 1, 0.5, 5, 0.5, "px")
GAP = Option("gap", "Leave a gap when cutting", 0, step=0)
PICK = Tool("pick", "Edit outline", "I", "ph.pen-nib", "cross", _edit, (TOLERANCE, GAP), help=HELP)
