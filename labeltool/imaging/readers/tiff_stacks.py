"""Which directories of a TIFF make up which image: pages, overviews, stacks of ImageJ, OME-TIFF. Reads no pixel.

The meaning of ImageJ's description and of OME-XML is that of their own documentation: ImageJ's planes run channel,
slice, frame; OME's TiffData elements say which directory holds which plane, in DimensionOrder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from labeltool.imaging.damage import damaged
from labeltool.imaging.reader import ValueWindow
from labeltool.imaging.readers.naming import page_key, series_of
from labeltool.imaging.readers.tiff_directories import MASK, MOST_DIRECTORIES, Directory
from labeltool.imaging.scale import PixelSize, metres, pixel_size

MOST_CHANNELS_TOGETHER = 64
"""Channels of one place and time are one image up to so many; more are pages of their own."""


class Spot(NamedTuple):
    """Where a plane lies: the number of a directory, and how many planes behind its own."""

    directory: int
    behind: int = 0


@dataclass(frozen=True)
class Picture:
    """One image of a file: ``planes`` are its channels, or one plane with all of them; ``overviews`` the directories
    that may be smaller versions of it. ``colours`` are the channels' own, as 0xRRGGBB; both empty where the file says
    nothing. The rest is as in :class:`~labeltool.imaging.reader.ImageInfo`."""

    key: str
    planes: tuple[Spot, ...]
    overviews: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    colours: tuple[int, ...] = ()
    series: str = ""
    place: float = 0.0
    pixel_size: PixelSize | None = None
    thickness_m: float | None = None
    windows: tuple[ValueWindow, ...] = ()


def page_at(file: Any, number: int, offset: int) -> Any:
    """A directory inside tifffile; the ones before it are not read."""
    import tifffile  # noqa: PLC0415 - takes longer to load than most images to read

    if number == 0:
        return file.pages[0]
    file.filehandle.seek(offset)
    return tifffile.TiffPage(file, index=number)


def pictures(path: Path, file: Any, there: list[Directory]) -> list[Picture]:
    """All images of a file, in its order; the only one has an empty key."""
    first = file.pages[0]
    found = _of_ome(path, first, len(there)) or _of_imagej(path, first, len(there))
    found = found or _of_pages(path, first, there)
    if len(found) == 1:
        return [replace(found[0], key="", series="", place=0.0)]
    return found


# ---- pages


def _of_pages(path: Path, first: Any, there: list[Directory]) -> list[Picture]:
    """A page for each directory that is neither a smaller version of one before nor a mask; those that a scanner
    adds for its own use (thumbnail, label, macro) are marked as smaller versions, too."""
    full = [number for number, each in enumerate(there) if not number or each.is_page]
    planes = [(number, Spot(number)) for number in full]
    hidden = _planes_behind(first) if len(full) == 1 else 1
    if hidden > 1:
        planes = [(0, Spot(0, each)) for each in range(hidden)]
    size = pixel_size(path)
    return [
        Picture(
            key=page_key(number, len(planes)),
            planes=(spot,),
            overviews=() if hidden > 1 else tuple(_reduced_after(directory, there)),
            series=series_of(path),
            place=float(number + 1),
            # What the first page says holds for those that are as large.
            pixel_size=size if there[directory][2:] == there[0][2:] else None,
        )
        for number, (directory, spot) in enumerate(planes)
    ]


def _reduced_after(number: int, there: list[Directory]) -> Iterator[int]:
    """The directories after a page up to the next page that are smaller versions."""
    for later in range(number + 1, len(there)):
        if there[later].is_page:
            return
        if not there[later].kind & MASK:
            yield later


def _planes_behind(page: Any) -> int:
    """How many planes lie in a row where one directory stands for all: a description of tifffile's own says so."""
    import json  # noqa: PLC0415

    text = page.shaped_description
    if not text or not text.startswith("{") or not page.is_contiguous:
        return 1
    try:
        told = json.loads(text[:4096])
        shape, truncated = [int(side) for side in told["shape"]], told.get("truncated")
    except (ValueError, TypeError, KeyError, RecursionError):
        return 1
    if not truncated or not all(side > 0 for side in shape):
        return 1
    values = 1
    for side in shape:
        values *= side
    each = int(page.nbytes) // int(page.dtype.itemsize)
    return _that_fit(page, values // max(each, 1))


def says_more_planes(page: Any) -> bool:
    """True for a directory that stands for more planes than its own."""
    told = page.imagej_description
    return bool(told and re.search(r"^images=(?!1\s)", told, re.MULTILINE)) or _planes_behind(page) > 1


def _that_fit(page: Any, planes: int) -> int:
    """So many planes, if the file holds them behind the first one."""
    room = page.parent.filehandle.size - int(page.dataoffsets[0])
    return planes if 1 <= planes <= MOST_DIRECTORIES and planes * int(page.nbytes) <= room else 1


# ---- ImageJ


def _of_imagej(path: Path, first: Any, directories: int) -> list[Picture]:
    text = first.imagej_description
    if not text:
        return []
    told = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    channels, slices, frames = (_number(told.get(name), 1) for name in ("channels", "slices", "frames"))
    images = _number(told.get("images"), 1)
    if channels * slices * frames != images:
        channels, slices, frames = 1, images, 1
    one_for_all = directories == 1 and images > 1
    if one_for_all and not (first.is_contiguous and _that_fit(first, images) == images):
        return []
    if not one_for_all and directories < images:
        return []  # its pages are read as what there is of them

    def spot(channel: int, z: int, t: int) -> Spot:
        number = channel + channels * (z + slices * t)
        return Spot(0, number) if one_for_all else Spot(number)

    spacing, unit = _real(told.get("spacing")), metres(told.get("unit", ""))
    stack = _Stack(
        path,
        pixel_size=pixel_size(path),
        thickness_m=spacing * unit if slices > 1 and spacing and unit else None,
        windows=_imagej_window(told) if channels == 1 else (),
    )
    table = {key: spot(*key) for key in product(range(channels), range(slices), range(frames))}
    return stack.pictures(table, channels, slices, frames)


def _imagej_window(told: dict[str, str]) -> tuple[ValueWindow, ...]:
    low, high = _real(told.get("min")), _real(told.get("max"))
    if low is None or high is None or high <= low:
        return ()
    return (ValueWindow("ImageJ", (low + high) / 2, high - low),)


# ---- OME


def _of_ome(path: Path, first: Any, directories: int) -> list[Picture]:
    """The planes of OME-XML that lie in this file; nothing where there is none, or it says nothing of this file.
    BadInputError when it is damaged: what the pages mean would be lost."""
    text = str(first.description)
    if "<OME" not in text[:4096] and "<ome:OME" not in text[:4096]:
        return []
    from xml.etree.ElementTree import ParseError  # noqa: PLC0415 - as few files as need it

    from defusedxml import DefusedXmlException, ElementTree  # noqa: PLC0415

    try:
        root = ElementTree.fromstring(text.strip().encode())
    except DefusedXmlException as error:
        raise damaged("TIFF file", "its OME-XML defines entities, which no microscope does", path) from error
    except (ParseError, ValueError) as error:
        raise damaged("TIFF file", f"its OME-XML cannot be read: {error}", path) from error
    images = [each for each in root if _tag(each) == "Image"]
    found: list[Picture] = []
    for number, image in enumerate(images):
        pixels = next((each for each in image if _tag(each) == "Pixels"), None)
        if pixels is not None:
            prefix = f"s{number + 1:0{len(str(len(images)))}}" if len(images) > 1 else ""
            found += _of_ome_pixels(path, root, pixels, directories, prefix)
    return found


def _of_ome_pixels(path: Path, root: Any, pixels: Any, directories: int, prefix: str) -> list[Picture]:
    channel_elements = [each for each in pixels if _tag(each) == "Channel"]
    samples = max(1, _number(channel_elements[0].get("SamplesPerPixel"), 1)) if channel_elements else 1
    size_c, size_z, size_t = (_number(pixels.get(f"Size{axis}"), 1) for axis in "CZT")
    sizes = {"C": max(1, size_c // samples), "Z": size_z, "T": size_t}
    if sizes["C"] * sizes["Z"] * sizes["T"] > MOST_DIRECTORIES:
        return []
    table = _ome_table(path, root, pixels, sizes, directories)
    named = [each.get("Name", "") for each in channel_elements]
    colours = [_ome_colour(each.get("Color")) for each in channel_elements]
    sides = [_ome_length(pixels, axis) for axis in "XYZ"]
    x, y = sides[0], sides[1] or sides[0]
    stack = _Stack(
        path,
        prefix=prefix,
        names=tuple(named) if samples == 1 and len(named) == sizes["C"] else (),
        colours=tuple(each for each in colours if each is not None) if samples == 1 else (),
        pixel_size=PixelSize(x, y) if x and y else None,
        thickness_m=sides[2] if sizes["Z"] > 1 else None,
    )
    return stack.pictures(table, sizes["C"], sizes["Z"], sizes["T"])


def _ome_table(
    path: Path, root: Any, pixels: Any, sizes: dict[str, int], directories: int
) -> dict[tuple[int, int, int], Spot]:
    """(channel, z, t) to the directory of this file that holds it."""
    order = str(pixels.get("DimensionOrder", "XYCZT"))[2:]
    if sorted(order) != ["C", "T", "Z"]:
        order = "CZT"
    planes = [
        dict(zip(order[::-1], place, strict=True))
        for place in product(*(range(sizes[a]) for a in order[::-1]))
    ]
    number_of = {tuple(plane[axis] for axis in order): number for number, plane in enumerate(planes)}
    blocks = [each for each in pixels if _tag(each) == "TiffData"]
    table: dict[tuple[int, int, int], Spot] = {}
    for block in blocks:
        if not _is_of_this_file(path, root, block):
            continue
        directory = _number(block.get("IFD"), 0)
        everything = 1 if "IFD" in block.attrib else directories
        count = min(_number(block.get("PlaneCount"), everything), len(planes))
        begin = tuple(_number(block.get(f"First{axis}"), 0) for axis in order)
        start = number_of.get(begin, len(planes))
        for number, plane in enumerate(planes[start : start + count]):
            if directory + number < directories:
                table[plane["C"], plane["Z"], plane["T"]] = Spot(directory + number)
    return table


def _is_of_this_file(path: Path, root: Any, block: Any) -> bool:
    """True unless a TiffData element says that its planes lie in another file."""
    named = next((each for each in block if _tag(each) == "UUID"), None)
    if named is None:
        return True
    own = root.get("UUID")
    if own and (named.text or "").strip() == own:
        return True
    name = named.get("FileName")
    return name == path.name if name else not own


def _ome_colour(text: str | None) -> int | None:
    """0xRRGGBB of a signed number that is RGBA."""
    try:
        return (int(text) & 0xFFFFFFFF) >> 8 if text is not None else None
    except ValueError:
        return None


def _ome_length(pixels: Any, axis: str) -> float | None:
    """PhysicalSize in metres."""
    length, unit = (
        _real(pixels.get(f"PhysicalSize{axis}")),
        metres(pixels.get(f"PhysicalSize{axis}Unit", "µm")),
    )
    return length * unit if length and unit and length > 0 else None


def _tag(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


# ---- what ImageJ and OME share


@dataclass(frozen=True)
class _Stack:
    """Planes by (channel, z, t), and what is true of all of them."""

    path: Path
    prefix: str = ""
    names: tuple[str, ...] = ()
    colours: tuple[int, ...] = ()
    pixel_size: PixelSize | None = None
    thickness_m: float | None = None
    windows: tuple[ValueWindow, ...] = ()

    def pictures(
        self, table: dict[tuple[int, int, int], Spot], channels: int, slices: int, frames: int
    ) -> list[Picture]:
        """A picture for each time and slice with all its channels, or for each channel when they are many. A volume in
        time is a series for each time; a sequence of single slices is one."""
        together = channels <= MOST_CHANNELS_TOGETHER
        groups = [tuple(range(channels))] if together else [(each,) for each in range(channels)]
        found = []
        for t, z, group in product(range(frames), range(slices), groups):
            there = [channel for channel in group if (channel, z, t) in table]
            if not there:
                continue
            key = self.prefix + _axis("t", t, frames, 2) + _axis("z", z, slices, 3)
            key += "" if together else _axis("c", group[0], channels, 2)
            found.append(
                Picture(
                    key=key or "p001",
                    planes=tuple(table[channel, z, t] for channel in there),
                    names=self._names(there, channels),
                    colours=tuple(self.colours[each] for each in there)
                    if len(self.colours) == channels
                    else (),
                    series=self._series(t, frames, slices, "" if together else str(group[0])),
                    place=self._place(t, z, slices),
                    pixel_size=self.pixel_size,
                    thickness_m=self.thickness_m,
                    windows=self.windows,
                )
            )
        return found

    def _names(self, there: list[int], channels: int) -> tuple[str, ...]:
        if channels == 1:
            return ()
        return tuple(
            self.names[each] if self.names and self.names[each] else f"channel {each + 1}" for each in there
        )

    def _series(self, t: int, frames: int, slices: int, channel: str) -> str:
        time = _axis("t", t, frames, 2) if slices > 1 else ""
        return " ".join(each for each in (series_of(self.path), self.prefix, time, channel) if each)

    def _place(self, t: int, z: int, slices: int) -> float:
        if slices == 1:
            return float(t + 1)
        return z * self.thickness_m * 1000 if self.thickness_m else float(z + 1)


def _axis(letter: str, number: int, count: int, digits: int) -> str:
    return f"{letter}{number + 1:0{max(digits, len(str(count)))}}" if count > 1 else ""


def _number(text: str | None, default: int) -> int:
    """A whole number that is not negative."""
    try:
        return default if text is None else max(0, int(text[:20]))
    except ValueError:
        return default


def _real(text: str | None) -> float | None:
    try:
        value = float(text[:40]) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and abs(value) < 1e30 else None  # neither NaN nor infinite
