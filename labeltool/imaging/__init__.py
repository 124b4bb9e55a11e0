"""Files to pixels: readers (one file a kind), windows, pyramid, display."""
