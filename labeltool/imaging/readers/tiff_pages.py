"""What a TIFF holds: the image, its overviews, where their tiles lie. Reads the directories, never a pixel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from labeltool.core.geometry import Size
from labeltool.imaging.damage import damaged
from labeltool.imaging.readers.tiff_directories import MASK, REDUCED, check_directories


class TiffPage(NamedTuple):
    """A picture of the file: ``page`` and ``subifd`` (-1 for the page itself) are its address.

    ``tile`` is the size of its tiles, None where it is stored in strips. ``block`` is what is decoded at once.
    """

    page: int
    subifd: int
    size: Size
    tile: Size | None
    block: Size
    complete: bool


def is_pyramid(path: Path) -> bool:
    """True when all pages of a TIFF after the first are overviews or masks of it."""
    import tifffile  # noqa: PLC0415 - takes longer to load than most images to read

    check_directories(path)
    with tifffile.TiffFile(path) as file:
        return all(_kind(page) & (REDUCED | MASK) for page in file.pages[1:])


def pages(path: Path) -> list[TiffPage]:
    """The image first, then its overviews from the largest to the smallest. BadInputError when it is broken."""
    import tifffile  # noqa: PLC0415

    check_directories(path)
    try:
        with tifffile.TiffFile(path) as file:
            length = path.stat().st_size
            found = list(_pages(file, length))
    except Exception as error:  # of broken files it raises nearly everything
        raise damaged("TIFF file", error, path) from error
    return [found[0], *sorted(found[1:], key=lambda each: -each.size.pixels)]


def _pages(file: Any, length: int) -> Iterator[TiffPage]:
    for number, page in enumerate(file.pages):
        if _kind(page) & MASK or (number and not _kind(page) & REDUCED):
            continue
        yield _page(page, number, -1, length)
        for below, subifd in enumerate(page.pages or ()) if number == 0 else ():
            yield _page(subifd, number, below, length)


def _kind(page: Any) -> int:
    """Bits of NewSubfileType."""
    return int(page.subfiletype)


def _page(page: Any, number: int, subifd: int, length: int) -> TiffPage:
    size = Size(page.imagewidth, page.imagelength)
    tile = Size(page.tilewidth, page.tilelength) if page.is_tiled else None
    block = tile or Size(size.width, min(page.rowsperstrip, size.height))
    wanted = -(-size.width // block.width) * -(-size.height // block.height)
    places = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    complete = len(places) >= wanted and all(at > 0 and at + count <= length for at, count in places if count)
    return TiffPage(number, subifd, size, tile, block, complete)
