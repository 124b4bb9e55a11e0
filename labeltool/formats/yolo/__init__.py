"""YOLO segmentation as Ultralytics trains on it: a text file an image, a line of normalised points an object."""

from labeltool.formats.yolo.exporter import YoloExporter, YoloOptions
from labeltool.formats.yolo.importer import YoloImporter, YoloImportOptions

__all__ = ["YoloExporter", "YoloImportOptions", "YoloImporter", "YoloOptions"]
