"""The voxels that a volume of labels shares with its source: their number, their place in the body, their slices."""

from __future__ import annotations

import gzip
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.formats.dicomseg.source import (
    Place,
    frame_of,
    headers_of,
    place_of,
    said_plainly,
    thickness_of,
)
from labeltool.formats.volumes import NIFTI, Volume
from labeltool.imaging.budget import DECODE_BUDGET
from labeltool.imaging.readers.nifti import AXES, Cut, NiftiHeader, nifti_header, slice_of
from labeltool.imaging.readers.nifti import Volume as Voxels

Plane = Callable[[NDArray[Any], int], NDArray[Any]]

_LPS_TO_RAS: Final = np.diag([-1.0, -1, 1, 1])
"""DICOM counts to the left and to the back, NIfTI to the right and to the front."""

_OFF_GRID: Final = 0.02
"""How far a slice may lie from where the distance from slice to slice puts it, in such distances."""
_LEAST_MM: Final = 0.02
"""Headers round to about a hundredth of a millimetre."""
_SIDES_MAY_DIFFER: Final = 0.05
"""How far a corner of one grid may lie from that of the same grid in another file, in voxels."""

_COPIED: Final = (
    "qform_code sform_code quatern_b quatern_c quatern_d qoffset_x qoffset_y qoffset_z srow_x srow_y srow_z xyzt_units"
).split()


def nibabel_module(name: str) -> Any:
    """A part of nibabel, which is an extra and says little of its types."""
    return importlib.import_module(f"nibabel.{name}")


@dataclass(frozen=True)
class Grid:
    """``shape`` is (i, j, k), ``affine`` leads from indices to mm (right, front, head), ``header`` is nibabel's, with
    the place and the units of a volume of labels. ``places`` are the numbers of the project's slices along ``axis``;
    what lies between them is in no image."""

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    header: Any
    axis: str
    places: tuple[int, ...]
    _plane: Plane

    @property
    def depth(self) -> int:
        """How many slices the volume has along the axis."""
        return self.shape[AXES.index(self.axis)]

    def plane(self, values: NDArray[Any], number: int) -> NDArray[Any]:
        """The slice [h, w] of the volume's image ``number`` as it is shown: a view into ``values`` [i, j, k]."""
        return self._plane(values, self.places[number])

    def key(self, place: int) -> str:
        """The name of a slice."""
        return f"{self.axis}{place}"

    @classmethod
    def of(cls, volume: Volume) -> Grid:
        """That of a volume's files; BadInputError where they make up none."""
        found = _of_nifti(volume) if volume.kind == NIFTI else _of_dicom(volume)
        if np.prod(found.shape, dtype=np.int64) > DECODE_BUDGET:
            raise BadInputError(f"a volume of {found.shape} voxels does not fit the memory", file=volume.file)
        return found


def _of_nifti(volume: Volume) -> Grid:
    """The grid of the file that the slices were cut from."""
    header = nifti_header(volume.file)
    cuts = [Cut.of(record.page) for record in volume.records]
    axis = cuts[0].axis if cuts[0] is not None else AXES[0]
    places = tuple(int(cut[1]) for cut in cuts if cut is not None and cut.axis == axis)
    if len(places) != len(cuts) or max(places) >= header.shape[AXES.index(axis)]:
        raise BadInputError("the file no longer holds the slices that the project knows", file=volume.file)

    def plane(values: NDArray[Any], place: int) -> NDArray[Any]:
        return slice_of(Voxels(values, header.affine), axis, place)

    found = Grid(header.shape, header.affine, _header_like(header), axis, places, plane)
    for record, place in zip(volume.records, places, strict=True):
        shown = plane(np.broadcast_to(np.uint8(0), header.shape), place).shape
        if shown != (record.size.height, record.size.width):
            raise BadInputError(
                "the volume is no longer of the size that the project knows", file=volume.file
            )
    return found


