"""Several processes that train one network together: what each must know of the others.

A loss that is a mean over labelled pixels is one of the whole batch, not a mean of the processes' means: a process
whose crops are hardly labelled would count too much. So losses are made of sums over all processes. Gradients flow
through these sums, and the mean of the processes' gradients is that of the one loss.
"""

from __future__ import annotations

import torch
from torch import Tensor, distributed
from torch.distributed.nn import functional


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
    total: Tensor = functional.all_reduce(values)  # type: ignore[no-untyped-call]
    return total


def gathered(values: Tensor) -> Tensor:
    """The tensors of all processes, of the same shape in each, one after another along the first axis."""
    if not _together():
        return values
    return torch.cat(functional.all_gather(values.contiguous()))  # type: ignore[no-untyped-call]


def _together() -> bool:
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1
