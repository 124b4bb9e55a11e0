"""Whether a name that somebody has given leads to a file that can be read: a pipe would be waited for without end."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

NO_DATA = "this is not a file that holds data"
"""Of a pipe, a socket or a device."""


def no_file(path: Path) -> str:
    """What lies there in place of a file that holds data, in words; empty where there is one. Nothing is opened.
    OSError where nobody may look."""
    try:
        mode = path.stat().st_mode
    except ValueError:
        return "this is no name that a file can have"
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG):
            raise
        leads_nowhere = error.errno != errno.ENAMETOOLONG and path.is_symlink()
        return "this is a link to a file that is not there" if leads_nowhere else "there is no such file"
    if stat.S_ISDIR(mode):
        return "this is a folder"
    return "" if stat.S_ISREG(mode) else NO_DATA
