"""Choosing by the doubt that a second of work, or a pixel, settles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from labeltool.learning.pool import Pick, Pool


def by_doubt(pool: Pool, plane: str) -> Iterator[Pick]:
    """The candidates by the doubt in them over what they cost, the most first (information over cost, as in CEREALS,
    Mackowiak et al. 2018, arXiv 1810.09726). The class that is named holds most of it."""
    doubt = pool.doubts[plane]
    scores = doubt.sum(1) / pool.costs
    for index in np.argsort(-scores, kind="stable").tolist():
        yield Pick(index, float(scores[index]), pool.unsure(index, int(doubt[index].argmax())))
