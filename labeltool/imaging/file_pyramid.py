"""The pyramid of a file too large for memory: tiles come from the file or the cache, missing levels are made."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from pathlib import Path
from threading import Condition, Thread
from typing import TypeGuard

from labeltool.core.change import Signal
from labeltool.core.errors import BadInputError, CancelledError, LabeltoolError
from labeltool.core.geometry import Box, TileIndex, tile_box, tiles_in
from labeltool.core.memory import share
from labeltool.core.progress import CancelToken
from labeltool.imaging.budget import fits_whole
from labeltool.imaging.building import Mosaic, Plan, Teller, blank_of, build, sample
from labeltool.imaging.halving import finer
from labeltool.imaging.open import open_image
from labeltool.imaging.pyramid import ArrayPyramid, Arrival, Pyramid
from labeltool.imaging.pyramid_cache import PyramidCache
from labeltool.imaging.pyramid_file import PyramidFile
from labeltool.imaging.reader import Raw, Reader
from labeltool.imaging.readers.windowed import WindowedReader

_ALL_LEVELS = 64
_MOST_WANTED = 1024
_DAMAGED = 96

_Key = tuple[int, TileIndex]


def open_pyramid(path: Path, page: str = "") -> Pyramid:
    """The pyramid of an image's values: in memory if it fits, else by parts. BadInputError as ``open_image``."""
    reader = open_image(path, page)
    return FilePyramid(reader) if is_read_by_parts(reader) else whole(reader)


def is_read_by_parts(reader: Reader) -> TypeGuard[WindowedReader]:
    """True for images that are too large to be kept in memory while they are open."""
    return isinstance(reader, WindowedReader) and not fits_whole(reader.info.size, reader.info.pixel_bytes)


def whole(reader: Reader) -> ArrayPyramid:
    """The pyramid of an image that fits the memory; closes the reader."""
    with reader:
        pyramid = ArrayPyramid(reader.read(), reader.info)
    pyramid.build()
    return pyramid


