"""ISAT: a JSON file a picture, and ``isat.yaml`` with the colours of the classes."""

from labeltool.formats.isat.importer import IsatImporter

__all__ = ["IsatImporter"]
