"""What dialogs and commands let one choose. Loads nothing, because every command that lists its flags asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

SplitUnit = Literal["image", "folder", "subject"]
"""What is never divided: an image (with all pages of its series), a folder, a patient or scene."""


@dataclass(frozen=True)
class Draw:
    """How to draw splits; dialog and flags are made from the fields."""

    unit: SplitUnit = field(
        default="image",
        metadata={
            "label": "Never divide",
            "help": "what stays whole: an image (with all its pages), a folder, or a subject (patient, scene)",
        },
    )
    train: int = field(
        default=70, metadata={"label": "Train", "help": "share of the training images", "least": 0}
    )
    val: int = field(
        default=15, metadata={"label": "Val", "help": "share of the validation images", "least": 0}
    )
    test: int = field(default=15, metadata={"label": "Test", "help": "share of the test images", "least": 0})
    seed: int = field(
        default=1, metadata={"label": "Seed", "help": "another number gives another draw", "least": 0}
    )
    pattern: str = field(
        default="",
        metadata={
            "label": "Subject in the path",
            "help": "a regular expression that finds patient or scene in an image's path, for example (P[0-9]+)_",
        },
    )
    again: bool = field(
        default=False,
        metadata={
            "label": "Draw again for images that have a split",
            "help": "draw for all images; otherwise those that have a split keep it",
        },
    )

    @property
    def shares(self) -> tuple[int, int, int]:
        """Of train, val and test; their sum counts as all."""
        return self.train, self.val, self.test


@dataclass(frozen=True)
class Ranking:
    """What a queue of images to label is made of; dialog and flags are made from the fields."""

    count: int = field(
        default=20, metadata={"label": "Suggestions", "help": "how many to suggest", "least": 1}
    )
    regions: bool = field(
        default=False,
        metadata={
            "label": "Regions of large images",
            "help": "suggest regions of about 512 x 512 pixels instead of whole images",
        },
    )
    seconds: bool = field(
        default=True,
        metadata={
            "label": "By predicted seconds",
            "help": "divide what there is to learn by the seconds that people will need; otherwise by the pixels",
        },
    )
    doubles: bool = field(
        default=False,
        metadata={
            "label": "Near-doubles too",
            "help": "also images that are nearly the same as another, or as one that is labelled",
        },
    )
    test: bool = field(
        default=False,
        metadata={
            "label": "Test images too",
            "help": "also images of the split test, which are left alone otherwise",
        },
    )
    seed: int = field(
        default=1, metadata={"label": "Seed", "help": "another number gives another draw", "least": 0}
    )


By = Literal["object", "class", "total", "series"]
Unit = Literal["auto", "px", "um", "mm", "cm", "m", "km", "ha"]
"""Of a whole table."""


@dataclass(frozen=True)
class Measures:
    """What is measured; dialog and flags are made from the fields."""

    by: By = field(
        default="object",
        metadata={
            "label": "One row for each",
            "help": "object; class of each image; class of all images together (total); or class of each series, "
            "with its volume",
        },
    )
    unit: Unit = field(
        default="auto",
        metadata={
            "label": "Unit",
            "help": "of lengths, and squared of areas (ha: lengths in m); auto takes what suits the sizes",
        },
    )
    values: bool = field(
        default=False,
        metadata={
            "label": "Values of the image inside",
            "help": "also mean, standard deviation, least and greatest of the file's own values, by channel",
        },
    )


Order = Literal["weight", "area", "confidence", "interior"]
"""What a list of disagreements begins with the most of: weight is area times confidence, interior the same of the
interior area alone."""
