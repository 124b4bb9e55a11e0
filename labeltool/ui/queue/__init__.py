"""The queue in the window: what to label next, why, and the walk through it."""
