"""Networks with torch: architectures, weights in files, training, and the segmenter. Found by entry points."""
