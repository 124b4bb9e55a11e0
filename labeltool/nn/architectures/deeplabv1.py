"""DeepLab v1 (Chen et al. 2014, arXiv 1412.7062): VGG with holes and a large field of view (LargeFOV).

The last poolings keep their resolution, the convolutions between them are dilated instead, and the classifier's first
layer is a 3x3 convolution of rate 12. The fully connected CRF that belongs to it is asked for by ``crf`` in the
card, and runs after the network.
"""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from labeltool.core.errors import ModelError
from labeltool.inference.card import ModelCard
from labeltool.nn.architectures.encoder import Deepest, Network, built, encoder, head, rates

RATES = (12,)
_VGG = re.compile(r"(tu-)?vgg\d\d(_bn)?(\.\w+)?")


def build(card: ModelCard) -> nn.Module:
    """The network of a card with random weights: float [n, channels, h, w] to logits [n, classes, h, w].

    h and w must be multiples of 32. ``decoder_channels`` is the width of the classifier (1024 in the article),
    ``context`` says nothing to it. ModelError when the encoder is no VGG.
    """
    if not _VGG.fullmatch(card.encoder):
        raise ModelError(
            f"DeepLab v1 is a VGG network and cannot be built on the encoder {card.encoder!r}",
            hint="Encoders for it: tu-vgg16, tu-vgg16_bn (easier to train from scratch), also with 11, 13 or 19",
        )

    def make() -> nn.Module:
        (rate,), width = rates(card, RATES), card.decoder_channels
        deep = encoder(card)
        _make_holes(deep.model, card.output_stride)
        classifier = Deepest(
            nn.Conv2d(deep.out_channels[-1], width, 3, padding=rate, dilation=rate),
            nn.ReLU(),
            nn.Dropout(card.dropout),
            nn.Conv2d(width, width, 1),
            nn.ReLU(),
            nn.Dropout(card.dropout),
        )
        last = nn.Conv2d(width, len(card.catalog.classes), 1)
        return Network(deep, classifier, head(last, card.output_stride))

    return built("DeepLab v1", card, make, card.output_stride)


def _make_holes(layers: Any, output_stride: int) -> None:
    """Let the poolings after ``output_stride`` keep the resolution, and dilate the convolutions that follow them: the
    weights of the plain VGG still fit."""
    stride, rate = 1, 1
    for name, layer in list(layers.named_children()):
        if isinstance(layer, nn.MaxPool2d) and stride < output_stride:
            stride *= 2
        elif isinstance(layer, nn.MaxPool2d):
            rate *= 2
            setattr(layers, name, nn.MaxPool2d(3, stride=1, padding=1))
        elif isinstance(layer, nn.Conv2d):
            layer.padding = layer.dilation = (rate, rate)
