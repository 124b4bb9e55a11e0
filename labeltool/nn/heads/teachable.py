"""A model that is taught on one image: what its network sees of it, and a light head for what is painted on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from labeltool.core.catalog import IGNORE
from labeltool.core.errors import ModelError
from labeltool.core.geometry import Box
from labeltool.imaging.reader import Reader
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Plane8, Prediction
from labeltool.inference.teaching import Painted, Wanted
from labeltool.nn.checkpoint import load_network
from labeltool.nn.engines.eager import chosen_device
from labeltool.nn.heads.features import Cells, CutNetwork
from labeltool.nn.heads.light import Basis, HeadSettings, Lesson, LightHead, placed
from labeltool.nn.heads.sample import sampled_pixels
from labeltool.nn.pipeline import Pipeline

_SAMPLED_CELLS = 20_000
"""Cells of an image that its principal components are worked out from."""


class TeachableNetwork:
    """See :class:`~labeltool.inference.teaching.Teachable`. The network runs on ``device``, what is learnt on the
    CPU."""

    def __init__(self, pipeline: Pipeline, device: str = "cpu", settings: HeadSettings | None = None) -> None:
        self.card = pipeline.card
        self.device = device
        self._settings = settings or HeadSettings()
        self._network = CutNetwork(pipeline, device)
        self.engine = self._network.name
        values = list(self.card.catalog.values)
        self._index = torch.zeros(256, dtype=torch.int64)
        self._index[values] = torch.arange(len(values))
        self._known = np.full(256, IGNORE, np.uint8)
        self._known[values] = values
        self._box: Box | None = None
        self._cells: list[Cells] = []

    def look(self, reader: Reader, box: Box, wanted: Wanted = lambda: True) -> Box | None:
        """See a box; what is beyond the image belongs to no answer."""
        self._box, self._cells = None, []
        found: list[Cells] = []
        for cells in self._network.cells(reader, box):
            found.append(cells)
            if not wanted():
                return None
        self._box = box.intersect(reader.info.size.box)
        if found:
            basis = Basis.of(_sampled(found), self._settings.components)
            self._cells = [self._placed(cells, basis, self._box) for cells in found]
        return self._box

    def taught(self, painted: Sequence[Painted]) -> Prediction:
        """What the network says of the box it has looked at, taught all of ``painted``. ModelError where it has looked
        at nothing."""
        box = self._box
        if box is None:
            raise ModelError("the model has not looked at an image yet")
        lesson = self._lesson(self._known[_laid_out(painted, box)], box)
        head = None if lesson is None else LightHead.of(lesson, self._settings)
        answer = Prediction(
            box,
            np.full((box.height, box.width), IGNORE, np.uint8),
            np.zeros((box.height, box.width), np.uint8),
        )
        for cells in self._cells:
            there = cells.window.core.intersect(box)
            inside = there.slices(box)
            change = None if head is None else head.change(cells.seen)
            answer.label[inside], answer.confidence[inside] = self._network.answer(cells, there, change)
        return answer

    def _placed(self, cells: Cells, basis: Basis, box: Box) -> Cells:
        """The same as the kernel sees it; numbers stay small wherever the box lies, and exact."""
        places = cells.places - torch.tensor([box.x0, box.y0])
        return cells._replace(seen=placed(basis(cells.seen), places, self._settings, self.card.scale))

    def _lesson(self, label: Plane8, box: Box) -> Lesson | None:
        """What is learnt from a plane of class values of the box; None where nothing is painted that it has seen."""
        rows, cols = sampled_pixels(label, self._settings.pixels)
        values = label[rows, cols]
        x, y = torch.from_numpy(cols + box.x0), torch.from_numpy(rows + box.y0)
        found: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
        for cells in self._cells:
            core = cells.window.core
            here = torch.nonzero((x >= core.x0) & (x < core.x1) & (y >= core.y0) & (y < core.y1))[:, 0]
            seen, logits = cells.at(x[here], y[here])
            found.append((here, seen, logits, torch.from_numpy(values)[here]))
        if not found:
            return None
        order, seen, logits, known = (torch.cat(parts) for parts in zip(*found, strict=True))
        if not len(order):
            return None
        by_rank = order.argsort()
        classes = self._index[known[by_rank].long()]
        return Lesson(seen[by_rank], logits[by_rank], classes, int((label != IGNORE).sum()))


def load_teachable(folder: Path, how: InferenceOptions | None = None) -> TeachableNetwork:
    """Load a model's folder, or a .safetensors or .pth file beside its card.json. Its views and engine are not asked
    for: what it learns is behind the plain network in torch. ModelError says why a model or device does not serve."""
    device = chosen_device((how or InferenceOptions()).device)
    return TeachableNetwork(Pipeline(*load_network(folder)), device)


def _sampled(found: Sequence[Cells]) -> Tensor:
    """Features from all over what was seen, float32 [n, d]."""
    step = max(1, sum(len(cells.seen) for cells in found) // _SAMPLED_CELLS)
    return torch.cat([cells.seen[::step] for cells in found]).float()


def _laid_out(painted: Sequence[Painted], box: Box) -> Plane8:
    """The parts as one plane of the box, uint8; what lies outside it is left out, the last one counts."""
    label = np.full((box.height, box.width), IGNORE, np.uint8)
    for part in painted:
        there = part.box.intersect(box)
        if not there.is_empty:
            inside = part.label[there.slices(part.box)]
            np.copyto(label[there.slices(box)], inside, where=inside != IGNORE)
    return label
