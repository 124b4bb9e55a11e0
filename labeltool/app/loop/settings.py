"""How the loop of a project goes: when a round begins by itself, and how it trains."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from labeltool.core.atomic import write_bytes
from labeltool.core.errors import BadInputError
from labeltool.inference.training_options import PRESETS, preset
from labeltool.store.layout import quarantine

LOOP = "loop"
"""The folder of a project in which its rounds are written down."""
SETTINGS = "settings.json"

_WITHOUT_FILES = [name for name, each in PRESETS.items() if each.options.encoder_rate == 1]
"""Presets that need no file of weights, for which there is no place in the settings."""


@dataclass(frozen=True)
class LoopSettings:
    """What people choose; a dialog is made from the fields."""

    every: int = field(
        default=0,
        metadata={
            "label": "A round after so many approvals",
            "help": "begin a round by itself whenever so many more images are approved; 0: by hand alone",
            "least": 0,
            "least_called": "by hand alone",
        },
    )
    minutes: float = field(
        default=10.0,
        metadata={"label": "Minutes of training", "help": "at most so many a round", "least": 0.1},
    )
    fresh: bool = field(
        default=False,
        metadata={
            "label": "Begin with random weights",
            "help": "otherwise a round begins with the weights that are in use",
        },
    )
    preset: str = field(
        default="",
        metadata={
            "label": "Preset",
            "help": "how to train where there is no model to begin with (default: the first preset)",
            "choices": {"": "the usual one", **{name: name.replace("-", " ") for name in _WITHOUT_FILES}},
        },
    )
    verified: bool = field(
        default=False,
        metadata={
            "label": "Verified pixels only",
            "help": "learn only from pixels that people have set here, or imported and then approved",
        },
    )

    def check(self) -> None:
        """BadInputError says what cannot be."""
        if self.every < 0:
            raise BadInputError(f"there is no round every {self.every} approvals", hint="0 means by hand")
        if not 0 < self.minutes < math.inf:
            raise BadInputError(f"there is no training of {self.minutes:g} minutes", hint="Give more than 0")
        if self.preset and self.preset not in PRESETS:
            raise BadInputError(
                f"there is no preset {self.preset!r}", hint=f"There are: {', '.join(_WITHOUT_FILES)}"
            )
        if self.preset:
            preset(self.preset).check()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """What :meth:`to_json` gave; TypeError or ValueError for anything else."""
        usual = cls()
        return cls(
            int(data.get("every", usual.every)),
            float(data.get("minutes", usual.minutes)),
            bool(data.get("fresh", usual.fresh)),
            str(data.get("preset", usual.preset)),
            bool(data.get("verified", usual.verified)),
        )


def read_settings(root: Path) -> LoopSettings:
    """The settings of a project; BadInputError where their file is damaged."""
    path = root / LOOP / SETTINGS
    try:
        settings = LoopSettings.from_json(json.loads(path.read_text(encoding="utf-8")))
        settings.check()
    except FileNotFoundError:
        return LoopSettings()
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, BadInputError) as error:
        raise BadInputError(
            f"not the settings of a loop: {error}",
            file=path,
            hint="Set them again: labeltool loop DIR settings --every 0",
        ) from error
    return settings


def set_damaged_aside(root: Path) -> Path:
    """Put the file of the settings into the quarantine of the project, so that they can be set again."""
    return quarantine(root, root / LOOP / SETTINGS)


def write_settings(root: Path, settings: LoopSettings) -> None:
    """Keep settings, whole or not at all. BadInputError for those that cannot be."""
    settings.check()
    (root / LOOP).mkdir(exist_ok=True)
    write_bytes(root / LOOP / SETTINGS, json.dumps(settings.to_json(), indent=1).encode() + b"\n")
