"""Docks beside the canvas: classes, layers, images."""
