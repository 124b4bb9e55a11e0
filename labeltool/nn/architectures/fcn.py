"""FCN-8s (Long et al. 2015, arXiv 1411.4038): a classifier made convolutional, enlarged, with skips.

The encoder is not dilated: what it says at stride 32 is enlarged and added to what it says at strides 16 and 8. (The
network that torchvision calls FCN is another: a dilated ResNet without skips, which is a DeepLab without its ASPP.)
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from labeltool.inference.card import ModelCard
from labeltool.nn.architectures.encoder import Network, built, encoder, head


class Skips(nn.Module):
    """Adds up the features of strides 32, 16 and 8, at stride 8.

    The article adds scores; a 1x1 convolution that makes scores and an enlargement can change places, so the scores are
    made of the sum.
    """

    def __init__(self, channels: list[int], width: int, dropout: float) -> None:
        super().__init__()
        finer, middle, deepest = channels[-3:]
        self.classifier = nn.Sequential(
            nn.Conv2d(deepest, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv2d(width, width, 1),
        )
        self.skips = nn.ModuleList(nn.Conv2d(inputs, width, 1) for inputs in (middle, finer))

    def forward(self, features: list[Tensor]) -> Tensor:
        """The encoder's features to float [n, width, h / 8, w / 8]."""
        total: Tensor = self.classifier(features[-1])
        for skip, feature in zip(self.skips, (features[-2], features[-3]), strict=True):
            enlarged = functional.interpolate(total, scale_factor=2.0, mode="bilinear", align_corners=False)
            total = enlarged + skip(feature)
        return total


def build(card: ModelCard) -> nn.Module:
    """The network of a card with random weights: float [n, channels, h, w] to logits [n, classes, h, w].

    h and w must be multiples of 32. ``output_stride``, ``atrous_rates`` and ``context`` say nothing to it. ModelError
    when the encoder is unknown.
    """

    def make() -> nn.Module:
        deep = encoder(card)
        width = card.decoder_channels
        last = nn.Conv2d(width, len(card.catalog.classes), 1)
        return Network(deep, Skips(deep.out_channels, width, card.dropout), head(last, 8))

    return built("FCN", card, make)
