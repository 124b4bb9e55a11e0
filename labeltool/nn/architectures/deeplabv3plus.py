"""DeepLabV3+ (Chen et al. 2018, arXiv 1802.02611) as segmentation-models-pytorch builds it, with two corrections.

smp's default atrous rates belong to output stride 8; the card's are used. ``align_corners=True`` makes the result
depend on the size of the tile (every pixel is placed relative to the corners), so it is switched off.
"""

from __future__ import annotations

from typing import cast

from torch import nn

from labeltool.core.errors import ModelError
from labeltool.inference.card import ModelCard
from labeltool.nn.architectures.pooling import pooling
from labeltool.nn.torchvision_ops import declare_missing_operators

declare_missing_operators()

import segmentation_models_pytorch as smp  # noqa: E402  (needs the operators above)


def build(card: ModelCard) -> nn.Module:
    """The network of a card with random weights: float [n, channels, h, w] to logits [n, classes, h, w].

    h and w must be multiples of 32. ``card.encoder`` is a timm name with ``tu-`` before it; ModelError when
    the encoder is unknown or refuses dilation.
    """
    try:
        network = smp.DeepLabV3Plus(
            card.encoder,
            encoder_weights=None,
            encoder_output_stride=card.output_stride,
            decoder_channels=card.decoder_channels,
            decoder_atrous_rates=card.atrous_rates,
            decoder_aspp_dropout=card.dropout,
            in_channels=card.channels,
            classes=len(card.catalog.classes),
        )
    except Exception as error:  # timm refuses with whatever its encoder happens to raise, asserts included
        raise ModelError(
            f"no DeepLabV3+ can be built on the encoder {card.encoder!r} at output stride {card.output_stride}: "
            f"{error or 'it cannot be dilated'}",
            hint="Encoders are timm models with tu- before their name, for example tu-mobilenetv3_small_100",
        ) from error
    network.decoder.aspp[0].convs[-1][0] = pooling(card.context, card.output_stride)
    return _without_aligned_corners(cast(nn.Module, network))


def _without_aligned_corners(network: nn.Module) -> nn.Module:
    for module in network.modules():
        if isinstance(module, nn.Upsample) and module.align_corners:
            module.align_corners = False
    return network
