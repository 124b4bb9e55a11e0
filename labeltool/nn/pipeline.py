"""What runs on the device, in one module: windows of uint8 in, planes of uint8 out. Every engine runs this one."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from labeltool.inference.card import ModelCard
from labeltool.inference.options import FROM_ONE_ANSWER, InferenceOptions
from labeltool.nn.architectures.pooling import averages, with_context
from labeltool.nn.dropout import disagreement, dropouts
from labeltool.nn.engines.folding import folded
from labeltool.nn.engines.sides import MULTIPLE, scaled


class Pipeline(nn.Module):
    """Windows uint8 [n, h, w, channels], and the context of their image (float [1 or n, k]) for a network that takes
    one, to planes uint8 [n, h, w]: class values, confidence, then the doubts of ``how`` in the order of ``DOUBTS``.

    Normalise, enlarge as the card says, pad to multiples of 32, network, conditional random field, back to the
    windows' size; probabilities are averaged over the mirror images and enlargements of ``how``. The network is
    copied, and its normalisations folded.
    """

    mean: Tensor
    std: Tensor
    values: Tensor

    def __init__(self, card: ModelCard, network: nn.Module, how: InferenceOptions | None = None) -> None:
        super().__init__()
        self.card = card
        self.how = how or InferenceOptions()
        self.network = folded(network, card.channels)
        self.crf = _field(card)
        self.mirrors = mirrors(card) if self.how.flips else ((),)
        self.register_buffer("mean", 255 * torch.tensor(card.mean).view(1, -1, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(card.std).view(1, -1, 1, 1))
        self.register_buffer("values", torch.tensor(card.catalog.values, dtype=torch.uint8))
        self.eval()

    def forward(self, windows: Tensor, context: Tensor | None = None) -> tuple[Tensor, ...]:
        """The planes."""
        probabilities = self.probabilities(windows, context)
        confidence, index = probabilities.max(1)
        planes = [self.values[index], _byte(confidence)]
        planes += [_byte(_DOUBTS[name](probabilities)) for name in FROM_ONE_ANSWER if name in self.how.doubts]
        if "bald" in self.how.doubts:
            planes.append(_byte(self.bald(windows, context).sqrt()))
        return tuple(planes)

    def probabilities(self, windows: Tensor, context: Tensor | None = None) -> Tensor:
        """Float32 [n, classes, h, w], averaged over all views."""
        pixels = windows.permute(0, 3, 1, 2)
        views = [
            self._view(pixels, dims, scale, context) for dims in self.mirrors for scale in self.how.scales
        ]
        return cast(Tensor, sum(views)) / len(views) if len(views) > 1 else views[0]

    def logits(self, windows: Tensor, context: Tensor | None = None, scale: float = 1.0) -> Tensor:
        """Float32 [n, classes, h, w] at the windows' resolution, of one view."""
        return self._logits(windows.permute(0, 3, 1, 2), scale, context)

    def averages(self, windows: Tensor) -> Tensor:
        """What a context is the mean of: float32 [n, k] of windows uint8 [n, h, w, channels]."""
        self.logits(windows)
        seen = [cast(Tensor, average.seen)[:, :, 0, 0] for average in averages(self.network)]
        return torch.cat(seen, 1).float()

    def embeddings(self, windows: Tensor) -> Tensor:
        """The mean of the encoder's deepest features: float32 [n, k] of windows uint8 [n, h, w, channels]."""
        encoder = cast(nn.Module, self.network.encoder)
        deepest: Tensor = encoder(self._inner(windows.permute(0, 3, 1, 2), self.card.scale))[-1]
        return deepest.float().mean((2, 3))

    def bald(self, windows: Tensor, context: Tensor | None = None) -> Tensor:
        """How far the network's answers differ while its dropout is on: float32 [n, h, w], 0..1, at the windows'
        resolution. Of the plain view, and before the conditional random field."""
        given = windows.permute(0, 3, 1, 2)
        height, width = given.shape[2:]
        inner_height, inner_width = (scaled(side, self.card.scale) for side in (height, width))
        with with_context(self.network, context):
            found = disagreement(self.network, self._inner(given, self.card.scale))
        found = found[:, None, :inner_height, :inner_width]
        return (_resized(found, height, width) if self.card.scale != 1 else found)[:, 0]

    @property
    def has_dropout(self) -> bool:
        """False for a network whose answers are always the same, and :meth:`bald` 0."""
        return bool(dropouts(self.network))

    @property
    def takes_context(self) -> bool:
        """True for a network with image-wide pooling."""
        return bool(averages(self.network))

    def _view(self, pixels: Tensor, dims: tuple[int, ...], scale: float, context: Tensor | None) -> Tensor:
        if not dims:
            return self._logits(pixels, scale, context).softmax(1)
        return self._logits(pixels.flip(dims), scale, context).softmax(1).flip(dims)

    def _logits(self, given: Tensor, scale: float, context: Tensor | None) -> Tensor:
        with with_context(self.network, context):
            logits = self.network(self._inner(given, self.card.scale * scale))
        return self.finished(logits, given, scale)

    def _inner(self, given: Tensor, factor: float) -> Tensor:
        """What the network is shown of windows uint8 [n, channels, h, w]: normalised, enlarged, completed."""
        height, width = (scaled(side, factor) for side in given.shape[2:])
        pixels = (given.float() - self.mean) / self.std
        if factor != 1:
            pixels = _resized(pixels, height, width)
        pixels = _padded(pixels, height, width).to(next(self.network.parameters()).dtype)
        return pixels.contiguous(memory_format=torch.channels_last)

    def finished(self, logits: Tensor, given: Tensor, scale: float = 1.0) -> Tensor:
        """What the network gave, [n, classes, h, w], as float32 logits at the resolution of the windows ``given``
        (uint8 [n, channels, h, w]), after the conditional random field."""
        height, width = given.shape[2:]
        factor = self.card.scale * scale
        inner_height, inner_width = scaled(height, factor), scaled(width, factor)
        logits = logits[:, :, :inner_height, :inner_width].float()
        if self.crf is not None:
            bytes_ = given.float()
            field = self.crf(logits, _resized(bytes_, inner_height, inner_width) if factor != 1 else bytes_)
            logits = field.clamp(min=1e-12).log()  # its probabilities, whose softmax they are again
        return _resized(logits, height, width) if factor != 1 else logits


