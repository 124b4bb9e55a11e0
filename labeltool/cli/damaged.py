"""What is said where labelled images are missing from a result, because their mask files are damaged, gone or cannot be
read."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from labeltool.cli.output import Output
from labeltool.core.project import Skipped
from labeltool.core.words import counted


def tell_damaged(skipped: Sequence[Skipped], root: Path, out: Output) -> None:
    """After :meth:`Output.skipped`: say how many labelled images are missing in the result. The command ends with 1
    then, whatever else it has done: a figure or an export without them is not what was asked for."""
    from labeltool.store.scope import is_mask_file

    tell_missing(len({each.file for each in skipped if is_mask_file(each.file)}), root, out)


def tell_missing(number: int, root: Path, out: Output) -> None:
    """The same of so many labelled images."""
    if number:
        missing = (
            f"{counted(number, 'labelled image')} {'is' if number == 1 else 'are'} missing in this".upper()
        )
        fsck = f"`labeltool fsck {shlex.quote(str(root))}` says what can be done"
        out.notice(f"{missing}: what is kept of the labels is damaged or gone, or cannot be read. {fsck}")
        out.exit_code = 1