class FilePyramid:
    """Tiles of a large file, kept up to ``budget`` bytes; it closes the reader.

    One thread loads tiles, the newest request first. Another makes the levels that the file does not hold, unless the
    cache has them. BadInputError when a file that has to be unpacked does not fit the cache.
    """

    def __init__(
        self, reader: WindowedReader, cache: PyramidCache | None = None, budget: int | None = None
    ) -> None:
        self.info = reader.info
        self.sizes = reader.sizes
        self.arrived: Signal[Arrival] = Signal()
        self.failed: Signal[LabeltoolError] = Signal()
        self.progress: Signal[tuple[float, float] | None] = Signal()
        self._reader = reader
        self._cache = cache or PyramidCache()
        self._budget = share("pyramid") if budget is None else budget
        self._plan = Plan.of(reader)
        self._tiles: OrderedDict[_Key, Raw] = OrderedDict()
        self._held = 0
        self._damaged: dict[_Key, LabeltoolError] = {}
        self._wanted: OrderedDict[_Key, None] = OrderedDict()
        self._news = Condition()
        self._cancel = CancelToken()
        self._stop = CancelToken()  # of the levels alone
        self._file = (
            self._cache.find(reader.path, self.sizes[0], reader.form, reader.page)
            if self._plan.on_disk
            else None
        )
        self._built = self._file is not None or self._plan.first >= len(self.sizes)
        if self._plan.on_disk and not self._built:
            self._file = self._begin()
        self._mosaic = Mosaic(reader, len(self.sizes) if self._built else self._plan.top)
        # No daemon: a program that ends waits until it has given up, or half a pyramid would stay on the disk.
        self._builder = Thread(target=self._make, name="labeltool-pyramid")
        self._loader = Thread(target=self._load_wanted, name="labeltool-tiles", daemon=True)
        if not self._built:
            self._builder.start()
        self._loader.start()
        self.tile(self.level_count - 1, 0, 0)  # what stands in for anything else

    @property
    def level_count(self) -> int:
        """Number of levels."""
        return len(self.sizes)

    @property
    def complete(self) -> bool:
        """True when no level has to be made any more."""
        return self._built

    def peek(self, level: int, row: int, col: int) -> Raw | None:
        """A tile if it is at hand; one that is still being made may be rough."""
        index = TileIndex(row, col)
        if level in self._mosaic.levels:
            return self._mosaic.levels[level][tile_box(index, self.sizes[level]).slices()]
        with self._news:
            found = self._tiles.get((level, index))
            if found is not None:
                self._tiles.move_to_end((level, index))
            return found

    def tile(self, level: int, row: int, col: int) -> Raw | None:
        """A tile if it is at hand; else it is asked for."""
        found = self.peek(level, row, col)
        if found is None and self._readable(level, TileIndex(row, col)):
            with self._news:
                key = (level, TileIndex(row, col))
                self._wanted[key] = None
                self._wanted.move_to_end(key)
                if len(self._wanted) > _MOST_WANTED:
                    self._wanted.popitem(last=False)
                self._news.notify_all()
        return found

    def read(self, box: Box, level: int = 0) -> Raw:
        """Raw of a box; waits for what is not unpacked yet."""
        out = self.info.empty(box)
        for index in tiles_in(box, self.sizes[level]):
            place = tile_box(index, self.sizes[level])
            part = box.intersect(place)
            out[part.slices(box)] = self._tile_now(level, index)[part.slices(place)]
        return out

    def sample(self) -> Raw | None:
        """The coarsest level."""
        return self.tile(self.level_count - 1, 0, 0)

    def stop_levels(self) -> None:
        """Make no more levels; ``progress`` tells when that has stopped."""
        self._stop.cancel()

    def close(self) -> None:
        """Keep nothing and make no levels; the threads let go of the file when they are done with what they are at."""
        self.stop_levels()
        self._cancel.cancel()
        with self._news:
            self._wanted.clear()
            self._tiles.clear()
            self._held = 0
            self._news.notify_all()

    def join(self, timeout_s: float = 10.0) -> None:
        """Wait until the threads have let go of the file."""
        self._loader.join(timeout_s)

    # ---- tiles

    def _from_file(self, level: int, index: TileIndex) -> bool:
        return self._file is not None and self._file.has(level, index)

    def _readable(self, level: int, index: TileIndex) -> bool:
        """False for what is still to be unpacked; the builder will tell of it."""
        return not self._reader.in_order or self._from_file(level, index)

    def _tile_now(self, level: int, index: TileIndex) -> Raw:
        found = self.peek(level, *index)
        if (level, index) in self._damaged:
            raise self._damaged[level, index]
        if found is not None:
            return found
        with self._news:
            self._news.wait_for(lambda: self._readable(level, index) or self._built or self._cancel.cancelled)
        return self._load(level, index)

    def _load(self, level: int, index: TileIndex) -> Raw:
        if self._cancel.cancelled:
            raise CancelledError("the image has been closed")
        pixels = self._kept(level, index)
        if pixels is None and self._reader.in_order:
            raise self._not_unpacked()
        if pixels is None:
            pixels = self._reader.read(tile_box(index, self.sizes[level]), level)
        self._keep((level, index), pixels)
        return pixels

    def _not_unpacked(self) -> LabeltoolError:
        if self._stop.cancelled:
            return LabeltoolError(
                "the image is not unpacked as far as this place, because that was cancelled",
                file=self._reader.path,
                hint="Open the image again",
            )
        return BadInputError("the file is damaged before this place", file=self._reader.path)

    def _kept(self, level: int, index: TileIndex) -> Raw | None:
        """A tile from the cache; a damaged one does no harm where the file can be asked instead."""
        if self._file is None or not self._from_file(level, index):
            return None
        try:
            return self._file.read(level, index)
        except BadInputError:
            if self._reader.in_order:
                raise
            return None

    def _keep(self, key: _Key, pixels: Raw) -> None:
        with self._news:
            if key in self._tiles:
                return
            self._tiles[key] = pixels
            self._held += pixels.nbytes
            while self._held > self._budget and len(self._tiles) > 1:
                self._held -= self._tiles.popitem(last=False)[1].nbytes

    def _load_wanted(self) -> None:
        while (key := self._next_wanted()) is not None:
            level, index = key
            box = tile_box(index, self.sizes[level])
            try:
                self._load(level, index)
            except CancelledError:
                break
            except LabeltoolError as error:
                self._damaged[key] = error
                self._keep(key, self.info.empty(box, _DAMAGED if self.info.is_plain else blank_of(self.info)))
                self.failed.emit(error)
            last = level if level < self.level_count - 1 else _ALL_LEVELS
            self.arrived.emit(Arrival(level, last, finer(box, level, self.sizes[0])))
        if self._builder.ident is not None:
            self._builder.join()
        self._reader.close()
        if self._file is not None:
            self._file.close()

    def _next_wanted(self) -> _Key | None:
        with self._news:
            self._news.wait_for(lambda: bool(self._wanted) or self._cancel.cancelled)
            return None if self._cancel.cancelled else self._wanted.popitem()[0]

    # ---- levels

    def _find(self) -> PyramidFile | None:
        return self._cache.find(self._reader.path, self.sizes[0], self._reader.form, self._reader.page)

    def _begin(self) -> PyramidFile | None:
        """Where the levels go; without room on the disk, files that can be read by windows do without."""
        try:
            return self._cache.begin(
                self._reader.path, self.sizes[0], self._plan.first, self._reader.form, self._reader.page
            )
        except BadInputError:
            if self._reader.in_order:
                raise
            return None

    def _make(self) -> None:
        teller = Teller(self._tell)
        try:
            with self._reader.reopened() as source:
                damage = self._build(source, teller)
            if damage is not None:
                raise damage
            if self._file is not None:
                self._cache.finish(self._file, self._reader.path, self._reader.page)
        except CancelledError:
            self._give_up()
        except LabeltoolError as error:
            self._give_up()
            self.failed.emit(error)
        except OSError as error:  # the file has been taken away
            self._give_up()
            self.failed.emit(
                BadInputError(f"the file cannot be read: {error.strerror}", file=self._reader.path)
            )
        teller.flush()
        with self._news:
            self._built = True
            self._news.notify_all()
        self.progress.emit(None)

    def _build(self, source: WindowedReader, teller: Teller) -> LabeltoolError | None:
        if not source.in_order:
            sample(source, self._plan, self._mosaic, teller, self._stop)
        return build(
            source,
            self._plan,
            self._mosaic,
            self._file,
            told=teller,
            progress=lambda done, total, text="": self.progress.emit((done, total)),
            cancel=self._stop,
        )

    def _tell(self, level: int, box: Box) -> None:
        with self._news:
            self._news.notify_all()
        self.arrived.emit(Arrival(level, _ALL_LEVELS, box))

    def _give_up(self) -> None:
        """What is on disk is not whole and serves nobody after us."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.path.unlink(missing_ok=True)
