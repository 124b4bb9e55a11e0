"""What is said where labelled images are missing from a result, because their mask files are damaged or gone."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from labeltool.cli.output import Output
from labeltool.core.project import Skipped
from labeltool.core.words import counted

SUFFIX = ".ltm"
"""How the names of mask files end: of what is skipped these are the images that lack their labels."""


def tell_damaged(skipped: Sequence[Skipped], root: Path, out: Output) -> None:
    """After :meth:`Output.skipped`: say how many labelled images are missing in the result. The command ends with 1
    then, whatever else it has done: a figure or an export without them is not what was asked for."""
    files = {each.file for each in skipped if each.file.endswith(SUFFIX)}
    if files:
        are = "is" if len(files) == 1 else "are"
        missing = f"{counted(len(files), 'labelled image')} {are} missing in this".upper()
        out.notice(
            f"{missing}: what is kept of the labels is damaged or gone. "
            f"`labeltool fsck --repair {shlex.quote(str(root))}` restores what can be restored"
        )
        out.exit_code = 1
