"""Objects as polygons in map coordinates: GeoPackage and GeoJSON."""

from labeltool.formats.vector.classes import VectorImportOptions
from labeltool.formats.vector.exporter import GeojsonExporter, GeojsonOptions, GpkgExporter
from labeltool.formats.vector.importer import GeojsonImporter, GpkgImporter

__all__ = [
    "GeojsonExporter",
    "GeojsonImporter",
    "GeojsonOptions",
    "GpkgExporter",
    "GpkgImporter",
    "VectorImportOptions",
]
