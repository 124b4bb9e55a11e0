"""Losses: what is not labelled does not count, and nothing is ever not a number."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from labeltool.nn.training.losses import UNLABELLED, cross_entropy, dice, lovasz

LOSSES = [cross_entropy, dice, lovasz]
Loss = Callable[[Tensor, Tensor], Tensor]


def example() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.randn(2, 3, 8, 8, requires_grad=True), torch.randint(0, 3, (2, 8, 8))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_crop_without_labels_teaches_nothing(loss: Loss) -> None:
    logits, target = example()
    value = loss(logits, torch.full_like(target, UNLABELLED))
    value.backward()
    assert value.item() == 0
    assert logits.grad is not None and not logits.grad.any()


@pytest.mark.parametrize("loss", LOSSES)
def test_unlabelled_pixels_have_no_gradient(loss: Loss) -> None:
    logits, target = example()
    target[:, :4] = UNLABELLED
    loss(logits, target).backward()
    assert logits.grad is not None
    assert not logits.grad[:, :, :4].any() and logits.grad[:, :, 4:].any()


@pytest.mark.parametrize("loss", LOSSES)
def test_being_right_costs_nothing_and_being_wrong_much(loss: Loss) -> None:
    _, target = example()
    right = 40 * torch.nn.functional.one_hot(target, 3).permute(0, 3, 1, 2).float()
    assert loss(right, target) < 0.01
    assert loss(right.roll(1, dims=1), target) > 0.9


def test_lovasz_of_certain_predictions_is_one_minus_the_jaccard_index() -> None:
    target = torch.tensor([[[0, 0, 1, 1, 1, 0]]])
    predicted = torch.tensor([[[0, 1, 1, 1, 0, 0]]])
    logits = 60 * torch.nn.functional.one_hot(predicted, 2).permute(0, 3, 1, 2).float()
    assert lovasz(logits, target).item() == pytest.approx(1 - 2 / 4)
