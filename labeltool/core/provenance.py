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

SET = (Origin.MODEL, *TRUTH)
"""Origins whose pixels count as truth once somebody has approved the image: they have said that all of it is right."""

VERIFIED = (Origin.HUMAN, Origin.REVIEWER)
"""Origins whose pixels somebody has looked at one by one in this program. What was imported nobody here has checked."""
