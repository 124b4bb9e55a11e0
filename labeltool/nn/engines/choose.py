"""A model's folder to a segmenter: which engine runs it here. Torch is loaded only where there is no way around it."""

from __future__ import annotations

import ctypes
import hashlib
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from labeltool.core.errors import ModelError
from labeltool.core.extras import CPU
from labeltool.inference.card import WEIGHTS_NAME, ModelCard
from labeltool.inference.options import ENGINES, InferenceOptions
from labeltool.nn.engines.segmenter import Engine, EngineSegmenter

if TYPE_CHECKING:
    from labeltool.nn.engines.eager import EagerEngine
    from labeltool.nn.engines.graphs import Graphs
    from labeltool.nn.pipeline import Pipeline


def load_segmenter(folder: Path, how: InferenceOptions | None = None) -> EngineSegmenter:
    """Load a model's folder, or a .safetensors or .pth beside its card.json.

    On CUDA where there is a device and ``how`` does not want another; on a CPU through OpenVINO where it is installed
    and takes the network, else through torch. ModelError says why a model, device or engine does not serve.
    """
    how = how or InferenceOptions()
    if how.engine not in ENGINES:
        raise ModelError(f"there is no engine called {how.engine!r}", hint=f"There are: {', '.join(ENGINES)}")
    if "bald" in how.doubts:
        return _with_dropout(folder, how)
    if _on_cuda(how):
        return _cuda(folder, how)
    if how.engine == "int8":
        return _int8(folder, how)
    if how.engine == "openvino" and CPU.missing:
        raise CPU.refusal("the engine openvino", file=folder)
    if how.engine == "torch" or CPU.missing:
        return _torch(folder, how)
    try:
        return _openvino(folder, how)
    except ModelError as error:
        if how.engine == "openvino" or not error.message.startswith("OpenVINO"):
            raise
        segmenter = _torch(folder, how)
        segmenter.notices.append(f"{error.message}. It runs in torch, which is slower")
        return segmenter


def _on_cuda(how: InferenceOptions) -> bool:
    if how.device == "auto" and (how.engine in ("openvino", "int8") or not _has_driver()):
        return False
    if how.device == "cpu":
        return False
    from labeltool.nn.engines.eager import chosen_device  # noqa: PLC0415 - torch takes seconds to load

    if chosen_device(how.device) != "cuda":
        return False
    if how.engine in ("openvino", "int8"):
        raise ModelError(
            f"the engine {how.engine} runs on a CPU", hint="Use --device cpu, or leave out --engine"
        )
    return True


def _has_driver() -> bool:
    """Whether NVIDIA's driver is there; without it there is no use in asking torch."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _cuda(folder: Path, how: InferenceOptions) -> EngineSegmenter:
    from labeltool.nn.checkpoint import load_network  # noqa: PLC0415
    from labeltool.nn.engines.cuda import CudaEngine  # noqa: PLC0415
    from labeltool.nn.pipeline import Pipeline  # noqa: PLC0415

    card, network = load_network(folder)
    notices: list[str] = []
    engine = CudaEngine(Pipeline(card, network, how), repeatable=how.repeatable, say=notices.append)
    return EngineSegmenter(card, engine, how, spare=lambda: _on_cpu(folder, how), notices=notices)


def _on_cpu(folder: Path, how: InferenceOptions) -> Engine:
    """What goes on where the memory of CUDA was too small."""
    try:
        return _openvino_engine(folder, how)[1] if not CPU.missing else _torch_engine(folder, how)[1]
    except ModelError:
        return _torch_engine(folder, how)[1]


def _with_dropout(folder: Path, how: InferenceOptions) -> EngineSegmenter:
    """In torch as it is: graphs have no dropout left that could be drawn again."""
    if how.engine not in ("auto", "torch"):
        raise ModelError(
            f"the engine {how.engine} has no dropout", hint="Leave out --engine, or --doubt bald"
        )
    card, engine = _torch_engine(folder, how, "cuda" if _on_cuda(how) else "cpu")
    notices = []
    if not engine.pipeline.has_dropout:
        notices.append("This model has no dropout: BALD is 0 everywhere, and the entropy says more")
    return EngineSegmenter(card, engine, how, notices=notices)


def _torch(folder: Path, how: InferenceOptions) -> EngineSegmenter:
    return EngineSegmenter(*_torch_engine(folder, how), how)


def _torch_engine(folder: Path, how: InferenceOptions, device: str = "cpu") -> tuple[ModelCard, EagerEngine]:
    import os  # noqa: PLC0415

    import torch  # noqa: PLC0415

    from labeltool.nn.engines.eager import EagerEngine, fastest_dtype  # noqa: PLC0415

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1))
    pipeline = _pipeline(folder, how)
    return pipeline.card, EagerEngine(pipeline, device, fastest_dtype(device))


def _openvino(folder: Path, how: InferenceOptions) -> EngineSegmenter:
    return EngineSegmenter(*_openvino_engine(folder, how), how)


def _openvino_engine(folder: Path, how: InferenceOptions) -> tuple[ModelCard, Engine]:
    from labeltool.nn.engines.openvino import OpenVinoEngine  # noqa: PLC0415

    card, _, graphs = graphs_of(folder, how)
    return card, OpenVinoEngine(graphs, card.tile)


def graphs_of(folder: Path, how: InferenceOptions) -> tuple[ModelCard, str, Graphs]:
    """The card, the SHA-256 of the weights, and the graphs of a model."""
    from labeltool.nn.engines.graphs import Graphs, graph_key  # noqa: PLC0415

    card, digest = verified(folder)
    return card, digest, Graphs(card, how, graph_key(card, digest, how), partial(_pipeline, folder))


def _int8(folder: Path, how: InferenceOptions) -> EngineSegmenter:
    from labeltool.nn.engines.int8 import Quantized  # noqa: PLC0415
    from labeltool.nn.engines.openvino import OpenVinoEngine  # noqa: PLC0415

    if CPU.missing:
        raise CPU.refusal("the engine int8", file=folder)
    card, digest, graphs = graphs_of(folder, how)
    source = Quantized(card, folder if folder.is_dir() else folder.parent, digest, how, graphs)
    notices = [source.notice] if source.notice else []
    return EngineSegmenter(card, OpenVinoEngine(source, card.tile, "int8"), how, notices=notices)


def verified(folder: Path) -> tuple[ModelCard, str]:
    """The card and the SHA-256 of the weights; whatever is wrong with them is said as loading them says it."""
    weights = folder / WEIGHTS_NAME if folder.is_dir() else folder
    card = ModelCard.read(weights.parent)
    try:
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    except OSError:
        digest = ""
    if not digest or (weights.name == WEIGHTS_NAME and card.sha256 and digest != card.sha256):
        from labeltool.nn.checkpoint import load_network  # noqa: PLC0415

        load_network(folder)
    return card, digest


def _pipeline(folder: Path, how: InferenceOptions) -> Pipeline:
    from labeltool.nn.checkpoint import load_network  # noqa: PLC0415
    from labeltool.nn.pipeline import Pipeline  # noqa: PLC0415

    return Pipeline(*load_network(folder), how)
