"""How long the program takes to answer: `labeltool --help`, and the window beside a bare PySide6 window.

Whole processes, taken in turn, medians and spreads. Run with `make bench`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

RUNS = 9

BARE = """
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([]); window = QMainWindow(); window.resize(1280, 720); window.show(); app.processEvents()
import os; os._exit(0)
"""
OURS = """
import sys
from labeltool.ui.main import application, open_window
app = application(); window = open_window(); app.processEvents()
assert "torch" not in sys.modules
import os; os._exit(0)
"""
CASES = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "labeltool --help": [sys.executable, "-m", "labeltool", "--help"],
    "labeltool prelabel --help": [sys.executable, "-m", "labeltool", "prelabel", "--help"],
    "bare PySide6 window": [sys.executable, "-c", BARE],
    "labeltool's window": [sys.executable, "-c", OURS],
}


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - started


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for run in range(RUNS + 1):
        for name, command in CASES.items():
            taken = seconds(command)
            if run:  # the first round warms the disk cache
                times[name].append(taken)
    for name, taken in times.items():
        print(
            f"{name:<28} median {statistics.median(taken):6.3f} s   {min(taken):.3f}..{max(taken):.3f}   n={RUNS}"
        )
    limit = 1.5 * statistics.median(times["bare PySide6 window"]) + 0.4
    print(f"aim for the window: 1.5 x bare + 0.4 s = {limit:.3f} s")


if __name__ == "__main__":
    main()
