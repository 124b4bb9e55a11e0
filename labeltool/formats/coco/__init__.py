"""COCO instances: one JSON file a split, masks as run lengths or as polygons that are exact."""

from labeltool.formats.coco.exporter import CocoExporter, CocoOptions
from labeltool.formats.coco.importer import CocoImporter

__all__ = ["CocoExporter", "CocoImporter", "CocoOptions"]
