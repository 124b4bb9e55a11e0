"""Cityscapes: pictures and maps of class ids, training ids, object ids and colours, by split and city."""

from labeltool.formats.cityscapes.exporter import CityscapesExporter
from labeltool.formats.cityscapes.importer import CityscapesImporter

__all__ = ["CityscapesExporter", "CityscapesImporter"]
