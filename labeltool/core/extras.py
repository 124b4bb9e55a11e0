"""Heavy libraries that not everybody needs: which extra of the package brings them, and what to say without them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from labeltool.core.errors import BadInputError


class Extra(NamedTuple):
    """What ``pip install "labeltool[name]"`` adds: modules by the names they are imported by, and what for."""

    name: str
    modules: tuple[str, ...]
    purpose: str

    @property
    def missing(self) -> list[str]:
        """The modules that are not installed; nothing is imported to find out."""
        return [module for module in self.modules if find_spec(module) is None]

    def refusal(self, what: str, file: Path | str | None = None) -> BadInputError:
        """The error when ``what`` ("a DICOM file") is to be read or written without the modules."""
        names = ", ".join(self.missing)
        return BadInputError(
            f"{what} needs {names}, which is not installed",
            file=file,
            hint=f'Install it with: pip install "labeltool[{self.name}]"',
        )


GEO = Extra(
    "geo",
    ("rasterio", "pyogrio", "shapely", "pyproj"),
    "GeoTIFF, COG, JPEG 2000 and VRT with their place on the map; masks as GeoTIFF, GeoPackage and GeoJSON",
)
MEDICAL = Extra(
    "medical",
    ("pydicom", "pylibjpeg", "openjpeg", "jpeg_ls", "imagecodecs", "nibabel", "highdicom"),
    "DICOM and NIfTI; masks as NIfTI and DICOM-SEG",
)
MICROSCOPY = Extra(
    "microscopy",
    ("openslide", "openslide_bin", "imagecodecs"),
    "whole-slide images, and the compressions of microscopes' TIFF files",
)
SPEED = Extra("speed", ("zlib_ng",), "masks read and exported up to one and a half times as fast")
EXTRAS = (GEO, MEDICAL, MICROSCOPY, SPEED)
