"""What a command says of changes that could not be saved, and that are not in the project yet."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeltool.cli.output import NAMED, Output
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.store.project import ProjectStore


def tell_unsaved(store: ProjectStore, root: Path, out: Output, but: str = "") -> list[dict[str, Any]]:
    """Name the images whose changes wait in the user's own folder; each file as JSON values. ``but`` is what that means
    for the command at hand."""
    from labeltool.app.rescuing import waiting_for

    told = len(store.notices)
    found = waiting_for(store)
    for line in store.notices[told:]:
        out.notice(line)
    if found:
        names = list(dict.fromkeys(each.image_name for each in found))
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        images = len({each.image_id for each in found})
        out.notice(
            f"{counted(images, 'image')} {'has' if images == 1 else 'have'} changes that could not be saved "
            f"({sum(each.operations for each in found):,}){but}: {', '.join(names[:NAMED])}{more}. They come in when "
            f"the project is opened and its disk has room, or by `labeltool recover {shlex.quote(str(root))}`"
        )
    return [{"image": each.image_name, "changes": each.operations, "file": str(each.path)} for each in found]
