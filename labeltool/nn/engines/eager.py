"""Plain torch: what is always there, what training evaluates with, and what the other engines are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from labeltool.core.errors import ModelError
from labeltool.inference.card import ModelCard
from labeltool.inference.options import InferenceOptions
from labeltool.nn.engines.segmenter import EngineSegmenter, Planes, Windows
from labeltool.nn.pipeline import Pipeline

_NO_MEMORY = ("can't allocate memory", "not enough memory", "bad_alloc", "out of memory")


class EagerEngine:
    """Runs a pipeline as it is, on the device and in the precision where it lies."""

    batch = 1

    def __init__(self, pipeline: Pipeline, device: str, dtype: torch.dtype) -> None:
        network = pipeline.network.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        pipeline.network = network
        self.pipeline = pipeline.to(device)
        self.device = device
        self.name = f"torch {torch.__version__}" + (" bf16" if dtype == torch.bfloat16 else "")
        self.takes_context = pipeline.takes_context

    @torch.inference_mode()
    def planes(self, windows: Windows, context: NDArray[np.float32] | None, batch: int) -> Planes:
        """Class values, confidence and doubts."""
        with memory_errors():
            planes = self.pipeline(self.tensor(windows), None if context is None else self.tensor(context))
            return tuple(plane.cpu().numpy() for plane in planes)

    @torch.inference_mode()
    def averages(self, windows: Windows) -> NDArray[np.float32]:
        """Float32 [n, k]."""
        with memory_errors():
            return np.asarray(self.pipeline.averages(self.tensor(windows)).cpu().numpy())

    @torch.inference_mode()
    def embeddings(self, windows: Windows) -> NDArray[np.float32]:
        """Float32 [n, k]."""
        with memory_errors():
            return np.asarray(self.pipeline.embeddings(self.tensor(windows)).cpu().numpy())

    def tensor(self, array: NDArray[np.generic]) -> Tensor:
        """An array on the device."""
        return torch.from_numpy(array).to(self.device)


class TorchSegmenter(EngineSegmenter):
    """A network, not only a model in files: float32 on a CPU unless ``dtype`` says otherwise, bfloat16 on CUDA.

    The network is copied, so that what becomes of it later changes nothing here.
    """

    def __init__(
        self,
        card: ModelCard,
        network: nn.Module,
        device: str,
        how: InferenceOptions | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        dtype = dtype or (torch.bfloat16 if device == "cuda" else torch.float32)
        self._eager = EagerEngine(Pipeline(card, network, how), device, dtype)
        super().__init__(card, self._eager, how)

    @torch.inference_mode()
    def logits(self, windows: Windows) -> Tensor:
        """Float32 [n, classes, h, w] at the windows' resolution, on the device."""
        return self._eager.pipeline.logits(self._eager.tensor(windows))


@contextmanager
def memory_errors() -> Iterator[None]:
    """MemoryError for what torch and others raise when there is no room."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in _NO_MEMORY):
            raise MemoryError(str(error)) from error
        raise


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


def fastest_dtype(device: str) -> torch.dtype:
    """bfloat16 where the device computes in it itself; elsewhere it is slower than float32."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return torch.bfloat16 if device == "cuda" or (supported and supported()) else torch.float32
