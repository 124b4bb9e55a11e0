"""Losses: what is not labelled does not count, nothing is ever not a number, and others' formulas give the same."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from labeltool.nn.torchvision_ops import declare_missing_operators
from labeltool.nn.training.losses import (
    LOSSES,
    UNLABELLED,
    Loss,
    balance,
    cross_entropy,
    dice,
    focal,
    lovasz,
)

BY_PIXEL = [cross_entropy, focal]


def example(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 3, 8, 8, generator=generator).requires_grad_()
    return logits, torch.randint(0, 3, (2, 8, 8), generator=generator)


@pytest.fixture(params=sorted(LOSSES))
def loss(request: pytest.FixtureRequest) -> Loss:
    return LOSSES[request.param]


def test_a_crop_without_labels_teaches_nothing(loss: Loss) -> None:
    logits, target = example()
    nothing = torch.full_like(target, UNLABELLED)
    value = loss(logits, nothing, balance(nothing, 3))
    value.backward()
    assert value.item() == 0
    assert logits.grad is not None and not logits.grad.any()


def test_unlabelled_pixels_have_no_gradient(loss: Loss) -> None:
    logits, target = example()
    target[:, :4] = UNLABELLED
    loss(logits, target, None).backward()
    assert logits.grad is not None
    assert not logits.grad[:, :, :4].any() and logits.grad[:, :, 4:].any()


@given(rows=st.integers(1, 8), seed=st.integers(0, 9))
def test_a_partly_labelled_mask_costs_what_its_labelled_part_costs(rows: int, seed: int) -> None:
    logits, target = example(seed)
    part = target.clone()
    part[:, rows:] = UNLABELLED
    for name, loss in LOSSES.items():
        whole = loss(logits[:, :, :rows], target[:, :rows], None).item()
        assert loss(logits, part, None).item() == pytest.approx(whole, abs=1e-5), name


def test_being_right_costs_nothing_and_being_wrong_much(loss: Loss) -> None:
    _, target = example()
    right = 40 * functional.one_hot(target, 3).permute(0, 3, 1, 2).float()
    assert loss(right, target, None) < 0.01
    assert loss(right.roll(1, dims=1), target, None) > 0.9


def test_cross_entropy_is_torchs() -> None:
    logits, target = example()
    target[0, :3] = UNLABELLED
    weights = torch.tensor([0.2, 1.0, 3.0])
    for some in (None, weights):
        theirs = functional.cross_entropy(logits, target, some, ignore_index=UNLABELLED)
        assert cross_entropy(logits, target, some).item() == pytest.approx(theirs.item(), rel=1e-5)


def test_focal_loss_is_the_formula_of_its_paper() -> None:
    logits, target = example()
    p = logits.softmax(1).gather(1, target[:, None])
    assert focal(logits, target).item() == pytest.approx((-((1 - p) ** 2) * p.log()).mean().item(), rel=1e-5)


def test_dice_and_lovasz_are_those_of_smp_where_all_is_labelled() -> None:
    declare_missing_operators()
    from segmentation_models_pytorch import losses as smp

    logits, target = example()
    theirs = cast(Any, smp.DiceLoss("multiclass", smooth=0.5))(logits, target)  # in halves
    assert dice(logits, target).item() == pytest.approx(theirs.item(), rel=1e-5)
    theirs = cast(Any, smp.LovaszLoss("multiclass"))(logits, target)
    assert lovasz(logits, target).item() == pytest.approx(theirs.item(), rel=1e-5)


def test_lovasz_of_certain_predictions_is_one_minus_the_jaccard_index() -> None:
    target = torch.tensor([[[0, 0, 1, 1, 1, 0]]])
    predicted = torch.tensor([[[0, 1, 1, 1, 0, 0]]])
    logits = 60 * functional.one_hot(predicted, 2).permute(0, 3, 1, 2).float()
    assert lovasz(logits, target).item() == pytest.approx(1 - 2 / 4)


def test_balance_counts_a_class_by_the_root_of_its_pixels() -> None:
    target = torch.tensor([[[0] * 16 + [1] * 4 + [UNLABELLED] * 5]])
    weights = balance(target, 3)
    assert (weights * torch.tensor([16, 4, 0])).tolist() == pytest.approx([4, 2, 0])


@pytest.mark.parametrize("loss", BY_PIXEL)
def test_with_weights_a_rare_class_counts_more(loss: Loss) -> None:
    target = torch.zeros(1, 4, 4, dtype=torch.int64)
    target[0, 0, 0] = 1
    wrong_about_the_rare = torch.zeros(1, 2, 4, 4)
    wrong_about_the_rare[:, 0] = 5
    weighted = loss(wrong_about_the_rare, target, balance(target, 2))
    assert weighted > 2 * loss(wrong_about_the_rare, target, None)
