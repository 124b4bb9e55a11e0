"""One module a kind of image file."""
