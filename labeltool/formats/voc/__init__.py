"""PASCAL VOC: the whole ``VOCdevkit/VOC2012`` folder."""

from labeltool.formats.voc.exporter import VocExporter, VocOptions
from labeltool.formats.voc.importer import VocImporter

__all__ = ["VocExporter", "VocImporter", "VocOptions"]
