"""Heavy libraries that not everybody needs: which extra of the package brings them, and what to say without them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from labeltool.core.errors import BadInputError


class MissingExtraError(BadInputError):
    """A file is well, as far as anybody knows, but what would read or write it is not installed."""


class Extra(NamedTuple):
    """What ``pip install "labeltool[name]"`` adds: modules by the names they are imported by, and what each is for."""

    name: str
    modules: Mapping[str, str]

    @property
    def missing(self) -> list[str]:
        """The modules that are not installed; nothing is imported to find out."""
        return [module for module in self.modules if find_spec(module) is None]

    @property
    def left_out(self) -> list[str]:
        """What is not to be had, each with the modules that are missing for it: ["NIfTI (nibabel)"]."""
        lacking: dict[str, list[str]] = {}
        for module in self.missing:
            lacking.setdefault(self.modules[module], []).append(module)
        return [f"{purpose} ({', '.join(modules)})" for purpose, modules in lacking.items()]

    @property
    def works(self) -> list[str]:
        """What needs no module that is missing."""
        without = {self.modules[module] for module in self.missing}
        return [purpose for purpose in dict.fromkeys(self.modules.values()) if purpose not in without]

    def part(self, *modules: str) -> Extra:
        """The same extra for what needs these of its modules alone."""
        return self._replace(modules={module: self.modules[module] for module in modules})

    def refusal(self, what: str, file: Path | str | None = None) -> MissingExtraError:
        """The error when ``what`` ("a DICOM file") is to be read or written without the modules."""
        names = ", ".join(self.missing)
        return MissingExtraError(
            f"{what} needs {names}, which is not installed",
            file=file,
            hint=f'Install it with: pip install "labeltool[{self.name}]"',
        )


GEO = Extra(
    "geo",
    dict.fromkeys(
        ("rasterio", "pyogrio", "shapely", "pyproj"),
        "GeoTIFF, COG, JPEG 2000 and VRT with their place on the map; masks as GeoTIFF, GeoPackage and GeoJSON",
    ),
)
MEDICAL = Extra(
    "medical",
    {
        "pydicom": "DICOM",
        "pylibjpeg": "DICOM compressed as JPEG 2000",
        "openjpeg": "DICOM compressed as JPEG 2000",
        "jpeg_ls": "DICOM compressed as JPEG-LS",
        "imagecodecs": "DICOM compressed as JPEG without loss or of 12 bits",
        "nibabel": "NIfTI",
        "highdicom": "masks as DICOM-SEG",
    },
)
FOR_NIFTI = MEDICAL.part("nibabel")
FOR_DICOM = MEDICAL.part("pydicom")
FOR_DICOM_SEG = MEDICAL.part("pydicom", "highdicom")
MICROSCOPY = Extra(
    "microscopy",
    {
        "openslide": "whole-slide images",
        "openslide_bin": "whole-slide images",
        "imagecodecs": "the compressions of microscopes' TIFF files",
    },
)
SPEED = Extra("speed", {"zlib_ng": "masks read and exported up to one and a half times as fast"})
CPU = Extra("cpu", {"openvino": "networks on a CPU through OpenVINO, at a multiple of torch's speed"})
INT8 = Extra("int8", {"openvino": "networks in 8-bit integers", "nncf": "networks in 8-bit integers"})
ONNX = Extra("onnx", dict.fromkeys(("onnx", "onnxscript"), "networks as ONNX files for other programs"))
BOARD = Extra("board", {"tensorboard": "event files of TensorBoard from training"})
EXTRAS = (GEO, MEDICAL, MICROSCOPY, SPEED, CPU, INT8, ONNX, BOARD)
