"""What DeepLabV3 and V3+ have in common: segmentation-models-pytorch builds both around an ASPP.

smp's default rates belong to output stride 8 whatever the stride; here they follow it. Its image-level average is
replaced by one that lets tiles fit together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from torch import nn

from labeltool.inference.card import ModelCard
from labeltool.nn.architectures.encoder import built, rates, ready_made
from labeltool.nn.architectures.pooling import pooling

RATES = (12, 24, 36)


def with_aspp(kind: str, title: str, card: ModelCard, branches: Callable[[Any], nn.ModuleList]) -> nn.Module:
    """smp's network ``kind``, called ``title`` in errors. ``branches`` finds its ASPP's branches, the average last."""

    def make() -> nn.Module:
        network: Any = ready_made(
            kind,
            card,
            encoder_output_stride=card.output_stride,
            decoder_channels=card.decoder_channels,
            decoder_atrous_rates=rates(card, RATES),
            decoder_aspp_dropout=card.dropout,
        )
        average = cast(nn.Sequential, branches(network)[-1])
        average[0] = pooling(card.context, card.output_stride)
        return cast(nn.Module, network)

    return built(title, card, make, card.output_stride)
