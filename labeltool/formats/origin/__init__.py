"""Who has set each pixel, as index PNG."""

from labeltool.formats.origin.exporter import OriginExporter

__all__ = ["OriginExporter"]
