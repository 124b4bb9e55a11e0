"""The console script: the command line, and the window when the command line asks for it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from labeltool.cli import run


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, then open the window if it wishes for one; the exit code."""
    outcome = run(sys.argv[1:] if argv is None else argv)
    return open_window(outcome.path) if outcome.opens_window else outcome.exit_code


def open_window(path: Path | None) -> int:
    """Show the window until it is closed. No command waits for Qt, so it is imported here."""
    from labeltool.ui import main as window

    return window.run(path)


if __name__ == "__main__":
    sys.exit(main())
