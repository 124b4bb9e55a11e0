"""From words to a command, and from what becomes of it to an exit code."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType, ModuleType
from typing import NamedTuple, NoReturn

from labeltool import __version__, plugins
from labeltool.cli.naming import UsageError, meant
from labeltool.cli.output import Output
from labeltool.core.errors import CancelledError, LabeltoolError
from labeltool.core.memory import ran_out
from labeltool.core.progress import CancelToken

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
GROUP = "labeltool.commands"
SHORT_USAGE = 6
"""Lines of usage that an error may be followed by; a longer one hides what was wrong."""


class Outcome(NamedTuple):
    """How a command ended, and the wish to see the window afterwards (of ``path``, or of the start page)."""

    exit_code: int
    opens_window: bool = False
    path: Path | None = None


class Parser(argparse.ArgumentParser):
    """A parser that raises where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the usage as its hint, or with where to read it where it fills the screen."""
        usage = self.format_usage().strip()
        short = usage.count("\n") < SHORT_USAGE
        raise UsageError(message, hint=usage if short else f"`{self.prog} --help` says what there is")


def run(argv: Sequence[str]) -> Outcome:
    """Run what the words say. What went wrong is on standard error and in the exit code; only a bug raises."""
    words = list(argv)
    command = words.pop(0) if words and words[0] in plugins.names(GROUP) else None
    out = Output(program=f"labeltool {command}" if command else "labeltool", json="--json" in words)
    try:
        if command is None:
            _window(words, out)
        else:
            _command(command, words, out)
    except SystemExit as end:  # --help and --version
        return Outcome(int(end.code or DONE))
    except (LabeltoolError, KeyboardInterrupt, OSError) as error:
        return Outcome(_failed(error, out))
    except Exception as error:
        if not ran_out(error):
            raise
        failure = LabeltoolError(
            "there was not enough memory to go on",
            hint="Close other programs, or work on fewer or smaller images; what was saved before is safe",
        )
        return Outcome(_failed(failure, out))
    return Outcome(out.exit_code, out.opens_window, out.path)


def _failed(error: BaseException, out: Output) -> int:
    """Say why, unless nobody is there to read it; the exit code."""
    if out.cancel.cancelled or isinstance(error, CancelledError | KeyboardInterrupt):
        out.failure(CancelledError())
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):  # as in `labeltool status DIR | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    elif isinstance(error, LabeltoolError):
        out.failure(error)
    elif isinstance(error, OSError):
        denied = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
        hint = "Check the permissions of the folder, or work in one that is yours" if denied else None
        reason = error.strerror or str(error)
        words = f"could not be read or written: {reason}" if denied else reason
        out.failure(LabeltoolError(words, file=error.filename, hint=hint))
    return MISUSED if isinstance(error, UsageError) else FAILED


def _command(name: str, words: list[str], out: Output) -> None:
    module = plugins.load(GROUP, name)
    parser = Parser(f"labeltool {name}", description=module.SUMMARY, allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    _add_arguments(module, parser, words)
    args = parser.parse_args(words)
    out.json, out.jsonl = args.json, getattr(args, "progress", "auto") == "jsonl"
    from labeltool.app.diagnosis import log

    unlogged = partial(_say_unlogged, out)
    with log.kept(name, unlogged), _interruptible(out.cancel, patient=hasattr(args, "progress")):
        result = module.run(args, out)
    out.result(result)


def _say_unlogged(out: Output, why: str) -> None:
    from labeltool.app.diagnosis.log import folder

    out.notice(f"the log in {folder()} cannot be written ({why}); everything else goes on")


def _add_arguments(module: ModuleType, parser: Parser, words: list[str]) -> None:
    """Commands whose options depend on what else was typed have ``add_arguments_for`` instead."""
    if hasattr(module, "add_arguments_for"):
        module.add_arguments_for(parser, words)
    else:
        module.add_arguments(parser)


def _window(words: list[str], out: Output) -> None:
    if words and not words[0].startswith("-") and not os.path.lexists(words[0]):
        raise _neither_path_nor_command(words[0])
    wish = _overview().parse_args(words).path
    if not has_display() and not os.environ.get("QT_QPA_PLATFORM"):
        raise LabeltoolError(
            "there is no display to open the window on",
            hint="Commands work without one, `labeltool demo --headless` too: see `labeltool --help`",
        )
    out.open_window(wish)


def _neither_path_nor_command(word: str) -> UsageError:
    known = plugins.names(GROUP)
    commands = f"Commands: {', '.join(known)}"
    if Path(word).name != word:
        return UsageError("no such file or folder", file=word, hint=commands)
    what = f"there is no command {word}, and no file or folder of this name"
    return UsageError(what, hint=meant(word, known) + commands)


def _overview() -> Parser:
    rows = [f"  {name:12} {_summary(name)}" for name in plugins.names(GROUP)]
    parser = Parser(
        "labeltool",
        description="Open the window: of a project, an image or a folder, or with the start page.",
        epilog="\n".join(["commands (labeltool COMMAND --help says more):", *rows]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", metavar="PATH", nargs="?", type=Path, help="a project, an image or a folder")
    parser.add_argument("--version", action="version", version=f"labeltool {__version__}")
    return parser


def _summary(name: str) -> str:
    try:
        return str(plugins.load(GROUP, name).SUMMARY)
    except LabeltoolError:
        return "(could not be loaded: see `labeltool doctor`)"


def has_display() -> bool:
    """True when somebody would see a window; QT_QPA_PLATFORM may name a platform that shows nothing."""
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if platform:
        return platform not in ("offscreen", "minimal")
    return sys.platform != "linux" or any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY"))


@contextmanager
def _interruptible(cancel: CancelToken, *, patient: bool) -> Iterator[None]:
    """Ctrl+C or SIGTERM: ``patient`` work is asked to stop at the next safe place, the second time it is stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if cancel.cancelled or not patient:
            raise KeyboardInterrupt
        cancel.cancel()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
