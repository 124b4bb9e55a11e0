"""What a repair does, in words: the same thing is foretold by a check and told by the repair."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Deed(NamedTuple):
    """Something that a repair does: ``done`` says it once it was done, ``would`` before that."""

    done: str
    would: str


def fact(text: str) -> Deed:
    """What is so before a repair and after it."""
    return Deed(text, text)


def passive(what: str, how: str, count: int = 1) -> Deed:
    """That ``what``, of which there are so many, was ``how``, as in "2 tiles were restored"."""
    return Deed(f"{what} {'was' if count == 1 else 'were'} {how}", f"{what} would be {how}")


def joined(deeds: Iterable[Deed]) -> Deed:
    """Several in one."""
    found = list(deeds)
    return Deed("; ".join(each.done for each in found), "; ".join(each.would for each in found))
