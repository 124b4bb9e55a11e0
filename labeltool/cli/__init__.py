"""The command line: one module a command, imported when it is called."""

from labeltool.cli.runner import Outcome, run

__all__ = ["Outcome", "run"]
