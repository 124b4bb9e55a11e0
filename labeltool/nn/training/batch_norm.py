"""Batch normalisation over the whole batch where several processes hold parts of it, on processors.

On CUDA torch's SyncBatchNorm does it, which runs nowhere else.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from labeltool.nn.training.ranks import summed


def share_statistics(network: nn.Module) -> None:
    """Let the batch normalisations of a network take mean and variance over all processes. Their state stays."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.__class__ = _shared(type(module))


def _shared(kind: type[nn.BatchNorm2d]) -> type[nn.BatchNorm2d]:
    return type(f"Shared{kind.__name__}", (_SharedStatistics, kind), {})


class _SharedStatistics(nn.BatchNorm2d):
    """Mixed into a kind of batch normalisation. timm's has a ``drop`` and an ``act`` behind it."""

    def forward(self, pixels: Tensor) -> Tensor:
        """As torch's, with gradients that flow through the statistics into the other processes too."""
        if not self.training:
            return super().forward(pixels)
        values = pixels.to(self.weight.dtype)
        count = summed(values.new_tensor([values.numel() / values.shape[1]]))
        mean = summed(values.sum((0, 2, 3))) / count
        apart = values - mean[:, None, None]
        variance = summed((apart * apart).sum((0, 2, 3))) / count
        self._remember(mean.detach(), variance.detach() * count / (count - 1))
        scale = torch.rsqrt(variance + self.eps)[:, None, None]
        normal = (apart * scale * self.weight[:, None, None] + self.bias[:, None, None]).to(pixels.dtype)
        for name in ("drop", "act"):
            normal = getattr(self, name, _identity)(normal)
        return normal

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


def _identity(values: Tensor) -> Tensor:
    return values
