"""How well a text fits a few letters that somebody has typed."""

from __future__ import annotations

from math import inf

BEGIN, FIRST, RUN, SKIPPED = 3.0, 2.0, 4.0, 1.0
"""What a letter is worth that begins a word, the first word too, or follows the one before; what one left out costs."""
LEAST_INSIDE = 3
"""So many letters in a row count inside a word as well."""


def score(letters: str, text: str) -> float | None:
    """How well ``text`` fits ``letters``, which must come in this order; None is no fit, and higher is better.

    Each begins a word or lies in a word of which the first letter has been found: *grw* fits *Grow*, *pti* fits
    *Pre-label this image*, and *car* does not fit *Lock the background*.
    """
    letters, text = letters.casefold(), text.casefold()
    begins = [at == 0 or not text[at - 1].isalnum() for at in range(len(text))]
    best = [FIRST * (at == 0) + BEGIN if begins[at] else -inf for at in range(len(text))]
    best = [value if text[at] == letters[:1] else -inf for at, value in enumerate(best)]
    for letter in letters[1:]:
        best = _next(letter, text, begins, best)
    found = max(best, default=-inf)
    if found > -inf:
        return found
    return float(len(letters)) if len(letters) >= LEAST_INSIDE and letters in text else None


def _next(letter: str, text: str, begins: list[bool], before: list[float]) -> list[float]:
    """The best score with this letter at each place, from the scores with the letter before it at each place."""
    made = [-inf] * len(text)
    anywhere = in_word = -inf
    for at, here in enumerate(text):
        if begins[at]:
            in_word = -inf
        if here == letter:
            follows = before[at - 1] + RUN if at else -inf
            made[at] = max(follows, anywhere + BEGIN if begins[at] else in_word)
        anywhere = max(anywhere, before[at])
        in_word = max(in_word - SKIPPED, before[at])
    return made
