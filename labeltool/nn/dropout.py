"""What a network would say if its dropout stayed on: how far its answers differ is what it has not learnt (BALD).

BALD is the mutual information of answer and weights, the entropy of the mean answer less the mean entropy of the
answers (Houlsby et al. 2011, arXiv 1112.5745; with dropout as the draw of weights Gal et al. 2017, arXiv 1703.02910).
The encoder sees the image once, and what follows it runs eight times: nearly all dropout of the networks here is there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

PASSES = 8


def dropouts(network: nn.Module) -> list[nn.Module]:
    """The dropout that lies behind the encoder and is not 0."""
    inside = {id(module) for module in _encoder(network).modules()}
    found = (module for module in network.modules() if isinstance(module, _DropoutNd) and module.p > 0)
    return [module for module in found if id(module) not in inside]


def disagreement(network: nn.Module, pixels: Tensor, passes: int = PASSES) -> Tensor:
    """What a network's input, float [n, channels, h, w], leaves undecided: float32 [n, h, w], the mutual information
    over its largest possible value, 0..1. The draws are the same ones at each call; 0 without dropout."""
    encoder = _encoder(network)
    features = encoder(pixels)
    active = dropouts(network)
    total: Tensor | None = None
    entropies: Tensor | None = None
    devices = [pixels.device] if pixels.is_cuda else []
    with _given(encoder, features), _training(active), torch.random.fork_rng(devices):
        for draw in range(passes if active else 0):
            torch.manual_seed(draw)
            probabilities = network(pixels).float().softmax(1)
            entropy = _entropy(probabilities)
            total = probabilities if total is None else total + probabilities
            entropies = entropy if entropies is None else entropies + entropy
    if total is None or entropies is None:
        return pixels.new_zeros(pixels.shape[0], *pixels.shape[2:], dtype=torch.float32)
    information = (_entropy(total / passes) - entropies / passes) / math.log(max(2, total.shape[1]))
    return information.clamp(0, 1)


def _entropy(probabilities: Tensor) -> Tensor:
    return -(probabilities * probabilities.clamp(min=1e-12).log()).sum(1)


def _encoder(network: nn.Module) -> nn.Module:
    return cast(nn.Module, network.encoder)


@contextmanager
def _given(encoder: nn.Module, features: Any) -> Iterator[None]:
    """Inside, the encoder answers with ``features`` and looks at nothing: whatever a network does behind it needs no
    second way to be called."""
    encoder.forward = lambda *seen: features
    try:
        yield
    finally:
        del encoder.forward


@contextmanager
def _training(modules: list[nn.Module]) -> Iterator[None]:
    """Inside, these modules do what they do in training, whatever the others do."""
    for module in modules:
        module.train()
    try:
        yield
    finally:
        for module in modules:
            module.eval()
