"""The history of the image at hand: what was done to it, how it looked then, and the way back."""
