"""What a command says: lines for people, or JSON for programs; never a mixture."""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken
from labeltool.core.project import Skipped

PAUSE_S = 0.1
"""Progress is told at most this often."""

SHOWN = 20
"""Lines about what was left out."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

NAMED = 5
"""Files that a line about several names."""


@dataclass
class Output:
    """The two streams as a command sees them, and what it wishes for when it has ended.

    ``json`` puts the result on standard output as one object, ``jsonl`` puts every event there as a line
    of its own, the last one being the result. Notices and the progress bar go to standard error.
    """

    program: str = "labeltool"
    json: bool = False
    jsonl: bool = False
    cancel: CancelToken = field(default_factory=CancelToken)
    exit_code: int = 0
    opens_window: bool = False
    path: Path | None = None
    _bar: Any = None
    _quiet_until_s: float = 0.0

    def say(self, text: str) -> None:
        """A line for people."""
        if not self.json and not self.jsonl:
            self._close_bar()
            _write(sys.stdout, _plain(text))

    def notice(self, text: str) -> None:
        """A line on standard error, whatever reads standard output."""
        self._close_bar()
        _write(sys.stderr, _plain(f"{self.program}: {text}"))

    def skipped(self, skipped: Iterable[Skipped]) -> list[dict[str, str]]:
        """Name what was left out, one line a reason; each of them as JSON values."""
        skipped = list(skipped)
        of_reason: dict[str, list[Skipped]] = {}
        for each in skipped:
            of_reason.setdefault(each.reason, []).append(each)
        lines = list(of_reason.items())
        for reason, files in lines[:SHOWN]:
            what = files[0].file if len(files) == 1 else f"{len(files)} ({_some(files)})"
            self.notice(f"skipped {what}: {reason}")
        if len(lines) > SHOWN:
            more = sum(len(files) for _, files in lines[SHOWN:])
            self.notice(f"skipped {more} more; --json lists every one with its reason")
        return [{"file": each.file, "reason": each.reason} for each in skipped]

    def progress(self, done: float, total: float, text: str = "") -> None:
        """The Progress of long work: a bar on a terminal, lines for a program, else nothing."""
        if time.monotonic() < self._quiet_until_s:
            return
        self._quiet_until_s = time.monotonic() + PAUSE_S
        if self.jsonl:
            self.event("progress", done=done, total=total, text=text)
        elif sys.stderr.isatty():
            self._draw_bar(done, total, text)

    def event(self, kind: str, **values: Any) -> None:
        """A line of JSON for a program that follows the work."""
        if self.jsonl:
            _write(sys.stdout, _dump({"event": kind, **values}))

    def result(self, values: dict[str, Any]) -> None:
        """What the work came to."""
        self._close_bar()
        self._last("result", values)

    def failure(self, error: LabeltoolError) -> None:
        """Why the work failed: what, which file, what to do."""
        self.notice(str(error))
        what = {"message": error.message, "file": error.file, "hint": error.hint}
        self._last("error", {"error": what})

    def open_window(self, path: Path | None) -> None:
        """Wish for the window once the command has ended."""
        self.opens_window, self.path = True, path

    def _last(self, kind: str, values: dict[str, Any]) -> None:
        if self.jsonl:
            self.event(kind, **values)
        elif self.json:
            _write(sys.stdout, _dump(values))

    def _draw_bar(self, done: float, total: float, text: str) -> None:
        if self._bar is None:
            from tqdm import tqdm

            layout = "{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
            self._bar = tqdm(total=total, bar_format=layout, leave=False, file=sys.stderr)
        self._bar.total, self._bar.n = total, done
        self._bar.set_description_str(text, refresh=False)
        self._bar.refresh()

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _some(files: list[Skipped]) -> str:
    """The names of the first files; the pages of one are counted together."""
    pages = Counter(each.name for each in files)
    shown = [f"{name}: {count} pages" if count > 1 else name for name, count in list(pages.items())[:NAMED]]
    more = len(pages) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _plain(text: str) -> str:
    """A text without what a terminal would obey, which the name of a file may hold. A line may break."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def _dump(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, allow_nan=False, default=str)


def _write(stream: Any, text: str) -> None:
    stream.write(text + "\n")
    stream.flush()
