"""What a light head offers, on the canvas: the switch, the picture of the offer, and the keys that take it."""
