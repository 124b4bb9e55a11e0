"""How far the layers of images agree: the annotation and the references, each with each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from labeltool.app.leaving_out import left_out
from labeltool.app.people.references import ANNOTATION, Layer, annotation_layer, reference_layer
from labeltool.core.agreement import Agreement
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import tile_box, tiles_in
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.store.project import ProjectStore


@dataclass
class Pair:
    """Two layers over all images that have both: the sum, and each image with its own."""

    a: str
    b: str
    pooled: Agreement = field(default_factory=Agreement)
    images: list[tuple[ImageRecord, Agreement]] = field(default_factory=list)

    def add(self, record: ImageRecord, found: Agreement) -> None:
        """Count an image."""
        self.pooled += found
        self.images.append((record, found))

    def to_json(self, catalog: ClassCatalog) -> dict[str, Any]:
        """Plain JSON values."""
        rows = [{"name": r.name, "id": r.id, **found.report(catalog)} for r, found in self.images]
        pooled = self.pooled.report(catalog)
        return {"a": self.a, "b": self.b, "images": len(rows), "pooled": pooled, "per_image": rows}


def agree(a: Layer, b: Layer) -> Agreement:
    """Two layers of one image, tile by tile."""
    found, size = Agreement(), a.label.size
    for index in tiles_in(size.box, size):
        box = tile_box(index, size)
        found.add(a.read(box), b.read(box))
    return found


def agreement(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    between: tuple[str, str] | None = None,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> tuple[list[Pair], list[Skipped]]:
    """As :func:`compared`. BadInputError where no image has two layers, or none those that are asked for."""
    pairs, skipped = compared(store, records, between, progress=progress, cancel=cancel)
    if not pairs:
        asked = f"both {between[0]!r} and {between[1]!r}" if between else "two layers to compare"
        raise BadInputError(
            f"no image has {asked}",
            file=store.root,
            hint="`labeltool import --as NAME` keeps another person's labels beside the annotation",
        )
    return pairs, skipped


def compared(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    between: tuple[str, str] | None = None,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> tuple[list[Pair], list[Skipped]]:
    """Every pair of layers that some image has both of, or only the one that is asked for; and what was left out.

    In a project with a background, pixels that somebody has left unlabelled count as background; in others they do
    not count.
    """
    cancel = cancel or CancelToken()
    pairs: dict[tuple[str, str], Pair] = {}
    skipped: list[Skipped] = []
    for number, record in enumerate(records):
        cancel.check()
        progress(number, len(records), record.name)
        with left_out(skipped):
            for a, b, found in _image(store, record, between):
                pairs.setdefault((a, b), Pair(a, b)).add(record, found)
    return list(pairs.values()), skipped


def _image(
    store: ProjectStore, record: ImageRecord, between: tuple[str, str] | None
) -> Iterator[tuple[str, str, Agreement]]:
    labelled = (ANNOTATION,) if store.class_pixels(record.id) else ()
    names = (*labelled, *store.references(record.id))
    wanted = list(combinations(names, 2)) if between is None else [between]
    wanted = [pair for pair in wanted if set(pair) <= {*names}]
    layers = {name: _layer(store, record, name) for pair in wanted for name in pair}
    for a, b in wanted:
        yield a, b, agree(layers[a], layers[b])


def _layer(store: ProjectStore, record: ImageRecord, name: str) -> Layer:
    fill = store.catalog.unlabelled_value
    if name == ANNOTATION:
        return annotation_layer(store.load_mask(record.id), fill)
    layer = reference_layer(store, record.id, name, fill)
    if layer is None:
        raise BadInputError(f"the reference {name!r} is gone", file=record.path)
    return layer
