"""Errors that nobody waited for: out of a Qt slot or a paint event, on a thread, in a destructor.

Each is logged with its traceback and told once, however often it comes again: a paint event that fails does so sixty
times a second. What its frames held is let go of: a painter or a stroke that stayed open there would do harm.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType

from labeltool.app.diagnosis.log import is_power_of_ten, trace_of
from labeltool.app.diagnosis.names import causes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unexpected:
    """An error by its class and words, and its traceback with the names of files marked."""

    error: BaseException
    """Without its traceback."""
    trace: str


class Hooks:
    """Stands where Python hands over what nobody caught. ``tell`` is called once for each error, by any thread."""

    def __init__(self, tell: Callable[[Unexpected], None]) -> None:
        self._tell = tell
        self._counts: dict[str, int] = {}
        self._busy = threading.local()

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Catch while the block runs."""
        before = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook = self._of_main
        threading.excepthook = self._of_thread
        sys.unraisablehook = self._of_nowhere
        try:
            yield
        finally:
            sys.excepthook, threading.excepthook, sys.unraisablehook = before

    def _of_main(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, Exception):
            self.note(error, trace, "nobody caught this")
        else:
            sys.__excepthook__(kind, error, trace)
        # Python keeps the last error for its prompt, and with it everything that its frames hold.
        for name in ("last_exc", "last_value", "last_traceback"):
            if hasattr(sys, name):
                delattr(sys, name)

    def _of_thread(self, args: threading.ExceptHookArgs) -> None:
        if isinstance(args.exc_value, Exception):
            who = args.thread.name if args.thread is not None else "a thread"
            self.note(args.exc_value, args.exc_traceback, f"the thread {who} ended by this")

    def _of_nowhere(self, args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            said = args.err_msg or "an error where none can be raised"
            self.note(args.exc_value, args.exc_traceback, said, tell=False)

    def note(
        self, error: BaseException, trace: TracebackType | None, where: str, *, tell: bool = True
    ) -> None:
        """Log an error and tell of it where it is a new one."""
        if getattr(self._busy, "noting", False):
            return  # an error in here: one is enough
        self._busy.noting = True
        try:
            count = self._count(error, trace)
            if is_power_of_ten(count):
                times = f" ({count:,} times)" if count > 1 else ""
                text = trace_of(error, trace)
                log.error("%s%s\n%s", where, times, text)
                if count == 1:
                    _print(text)
            if count == 1 and tell:
                self._tell(Unexpected(_without_frames(error), text))
        except Exception as another:  # whoever reports an error must not be the next one
            log.exception("an error could not be reported", exc_info=another)
        finally:
            self._busy.noting = False
            _let_go(error, trace)

    def _count(self, error: BaseException, trace: TracebackType | None) -> int:
        """How often an error of this kind has come from this line."""
        frames = traceback.extract_tb(trace, limit=-1) if trace is not None else []
        key = f"{type(error).__name__} {[(f.filename, f.lineno) for f in frames]}"
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key]


def hand_over(error: Exception) -> None:
    """An error that must not stop what is being done goes where errors go that nobody caught."""
    sys.excepthook(type(error), error, error.__traceback__)


def _print(text: str) -> None:
    if sys.stderr is not None:  # a window that was started without a terminal may have none
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{text}\n")


def _without_frames(error: BaseException) -> BaseException:
    return error.with_traceback(None)


def _let_go(error: BaseException, trace: TracebackType | None) -> None:
    """Drop what the frames hold, those of the causes too."""
    traceback.clear_frames(trace)
    for each in causes(error):
        traceback.clear_frames(each.__traceback__)
