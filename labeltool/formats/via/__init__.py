"""VGG Image Annotator 2: regions of many pictures in one JSON or CSV file."""

from labeltool.formats.via.importer import ViaImporter, ViaOptions

__all__ = ["ViaImporter", "ViaOptions"]
