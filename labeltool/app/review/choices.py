"""How label errors are looked for: what the command and the dialog let one choose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from labeltool.inference.training_options import PRESETS, TrainingOptions, preset

_WITHOUT_FILES = [name for name, each in PRESETS.items() if each.options.encoder_rate == 1]
"""Presets that need no file of weights."""


@dataclass(frozen=True)
class FoldChoices:
    """Into how many folds the labelled images are dealt, and how the model of each is trained."""

    count: int = field(
        default=3,
        metadata={
            "label": "Models",
            "help": "deal the labelled images into so many parts; a model for each learns from the other parts",
            "least": 2,
        },
    )
    minutes: float = field(
        default=5.0, metadata={"label": "Minutes each", "help": "of training a model", "least": 0.1}
    )
    preset: str = field(
        default="quick",
        metadata={
            "label": "Preset",
            "help": "how the models are trained",
            "choices": {name: name.replace("-", " ") for name in _WITHOUT_FILES},
        },
    )
    pattern: str = field(
        default="",
        metadata={
            "label": "Subject in the path",
            "help": "a regular expression that finds patient or scene in an image's path, for example (P[0-9]+)_; "
            "none is divided",
        },
    )

    def options(self) -> TrainingOptions:
        """Those of each training."""
        return replace(preset(self.preset), steps=TrainingOptions().steps, minutes=self.minutes)
