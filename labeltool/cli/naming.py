"""Names that people type: of commands and of formats, as they write them and as they may have meant them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from labeltool import plugins
from labeltool.core.errors import LabeltoolError

SUGGESTED = 3


class UsageError(LabeltoolError):
    """The command was called wrongly."""


def format_name(group: str, typed: str) -> str:
    """The format of a group that was typed, however it was written: DICOM-SEG is dicomseg.

    UsageError with what may have been meant, and all formats with their titles.
    """
    names = {_plain(name): name for name in plugins.names(group)}
    if _plain(typed) in names:
        return names[_plain(typed)]
    titles = {name: _title(group, name) for name in names.values()}
    known = {**{_plain(title): name for name, title in titles.items()}, **names}
    width = max(map(len, titles), default=0)
    rows = "\n".join(f"  {name:{width}}  {title}".rstrip() for name, title in titles.items())
    raise UsageError(f"there is no format {typed!r}", hint=f"{meant(_plain(typed), known)}There are:\n{rows}")


def meant(typed: str, known: Sequence[str] | Mapping[str, str]) -> str:
    """A question to begin a hint with, or nothing where no name is near; a mapping says what each stands for."""
    near = get_close_matches(typed, list(known), SUGGESTED)
    names = dict.fromkeys(known[name] if isinstance(known, Mapping) else name for name in near)
    return f"Did you mean {' or '.join(names)}? " if names else ""


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()


def _title(group: str, name: str) -> str:
    try:
        return str(plugins.load(group, name).title)
    except LabeltoolError:
        return "(could not be loaded: see `labeltool doctor`)"
