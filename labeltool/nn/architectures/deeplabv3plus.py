"""DeepLabV3+ (Chen et al. 2018, arXiv 1802.02611) as segmentation-models-pytorch builds it.

ASPP with atrous separable convolutions, then a decoder that adds the features of stride 4. smp's default rates belong
to output stride 8 whatever the stride; here they follow it.
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
            "DeepLabV3Plus",
            card,
            encoder_output_stride=card.output_stride,
            decoder_channels=card.decoder_channels,
            decoder_atrous_rates=rates(card, RATES),
            decoder_aspp_dropout=card.dropout,
        )
        network.decoder.aspp[0].convs[-1][0] = pooling(card.context, card.output_stride)
        return cast(nn.Module, network)

    return built("DeepLabV3+", card, make, card.output_stride)
