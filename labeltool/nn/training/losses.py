"""What training makes smaller. All count labelled pixels only and give 0, not NaN, where there are none."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

UNLABELLED = -1
"""Target of pixels that count nowhere."""


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Mean over labelled pixels; logits float [n, c, h, w], target int64 [n, h, w]."""
    total = functional.cross_entropy(logits, target, ignore_index=UNLABELLED, reduction="sum")
    return total / (target != UNLABELLED).sum().clamp(min=1)


def dice(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    """One minus the Dice coefficient, over the batch, mean over the classes that appear in the target."""
    labelled = (target != UNLABELLED).unsqueeze(1)
    truth = functional.one_hot(target.clamp(min=0), logits.shape[1]).permute(0, 3, 1, 2) * labelled
    share = logits.softmax(1) * labelled
    overlap = (share * truth).sum((0, 2, 3))
    size = share.sum((0, 2, 3)) + truth.sum((0, 2, 3))
    present = truth.sum((0, 2, 3)) > 0
    loss = 1 - (2 * overlap + smooth) / (size + smooth)
    return (loss * present).sum() / present.sum().clamp(min=1)


def lovasz(logits: Tensor, target: Tensor) -> Tensor:
    """Lovasz-softmax (Berman et al. 2018, arXiv 1705.08790), mean over the classes in the target."""
    classes = logits.shape[1]
    labelled = target != UNLABELLED
    share = logits.softmax(1).permute(0, 2, 3, 1)[labelled]
    truth = target[labelled]
    losses = []
    for index in range(classes):
        here = (truth == index).to(share.dtype)
        if here.any():
            errors, order = (here - share[:, index]).abs().sort(descending=True)
            losses.append(errors @ _jaccard_steps(here[order]))
    return torch.stack(losses).mean() if losses else logits.sum() * 0


def _jaccard_steps(truth: Tensor) -> Tensor:
    """How much the Jaccard loss grows with each error, in the order of the errors."""
    intersection = truth.sum() - truth.cumsum(0)
    union = truth.sum() + (1 - truth).cumsum(0)
    jaccard = 1 - intersection / union
    return torch.diff(jaccard, prepend=jaccard.new_zeros(1))
