"""How many seconds a person will need to put a prediction right: a prior, and what was measured here.

A sum of what a prediction shows, each with a weight that is never negative: more to do never takes less time. Until
enough images were measured the weights are those of the prior; then a ridge regression draws them towards what people
needed, each image counting by how far off the prediction is in proportion, so that the long ones do not decide alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeltool.learning.pool import Floats

LEAST = 8
"""Measured images below which the prior says more than they do."""

PRIOR = np.array([4.2, 0.25, 0.02, 0.001, 2.0])
"""Seconds for: an image; a region; a doubtful pixel of an outline; a pixel of full doubt; a million pixels.

An image: to come to it, look, decide and approve are two acts of thinking (1.35 s each), pointing (1.1 s) and two keys
(0.2 s each) of the keystroke-level model (Card, Moran and Newell 1980). A region: a look at it (0.23 s, Card, Moran and
Newell 1983). An outline: a hand that follows one takes 54 to 79 s for an object of several hundred pixels around
(polygons on COCO and Cityscapes), some 0.1 s a pixel; a brush that only mends one, a fifth of that. An area: a brush of
twenty pixels, drawn fifty pixels a second, covers a thousand. A million pixels: a screen to scroll and to look over.
"""

_PULL = 4.0
"""As many images as this say as much as the prior does."""
_ROUNDS = 200


@dataclass(frozen=True)
class Seconds:
    """Predicts effort. ``weights`` are those of :data:`PRIOR`; ``measured`` is how many images they were fitted on, 0
    for the prior."""

    weights: tuple[float, ...] = tuple(PRIOR.tolist())
    measured: int = 0

    def of(self, effort: Floats) -> Floats:
        """Seconds [n], above 0, of rows [n, 4]: regions, doubtful outline and mass of doubt in pixels, millions of
        pixels (:attr:`labeltool.learning.features.Features.effort`)."""
        return np.asarray(_rows(effort) @ np.array(self.weights), np.float64)


def fitted(effort: Floats, seconds: Floats) -> Seconds:
    """From images that were measured: their effort [m, 4] and the seconds that people needed [m]. The prior where
    there are fewer than :data:`LEAST`."""
    if len(seconds) < LEAST:
        return Seconds()
    rows = _rows(effort) * PRIOR  # in units of the prior, so that one pull suits all weights
    scale = rows.sum(1)
    rows, wanted = rows / scale[:, None], seconds / scale
    overall = max(
        float(np.median(wanted)), 1e-3
    )  # whoever is twice as fast is so at everything, to begin with
    matrix = rows.T @ rows + _PULL / len(PRIOR) * np.eye(len(PRIOR))
    target = rows.T @ wanted + _PULL / len(PRIOR) * overall
    factors = np.full(len(PRIOR), overall)
    for _ in range(_ROUNDS):  # coordinate descent; each weight in turn is the best that is not negative
        for k in range(len(factors)):
            rest = target[k] - matrix[k] @ factors + matrix[k, k] * factors[k]
            factors[k] = max(0.0, rest / matrix[k, k])
    factors[0] = max(factors[0], 0.05)  # nothing takes no time
    return Seconds(tuple((factors * PRIOR).tolist()), len(seconds))


def _rows(effort: Floats) -> Floats:
    return np.column_stack([np.ones(len(effort)), effort])
