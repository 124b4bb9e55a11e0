"""Parting with a computer that was cut off while it wrote, and from which the project was taken over.

When it wakes, it first of all ends the writing that it was at: nothing can keep it from that, for the system holds what
it has written already. So an equal file is put in the place of the one that it has open, before that is worked on.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from labeltool.core.atomic import replacing
from labeltool.store.settling import journal_of

log = logging.getLogger(__name__)


def part(path: Path) -> None:
    """Put an equal file in the place of one of ours, and of the journal beside it: whoever has the old ones open writes
    into files that have no name any more.

    Where that cannot be (a full disk, a share that replaces no file that is open) it is left as it is, and the log says
    so.
    """
    for each in (path, journal_of(path)):
        try:
            if each.exists():
                with replacing(each) as temporary:
                    shutil.copyfile(each, temporary)
                    shutil.copystat(each, temporary)
        except OSError as error:
            log.warning("%s may still be written by another computer: %s", each, error)
