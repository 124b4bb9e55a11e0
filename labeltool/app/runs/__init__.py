"""Training runs of a project: what would be learnt from, beginning one, following it, and the model it leaves."""

from labeltool.app.runs.following import follow, train
from labeltool.app.runs.making import Plan, again, begin, new_name, plan, write_run
from labeltool.app.runs.run import RUNS, Run, read_run, remove, runs

__all__ = [
    "RUNS",
    "Plan",
    "Run",
    "again",
    "begin",
    "follow",
    "new_name",
    "plan",
    "read_run",
    "remove",
    "runs",
    "train",
    "write_run",
]
