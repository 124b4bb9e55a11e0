"""What a model sees of an image: the file's own values, scaled as its card says, never what a user has set for the
eye."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from labeltool.core.geometry import Box
from labeltool.imaging.display import LOW_PERCENTILE, Display, Limits, render, stretched
from labeltool.imaging.open import open_image
from labeltool.imaging.reader import ImageInfo, Pixels, Reader, ReaderBase
from labeltool.imaging.readers.windowed import WindowedReader
from labeltool.imaging.view import sampled

ValueRange = tuple[float, float]
"""The values that become 0 and 255."""

_HIGH_PERCENTILE = 100 - LOW_PERCENTILE


def open_fed(path: Path, page: str = "", values: ValueRange | None = None) -> FedReader:
    """An image as a model gets it. ``values`` is the card's range of values; without one 8 bits stay as they are, and
    anything else is scaled by its own percentiles. BadInputError as :func:`~labeltool.imaging.open.open_image`."""
    reader = open_image(path, page)
    try:
        return FedReader(reader, values)
    except BaseException:
        reader.close()
        raise


class FedReader(ReaderBase):
    """Reads uint8 [h, w, 3] of any image: the channels that its header takes for red, green and blue."""

    def __init__(self, reader: Reader, values: ValueRange | None) -> None:
        self.path = reader.path
        self.info = ImageInfo(reader.info.size, reader.info.kind, reader.info.mode)
        self._reader = reader
        self._scaling = _scaling(reader, values)

    def read(self, box: Box | None = None) -> Pixels:
        """The pixels of a box, or of all of the image."""
        values = self._reader.read(box)
        if self._scaling is None:
            return np.asarray(values, np.uint8)
        return render(values, self._scaling, self._reader.info.nodata)

    def verify(self) -> None:
        """BadInputError when the file is damaged."""
        self._reader.verify()

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()


def _scaling(reader: Reader, values: ValueRange | None) -> Display | None:
    info = reader.info
    if info.is_plain and values is None:
        return None
    plain = Display(info.composite)
    if values is not None:
        limits = Limits(*values)
        return Display(info.composite, (limits, limits, limits))
    if info.dtype == "uint8":
        return plain
    sample = sampled(reader) if isinstance(reader, WindowedReader) else reader.read()
    return stretched(plain, info, sample, LOW_PERCENTILE, _HIGH_PERCENTILE)
