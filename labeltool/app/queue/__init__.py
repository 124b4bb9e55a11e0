"""Which images and regions to label next: ranking them, the queue that is kept, and whether ranking helps."""

from labeltool.app.queue.helping import Helping, helping
from labeltool.app.queue.queue import (
    Double,
    Outcome,
    Queue,
    State,
    Suggestion,
    read_queue,
    state_of,
    states_of,
)
from labeltool.app.queue.ranking import AUTO, GROUP, rank, strategy_called, usual_strategy

__all__ = [
    "AUTO",
    "GROUP",
    "Double",
    "Helping",
    "Outcome",
    "Queue",
    "State",
    "Suggestion",
    "helping",
    "rank",
    "read_queue",
    "state_of",
    "states_of",
    "strategy_called",
    "usual_strategy",
]
