"""DeepLab v2 (Chen et al. 2016, arXiv 1606.00915): a dilated ResNet whose last feature is scored at four rates at once.

The scores of the rates are added up (ASPP-L on ResNet); there is no image-level average and no decoder. The fully
connected CRF that belongs to it is asked for by ``crf`` in the card, and runs after the network.
"""

from __future__ import annotations

from torch import Tensor, nn

from labeltool.inference.card import ModelCard
from labeltool.nn.architectures.encoder import Deepest, Network, built, encoder, head, rates

RATES = (6, 12, 18, 24)


class SummedRates(nn.Conv2d):
    """3x3 convolutions of the same feature at several rates, summed, with one bias."""

    def __init__(self, inputs: int, outputs: int, rates: tuple[int, ...]) -> None:
        super().__init__(inputs, outputs, 3, padding=rates[0], dilation=rates[0])
        self.others = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 3, padding=rate, dilation=rate, bias=False) for rate in rates[1:]
        )

    def forward(self, feature: Tensor) -> Tensor:
        """Float [n, inputs, h, w] to [n, outputs, h, w]."""
        total = super().forward(feature)
        for other in self.others:
            total = total + other(feature)
        return total


def build(card: ModelCard) -> nn.Module:
    """The network of a card with random weights: float [n, channels, h, w] to logits [n, classes, h, w].

    h and w must be multiples of 32. ``decoder_channels`` and ``context`` say nothing to it. ModelError when the encoder
    is unknown or cannot be dilated.
    """

    def make() -> nn.Module:
        deep = encoder(card, card.output_stride)
        last = SummedRates(deep.out_channels[-1], len(card.catalog.classes), rates(card, RATES))
        return Network(deep, Deepest(nn.Dropout2d(card.dropout)), head(last, card.output_stride))

    return built("DeepLab v2", card, make, card.output_stride)
