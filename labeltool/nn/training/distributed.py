"""Training one network in several processes, started by torchrun.

On CUDA there is one for each device, through NCCL, on processors they talk through gloo. Each learns from its part of
every batch; losses and normalisation are those of the whole batch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from labeltool.core.errors import BadInputError
from labeltool.nn.training.batch_norm import share_statistics
from labeltool.nn.training.ranks import ranks

_PATIENCE = timedelta(hours=12)
"""The others wait while the first evaluates, however many validation images there are."""


@contextmanager
def together(device: str) -> Iterator[None]:
    """Be one of the processes that RANK, WORLD_SIZE and LOCAL_RANK tell of; alone where they do not."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    if device == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def wrapped(network: nn.Module) -> nn.Module:
    """What to call in place of the network, so that it learns the same in all processes.

    Weights and, on CUDA, statistics are torch's business (DistributedDataParallel, SyncBatchNorm as timm extends it to
    normalisations with an activation).
    """
    if ranks() == 1:
        return network
    on_cuda = next(network.parameters()).is_cuda
    if on_cuda:
        from timm.layers.norm_act import (  # noqa: PLC0415  (needs torchvision, which networks have declared by now)
            convert_sync_batchnorm,
        )

        convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    else:
        share_statistics(network)
    devices = [torch.cuda.current_device()] if on_cuda else None
    return DistributedDataParallel(network, device_ids=devices, broadcast_buffers=False)


def check_batch(batch: int) -> None:
    """BadInputError where a batch cannot be divided: each process takes as many crops as any other."""
    if batch % ranks():
        raise BadInputError(
            f"a batch of {batch} crops cannot be divided evenly among {ranks()} processes",
            hint=f"Choose a multiple of {ranks()} with --batch, or another number of processes",
        )


def lowest(values: Sequence[float]) -> list[float]:
    """Each value's minimum over all processes, so that they decide alike; over the CPU, without waiting for a GPU."""
    if ranks() == 1:
        return list(values)
    shared = torch.tensor(values, dtype=torch.float64)
    distributed.all_reduce(shared, distributed.ReduceOp.MIN)
    found: list[float] = shared.tolist()
    return found
