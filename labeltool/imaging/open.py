"""Files to readers: whoever can read a file is found among the plug-ins; what nobody reads is refused by name."""

from __future__ import annotations

import stat
from pathlib import Path

from labeltool import plugins
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.imaging import sniff
from labeltool.imaging.reader import ImageInfo, Page, Reader, ReaderPlugin

_GROUP = "labeltool.readers"
_READ = (
    "PNG, JPEG, TIFF, BMP, WebP, GIF, GeoTIFF and other maps, DICOM, NIfTI and whole slides are read; "
    "`labeltool doctor` says what is missing of that"
)


def open_image(path: Path, page: str = "") -> Reader:
    """Open an image by its content, whatever its suffix says; reads the header only. ``page`` is one of
    :func:`pages`, empty for the first.

    BadInputError (file, what is wrong, what to do) when it is missing, broken, too large or of a kind not read.
    """
    return _reader_of(path).open(path, page)


def pages(path: Path, axis: str = "") -> list[Page]:
    """All images of a file with their headers: one, but for stacks, volumes and files of many frames.

    ``axis`` is along which volumes are cut (i, j, k; empty for the axis across the body).
    """
    return _reader_of(path).pages(path, axis)


def probe(path: Path, page: str = "") -> ImageInfo:
    """What the header of an image says; cheap, and no promise that the pixels are whole."""
    with open_image(path, page) as reader:
        return reader.info


def verify(path: Path, page: str = "") -> ImageInfo:
    """Refuse an image that is cut off or damaged before it enters a project: it is decoded whole, or where it is too
    large for that, checked to hold all its pieces."""
    with open_image(path, page) as reader:
        reader.verify()
        return reader.info


def readable_suffixes() -> tuple[str, ...]:
    """Suffixes in lower case, with their dots, of the images that some reader takes."""
    return tuple(suffix for reader in _readers()[0] for suffix in reader.suffixes)


def _reader_of(path: Path) -> ReaderPlugin:
    head = _head(path)
    readers, broken = _readers()
    for reader in readers:
        if reader.can_read(head, path):
            return reader
    promised = next((suffix for reader in readers for suffix in reader.suffixes if _ends(path, suffix)), "")
    raise _refusal(head, path, broken, promised)


def _readers() -> tuple[list[ReaderPlugin], list[str]]:
    """The readers that load, the one to be asked first before the others, and why the others do not."""
    readers, broken = [], []
    for name in plugins.names(_GROUP):
        try:
            readers.append(plugins.load(_GROUP, name))
        except LabeltoolError as error:
            broken.append(error.message)
    return sorted(readers, key=lambda reader: -reader.priority), broken


def _head(path: Path) -> bytes:
    """The first bytes of a file that is there, is a file, and holds something."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise BadInputError("this is a folder, not an image", file=path)
        if not stat.S_ISREG(mode):  # a pipe or a device would keep us waiting
            raise BadInputError("this is not a file that holds data", file=path)
        with path.open("rb") as file:
            head = file.read(sniff.HEAD_BYTES)
    except FileNotFoundError as error:
        raise BadInputError("no such file", file=path, hint="Was it moved or renamed?") from error
    except PermissionError as error:
        raise BadInputError(
            "no permission to read the file",
            file=path,
            hint="Check the permissions of the file and its folder",
        ) from error
    except (OSError, ValueError) as error:
        raise BadInputError(f"the file cannot be read: {error}", file=path) from error
    if not head:
        raise BadInputError("the file is empty (0 bytes)", file=path, hint="Copy or download it again")
    return head


def _refusal(head: bytes, path: Path, broken: list[str], promised: str) -> BadInputError:
    """``promised`` is the suffix of a kind that is read, which the file only pretends to be."""
    kind = sniff.by_head(head) or sniff.by_suffix(path)
    if kind is not None:
        return BadInputError(f"this is {kind.name}", file=path, hint=kind.hint)
    what = "this is a text file, not an image" if _is_text(head) else "this is no image that can be read"
    if promised and not broken:
        hint = f"Its name ends in {promised}, but its content is something else: copy or download it again"
        return BadInputError(what, file=path, hint=hint)
    return BadInputError(what, file=path, hint="; ".join(broken) or _READ)


def _ends(path: Path, suffix: str) -> bool:
    return path.name.lower().endswith(suffix)


def _is_text(head: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 27 for byte in head)
