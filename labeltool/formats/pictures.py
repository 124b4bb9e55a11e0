"""The images themselves, copied into an export: byte for byte where the readers of the format allow it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from PIL import Image

from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord
from labeltool.imaging.open import open_image, probe
from labeltool.imaging.reader import ImageInfo
from labeltool.imaging.view import read_shown

MAX_JPEG_SIDE = 65_535

_COPIED = frozenset("png jpeg tiff geotiff bmp webp".split())
"""Kinds of files that other programs read as well."""

_RELINK = "Put the original file back, or add this one to the project as an image of its own"


def missing(record: ImageRecord) -> str:
    """Why the image's file cannot be exported, or nothing; looks at its name and size only."""
    try:
        actual = record.path.stat().st_size
    except OSError as error:
        return f"the image file cannot be found ({error.strerror}); put it back where it was"
    if actual != record.file_bytes:
        return f"the image file is no longer the one that was added. {_RELINK}"
    return ""


def conversion(
    record: ImageRecord, info: ImageInfo, *, jpeg_only: bool = False, png_only: bool = False
) -> str:
    """What happens to the picture's pixels on the way, as a sentence, or nothing when the bytes are copied."""
    shown = "" if info.is_plain else ", with 8 bits as they are shown at first"
    if jpeg_only and (info.kind != "jpeg" or info.rotated):
        return f"Pictures stored as JPEG of quality 95{shown}, because readers of the format demand .jpg"
    if png_only and (info.kind != "png" or info.rotated):
        return f"Pictures stored as PNG{shown}, because readers of the format demand .png"
    if info.kind not in _COPIED or record.page:
        return f"Pictures stored as 8-bit PNG as they are shown at first, because readers do not know {info.kind}"
    if info.rotated:
        return (
            f"Pictures stored upright without their EXIF rotation{shown}, because readers do not agree on it"
        )
    return ""


def copy_picture(
    record: ImageRecord, folder: Path, name: str, *, jpeg_only: bool = False, png_only: bool = False
) -> Path:
    """Put the displayed picture into ``folder`` as ``name`` and a suffix.

    BadInputError, with nothing left in ``folder``, when the file is missing, broken or not the one that was added.
    """
    info = probe(record.path, record.page)
    copied = not conversion(record, info, jpeg_only=jpeg_only, png_only=png_only)
    as_jpeg = jpeg_only or (not copied and info.kind == "jpeg" and not png_only)
    suffix = ".jpg" if as_jpeg else _own_suffix(record, info) if copied and not png_only else ".png"
    target = folder / f"{name}{suffix}"
    if copied:
        shutil.copyfile(record.path, target)
    else:
        _save_upright(record, target)
    if info.size != record.size or sha256(target if copied else record.path) != record.sha256:
        target.unlink()
        raise BadInputError(
            "the image file is no longer the one that was added", file=record.path, hint=_RELINK
        )
    return target


def _own_suffix(record: ImageRecord, info: ImageInfo) -> str:
    """The file's suffix in lower case, or that of its kind where it has none that every file system takes."""
    suffix = record.path.suffix.lower()
    return suffix if suffix[1:].isalnum() else f".{info.kind}"


def _save_upright(record: ImageRecord, target: Path) -> None:
    with open_image(record.path, record.page) as reader:
        picture = Image.fromarray(read_shown(reader))
    if target.suffix == ".jpg":
        picture.save(target, quality=95, subsampling=0)
    else:
        picture.save(target)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
