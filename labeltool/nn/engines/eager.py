"""A network on a device, behind the protocol of ``labeltool.inference.segmenter``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from labeltool.core.errors import ModelError
from labeltool.inference.card import ModelCard
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Answer, Context
from labeltool.nn.checkpoint import load_network

_MULTIPLE = 32


class TorchSegmenter:
    """Runs a network: float32 on a CPU, bfloat16 on CUDA, channels last on both. Logits stay on the device."""

    def __init__(self, card: ModelCard, network: nn.Module, device: str) -> None:
        self.card = card
        self.device = device
        self.engine = f"torch {torch.__version__}"
        self.notices: list[str] = []
        self._dtype = torch.bfloat16 if device == "cuda" else torch.float32
        self._network = network.eval().to(device, self._dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._mean = 255 * torch.tensor(card.mean, device=device).view(1, -1, 1, 1)
        self._std = 255 * torch.tensor(card.std, device=device).view(1, -1, 1, 1)
        self._values = torch.tensor(card.catalog.values, dtype=torch.uint8, device=device)

    @torch.inference_mode()
    def predict(self, windows: NDArray[np.uint8], context: Context | None = None) -> Answer:
        """The answer to uint8 windows [n, h, w, channels]."""
        logits = self.logits(windows)
        confidence, index = logits.softmax(1).max(1)
        label = self._values[index]
        return Answer(label.cpu().numpy(), (confidence * 255).round_().to(torch.uint8).cpu().numpy())

    def survey(self, samples: Iterable[NDArray[np.uint8]]) -> Context | None:
        """None: each window is looked at by itself."""
        return None

    @torch.inference_mode()
    def logits(self, windows: NDArray[np.uint8]) -> Tensor:
        """Float32 [n, classes, h, w] at the windows' resolution, on the device."""
        height, width = windows.shape[1:3]
        given = torch.from_numpy(windows).to(self.device)
        pixels = (given.permute(0, 3, 1, 2).float() - self._mean) / self._std
        inner_height, inner_width = (max(1, round(side * self.card.scale)) for side in (height, width))
        pixels = _resized(pixels, inner_height, inner_width)
        padding = (0, -inner_width % _MULTIPLE, 0, -inner_height % _MULTIPLE)
        pixels = functional.pad(pixels, padding, mode="replicate")
        pixels = pixels.to(self._dtype).contiguous(memory_format=torch.channels_last)
        logits = self._network(pixels)[:, :, :inner_height, :inner_width].float()
        return _resized(logits, height, width)


def _resized(planes: Tensor, height: int, width: int) -> Tensor:
    if planes.shape[2:] == (height, width):
        return planes
    return functional.interpolate(planes, (height, width), mode="bilinear", align_corners=False)


def chosen_device(asked: str) -> str:
    """ "cpu" or "cuda" for auto, cpu or cuda; ModelError when there is no CUDA device to use."""
    if asked == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if asked == "cuda" and not torch.cuda.is_available():
        raise ModelError(
            "no CUDA device can be used here",
            hint="Use --device cpu, or install a driver and a torch built for CUDA",
        )
    if asked not in ("cpu", "cuda"):
        raise ModelError(f"there is no device called {asked!r}", hint="There are: auto, cpu, cuda")
    return asked


def load_segmenter(folder: Path, how: InferenceOptions | None = None) -> TorchSegmenter:
    """Load a model's folder, or a .safetensors or .pth beside its card.json, onto auto, cpu or cuda."""
    torch.set_num_threads(os.cpu_count() or 1)
    target = chosen_device((how or InferenceOptions()).device)
    card, network = load_network(folder)
    return TorchSegmenter(card, network, target)
