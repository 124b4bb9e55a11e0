"""labelme: a JSON file beside each picture; the JSON of X-AnyLabeling is read too."""

from labeltool.formats.labelme.exporter import LabelmeExporter, LabelmeOptions
from labeltool.formats.labelme.importer import LabelmeImporter

__all__ = ["LabelmeExporter", "LabelmeImporter", "LabelmeOptions"]
