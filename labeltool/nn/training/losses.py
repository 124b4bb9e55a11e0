"""What training makes smaller. All count labelled pixels only and give 0, not NaN, where there are none.

Logits are float [n, c, h, w], targets int64 [n, h, w]: numbers of channels, or UNLABELLED. Every loss is one of the
whole batch, also where several processes hold parts of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from labeltool.nn.training.ranks import gathered, summed

UNLABELLED = -1
"""Target of pixels that count nowhere."""

Loss = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""Of logits, target, and how much a pixel of each class counts: float [c], or None for all alike."""

_FOCUS = 2.0


def cross_entropy(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean over labelled pixels."""
    return _mean(_surprise(logits, target), target, weights)


def focal(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Cross entropy in which a pixel counts the less the surer it is right (Lin et al. 2017, arXiv 1708.02002)."""
    surprise = _surprise(logits, target)
    return _mean((1 - torch.exp(-surprise)) ** _FOCUS * surprise, target, weights)


def dice(logits: Tensor, target: Tensor, weights: Tensor | None = None, smooth: float = 1.0) -> Tensor:
    """One minus the Dice coefficient over the batch, mean over the classes that appear: they count alike anyway."""
    labelled = (target != UNLABELLED).unsqueeze(1)
    truth = functional.one_hot(target.clamp(min=0), logits.shape[1]).permute(0, 3, 1, 2) * labelled
    share = logits.softmax(1) * labelled
    sums = [(share * truth).sum((0, 2, 3)), share.sum((0, 2, 3)), truth.sum((0, 2, 3)).to(share.dtype)]
    overlap, guessed, there = summed(torch.stack(sums)).unbind()
    present = there > 0
    loss = 1 - (2 * overlap + smooth) / (guessed + there + smooth)
    return (loss * present).sum() / present.sum().clamp(min=1)


def lovasz(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Lovasz-softmax (Berman et al. 2018, arXiv 1705.08790), mean over the classes that appear."""
    shares, target = gathered(logits.softmax(1)), gathered(target)
    labelled = target != UNLABELLED
    share, truth = shares.permute(0, 2, 3, 1)[labelled], target[labelled]
    losses = []
    for index in range(logits.shape[1]):
        here = (truth == index).to(share.dtype)
        if here.any():
            errors, order = (here - share[:, index]).abs().sort(descending=True)
            losses.append(errors @ _jaccard_steps(here[order]))
    return torch.stack(losses).mean() if losses else logits.sum() * 0


LOSSES: Mapping[str, Loss] = {
    "cross_entropy": cross_entropy,
    "dice": dice,
    "focal": focal,
    "lovasz": lovasz,
}
"""By the names that training options have for them."""


def balance(target: Tensor, classes: int) -> Tensor:
    """How much a pixel of each class counts, so that a class counts by the square root of its pixels in the batch:
    float [classes], 0 for those that do not appear."""
    labelled = target[target != UNLABELLED]
    pixels = summed(torch.bincount(labelled, minlength=classes).float())
    return torch.where(pixels > 0, pixels.clamp(min=1).rsqrt(), torch.zeros_like(pixels))


def _surprise(logits: Tensor, target: Tensor) -> Tensor:
    """Minus the logarithm of the right class's probability, [n, h, w]; 0 where nothing is labelled."""
    return functional.cross_entropy(logits, target, ignore_index=UNLABELLED, reduction="none")


def _mean(losses: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    counts = (target != UNLABELLED).to(losses.dtype)
    if weights is not None:
        counts = counts * weights[target.clamp(min=0)]
    total, count = summed(torch.stack([(losses * counts).sum(), counts.sum()])).unbind()
    return total / torch.where(count > 0, count, torch.ones_like(count))


def _jaccard_steps(truth: Tensor) -> Tensor:
    """How much the Jaccard loss grows with each error, in the order of the errors."""
    intersection = truth.sum() - truth.cumsum(0)
    union = truth.sum() + (1 - truth).cumsum(0)
    jaccard = 1 - intersection / union
    return torch.diff(jaccard, prepend=jaccard.new_zeros(1))
