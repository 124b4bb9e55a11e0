"""A simulated annotator: corrects labels as people do, and counts what that costs them."""
