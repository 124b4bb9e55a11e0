"""Masks as GeoTIFF, pixel upon pixel with the images they belong to."""

from labeltool.formats.geotiff.exporter import GeotiffExporter, GeotiffOptions
from labeltool.formats.geotiff.importer import GeotiffImporter

__all__ = ["GeotiffExporter", "GeotiffImporter", "GeotiffOptions"]
