"""Batch normalisation that several processes share: alone it is torch's."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from labeltool.nn.torchvision_ops import declare_missing_operators
from labeltool.nn.training.batch_norm import share_statistics


@pytest.mark.parametrize("with_activation", [False, True])
def test_alone_it_does_what_torch_does(with_activation: bool) -> None:
    declare_missing_operators()
    from timm.layers.norm_act import BatchNormAct2d

    torch.manual_seed(1)
    plain = nn.Sequential((BatchNormAct2d if with_activation else nn.BatchNorm2d)(4), nn.Conv2d(4, 2, 1))
    nn.init.uniform_(plain[0].weight)
    shared = copy.deepcopy(plain)
    share_statistics(shared)
    found = []
    for network in (plain, shared):
        pixels = (torch.arange(3 * 4 * 5 * 5).reshape(3, 4, 5, 5).sin() * 9 + 100).requires_grad_()
        network(pixels).square().sum().backward()
        gradients = [p.grad for p in (pixels, *network.parameters())]
        found.append([*gradients, *network.state_dict().values(), network.eval()(pixels)])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
    assert shared.state_dict().keys() == plain.state_dict().keys()
