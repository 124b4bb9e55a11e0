"""What the network makes of some validation images as it learns, for people to watch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Size
from labeltool.inference.run import SAMPLES

_IMAGES = 4
_MOST_PIXELS = 1 << 22


def is_sample(number: int, size: Size) -> bool:
    """Whether the answer to a validation image is kept: the first few, unless they are large."""
    return number < _IMAGES and size.pixels <= _MOST_PIXELS


def write_samples(folder: Path, step: int, planes: Mapping[int, NDArray[np.uint8]]) -> str:
    """Write class values [h, w] by the image's number in the manifest; the folder's name in the run's."""
    place = Path(SAMPLES) / f"{step:06}"
    (folder / place).mkdir(parents=True, exist_ok=True)
    for number, plane in planes.items():
        _, data = cv2.imencode(".png", plane)
        (folder / place / f"{number}.png").write_bytes(data.tobytes())
    return place.as_posix()
