"""Images that are not decoded whole: tiled TIFF by windows, with its overviews; other files from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.memory import MIB
from labeltool.core.progress import CancelToken
from labeltool.imaging.budget import check_budget
from labeltool.imaging.damage import AGAIN, damaged
from labeltool.imaging.pyramid_cache import PyramidCache
from labeltool.imaging.pyramid_file import PyramidFile
from labeltool.imaging.reader import ImageInfo, Pixels, Raw
from labeltool.imaging.readers import tiff_pages
from labeltool.imaging.readers.jpeg import refuse_damaged_pixels
from labeltool.imaging.readers.windowed import Block, WindowedReader, level_of, there
from labeltool.imaging.vips import Page

MODES = {"1", "L", "LA", "P", "RGB", "RGBA"}
"""Pixel modes, in Pillow's words, that are read by parts."""

MOST_PIXELS_PER_BYTE = 1100
"""No PNG (deflate) or JPEG packs more than this into a byte: who claims more lies about its size."""

_BLOCK_BYTES = 256 * MIB
_TAIL = 1 << 16


class LargeReader(WindowedReader):
    """A large file of 8 bits a channel: tiled TIFF by windows; PNG, JPEG and TIFF in strips from top to bottom."""

    def __init__(self, path: Path, info: ImageInfo, orientation: int) -> None:
        super().__init__(path, info)
        self._orientation = orientation
        self._pages = tiff_pages.pages(path) if info.kind == "tiff" else []
        self.in_order = not self._pages or self._pages[0].tile is None
        self._levels = {} if self.in_order else self._open_levels()
        self._unpacked: PyramidFile | None = None
        if not self.in_order and 0 not in self._levels:
            raise damaged("TIFF file", "its tiles make another picture than its header says", path)
        self._refuse_lies()

    @property
    def levels(self) -> list[int]:
        """The levels that windows are read from."""
        return sorted(self._levels)

    @property
    def tile_side(self) -> int:
        """What is best read at once: the larger side of the file's own tiles."""
        return max(self._pages[0].block) if not self.in_order else TILE

    def read(self, box: Box | None = None, level: int = 0) -> Raw:
        """See :class:`WindowedReader`."""
        box = self._whole(level) if box is None else box
        return self._from_cache(box, level) if self.in_order else super().read(box, level)

    def read_level(self, box: Box, level: int) -> Raw:
        """A box of one of the file's own levels."""
        page = self._levels[level]
        return page.read(there(box, page.size))

    def blocks(self, width: int, height: int) -> Iterator[Block]:
        """The base level in blocks, each with what reads it. A file read in order has to be asked for whole rows."""
        return (
            self.cut(width, height, self._page(in_order=True).read)
            if self.in_order
            else super().blocks(width, height)
        )

    def small(self, side: int, cancel: CancelToken) -> Pixels:
        """All of the image with at most ``side`` pixels on its longer side, decoded from top to bottom and kept
        nowhere. BadInputError when it is damaged."""
        return self._page(in_order=True).small(side, cancel)

    def reopened(self) -> LargeReader:
        """Another reader of the same file, for a thread that would keep the others waiting."""
        return LargeReader(self.path, self.info, self._orientation)

    def verify(self) -> None:
        """BadInputError when the file ends before its pixels do. Only of a JPEG, which can end as a whole one does, is
        all decoded, and nothing kept."""
        kind = self.info.kind
        whole = {"png": _png_ends, "jpeg": _jpeg_ends}.get(
            kind, lambda _: all(p.complete for p in self._pages)
        )
        if not whole(self.path):
            raise damaged(f"{kind.upper()} file", "pixels lie behind its end", self.path)
        if kind == "jpeg":
            refuse_damaged_pixels(self.path, self.info.size)

    def close(self) -> None:
        """Let go of the file."""
        self._levels = {}
        if self._unpacked is not None:
            self._unpacked.close()
            self._unpacked = None

    def _whole(self, level: int) -> Box:
        check_budget(self.info.size, self.path)
        return self.sizes[level].box

    def _page(
        self, page: int = 0, subifd: int = -1, tile: Size | None = None, in_order: bool = False
    ) -> Page:
        return Page(
            self.path,
            self.info.kind,
            page=page,
            subifd=subifd,
            orientation=self._orientation,
            in_order=in_order,
            tile=tile,
        )

    def _open_levels(self) -> dict[int, Page]:
        levels: dict[int, Page] = {}
        for each in self._pages:
            page = self._page(each.page, each.subifd, each.tile)
            level = level_of(page.size, self.sizes)
            if level is not None and each.tile is not None:
                levels.setdefault(level, page)
        return levels

    def _from_cache(self, box: Box, level: int) -> Raw:
        if self._unpacked is None:
            from labeltool.imaging.building import unpacked  # noqa: PLC0415 - which reads through this module

            self._unpacked = unpacked(self, PyramidCache())
        return self._unpacked.read_box(box, level)

    def _refuse_lies(self) -> None:
        """BadInputError for a header that claims what such a file cannot hold, or blocks that exceed the memory."""
        if self.info.kind != "tiff":
            refuse_more_than_fits(self.info.size, self.path, _packed(self.info))
        for page in self._pages:
            if page.block.pixels * 4 > _BLOCK_BYTES:
                raise BadInputError(
                    f"the TIFF is stored in pieces of {page.block.width:,} x {page.block.height:,} pixels, "
                    "too large to be read by parts",
                    file=self.path,
                    hint="Save it again with tiles of 256 or 512 pixels",
                )


def refuse_more_than_fits(size: Size, path: Path, packed: int = 1) -> None:
    """BadInputError where a PNG or JPEG claims more pixels than its bytes can say; ``packed`` of them share a byte
    before it is compressed."""
    length = path.stat().st_size
    most = length * MOST_PIXELS_PER_BYTE * packed
    if size.pixels > most:
        raise BadInputError(
            f"the image claims {size.width:,} x {size.height:,} pixels, more than its file can hold",
            file=path,
            hint=f"A file of {length:,} bytes holds at most {most / 1_000_000:,.1f} million pixels. {AGAIN}",
        )


def _packed(info: ImageInfo) -> int:
    """How many pixels may share a byte before it is compressed."""
    return 8 if info.mode in ("1", "P") else 1


def _png_ends(path: Path) -> bool:
    """True when the chunks of a PNG lead to its end."""
    length = path.stat().st_size
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            if head[4:] == b"IEND":
                return file.tell() + 4 <= length
            file.seek(int.from_bytes(head[:4], "big") + 4, 1)
    return False


def _jpeg_ends(path: Path) -> bool:
    """True when the marker that ends a JPEG is among the last bytes."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return b"\xff\xd9" in file.read()
