"""Other people's files: a package a format, each with an exporter and an importer."""
