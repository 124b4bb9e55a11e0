"""Learning: crops, losses, steps, and the run that puts them together."""
