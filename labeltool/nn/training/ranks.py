"""Several processes that train one network together: what each must know of the others.

A loss that is a mean over labelled pixels is one of the whole batch, not a mean of the processes' means: a process
whose crops are hardly labelled would count too much. So losses are made of sums over all processes. Gradients flow
through these sums, and the mean of the processes' gradients is that of the one loss.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed


def rank() -> int:
    """The number of this process, from 0."""
    return distributed.get_rank() if _together() else 0


def ranks() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if _together() else 1


def summed(values: Tensor) -> Tensor:
    """The sum over all processes of a tensor that has the same shape in each."""
    if not _together():
        return values
    total: Tensor = _Sum.apply(values)  # type: ignore[no-untyped-call]
    return total


def gathered(values: Tensor) -> Tensor:
    """The tensors of all processes, of the same shape in each, one after another along the first axis."""
    if not _together():
        return values
    return summed(
        torch.cat([values if each == rank() else torch.zeros_like(values) for each in range(ranks())])
    )


class _Sum(torch.autograd.Function):
    """What one process adds counts in the loss of every process, so gradients are summed as well.

    torch has these in distributed.nn, deprecated; its all_gather mixes up the gradients of tensors that do not lie in
    memory as their axes say (2.13, gloo).
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return _all_reduced(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _all_reduced(gradients[0])


def _all_reduced(values: Tensor) -> Tensor:
    total = values.clone(memory_format=torch.contiguous_format)
    distributed.all_reduce(total)
    return total


def _together() -> bool:
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1
