"""Undoing the bias that training on chosen crops leaves: half of them are centred on the classes, so the network sees
them more often than they are, and draws them too large.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.imaging.windows import read_window, windows
from labeltool.inference.feeding import open_fed
from labeltool.inference.levels import apply, image_levels
from labeltool.inference.training import TrainingImage
from labeltool.nn.engines.eager import TorchSegmenter
from labeltool.nn.training.data import label_of

_REACH, _BINS = 4.0, 160
MOST_IMAGES = 200
"""Training images that are looked at, at most."""


def offsets(
    images: Sequence[TrainingImage],
    segmenter: TorchSegmenter,
    cancel: CancelToken,
    progress: Progress = silent,
) -> list[float]:
    """What to add to each class's logit so that whole images, not crops, get the best IoU; 0 for the background.

    Each class is held against the best of the others: of all thresholds on that margin the one with the largest
    IoU over ``images`` (a few hundred at most) is taken. Memory is one window's logits.
    """
    catalog = segmenter.card.catalog
    counts = torch.zeros(len(catalog.classes), 2, _BINS, dtype=torch.float64)
    if len(catalog.classes) > 1:
        looked_at = images[:: -(-len(images) // MOST_IMAGES)]
        for number, image in enumerate(looked_at):
            cancel.check()
            progress(number, len(looked_at))
            _count(image, segmenter, counts)
    return [
        0.0 if each.value == catalog.background else -_best_threshold(*counts[channel])
        for channel, each in enumerate(catalog.classes)
    ]


def shift(network: nn.Module, by: Sequence[float]) -> None:
    """Add to the biases of the last layer, which is to add to the logits."""
    bias = network.get_parameter("segmentation_head.0.bias")
    with torch.no_grad():
        bias.add_(torch.tensor(by, dtype=bias.dtype, device=bias.device))


def _count(image: TrainingImage, segmenter: TorchSegmenter, counts: Tensor) -> None:
    """Add an image's margins to ``counts`` [class, it is another or it is this one, bin]."""
    truth = torch.tensor(label_of(image))  # a copy: the array may be read-only
    card = segmenter.card
    with open_fed(image.path, image.page, card.values, card.bands) as reader:
        levels = image_levels(reader, card.stretch)
        for window in windows(reader.info.size, card.tile, card.halo):
            logits = segmenter.logits(apply(levels, read_window(reader, window))[None])[0].cpu()
            inside = logits[(slice(None), *window.core.slices(window.read))]
            here = truth[window.core.slices()]
            first, second = inside.topk(2, 0).values
            for channel, each in enumerate(card.catalog.classes):
                others = torch.where(inside[channel] == first, second, first)
                margin = ((inside[channel] - others) / _REACH).clamp(-1, 1)
                place = ((margin + 1) / 2 * (_BINS - 1)).round().long()
                for side, those in enumerate(((here != each.value) & (here != 255), here == each.value)):
                    counts[channel, side] += torch.bincount(place[those], minlength=_BINS)


def _best_threshold(other: Tensor, this: Tensor) -> float:
    """The margin from which on to say "this" for the largest IoU; 0 where the class does not appear."""
    if not this.sum():
        return 0.0
    right, wrong = this.flip(0).cumsum(0).flip(0), other.flip(0).cumsum(0).flip(0)
    best = int((right / (this.sum() + wrong)).argmax())
    return (2 * (best - 0.5) / (_BINS - 1) - 1) * _REACH
