"""DeepLabV3+ (Chen et al. 2018, arXiv 1802.02611) as segmentation-models-pytorch builds it.

ASPP with atrous separable convolutions, then a decoder that adds the features of stride 4.
"""

from __future__ import annotations

from torch import nn

from labeltool.inference.card import ModelCard
from labeltool.nn.architectures.aspp import with_aspp


def build(card: ModelCard) -> nn.Module:
    """The network of a card with random weights: float [n, channels, h, w] to logits [n, classes, h, w].

    h and w must be multiples of 32. ModelError when the encoder is unknown or cannot be dilated.
    """
    return with_aspp("DeepLabV3Plus", "DeepLabV3+", card, lambda network: network.decoder.aspp[0].convs)
