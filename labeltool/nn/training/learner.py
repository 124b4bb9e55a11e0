"""One step of learning after another: optimiser, losses and the running average of the weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.inference.card import ModelCard
from labeltool.inference.training_options import TrainingOptions
from labeltool.nn.engines.eager import fastest_dtype
from labeltool.nn.training.data import Batch
from labeltool.nn.training.losses import LOSSES, UNLABELLED, balance
from labeltool.nn.training.ranks import rank
from labeltool.nn.training.schedule import SCHEDULES, ramp
from labeltool.nn.training.semi import Views, agreement, own_labels, pasted

_CLIP = 5.0


class Learner:
    """A network in training; ``averaged`` holds the running average of its weights, in evaluation mode.

    What a step does depends on the state, the batch and the step's number alone, dropout included. ``wrap`` gives what
    is called in place of the network, where several processes train it together.
    """

    def __init__(
        self,
        network: nn.Module,
        card: ModelCard,
        options: TrainingOptions,
        device: str,
        wrap: Callable[[nn.Module], nn.Module] = lambda network: network,
    ) -> None:
        self.network: nn.Module = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._dtype = next(network.parameters()).dtype
        self.averaged = copy.deepcopy(network).eval().requires_grad_(False)
        self._options = options
        self._device = device
        if options.frozen_encoder:
            self._encoder.requires_grad_(False)
        self._called = wrap(self.network)
        self._low_precision = _wants_bf16(options.precision, device)
        self._optimiser = _optimiser(self.network, self._encoder, options)
        self._mean = 255 * torch.tensor(card.mean, device=device).view(1, -1, 1, 1)
        self._std = 255 * torch.tensor(card.std, device=device).view(1, -1, 1, 1)
        self._index = torch.from_numpy(_class_index(card.catalog)).to(device)
        self._steps = 0

    def step(self, batch: Batch, share: float, step: int) -> dict[str, float]:
        """Learn from a batch when ``share`` of the schedule is over; gives "loss", its parts by name and the
        "learning_rate". A loss that is not finite teaches nothing."""
        torch.manual_seed(_seed(self._options.seed, step))
        self._called.train()
        if self._options.frozen_encoder:
            self._encoder.eval()  # its normalisation stays as it was learnt, too
        parts = self._losses(batch, share)
        rate = self._options.learning_rate * SCHEDULES[self._options.schedule](share, self._options.warm_up)
        values = dict(zip(parts, torch.stack([*parts.values()]).tolist(), strict=True))
        if math.isfinite(values["loss"]):
            self._learn(parts["loss"], rate)
        return {**values, "learning_rate": rate}

    def state(self) -> dict[str, Any]:
        """All that changes from step to step: tensors, which go on changing, and plain values."""
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "steps": self._steps,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state` gave."""
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._steps = state["steps"]

    @property
    def _encoder(self) -> nn.Module:
        return self.network.get_submodule("encoder")

    def _losses(self, batch: Batch, share: float) -> dict[str, Tensor]:
        """The whole loss and what it is made of, scalars."""
        images, views = self._planes(batch.pixels), batch.unlabelled
        if views is not None:
            images = torch.cat([images, pasted(self._planes(views.strong), views.pasted)])
        logits = self._logits(self._called, images)
        parts = self._supervised(logits[: len(batch.pixels)], batch.labels, share)
        loss = torch.stack([*parts.values()]).sum()
        if views is not None:
            target = self._own_labels(views)
            parts["unlabelled"] = agreement(logits[len(batch.pixels) :], target)
            loss = loss + self._options.unlabelled * ramp(share) * parts["unlabelled"]
            parts["certain"] = (target != UNLABELLED).float().mean()
        return {"loss": loss, **parts}

    def _supervised(self, logits: Tensor, labels: NDArray[np.uint8], share: float) -> dict[str, Tensor]:
        target = self._index[torch.from_numpy(labels).to(self._device).long()]
        weights = balance(target, logits.shape[1]) if self._options.class_weights else None
        return {name: LOSSES[name](logits, target, weights) for name in self._wanted(share)}

    def _wanted(self, share: float) -> list[str]:
        """The names of the losses at this point of the schedule."""
        names = list(self._options.losses)
        if share <= 1 - self._options.lovasz or "lovasz" in names:
            return names
        return [name for name in names if name != "dice"] + ["lovasz"]

    @torch.no_grad()
    def _own_labels(self, views: Views) -> Tensor:
        """What the averaged network is certain of, moved as the pixels of the strong views were."""
        logits = self._logits(self.averaged, self._planes(views.weak))
        return pasted(own_labels(logits, self._options.certain), views.pasted)

    def _planes(self, pixels: NDArray[np.uint8]) -> Tensor:
        images = torch.from_numpy(pixels).to(self._device).permute(0, 3, 1, 2).to(self._dtype)
        return ((images - self._mean) / self._std).contiguous(memory_format=torch.channels_last)

    def _logits(self, network: nn.Module, images: Tensor) -> Tensor:
        with torch.autocast(self._device, torch.bfloat16, enabled=self._low_precision):
            logits: Tensor = network(images)
        return logits.to(self._dtype)

    def _learn(self, loss: Tensor, rate: float) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = rate * group["rate"]
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP)
        self._optimiser.step()
        self._steps += 1
        self._average(min(self._options.averaging, (1 + self._steps) / (10 + self._steps)))

    @torch.no_grad()
    def _average(self, keep: float) -> None:
        state = self.network.state_dict()
        for name, kept in self.averaged.state_dict().items():
            if kept.is_floating_point():
                kept.lerp_(state[name], 1 - keep)
            else:
                kept.copy_(state[name])


def _optimiser(network: nn.Module, encoder: nn.Module, options: TrainingOptions) -> torch.optim.Optimizer:
    groups = list(_groups(network, encoder, options))
    if options.optimiser == "sgd":
        return torch.optim.SGD(groups, options.learning_rate, momentum=options.momentum)
    return torch.optim.AdamW(groups, options.learning_rate, betas=(options.momentum, 0.999))


def _groups(network: nn.Module, encoder: nn.Module, options: TrainingOptions) -> Iterator[dict[str, Any]]:
    """What learns, by its rate and its decay: kernels decay, normalisation and biases, of one dimension, do not."""
    slow = {id(parameter) for parameter in encoder.parameters()}
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for within, rate in ((True, options.encoder_rate), (False, 1.0)):
        for kernels, decay in ((True, options.weight_decay), (False, 0.0)):
            those = [p for p in learning if (id(p) in slow) is within and (p.ndim > 1) is kernels]
            if those:
                yield {"params": those, "rate": rate, "weight_decay": decay}


def _seed(seed: int, step: int) -> int:
    """Another one for every step, and for every process of one training."""
    return int(np.random.SeedSequence([seed, step, rank()]).generate_state(1, np.uint64)[0])


def _class_index(catalog: ClassCatalog) -> NDArray[np.int64]:
    """int64 [256]: the channel of each class value, UNLABELLED for every other."""
    index = np.full(256, UNLABELLED, np.int64)
    index[list(catalog.values)] = np.arange(len(catalog.classes))
    index[IGNORE] = UNLABELLED
    return index


def _wants_bf16(precision: str, device: str) -> bool:
    return precision == "bfloat16" or (precision == "auto" and fastest_dtype(device) == torch.bfloat16)
