"""DeepLabV3 (Chen et al. 2017, arXiv 1706.05587) as segmentation-models-pytorch builds it.

ASPP: a 1x1 convolution, three rates and the image-level average side by side; no decoder, no CRF.
"""

from __future__ import annotations

from typing import Any, cast

from torch import nn

from labeltool.inference.card import ModelCard
from labeltool.nn.architectures.encoder import built, rates, ready_made
from labeltool.nn.architectures.pooling import pooling

RATES = (12, 24, 36)


def build(card: ModelCard) -> nn.Module:
    """The network of a card with random weights: float [n, channels, h, w] to logits [n, classes, h, w].

    h and w must be multiples of 32. ModelError when the encoder is unknown or cannot be dilated.
    """

    def make() -> nn.Module:
        network: Any = ready_made(
            "DeepLabV3",
            card,
            encoder_output_stride=card.output_stride,
            decoder_channels=card.decoder_channels,
            decoder_atrous_rates=rates(card, RATES),
            decoder_aspp_dropout=card.dropout,
        )
        network.decoder.aspp.convs[-1][0] = pooling(card.context, card.output_stride)
        return cast(nn.Module, network)

    return built("DeepLabV3", card, make, card.output_stride)
