"""Errors for people: what happened, to which file, and what to do about it."""

from __future__ import annotations

from pathlib import Path

LONGEST_TEXT = 2_000
"""Characters of a message; what a stranger's file is quoted with may be longer."""

NOT_AS_EXPECTED = (OSError, ArithmeticError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What may be raised where JSON is read that anybody may have changed, and is taken for what it should be."""


def shown(text: str) -> str:
    """A text as it can be shown: control characters, which a terminal would obey, are spelled out, and the middle of a
    very long one is left out."""
    plain = text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    if len(plain) <= LONGEST_TEXT:
        return plain
    return f"{plain[: LONGEST_TEXT // 2]} … {plain[-LONGEST_TEXT // 2 :]}"


class LabeltoolError(Exception):
    """A failure that is explained to the user rather than shown as a traceback.

    ``message`` is a sentence without a full stop, ``file`` the file it is about, ``hint`` what to do.
    """

    def __init__(self, message: str, *, file: str | Path | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = shown(message)
        self.file = str(file) if file is not None else None
        self.hint = hint

    def __str__(self) -> str:
        where = f"{shown(self.file)}: " if self.file else ""
        hint = f". {self.hint}" if self.hint else ""
        return f"{where}{self.message}{hint}"


class BadInputError(LabeltoolError):
    """A file from outside (image, labels, checkpoint, list of classes) is not what it should be."""


class StoreError(LabeltoolError):
    """The project on disk could not be read or written; what was saved before is untouched.

    ``may_pass`` is true where trying again later may help (a full disk), false where it cannot.
    """

    may_pass = True


class DiskFullError(StoreError):
    """There is no room where something is to be written; ``needs_bytes`` would do, 0 where nobody has reckoned."""

    needs_bytes = 0


class GoneError(StoreError):
    """The project's folder cannot be reached: its drive was unplugged, or its network share has gone."""


class ConflictError(StoreError):
    """Somebody else has changed what was to be changed; nothing was overwritten."""

    may_pass = False


class ModelError(LabeltoolError):
    """A model could not be loaded or did not finish."""


class DeviceError(ModelError):
    """The device that a model runs on has failed, as when a driver is lost. A new process, or the CPU, may do."""


class CancelledError(LabeltoolError):
    """Somebody asked for the work to stop."""

    def __init__(self, message: str = "cancelled") -> None:
        super().__init__(message)


class LockedError(LabeltoolError):
    """A change would touch a class that is locked; ``value`` is its pixel value."""

    def __init__(self, message: str, value: int) -> None:
        super().__init__(message, hint="Unlock the class in the panel of classes first")
        self.value = value
