"""What people say to each other in the window: decisions, comments, each other's layers, agreement and gold."""
