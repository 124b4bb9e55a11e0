"""Use cases, without Qt and torch: what a window and a command line both do."""
