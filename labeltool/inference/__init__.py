"""A model seen from outside, without torch: card, protocol, tiled streaming, child process."""
