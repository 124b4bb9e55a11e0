"""What a model sees of an image: the file's own values, scaled as its card says, never what a user has set for the
eye."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box
from labeltool.imaging.display import LOW_PERCENTILE, Limits, percentiles, scaled
from labeltool.imaging.open import open_image
from labeltool.imaging.reader import RGB, ImageInfo, Pixels, Raw, Reader, ReaderBase
from labeltool.imaging.readers.windowed import WindowedReader
from labeltool.imaging.view import sampled

ValueRange = tuple[float, float]
"""The values that become 0 and 255."""

_HIGH_PERCENTILE = 100 - LOW_PERCENTILE


def open_fed(
    path: Path, page: str = "", values: ValueRange | None = None, bands: tuple[int, ...] = ()
) -> FedReader:
    """An image as a model gets it. ``values`` is the card's range of values; without one 8 bits stay as they are, and
    anything else is scaled, channel by channel, by its own percentiles. ``bands`` are the card's. BadInputError as
    :func:`~labeltool.imaging.open.open_image`, and where the file has not all of the bands."""
    reader = open_image(path, page)
    try:
        return FedReader(reader, values, bands)
    except BaseException:
        reader.close()
        raise


class FedReader(ReaderBase):
    """Reads uint8 [h, w, c] of any image: its channels ``bands``, or without any the three that its header takes for
    red, green and blue."""

    def __init__(self, reader: Reader, values: ValueRange | None, bands: tuple[int, ...] = ()) -> None:
        own = reader.info
        _require(bands, len(own.channels), reader.path)
        names = tuple(own.channels[band] for band in bands)
        self.path = reader.path
        self.info = ImageInfo(own.size, own.kind, own.mode, channels=names or RGB)
        self._reader = reader
        self._scaling = _scaling(reader, values, bands or own.composite)
        self._last: tuple[Box | None, Raw] | None = None

    def read(self, box: Box | None = None) -> Pixels:
        """The pixels of a box, or of all of the image."""
        last, self._last = self._last, None
        values = last[1] if last is not None and last[0] == box else self._reader.read(box)
        if self._scaling is None:
            return np.asarray(values, np.uint8)
        nodata = self._reader.info.nodata
        planes = {each: scaled(values[..., each[0]], each[1], nodata) for each in set(self._scaling)}
        fed = cv2.merge([planes[each] for each in self._scaling])
        return np.asarray(fed, np.uint8).reshape(*values.shape[:2], -1)

    def has_values(self, box: Box) -> bool:
        """False where all of a box is no data. Its values are kept for the :meth:`read` that follows."""
        nodata = self._reader.info.nodata
        if not self._reader.has_values(box):
            return False
        if nodata is None and np.dtype(self._reader.info.dtype).kind != "f":
            return True
        values = self._reader.read(box)
        self._last = box, values
        missing = (
            np.isnan(values) if nodata is None or np.isnan(nodata) else (values == nodata) | np.isnan(values)
        )
        return not missing.all()

    def verify(self) -> None:
        """BadInputError when the file is damaged."""
        self._reader.verify()

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()


def _require(bands: tuple[int, ...], channels: int, path: Path) -> None:
    if bands and not 0 <= min(bands) <= max(bands) < channels:
        has = f"{channels} channels" if channels > 1 else "one channel"
        raise BadInputError(
            f"the model looks at channels {', '.join(str(band + 1) for band in bands)}, and the file has {has}",
            file=path,
            hint="Use a model that was made for images of this kind",
        )


def _scaling(
    reader: Reader, values: ValueRange | None, channels: tuple[int, ...]
) -> list[tuple[int, Limits]] | None:
    """Each channel that is read, and which of its values become 0 and 255; None where pixels go in as they are."""
    info = reader.info
    if info.is_plain and values is None and channels == (0, 1, 2):
        return None
    if values is not None:
        return [(channel, Limits(*values)) for channel in channels]
    if info.dtype == "uint8":
        return [(channel, Limits(0, 255)) for channel in channels]
    sample = sampled(reader) if isinstance(reader, WindowedReader) else reader.read()
    limits = {
        channel: percentiles(sample[..., channel], LOW_PERCENTILE, _HIGH_PERCENTILE, info.nodata)
        for channel in set(channels)
    }
    return [(channel, limits[channel]) for channel in channels]
