"""COCO instances: one JSON file a split, masks as run lengths."""

from labeltool.formats.coco.exporter import CocoExporter
from labeltool.formats.coco.importer import CocoImporter

__all__ = ["CocoExporter", "CocoImporter"]
