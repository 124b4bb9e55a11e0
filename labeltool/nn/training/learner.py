"""One step of learning after another: optimiser, schedule, losses and the running average of the weights."""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.inference.card import ModelCard
from labeltool.inference.training_options import TrainingOptions
from labeltool.nn.training.losses import UNLABELLED, cross_entropy, dice, lovasz

_AVERAGING = 0.998
_WARM_UP = 0.1
_CLIP = 5.0


class Learner:
    """A network in training; ``averaged`` holds the running average of its weights, in evaluation mode."""

    def __init__(self, network: nn.Module, card: ModelCard, options: TrainingOptions, device: str) -> None:
        self.network = network.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.averaged = copy.deepcopy(network).eval().requires_grad_(False)
        self._options = options
        self._device = device
        self._low_precision = device == "cuda" or _cpu_has_bf16()
        self._optimiser = torch.optim.AdamW(_groups(network, options.weight_decay), options.learning_rate)
        self._mean = 255 * torch.tensor(card.mean, device=device).view(1, -1, 1, 1)
        self._std = 255 * torch.tensor(card.std, device=device).view(1, -1, 1, 1)
        self._index = torch.from_numpy(_class_index(card.catalog)).to(device)
        self._steps = 0

    def step(self, pixels: NDArray[np.uint8], labels: NDArray[np.uint8], share: float) -> float:
        """Learn from a batch when ``share`` of the schedule is over; a loss that is not finite teaches nothing."""
        loss = self._loss(pixels, labels, share)
        value = loss.item()
        if not math.isfinite(value):
            return value
        for group in self._optimiser.param_groups:
            group["lr"] = self._options.learning_rate * one_cycle(share)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP)
        self._optimiser.step()
        self._steps += 1
        self._average(min(_AVERAGING, (1 + self._steps) / (10 + self._steps)))
        return value

    def _loss(self, pixels: NDArray[np.uint8], labels: NDArray[np.uint8], share: float) -> Tensor:
        images = torch.from_numpy(pixels).to(self._device).permute(0, 3, 1, 2).float()
        images = ((images - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        target = self._index[torch.from_numpy(labels).to(self._device).long()]
        with torch.autocast(self._device, torch.bfloat16, enabled=self._low_precision):
            logits = self.network(images)
        logits = logits.float()
        region = lovasz if share > 1 - self._options.lovasz else dice
        return cross_entropy(logits, target) + region(logits, target)

    def averaged_copy(self) -> nn.Module:
        """A network of the averaged weights that may be changed."""
        return copy.deepcopy(self.averaged)

    @torch.no_grad()
    def _average(self, keep: float) -> None:
        state = self.network.state_dict()
        for name, kept in self.averaged.state_dict().items():
            if kept.is_floating_point():
                kept.lerp_(state[name], 1 - keep)
            else:
                kept.copy_(state[name])


def one_cycle(share: float) -> float:
    """Learning rate relative to its peak: linear up over the first tenth, then half a cosine down to 0."""
    if share < _WARM_UP:
        return (share + 0.01) / (_WARM_UP + 0.01)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (share - _WARM_UP) / (1 - _WARM_UP))))


def _groups(network: nn.Module, decay: float) -> list[dict[str, object]]:
    """Weight decay for kernels only: normalisation and biases have one dimension."""
    kernels = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def _class_index(catalog: ClassCatalog) -> NDArray[np.int64]:
    """int64 [256]: the channel of each class value, UNLABELLED for every other."""
    index = np.full(256, UNLABELLED, np.int64)
    index[list(catalog.values)] = np.arange(len(catalog.classes))
    index[IGNORE] = UNLABELLED
    return index


def _cpu_has_bf16() -> bool:
    """True where the processor computes in bfloat16 itself; elsewhere it is slower than float32."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported and supported())
