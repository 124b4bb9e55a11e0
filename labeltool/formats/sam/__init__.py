"""Segment-Anything's JSON (SA-1B): one file an image, masks without classes."""

from labeltool.formats.sam.importer import SamImporter, SamImportOptions

__all__ = ["SamImportOptions", "SamImporter"]
