"""Mapillary Vistas, versions 1.2 and 2.0."""

from labeltool.formats.mapillary.importer import MapillaryImporter

__all__ = ["MapillaryImporter"]
