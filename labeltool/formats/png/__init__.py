"""Index masks: 8-bit PNG files whose pixels are class values, and 16-bit ones whose pixels are object ids."""

from labeltool.formats.png.exporter import PngExporter, PngOptions
from labeltool.formats.png.importer import PngImporter

__all__ = ["PngExporter", "PngImporter", "PngOptions"]
