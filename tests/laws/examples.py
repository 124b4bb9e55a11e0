"""How many examples the laws are tried with: few in a quick run, as many as somebody asks for in ``make laws``."""

from __future__ import annotations

import os

from hypothesis import settings

WANTED = os.environ.get("LABELTOOL_LAW_EXAMPLES")


def law(usual: int = 30) -> settings:
    """The settings of a law: tried with ``usual`` examples, or with $LABELTOOL_LAW_EXAMPLES."""
    return settings(max_examples=int(WANTED or usual), deadline=None)
