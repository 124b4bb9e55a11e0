"""Label volumes (NIfTI): on the grid of the NIfTI volume or DICOM series that they are of."""

from labeltool.formats.nifti.exporter import NiftiExporter, NiftiOptions
from labeltool.formats.nifti.importer import NiftiImporter

__all__ = ["NiftiExporter", "NiftiImporter", "NiftiOptions"]
