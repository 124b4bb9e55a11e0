"""NIfTI-1 and NIfTI-2 volumes (.nii, .nii.gz, .img with its .hdr), slice by slice, through nibabel's reading of the
header.

A slice is shown as radiologists look at it: the patient's right on the left, the front at the top; in slices along the
body the head at the top, and in sagittal ones the front on the left. So every screen axis runs against its axis in the
world, the lower of the two (right, front, head) across and the higher one down. Nothing is interpolated: a slice is cut
along an axis of the array and at most transposed and mirrored, which :func:`slice_of` and :func:`put_slice` do for
readers and writers alike.

An sform is taken before a qform, as nibabel does, and their sizes before those of the header's own field where the two
disagree. More than three dimensions are volumes that follow each other (time points, components), each a series.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import re
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, ClassVar, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.core.extras import FOR_NIFTI
from labeltool.core.geometry import Size
from labeltool.imaging.budget import check_budget
from labeltool.imaging.damage import AGAIN, damaged
from labeltool.imaging.quiet import quiet
from labeltool.imaging.reader import RGB, ImageInfo, Page, Raw, Reader, ValueWindow, WholeReader
from labeltool.imaging.readers.rescale import Rescale
from labeltool.imaging.scale import PixelSize
from labeltool.imaging.volumes import LastRead, laid_out

AXES = "ijk"
"""The axes of the array, in the order in which they are stored."""

_HEADER_BYTES = {348: 348, 540: 540}  # NIfTI-1, NIfTI-2; the number is what such a file begins with
_MAGIC = {348: (344, (b"n+1\0", b"ni1\0")), 540: (4, (b"n+2\0\r\n\x1a\n", b"ni2\0\r\n\x1a\n"))}
_MOST_PAGES = 100_000
_MOST_INFLATED = 1032
"""What DEFLATE can make of a byte at most."""
_MOST_OFFSET = 1 << 30
_METRES = {"meter": 1.0, "mm": 1e-3, "micron": 1e-6, "unknown": 1e-3}
"""Files that name no unit mean millimetres."""
_CIFTI = range(3000, 3100)
_KEY = re.compile(r"([ijk])(\d{1,9})(?:t(\d{1,9}))?")


class Volume(NamedTuple):
    """Values [i, j, k, ...] and the 4 x 4 matrix from their indices to millimetres: right, front, head."""

    values: NDArray[Any]
    affine: NDArray[np.float64]


class Cut(NamedTuple):
    """Which slice: the axis that it lies across (i, j, k), its place on it, and its volume where a file holds more."""

    axis: str
    place: int
    time: int | None = None

    @classmethod
    def of(cls, key: str) -> Cut | None:
        """The slice that a page's key names; None where it is no such key."""
        found = _KEY.fullmatch(key)
        return found and cls(found[1], int(found[2]), None if found[3] is None else int(found[3]))


