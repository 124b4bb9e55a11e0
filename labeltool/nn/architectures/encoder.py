"""What all networks have in common: the encoder by its name, the last layers, and one wording for what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

from labeltool.core.errors import ModelError
from labeltool.inference.card import ModelCard
from labeltool.nn.torchvision_ops import declare_missing_operators

declare_missing_operators()

import segmentation_models_pytorch as smp  # noqa: E402  (needs the operators above)

DEEPEST = 32
"""The output stride of an encoder that is not dilated."""

_STRIDES = (8, 16)
_PROBE = 64
_OWN_PREFIXES = ("tu-", "mit_")
_HINT = (
    "Encoders are timm's models with tu- before their name, for example tu-resnet18 or tu-mobilenetv3_small_100, "
    "and mit_b0 to mit_b5"
)


class Network(nn.Module):
    """An encoder, a decoder of all its features, and a head, under the names that smp's models give them."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, head: nn.Sequential) -> None:
        super().__init__()
        self.encoder, self.decoder, self.segmentation_head = encoder, decoder, head

    def forward(self, pixels: Tensor) -> Tensor:
        """Float [n, channels, h, w] to logits [n, classes, h, w]."""
        return cast(Tensor, self.segmentation_head(self.decoder(self.encoder(pixels))))


class Deepest(nn.Sequential):
    """A decoder that looks at the encoder's last feature alone."""

    def forward(self, features: list[Tensor]) -> Tensor:
        """The encoder's features to what this sequence makes of the last."""
        return cast(Tensor, super().forward(features[-1]))  # type: ignore[no-untyped-call]


def head(last: nn.Conv2d, enlarge: int) -> nn.Sequential:
    """The last convolution, and the enlargement of what it gives to the size of the window."""
    return nn.Sequential(last, nn.Upsample(scale_factor=enlarge, mode="bilinear", align_corners=False))


def ready_made(kind: str, card: ModelCard, **more: Any) -> Any:
    """A model of smp by the name of its class, with random weights: nothing is ever downloaded."""
    return getattr(smp, kind)(
        encoder_name=_name(card),
        encoder_weights=None,
        in_channels=card.channels,
        classes=len(card.catalog.classes),
        **more,
    )


def encoder(card: ModelCard, output_stride: int = DEEPEST) -> Any:
    """The encoder of a card by itself, with random weights: float [n, channels, h, w] to features at strides 1, 2, 4,
    8, 16 and 32, none of them beyond ``output_stride``."""
    return smp.encoders.get_encoder(
        _name(card), in_channels=card.channels, depth=5, weights=None, output_stride=output_stride
    )


def rates(card: ModelCard, at_8: tuple[int, ...]) -> tuple[int, ...]:
    """The card's atrous rates, or those of the network's article (``at_8``, for output stride 8; at stride 16 they are
    halved and reach as far). ModelError for another number of rates or another stride."""
    if card.output_stride not in _STRIDES:
        raise ModelError(
            f"{card.arch} cannot be built at output stride {card.output_stride}",
            hint="The output stride is 8 (finer, slower) or 16",
        )
    wanted = card.atrous_rates or tuple(rate * 8 // card.output_stride for rate in at_8)
    if len(wanted) != len(at_8) or min(wanted) < 1:
        raise ModelError(
            f"{card.arch} takes {len(at_8)} atrous rates, not {', '.join(map(str, wanted))}",
            hint="Leave the rates out, and the network has those of its article",
        )
    return wanted


def built(
    what: str, card: ModelCard, make: Callable[[], nn.Module], output_stride: int = DEEPEST
) -> nn.Module:
    """The network that ``make`` makes, in which no corners are aligned: that would place every pixel relative to the
    corners of the window, so that the answer depends on the window's size.

    ModelError when it cannot be made, or when its encoder, on a small window, does not do what it was asked for:
    some take one size of image only, and some ignore the output stride.
    """
    try:
        network = make()
        _probe(cast(nn.Module, network.encoder), card.channels, output_stride)
    except ModelError:
        raise
    except Exception as error:  # timm refuses with whatever its encoder happens to raise, asserts included
        stride = f" at output stride {output_stride}" if output_stride != DEEPEST else ""
        reason = " ".join(str(error).split())[:200].strip('". ') or "it cannot be dilated"
        raise ModelError(
            f"no {what} can be built on the encoder {card.encoder!r}{stride}: {reason}", hint=_HINT
        ) from error
    for module in network.modules():
        if isinstance(module, nn.Upsample) and module.align_corners:
            module.align_corners = False
    return network


def _name(card: ModelCard) -> str:
    """The encoder's name for smp, whose own variants are not used: it dilates them otherwise than timm does."""
    return card.encoder if card.encoder.startswith(_OWN_PREFIXES) else f"tu-{card.encoder}"


def _probe(network: nn.Module, channels: int, output_stride: int) -> None:
    """Raises what the encoder raises, or ValueError when its features are not those of its output stride."""
    was_training = network.training
    with torch.no_grad():
        features = network.eval()(torch.zeros(1, channels, _PROBE, _PROBE))
    network.train(was_training)
    sides = [feature.shape[2] for feature in features]
    if sides != [max(_PROBE >> level, _PROBE // output_stride) for level in range(6)]:
        raise ValueError(f"of {_PROBE} pixels it makes features of {', '.join(map(str, sides))}")
