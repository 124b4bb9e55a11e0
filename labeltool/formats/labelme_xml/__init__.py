"""LabelMe of MIT: an XML file a picture, with polygons and masks."""

from labeltool.formats.labelme_xml.importer import LabelmeXmlImporter

__all__ = ["LabelmeXmlImporter"]
