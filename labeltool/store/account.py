"""Whose account this is: what is written down as the author of a change."""

from __future__ import annotations

import getpass


def account() -> str:
    """The name of the account; empty where there is none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return ""
