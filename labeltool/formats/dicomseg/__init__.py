"""DICOM segmentation objects (DICOM-SEG): segments on the grid of the images that they are of."""

from labeltool.formats.dicomseg.exporter import DicomSegExporter, DicomSegOptions
from labeltool.formats.dicomseg.importer import DicomSegImporter

__all__ = ["DicomSegExporter", "DicomSegImporter", "DicomSegOptions"]
