"""Makes ``import torchvision`` work beside a torch that its compiled operators were not built for.

PyPI's torchvision is built for CUDA. Beside a CPU-only torch its library of operators does not load, and the
import (so that of timm and smp too) fails because ``torchvision::nms`` is not declared. The networks here use
none of those operators: their declarations are enough.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
from functools import cache
from pathlib import Path

import torch

_ARGUMENTS = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@cache
def declare_missing_operators() -> torch.library.Library | None:
    """Declare ``nms`` and ``qnms`` where torchvision's own cannot load; call it before importing smp.

    Gives the library of declarations (they last as long as it does), None where nothing was missing.
    """
    if _compiled_operators_load():
        return None
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for name in ("nms", "qnms"):
        library.define(name + _ARGUMENTS)  # type: ignore[no-untyped-call]
    return library


def _compiled_operators_load() -> bool:
    """True when torchvision's operators are there now, loaded as torchvision itself would load them."""
    if hasattr(torch.ops.torchvision, "nms"):
        return True
    path = _compiled_file()
    if path is None:
        return False
    try:
        torch.ops.load_library(str(path))  # type: ignore[no-untyped-call]
    except (OSError, RuntimeError):
        return False
    return True


def _compiled_file() -> Path | None:
    spec = importlib.util.find_spec("torchvision")  # finds the folder without running its __init__
    folders = spec.submodule_search_locations if spec is not None else None
    candidates = [
        Path(folder) / f"_C{suffix}"
        for folder in folders or ()
        for suffix in (*importlib.machinery.EXTENSION_SUFFIXES, ".so", ".dll")
    ]
    return next((path for path in candidates if path.is_file()), None)
