"""datumaro's own JSON: ``annotations/<subset>.json`` with categories and items."""

from labeltool.formats.datumaro_json.importer import DatumaroImporter

__all__ = ["DatumaroImporter"]
