"""SegFormer (Xie et al. 2021, arXiv 2105.15203) as segmentation-models-pytorch builds it: features of four sizes, made
equally wide, enlarged to stride 4 and mixed by one 1x1 convolution.

Its own encoders are ``mit_b0`` to ``mit_b5``; timm has near relatives (``tu-pvt_v2_b0``). They look at all of a window
at once, so tiles fit together less well than those of a convolutional network: choose large ones.
"""

from __future__ import annotations

from typing import Any, cast

from torch import nn

from labeltool.inference.card import ModelCard
from labeltool.nn.architectures.encoder import built, ready_made


def build(card: ModelCard) -> nn.Module:
    """The network of a card with random weights: float [n, channels, h, w] to logits [n, classes, h, w].

    h and w must be multiples of 32. ``output_stride``, ``atrous_rates`` and ``context`` say nothing to it. ModelError
    when the encoder is unknown.
    """

    def make() -> nn.Module:
        network: Any = ready_made("Segformer", card, decoder_segmentation_channels=card.decoder_channels)
        network.decoder.fuse_stage.append(nn.Dropout2d(card.dropout))
        return cast(nn.Module, network)

    return built("SegFormer", card, make)
