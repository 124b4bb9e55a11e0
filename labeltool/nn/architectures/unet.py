"""U-Net (Ronneberger et al. 2015, arXiv 1505.04597) as segmentation-models-pytorch builds it: an encoder of any kind,
and a decoder that doubles the resolution five times, each time with the encoder's feature of that size."""

from __future__ import annotations

from typing import Any, cast

from torch import nn

from labeltool.inference.card import ModelCard
from labeltool.nn.architectures.encoder import built, ready_made

_LEAST_CHANNELS = 16
_STEPS = 5


def build(card: ModelCard) -> nn.Module:
    """The network of a card with random weights: float [n, channels, h, w] to logits [n, classes, h, w].

    h and w must be multiples of 32. ``decoder_channels`` is the decoder's width at stride 16, halved with each doubling
    of the resolution (256 is the usual network); ``output_stride``, ``atrous_rates`` and ``context`` say nothing to it.
    Dropout is where the article has it, at the end of the contracting path. ModelError when the encoder is unknown.
    """

    def make() -> nn.Module:
        network: Any = ready_made(
            "Unet",
            card,
            decoder_channels=[max(_LEAST_CHANNELS, card.decoder_channels >> step) for step in range(_STEPS)],
        )
        network.decoder.center = nn.Dropout(card.dropout)
        return cast(nn.Module, network)

    return built("U-Net", card, make)
