"""The picture: viewport, cached tiles, and the widget that paints them."""
