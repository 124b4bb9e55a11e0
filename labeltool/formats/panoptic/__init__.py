"""COCO panoptic: a picture an image whose colours are segment ids, and a JSON file a split that says what they are."""

from labeltool.formats.panoptic.exporter import PanopticExporter, PanopticOptions
from labeltool.formats.panoptic.importer import PanopticImporter

__all__ = ["PanopticExporter", "PanopticImporter", "PanopticOptions"]