def _header_like(source: NiftiHeader) -> Any:
    """A new header with nothing of the source but where its voxels lie: free texts may say who the patient is."""
    first, second = nibabel_module("nifti1"), nibabel_module("nifti2")
    with said_plainly(source.path):
        path = source.path.with_suffix(".hdr") if source.path.suffix.lower() == ".img" else source.path
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as stream:
            head = stream.read(540)
        is_second = 540 in (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big"))
        library, number, length = (second, 2, 540) if is_second else (first, 1, 348)
        given = getattr(library, f"Nifti{number}PairHeader")(head[:length], check=False)
        header = getattr(library, f"Nifti{number}Header")(endianness="<")
        for name in _COPIED:
            header[name] = given[name]
        header["pixdim"][:4] = given["pixdim"][:4]
        return header


def _of_dicom(volume: Volume) -> Grid:
    """The grid of slices that lie behind each other at equal distances; slices that are missing leave gaps."""
    headers = headers_of(volume)
    places = []
    for record in volume.records:
        with said_plainly(record.path):
            place = place_of(headers[record.path], frame_of(record))
        if place is None:
            raise BadInputError("the file does not say where its pixels lie in the patient", file=record.path)
        places.append(place)
    first = volume.records[0]
    for record, place in zip(volume.records, places, strict=True):
        if place.plane != places[0].plane or record.size != first.size:
            raise BadInputError(
                f"the slices are not parallel or not of one size (see {first.path.name})", file=record.path
            )
    step, numbers = _steps(places, volume, thickness_of(headers[first.path], frame_of(first)))
    affine = np.eye(4)
    affine[:3, 0] = places[0].across * places[0].spacing[1]
    affine[:3, 1] = places[0].down * places[0].spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = places[numbers.index(0)].position
    affine = _LPS_TO_RAS @ affine

    def plane(values: NDArray[Any], place: int) -> NDArray[Any]:
        return values[:, :, place].T

    shape = (first.size.width, first.size.height, max(numbers) + 1)
    return Grid(shape, affine, _header_for(affine), "k", tuple(numbers), plane)


def _steps(
    places: list[Place], volume: Volume, thickness: float | None
) -> tuple[NDArray[np.float64], list[int]]:
    """The way from slice to slice in mm, and the number of each slice. BadInputError where they do not lie at equal
    distances on one line."""
    normal = places[0].normal
    along = np.array([float(place.position @ normal) for place in places])
    order = np.argsort(along, kind="stable")
    gaps = np.diff(along[order])
    if not len(gaps):
        if thickness is None:
            raise BadInputError("the only slice does not say how thick it is", file=volume.file)
        return normal * thickness, [0]
    if gaps.min() < _LEAST_MM:
        one, other = (volume.records[order[int(gaps.argmin()) + n]].name for n in (0, 1))
        raise BadInputError(f"the slices {one} and {other} lie in one place", file=volume.file)
    counts = np.rint(gaps / gaps.min())
    numbers = np.concatenate([[0], np.cumsum(counts)])
    start, end = places[order[0]].position, places[order[-1]].position
    step = (end - start) / numbers[-1]
    allowed = max(_LEAST_MM, _OFF_GRID * float(np.linalg.norm(step)))
    for place, number in zip(order, numbers, strict=True):
        off = float(np.linalg.norm(places[place].position - start - number * step))
        if off > allowed:
            raise BadInputError(
                f"the slices do not lie at equal distances: this one is {off:.2f} mm from its place in steps of "
                f"{float(np.linalg.norm(step)):.3f} mm",
                file=volume.records[place].path,
            )
    if numbers[-1] + 1 > 2 * len(places) + 1:
        raise BadInputError(
            f"only {len(places)} of {int(numbers[-1]) + 1} slices are in the project", file=volume.file
        )
    found = [0] * len(places)
    for place, number in zip(order, numbers, strict=True):
        found[place] = int(number)
    return step, found


def _header_for(affine: NDArray[np.float64]) -> Any:
    """A header in mm; a sheared grid, as of a tilted gantry, has no form as a quaternion."""
    header = nibabel_module("nifti1").Nifti1Header(endianness="<")
    header["pixdim"][1:4] = np.linalg.norm(affine[:3, :3], axis=0)
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    header.set_sform(affine, 1)
    if np.allclose(directions.T @ directions, np.eye(3), atol=1e-4):
        header.set_qform(affine, 1)
    header.set_xyzt_units("mm")
    return header


def turned(
    shape: tuple[int, int, int], affine: NDArray[np.float64], grid: Grid
) -> NDArray[np.float64] | None:
    """How voxels of ``shape`` with ``affine`` become those of ``grid``, as nibabel's orientation [3, 2] (the axis that
    each becomes, and whether it is mirrored); None where it is another grid."""
    if not (np.isfinite(affine).all() and np.isfinite(grid.affine).all()):
        return None
    try:
        ways = np.linalg.solve(grid.affine, affine)[:3, :3]
    except np.linalg.LinAlgError:
        return None
    axes = np.abs(ways).argmax(axis=0)
    if sorted(axes.tolist()) != [0, 1, 2]:
        return None
    orientation = np.column_stack([axes, np.sign(ways[axes, range(3)])]).astype(np.float64)
    new_shape = [0, 0, 0]
    for source, axis in enumerate(axes.tolist()):
        new_shape[axis] = shape[source]
    if tuple(new_shape) != grid.shape or not orientation[:, 1].all():
        return None
    found = affine @ nibabel_module("orientations").inv_ornt_aff(orientation, shape)
    corners = np.array([[i, j, k, 1] for i in (0, 1) for j in (0, 1) for k in (0, 1)], np.float64)
    corners[:, :3] *= np.array(grid.shape) - 1
    off = np.linalg.solve(grid.affine, (found - grid.affine) @ corners.T)
    return orientation if np.abs(off).max() < _SIDES_MAY_DIFFER else None


def reoriented(values: NDArray[Any], orientation: NDArray[np.float64]) -> NDArray[Any]:
    """``values`` with axes swapped and mirrored, as :func:`turned` says; a view."""
    found: NDArray[Any] = nibabel_module("orientations").apply_orientation(values, orientation)
    return found


def is_as_stored(orientation: NDArray[np.float64]) -> bool:
    """True when nothing has to be turned."""
    return bool((orientation == [[0, 1], [1, 1], [2, 1]]).all())
