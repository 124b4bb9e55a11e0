"""Batch normalisation folded into the convolution before it: the same answers with less to read and write."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

_SIDE = 128


def folded(network: nn.Module, channels: int) -> nn.Module:
    """A copy in evaluation mode whose normalisations that directly follow a convolution are part of its kernel.

    Which do is seen in one forward pass. Where the copy then does not answer as the network does, because a
    convolution's result was used elsewhere too, it is given as it was.
    """
    plain = copy.deepcopy(network).eval().requires_grad_(False)
    device = next(plain.parameters()).device
    if next(plain.parameters()).dtype != torch.float32:
        return plain
    image = torch.randn(1, channels, _SIDE, _SIDE, generator=torch.Generator().manual_seed(0)).to(device)
    with torch.no_grad():
        pairs, expected = _watched(plain, image)
        network = copy.deepcopy(plain)
        for conv, norm in pairs:
            _fold(network, conv, norm)
        same = torch.allclose(
            network(image), expected, rtol=1e-3, atol=1e-3 * (1 + float(expected.abs().max()))
        )
    return network if same else plain


def _watched(network: nn.Module, image: Tensor) -> tuple[list[tuple[str, str]], Tensor]:
    """Names of convolutions and the normalisations that were given their very results; what the network answered."""
    made: dict[int, tuple[str, Tensor]] = {}
    pairs: list[tuple[str, str]] = []
    calls: dict[str, int] = {}

    def note(name: str, module: nn.Module, given: Any, result: Any) -> None:
        calls[name] = calls.get(name, 0) + 1
        if isinstance(module, nn.Conv2d):
            made[id(result)] = (name, result)  # the tensor is kept, so that its id is
        elif id(given[0]) in made:
            pairs.append((made[id(given[0])][0], name))

    hooks = [
        module.register_forward_hook(lambda m, g, r, name=name: note(name, m, g, r))
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d)
    ]
    answer = network(image)
    for hook in hooks:
        hook.remove()
    return [pair for pair in pairs if calls[pair[0]] == calls[pair[1]] == 1], answer


def _fold(network: nn.Module, conv_name: str, norm_name: str) -> None:
    conv, norm = network.get_submodule(conv_name), network.get_submodule(norm_name)
    assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)  # noqa: S101
    assert norm.running_mean is not None and norm.running_var is not None  # noqa: S101
    conv.weight, conv.bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )
    parent, _, own = norm_name.rpartition(".")
    # timm's normalisations bring their activation along
    rest = [part for name in ("drop", "act") if isinstance(part := getattr(norm, name, None), nn.Module)]
    setattr(network.get_submodule(parent), own, nn.Sequential(*rest))
