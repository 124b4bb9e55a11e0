"""Our files: mask files, the index of a project, its lock, and their checking."""
