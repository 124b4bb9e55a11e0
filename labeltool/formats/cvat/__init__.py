"""CVAT's XML 1.1: images with masks, polygons, boxes and ellipses; tracks of videos are read."""

from labeltool.formats.cvat.exporter import CvatExporter, CvatOptions
from labeltool.formats.cvat.importer import CvatImporter

__all__ = ["CvatExporter", "CvatImporter", "CvatOptions"]