class Averages(nn.Module):
    """The part of a pipeline that looks for an image's context: windows uint8 [n, h, w, channels] to float [n, k]."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.pipeline = pipeline

    def forward(self, windows: Tensor) -> Tensor:
        """See :meth:`Pipeline.averages`."""
        return self.pipeline.averages(windows)


class Embeddings(nn.Module):
    """The encoder of a pipeline: windows uint8 [n, h, w, channels] to float [n, k]."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.pipeline = pipeline

    def forward(self, windows: Tensor) -> Tensor:
        """See :meth:`Pipeline.embeddings`."""
        return self.pipeline.embeddings(windows)


def mirrors(card: ModelCard) -> tuple[tuple[int, ...], ...]:
    """The axes to mirror, view by view: left to right, and upside down too for a network that was taught with
    turned images."""
    taught = card.training.get("options", {}).get("augmentation", {})
    return ((), (3,), (2,), (2, 3)) if taught.get("rotate") else ((), (3,))


def _field(card: ModelCard) -> nn.Module | None:
    if card.crf is None:
        return None
    from labeltool.nn.crf import CRF, CrfSettings  # noqa: PLC0415 - few networks have one

    return CRF(CrfSettings(**card.crf))


def _padded(pixels: Tensor, height: int, width: int) -> Tensor:
    """Completed to multiples of 32 with the last row and column."""
    bottom, right = -height % MULTIPLE, -width % MULTIPLE
    if not isinstance(height, Tensor) and not bottom and not right:
        return pixels
    return functional.pad(pixels, (0, right, 0, bottom), mode="replicate")


def _resized(planes: Tensor, height: int, width: int) -> Tensor:
    return functional.interpolate(planes, (height, width), mode="bilinear", align_corners=False)


def _byte(share: Tensor) -> Tensor:
    """0..1 as 0..255."""
    return (share * 255).round().to(torch.uint8)


def _margin(probabilities: Tensor) -> Tensor:
    """By how much the most probable class is ahead of the next."""
    if probabilities.shape[1] == 1:
        return probabilities[:, 0]
    first, second = probabilities.topk(2, 1).values.unbind(1)
    return first - second


def _entropy(probabilities: Tensor) -> Tensor:
    """The entropy over its largest possible value."""
    classes = max(2, probabilities.shape[1])
    return -(probabilities * probabilities.clamp(min=1e-12).log()).sum(1) / math.log(classes)


_DOUBTS = {"margin": _margin, "entropy": _entropy}
