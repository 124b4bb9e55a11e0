"""Values and laws: masks, patches, classes, regions. Standard library, numpy and cv2's raster geometry only."""
