"""What a long game of the monkey took, minute by minute: memory, handles, threads and objects, and whether it is flat.

python tests/e2e/soak.py --plot soak.jsonl soak.png
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from labeltool.core import heap

SETTLED = 0.25
"""The first part of a game is not judged: caches fill, and every dialog is opened for the first time."""
FLAT_MB_AN_HOUR = 30.0
"""Less than this in an hour is what caches and a growing project come to."""
FLAT_HANDLES = 4.0
"""More open files an hour than this would end in "too many open files" within weeks."""
BOUNDS = {"window_at_rest_mb": FLAT_MB_AN_HOUR, "at_rest_mb": FLAT_MB_AN_HOUR, "handles": FLAT_HANDLES}
"""Memory is judged whenever a project has just been closed: before, it goes up and down with the image at hand."""
Z_95 = 1.96
LINES = (
    ("window_mb", "memory of the window, MB"),
    ("allocated_mb", "of it allocated by the program, MB"),
    ("window_at_rest_mb", "memory of the window whenever a project has just been closed, MB"),
    ("at_rest_mb", "of it allocated whenever a project has just been closed, MB"),
    ("children_mb", "memory of its child processes, MB"),
    ("handles", "open file handles"),
    ("threads", "threads"),
    ("widgets", "widgets"),
    ("objects", "Python objects"),
    ("project_mb", "size of the project at hand, MB"),
)


class Slope(NamedTuple):
    """How much a quantity rises an hour, with half of its 95 % interval; ``mean`` over the time judged."""

    an_hour: float
    half: float
    mean: float

    def is_flat(self, bound: float) -> bool:
        """True where even the upper end of the interval is below the bound."""
        return self.an_hour + self.half < bound


class Figures:
    """Writes a line of JSON a minute."""

    def __init__(self, file: Path, more: Callable[[], Mapping[str, Any]]) -> None:
        self._file, self._more = file, more
        self._began = time.monotonic()

    def write(self) -> None:
        """What is taken now."""
        values = {"minute": round((time.monotonic() - self._began) / 60, 2), **taken(), **self._more()}
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(values) + "\n")


def taken() -> dict[str, Any]:
    """Memory (MB), processes, open handles, threads and Python objects of this process; Linux only."""
    children = _children(os.getpid())
    return {
        "window_mb": round(resident_mb(), 1),
        "allocated_mb": round(allocated_bytes() / 2**20, 1),
        "children": len(children),
        "children_mb": round(sum(resident_mb(pid) for pid in children), 1),
        "handles": len(list(Path("/proc/self/fd").iterdir())),
        "threads": len(list(Path("/proc/self/task").iterdir())),
        "objects": len(gc.get_objects()),
        "cpu_s": round(time.process_time(), 1),
    }


def allocated_bytes() -> int:
    """What the C library has handed out and not got back: without what it keeps and without the code of libraries; 0
    where it cannot be asked."""
    library = heap._glibc()
    if library is None:
        return 0
    usage = library.mallinfo2()
    return int(usage.uordblks + usage.hblkhd)


def _children(pid: int) -> list[int]:
    """Processes that this one began, and theirs."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, _text(task).split()):
            found += [child, *_children(child)]
    return found


def resident_mb(pid: int | None = None) -> float:
    """Physical memory that a process takes, this one where none is given, MB; 0 for one that has ended meanwhile, and
    where the system does not say."""
    pages = _text(Path(f"/proc/{pid or 'self'}/statm")).split()
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if pages else 0.0


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


def slope(minutes: Sequence[float], values: Sequence[float]) -> Slope:
    """A straight line through the last three quarters of the time, by least squares. Neighbouring minutes are alike, so
    the interval counts only as many of them as are independent (first-order autocorrelation of the residuals)."""
    begin = minutes[0] + SETTLED * (minutes[-1] - minutes[0])
    pairs = [(m / 60, v) for m, v in zip(minutes, values, strict=True) if m >= begin]
    hours, heights = np.array(pairs).T
    if len(pairs) < 4:
        return Slope(math.nan, math.inf, float(heights.mean()))
    rise, base = np.polyfit(hours, heights, 1)
    rest = heights - (rise * hours + base)
    spread = float((rest**2).sum())
    alike = float((rest[1:] * rest[:-1]).sum()) / spread if spread > 0 else 0.0
    free = max(3.0, len(rest) * (1 - max(0.0, alike)) / (1 + max(0.0, alike)))
    error = math.sqrt(spread / (free - 2) / len(rest) / float(hours.var())) if free > 2 else math.inf
    return Slope(float(rise), Z_95 * error, float(heights.mean()))


def read(file: Path) -> list[dict[str, Any]]:
    """The lines of a game; one that was cut off by its end is left out."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return lines


def verdict(rows: Sequence[Mapping[str, Any]]) -> tuple[bool, list[str]]:
    """Whether memory and handles are flat, and what each came to."""
    minutes = [row["minute"] for row in rows]
    said, flat = [], True
    for name, title in LINES:
        found = slope(minutes, [row.get(name, 0) for row in rows])
        bound = BOUNDS.get(name) if any(name in row for row in rows) else None
        judged = (
            "" if bound is None else (" flat" if found.is_flat(bound) else f" NOT FLAT (bound {bound:g})")
        )
        flat = flat and (bound is None or found.is_flat(bound))
        said.append(
            f"{title}: {found.mean:.1f} on average, {found.an_hour:+.2f} ± {found.half:.2f} an hour{judged}"
        )
    return flat, said


def plot(rows: Sequence[Mapping[str, Any]], picture: Path) -> None:
    """Draw every quantity against time."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    minutes = [row["minute"] for row in rows]
    figure, axes = pyplot.subplots(len(LINES), 1, figsize=(10, 2 * len(LINES)), sharex=True)
    for axis, (name, title) in zip(axes, LINES, strict=True):
        values = [row.get(name, 0) for row in rows]
        found = slope(minutes, values)
        axis.plot(minutes, values, linewidth=1)
        axis.set_title(f"{title}: {found.an_hour:+.2f} ± {found.half:.2f} an hour", fontsize=9, loc="left")
        axis.set_ylim(0, max(1, *values) * 1.1)
        axis.grid(alpha=0.3)
    axes[-1].set_xlabel("minutes")
    figure.tight_layout()
    figure.savefig(picture, dpi=110)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", type=Path)
    parser.add_argument("picture", type=Path, nargs="?")
    parser.add_argument("--plot", action="store_true", help="draw the figures into the picture")
    given = parser.parse_args()
    rows = read(given.figures)
    if given.plot and given.picture:
        plot(rows, given.picture)
    flat, said = verdict(rows)
    print("\n".join([*said, "flat" if flat else "not flat"]))
    return 0 if flat else 1


if __name__ == "__main__":
    raise SystemExit(main())
