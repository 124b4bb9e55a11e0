"""Volumes of labels and of object ids as NIfTI files: what is written, and what others' files may hold."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.formats.nifti.grid import nibabel_module
from labeltool.imaging.budget import DECODE_BUDGET
from labeltool.imaging.quiet import quiet
from labeltool.imaging.readers.nifti import NiftiHeader, nifti_header, nifti_volume

SUFFIX: Final = ".nii.gz"
SUFFIXES: Final = (".nii", ".nii.gz", ".hdr")

_LABEL: Final = 1002
"""NIFTI_INTENT_LABEL: each voxel is an index into a list of labels (nifti1.h)."""
_LONGEST_SIDE: Final = 32_767
"""NIfTI-1 counts voxels in 16 bits with a sign."""
_NAME_BYTES, _TEXT_BYTES = 15, 79
_SLICES: Final = 16
"""Slices that are looked at together."""


def stem_of(path: Path) -> str:
    """A file's name without the suffix of NIfTI."""
    name = path.name
    for suffix in (".gz", ".nii", ".hdr"):
        name = name[: -len(suffix)] if name.lower().endswith(suffix) else name
    return name


def smallest(highest: int) -> type[Any]:
    """The smallest unsigned type that holds a number."""
    return np.uint8 if highest < 1 << 8 else np.uint16 if highest < 1 << 16 else np.uint32


def write_volume(file: Path, like: Any, values: NDArray[Any], name: str, text: str) -> None:
    """Write labels or ids [i, j, k] with the place that the header ``like`` has; the same values give the same bytes.

    ``name`` and ``text`` go where NIfTI has room for 15 and 79 ASCII characters; one that does not fit is left out.
    """
    is_long = max(values.shape) > _LONGEST_SIDE
    header = nibabel_module("nifti2").Nifti2Header.from_header(like) if is_long else like.copy()
    header = header if header.endianness == "<" else header.as_byteswapped("<")
    header.set_data_shape(values.shape)
    header.set_data_dtype(values.dtype)
    header["intent_code"] = _LABEL
    header["intent_name"] = _fitting(name, _NAME_BYTES)
    header["descrip"] = _fitting(text, _TEXT_BYTES)
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["vox_offset"] = header.single_vox_offset
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
        packed.write(header.binaryblock)
        packed.write(bytes(header.single_vox_offset - len(header.binaryblock)))
        for part in slabs(values.shape[2]):
            packed.write(values[:, :, part].tobytes(order="F"))


def _fitting(text: str, most: int) -> bytes:
    return text.encode("ascii") if text.isascii() and text.isprintable() and len(text) <= most else b""


def label_header(file: Path) -> NiftiHeader:
    """The header of a volume that may be one of labels; BadInputError where it is not."""
    header = nifti_header(file)
    if header.is_rgb:
        raise BadInputError("the volume holds colours and no labels", file=file)
    if int(np.prod(header.shape, dtype=np.int64)) > DECODE_BUDGET:
        raise BadInputError(f"a volume of {header.shape} voxels does not fit the memory", file=file)
    return header


def whole_numbers(header: NiftiHeader, volume: int) -> NDArray[Any]:
    """A volume's values [i, j, k] as whole numbers: uint8, uint16 or uint32, as they are stored or else the smallest
    that holds them; read-only.

    BadInputError names values that are no whole numbers, or that no label can have.
    """
    with quiet(), np.errstate(all="ignore"):
        stored = nifti_volume(header).values[..., volume]
        if header.rescale.is_identity and stored.dtype in (np.uint8, np.uint16, np.uint32):
            return stored
        highest = 0
        for _, values in _scaled(stored, header):
            strange = ~((values >= 0) & (values < 1 << 32) & (np.floor(values) == values))
            if strange.any():
                first = values[strange][0]
                raise BadInputError(
                    f"the volume holds the value {first:g} ({int(strange.sum()):,} voxels of its slices so far are "
                    "negative or no whole numbers), so it is none of labels",
                    file=header.path,
                    hint="Save the labels as whole numbers",
                )
            highest = max(highest, int(values.max()))
        found = np.empty(stored.shape, smallest(highest), order="F")
        for part, values in _scaled(stored, header):
            found[:, :, part] = values
        return found


def _scaled(stored: NDArray[Any], header: NiftiHeader) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Some slices after the other, in the unit that the header's slope and intercept give."""
    for part in slabs(stored.shape[2]):
        yield part, header.rescale.apply(stored[:, :, part], header.dtype)


def slabs(depth: int) -> Iterator[slice]:
    """So many slices, some at a time: work on all at once would take several times their memory."""
    return (slice(start, min(start + _SLICES, depth)) for start in range(0, depth, _SLICES))
