"""Learning from images without labels: what the averaged network is certain of on a crop as it is, the network learns
to say of the same crop changed strongly (FixMatch, arXiv 2001.07685; UniMatch, arXiv 2208.09910)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from labeltool.inference.training_options import Augmentation
from labeltool.nn.training.losses import UNLABELLED
from labeltool.nn.training.ranks import summed

_PASTE = 0.5
_AREA = (0.02, 0.4)
_SHAPE = (0.3, 1 / 0.3)


class Views(NamedTuple):
    """The same crops twice, uint8 [n, h, w, c]: ``weak`` as they are, ``strong`` with other colours, sharpness and
    noise. ``pasted`` int64 [n, 4] is the box (top, left, bottom, right) of each that takes the pixels of the next."""

    weak: NDArray[np.uint8]
    strong: NDArray[np.uint8]
    pasted: NDArray[np.int64]


def stronger(how: Augmentation) -> Augmentation:
    """The variations of a strong view: those of labelled crops, but more, so that there is something to learn."""
    return replace(
        how,
        brightness=max(0.12, how.brightness),
        contrast=max(0.3, how.contrast),
        gamma=max(0.3, how.gamma),
        colour=max(0.5, how.colour),
        blur=max(0.4, how.blur),
    )


def paste_box(side: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """A box of 2 to 40 % of a crop for every second one, else an empty one (CutMix, arXiv 1905.04899)."""
    if rng.random() >= _PASTE:
        return (0, 0, 0, 0)
    area, shape = rng.uniform(*_AREA), np.exp(rng.uniform(*np.log(_SHAPE)))
    height, width = (min(side, max(1, round(side * np.sqrt(area * s)))) for s in (shape, 1 / shape))
    top, left = rng.integers(side - height + 1), rng.integers(side - width + 1)
    return (int(top), int(left), int(top + height), int(left + width))


def pasted(planes: Tensor, boxes: NDArray[np.int64]) -> Tensor:
    """Planes [n, ..., h, w] in which the box of each holds what the next has there; a new tensor."""
    mixed = planes.clone()
    for this, (top, left, bottom, right) in enumerate(boxes.tolist()):
        mixed[this, ..., top:bottom, left:right] = planes[
            (this + 1) % len(planes), ..., top:bottom, left:right
        ]
    return mixed


def own_labels(logits: Tensor, certain: float) -> Tensor:
    """The class of each pixel where its probability is at least ``certain``, UNLABELLED elsewhere: int64 [n, h, w]."""
    probability, label = logits.softmax(1).max(1)
    return torch.where(probability >= certain, label, torch.full_like(label, UNLABELLED))


def agreement(logits: Tensor, target: Tensor) -> Tensor:
    """Cross entropy of the certain pixels, as a mean over all: where little is certain, little is learnt."""
    total = functional.cross_entropy(logits, target, ignore_index=UNLABELLED, reduction="sum")
    pixels = total.new_tensor(float(target.numel()))
    total, pixels = summed(torch.stack([total, pixels])).unbind()
    return total / pixels
