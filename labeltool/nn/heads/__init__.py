"""Light heads: what a network has learnt, adapted to what somebody paints on one image."""
