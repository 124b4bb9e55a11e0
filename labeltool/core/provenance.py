"""Who set a pixel."""

from __future__ import annotations

from enum import IntEnum


class Origin(IntEnum):
    """Value of the origin plane. NOBODY means unlabelled, which is not the same as confirmed background."""

    NOBODY = 0
    MODEL = 1
    HUMAN = 2
    IMPORTED = 3
    REVIEWER = 4


TRUTH = (Origin.HUMAN, Origin.IMPORTED, Origin.REVIEWER)
"""Origins that count as truth: evaluation and training use these pixels, and no pre-label may change them."""
