"""DeepLabV3 (Chen et al. 2017, arXiv 1706.05587) as segmentation-models-pytorch builds it.

ASPP: a 1x1 convolution, three rates and the image-level average side by side; no decoder, no CRF.
"""

from __future__ import annotations

from torch import nn

from labeltool.inference.card import ModelCard
from labeltool.nn.architectures.aspp import with_aspp


def build(card: ModelCard) -> nn.Module:
    """The network of a card with random weights: float [n, channels, h, w] to logits [n, classes, h, w].

    h and w must be multiples of 32. ModelError when the encoder is unknown or cannot be dilated.
    """
    return with_aspp("DeepLabV3", "DeepLabV3", card, lambda network: network.decoder.aspp.convs)
