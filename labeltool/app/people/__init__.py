"""What people who label together need: decisions, comments, each other's layers, hidden gold images, history.

Nothing here knows of a window. What writes waits for the disk and what compares reads whole masks: work for a lane.
"""