@dataclass(frozen=True)
class NiftiHeader:
    """What the header of a volume says.

    ``shape`` is (i, j, k), ``volumes`` how many of that shape follow each other (time points, components), ``stored``
    the type on disk, ``offset`` where the values begin in ``data_path``; ``spacing_m`` is None where it is not known.
    """

    path: Path
    data_path: Path
    shape: tuple[int, int, int]
    volumes: int
    stored: np.dtype[Any]
    offset: int
    rescale: Rescale
    affine: NDArray[np.float64]
    spacing_m: tuple[float, float, float] | None
    window: ValueWindow | None

    @property
    def is_rgb(self) -> bool:
        """True where a voxel is a colour."""
        return self.stored.names is not None

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values."""
        if self.is_rgb:
            return np.dtype(np.uint8)
        ends = np.iinfo(self.stored) if self.stored.kind in "ui" else None
        return self.rescale.dtype(self.stored, *((int(ends.min), int(ends.max)) if ends else ()))

    @cached_property
    def world(self) -> list[int]:
        """For i, j, k: the axis in the world that it runs closest to."""
        return _world_axes(self.affine)[0]

    @cached_property
    def series(self) -> str:
        """The same for all slices of the file, and for no others."""
        return hashlib.sha256(str(self.path.absolute()).encode("utf-8", "surrogateescape")).hexdigest()[:16]

    @property
    def value_bytes(self) -> int:
        """Bytes of all values."""
        return math.prod(self.shape) * self.volumes * self.stored.itemsize

    def key(self, cut: Cut) -> str:
        """The key of a page, with zeros in front so that names sort."""
        digits = len(str(self.shape[AXES.index(cut.axis)] - 1))
        key = f"{cut.axis}{cut.place:0{digits}}"
        return key if cut.time is None else f"{key}t{cut.time:0{len(str(self.volumes - 1))}}"


def body_axis(affine: NDArray[np.float64]) -> str:
    """The axis of the array that runs closest to feet-head: its slices lie across the body."""
    return AXES[_world_axes(affine)[0].index(2)]


def slice_of(volume: Volume, axis: str, index: int) -> NDArray[Any]:
    """A slice as it is shown, [h, w, ...]: a view into the volume."""
    across = AXES.index(axis)
    plane = volume.values[(slice(None),) * across + (index,)]
    world, rising = _world_axes(volume.affine)
    first, second = (each for each in range(3) if each != across)
    if rising[first]:
        plane = plane[::-1]
    if rising[second]:
        plane = plane[:, ::-1]
    return plane if world[first] > world[second] else plane.swapaxes(0, 1)


def put_slice(volume: Volume, axis: str, index: int, plane: NDArray[Any]) -> None:
    """Write a slice [h, w, ...] that lies as :func:`slice_of` gives it."""
    slice_of(volume, axis, index)[...] = plane


def _world_axes(affine: NDArray[np.float64]) -> tuple[list[int], list[bool]]:
    """For i, j, k: the axis in the world that it runs closest to (0 left-right, 1 back-front, 2 feet-head), each once,
    and whether it runs along it (else against it). Those of a matrix that says nothing are taken as they come."""
    from nibabel.orientations import io_orientation  # noqa: PLC0415 - the window is up sooner

    unknown = [0, 1, 2], [True] * 3
    if not np.isfinite(affine).all():
        return unknown
    with np.errstate(all="ignore"):
        try:
            found = io_orientation(affine)  # type: ignore[no-untyped-call]
        except np.linalg.LinAlgError:
            return unknown
    if not np.isfinite(found).all():
        return unknown
    return [int(axis) for axis, _ in found], [flip > 0 for _, flip in found]


class NiftiReader(WholeReader):
    """One slice of a volume. The header is read by :meth:`open`, the volume by the first slice that is read of it."""

    priority: ClassVar[int] = 40
    suffixes: ClassVar[tuple[str, ...]] = (".nii", ".nii.gz", ".img")

    def __init__(self, header: NiftiHeader, cut: Cut, info: ImageInfo) -> None:
        self.path = header.path
        self.info = info
        self._header = header
        self._cut = cut

    @classmethod
    def can_read(cls, head: bytes, path: Path) -> bool:
        """True for files that begin as NIfTI does, compressed or not, and for the pixels beside a header."""
        if head.startswith(b"\x1f\x8b"):
            return path.name.lower().endswith(".nii.gz") or _version(_inflated(head)) is not None
        if _version(head) is not None:
            return True
        return path.suffix.lower() == ".img" and _version(_head_of(path.with_suffix(".hdr"))) is not None

    @classmethod
    def pages(cls, path: Path, axis: str) -> list[Page]:
        """All slices across an axis; volume after volume where there are more."""
        header = nifti_header(path)
        axis = axis or body_axis(header.affine)
        count = header.shape[AXES.index(axis)]
        if count * header.volumes > _MOST_PAGES:
            raise BadInputError(f"the file holds {count * header.volumes:,} slices", file=path)
        times = range(header.volumes) if header.volumes > 1 else (None,)
        infos = ((cut, _info(header, cut)) for t in times for cut in (Cut(axis, n, t) for n in range(count)))
        return [Page(header.key(cut), info) for cut, info in infos]

    @classmethod
    def open(cls, path: Path, page: str = "") -> Reader:
        """Read the header; BadInputError when it is broken, not read, or has no such slice."""
        header = nifti_header(path)
        axis = body_axis(header.affine)
        cut = Cut.of(page) if page else Cut(axis, 0, 0 if header.volumes > 1 else None)
        if cut is None or not _is_in(cut, header) or (page and header.key(cut) != page):
            raise BadInputError(f"the volume has no slice {page[:40]!r}", file=path)
        return cls(header, cut, _info(header, cut))

    def _decode(self) -> Raw:
        volume = nifti_volume(self._header)
        plane = slice_of(volume._replace(values=volume.values[..., self._cut.time or 0]), *self._cut[:2])
        if self._header.is_rgb:
            return np.stack([plane[name] for name in "RGB"], axis=-1)
        return self._header.rescale.apply(plane, self._header.dtype)[..., None]


_volumes: LastRead[NDArray[Any]] = LastRead()


def nifti_volume(header: NiftiHeader) -> Volume:
    """The stored numbers of a file, [i, j, k, volume], read-only: rescaled by nobody yet. BadInputError when they are
    cut off or damaged."""

    def load() -> tuple[NDArray[Any], int]:
        with _stream(header.data_path) as stream:
            _skip(stream, header)
            data, held = laid_out(stream, header.value_bytes, header.path)
            stream.read(1)  # at the end of what was compressed stands its checksum
        shape = (*header.shape, header.volumes)
        return data.view(header.stored).reshape(shape, order="F"), held

    try:
        return Volume(_volumes.get(header.data_path, load), header.affine)
    except (EOFError, zlib.error, OSError) as error:
        raise damaged("NIfTI file", error, header.path) from error


def _refuse_too_short(header: NiftiHeader) -> None:
    """BadInputError before anything is laid out when a file cannot hold what its header promises."""
    length = header.data_path.stat().st_size
    most = length * _MOST_INFLATED if _is_compressed(header.data_path) else length
    if most < header.offset + header.value_bytes:
        raise BadInputError(
            f"the file is cut off: its header promises {header.value_bytes:,} bytes of values",
            file=header.path,
            hint=AGAIN,
        )


def _skip(stream: IO[bytes], header: NiftiHeader) -> None:
    left = header.offset
    while left:
        some = stream.read(min(left, 1 << 16))
        if not some:
            raise BadInputError("the file is cut off before its values begin", file=header.path, hint=AGAIN)
        left -= len(some)


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _stream(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if _is_compressed(path) else path.open("rb")


def _version(head: bytes) -> int | None:
    """The length of the header of a file that begins so; None where it is not NIfTI."""
    for length, (offset, magics) in _MAGIC.items():
        starts = {length.to_bytes(4, order) for order in ("little", "big")}
        if head[:4] in starts and any(head[offset : offset + len(magic)] == magic for magic in magics):
            return length
    return None


def _inflated(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(head, 540)
    except zlib.error:
        return b""


def _head_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(540)
    except OSError:
        return b""


def nifti_header(path: Path) -> NiftiHeader:
    """Read the header of a volume; nothing is decompressed but that. BadInputError when it is broken or not read."""
    try:
        import nibabel  # noqa: PLC0415, F401 - the window is up sooner
    except ImportError as error:
        raise FOR_NIFTI.refusal("a NIfTI volume", path) from error
    header_path = path.with_suffix(".hdr") if path.suffix.lower() == ".img" else path
    try:
        with _stream(header_path) as stream:
            head = stream.read(540)
    except (EOFError, zlib.error, OSError) as error:
        raise damaged("NIfTI file", error, path) from error
    length = _version(head)
    if length is None or len(head) < length:
        raise BadInputError("this is no NIfTI volume", file=path, hint=AGAIN)
    try:
        with quiet(), np.errstate(all="ignore"):
            header = _parsed(head[:length], path, header_path)
            _refuse_too_short(header)
            return header
    except BadInputError:
        raise
    except Exception as error:  # headers that are broken in any way
        raise damaged("NIfTI file", error, path) from error


def _parsed(head: bytes, path: Path, header_path: Path) -> NiftiHeader:
    from nibabel.nifti1 import Nifti1PairHeader  # noqa: PLC0415
    from nibabel.nifti2 import Nifti2PairHeader  # noqa: PLC0415

    found: Any = (Nifti1PairHeader if len(head) == 348 else Nifti2PairHeader)(head, check=False)
    if int(found["intent_code"]) in _CIFTI:
        raise BadInputError(
            "this is a CIFTI file, whose values lie on surfaces and not in a volume", file=path
        )
    shape, volumes = _shape(tuple(int(side) for side in found["dim"]), path)
    stored = _stored(found, path)
    in_one = bytes(found["magic"].item())[:2] == b"n+"
    offset = float(found["vox_offset"])
    if not 0 <= offset <= _MOST_OFFSET:
        raise BadInputError("the NIfTI header says that the values begin nowhere in the file", file=path)
    slope, intercept = found.get_slope_inter() if stored.names is None else (None, None)
    affine = found.get_best_affine()
    header = NiftiHeader(
        path,
        header_path if in_one else _pixels_of(header_path),
        shape,
        volumes,
        stored,
        max(int(offset), len(head)) if in_one else int(offset),
        Rescale() if slope is None or intercept is None else Rescale(float(slope), float(intercept)),
        affine,
        _spacing(found, affine),
        _window(float(found["cal_min"]), float(found["cal_max"])),
    )
    for size in (Size(shape[0], shape[1]), Size(shape[0], shape[2]), Size(shape[1], shape[2])):
        check_budget(size, path, header.dtype.itemsize)
    return header


def _shape(dim: tuple[int, ...], path: Path) -> tuple[tuple[int, int, int], int]:
    """The sides of a volume, and how many there are."""
    if not 1 <= dim[0] <= 7 or any(side < 1 for side in dim[1 : dim[0] + 1]):
        raise BadInputError(f"the NIfTI header has impossible dimensions {dim}", file=path, hint=AGAIN)
    i, j, k, *others = (*dim[1 : dim[0] + 1], 1, 1)
    volumes = math.prod(others)
    if volumes > _MOST_PAGES:
        raise BadInputError(f"the file holds {volumes:,} volumes", file=path, hint="Save those that you need")
    return (i, j, k), volumes


def _stored(found: Any, path: Path) -> np.dtype[Any]:
    code = int(found["datatype"])
    try:
        stored: np.dtype[Any] = found.get_data_dtype()
    except Exception as error:
        raise BadInputError(f"NIfTI volumes of type {code} are not read", file=path) from error
    if stored.kind == "c":
        raise BadInputError(
            "the NIfTI volume holds complex numbers", file=path, hint="Save their magnitude or their phase"
        )
    if stored.kind == "f" and stored.itemsize > 8:
        raise BadInputError("the NIfTI volume holds 128-bit numbers", file=path, hint="Save it as float64")
    if stored.itemsize == 0 or not (stored.kind in "uif" or stored.names):
        raise BadInputError(f"NIfTI volumes of type {code} are not read", file=path)
    return stored


def _pixels_of(header_path: Path) -> Path:
    for suffix in (".img", ".IMG", ".img.gz"):
        if (pixels := header_path.with_suffix(suffix)).is_file():
            return pixels
    raise BadInputError(
        "the .img file with the values is missing beside its .hdr", file=header_path, hint="Put it there"
    )


def _spacing(found: Any, affine: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """Metres from voxel to voxel: of the header's own field, but of the matrix where the file gives one that says
    something else."""
    unit = _METRES.get(found.get_xyzt_units()[0])
    if unit is None:
        return None
    sides = np.abs(found["pixdim"][1:4].astype(np.float64))
    if int(found["sform_code"]) > 0 or int(found["qform_code"]) > 0:
        of_matrix = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
        sides = np.where(np.isclose(sides, of_matrix, rtol=1e-3), sides, of_matrix)
    i, j, k = (float(side) * unit for side in sides)
    return (i, j, k) if all(np.isfinite(side) and side > 0 for side in (i, j, k)) else None


def _window(low: float, high: float) -> ValueWindow | None:
    """What the header asks to be shown."""
    if not (np.isfinite(low) and np.isfinite(high) and high > low):
        return None
    return ValueWindow("Header", (low + high) / 2, high - low)


def _is_in(cut: Cut, header: NiftiHeader) -> bool:
    inside = cut.place < header.shape[AXES.index(cut.axis)]
    return inside and (cut.time is None) == (header.volumes == 1) and (cut.time or 0) < header.volumes


def _info(header: NiftiHeader, cut: Cut) -> ImageInfo:
    across = AXES.index(cut.axis)
    right, down = sorted((each for each in range(3) if each != across), key=header.world.__getitem__)
    spacing = header.spacing_m
    series = f"{header.series}/{cut.axis}" if cut.time is None else f"{header.series}/{cut.axis}/t{cut.time}"
    return ImageInfo(
        Size(header.shape[right], header.shape[down]),
        "nifti",
        "RGB" if header.is_rgb else header.stored.name,
        rotated=True,
        dtype=header.dtype.name,
        channels=RGB if header.is_rgb else ("grey",),
        composite=(0, 1, 2) if header.is_rgb else (0, 0, 0),
        windows=() if header.window is None else (header.window,),
        pixel_size=None if spacing is None else PixelSize(spacing[right], spacing[down]),
        thickness_m=None if spacing is None else spacing[across],
        series=series,
        place=round(cut.place * (1.0 if spacing is None else spacing[across] * 1e3), 4),
    )
