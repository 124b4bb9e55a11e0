"""Masks of colours or class values, whose classes a list beside them names."""

from labeltool.formats.colours.importer import ColoursImporter

__all__ = ["ColoursImporter"]
