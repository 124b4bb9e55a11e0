"""What the filters of the list of disagreements hide: how many of which kind, and what brings them back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from PySide6.QtCore import QCoreApplication

from labeltool.app.review.listing import Filter
from labeltool.ui.words import plural

translate = QCoreApplication.translate


def hidden_text(wanted: Filter, count: Callable[[Filter], int], *, rims: bool = True) -> str:
    """What each filter hides that the others let through, in a sentence each; where only together they do, one for all.

    ``count`` says how many disagreements a filter lets through. ``rims``: whether thin rims could be listed at all.
    """
    shown = count(wanted)
    said = [text(hides) for relaxed, text in _relaxed(wanted, rims) if (hides := count(relaxed) - shown)]
    if said or shown:
        return " ".join(said)
    every = count(Filter(interior=not rims, answered=True))
    if not every:
        return ""
    one = translate("Review", "The filters above hide 1 disagreement.")
    return plural(every, one, translate("Review", "The filters above hide {n} disagreements."))


def _relaxed(wanted: Filter, rims: bool) -> Iterator[tuple[Filter, Callable[[int], str]]]:
    """The filter without each of its parts that may hide something, and what is said of what that part hides."""
    if wanted.interior and rims:
        yield replace(wanted, interior=False), _rims
    if not wanted.answered:
        yield replace(wanted, answered=True), _answered
    if wanted.split is not None:
        yield replace(wanted, split=None), _split


def _rims(hides: int) -> str:
    one = translate("Review", "1 thin rim is hidden: untick No thin rims.")
    return plural(hides, one, translate("Review", "{n} thin rims are hidden: untick No thin rims."))


def _answered(hides: int) -> str:
    one = translate("Review", "1 that is answered is hidden: tick Answered too.")
    return plural(hides, one, translate("Review", "{n} that are answered are hidden: tick Answered too."))


def _split(hides: int) -> str:
    one = translate("Review", "1 lies in another split: choose All images.")
    return plural(hides, one, translate("Review", "{n} lie in other splits: choose All images."))
