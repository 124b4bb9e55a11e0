"""Which key does what: the table's own keys, a preset over them, and over both what the user has set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QT_TRANSLATE_NOOP, QSettings
from PySide6.QtGui import QKeySequence

from labeltool.ui.actions import DIGITS, ActionSpec

Keys = tuple[str, ...]
DEFAULT = "labeltool"

PRESETS: dict[str, dict[str, Keys]] = {
    DEFAULT: {},
    "labelme": {
        "next_image": ("D", "Ctrl+Shift+D"),
        "previous_image": ("A", "Ctrl+Shift+A"),
        "add_folder": ("Ctrl+U",),
        "polygon": ("Ctrl+N", "P"),
        "new_project": ("Ctrl+Shift+N",),
        "rank": ("Ctrl+Alt+D",),
        "fit": ("Ctrl+F", "F"),
    },
    "CVAT": {
        "next_image": ("F",),
        "previous_image": ("D",),
        "fit": ("Ctrl+F",),
        "show_mask": ("H", "V"),
        "threshold": ("Shift+H",),
        "brush": ("Shift+1", "B"),
        "eraser": ("Shift+2", "E"),
        "polygon": ("Shift+3", "P"),
        **{f"show_class_{n}": (f"Ctrl+Shift+{n}",) for n in DIGITS},
    },
    "ITK-SNAP": {
        "polygon": ("3", "P"),
        "brush": ("4", "B"),
        "show_mask": ("S", "V"),
        "superpixel": ("Shift+S",),
        "less_opacity": ("A",),
        "more_opacity": ("D",),
        "smaller_brush": ("-", "["),
        "larger_brush": ("=", "+", "]"),
        "next_page": ("PgUp",),
        "previous_page": ("PgDown",),
        "next_image": ("Ctrl+PgUp",),
        "previous_image": ("Ctrl+PgDown",),
        **{f"class_{n}": () for n in DIGITS},
    },
    "Photoshop": {
        "fit": ("Ctrl+0", "F"),
        "actual_size": ("Ctrl+1",),
        "workspace_annotate": ("Ctrl+Shift+1",),
        "show_mask": ("Q", "V"),
        "next_image": ("Ctrl+Tab", "D"),
        "previous_image": ("Ctrl+Shift+Tab", "A"),
        "undo": ("Ctrl+Z", "Ctrl+Alt+Z"),
        "keys": ("Ctrl+Alt+Shift+K", "F1"),
    },
}
"""Habits of other programs, for the actions we share with them; what is not named keeps its own key."""

FIXED: dict[str, object] = {
    "Space": QT_TRANSLATE_NOOP("Keys", "Move the picture"),
    "Return": QT_TRANSLATE_NOOP("Keys", "Finish a shape"),
    "Enter": QT_TRANSLATE_NOOP("Keys", "Finish a shape"),
    "Backspace": QT_TRANSLATE_NOOP("Keys", "Take the last point off"),
    "Del": QT_TRANSLATE_NOOP("Keys", "Delete a point"),
    "Esc": QT_TRANSLATE_NOOP("Keys", "Abandon a shape"),
    "Tab": QT_TRANSLATE_NOOP("Keys", "Go to the next control"),
}
"""Keys that belong to the canvas and to the window system."""

PRESET_SETTING, OWN_SETTING = "keys/preset", "keys/own"


def portable(key: str) -> str:
    """A key as it is stored and compared."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def native(key: str) -> str:
    """A key as this system writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def resolve(*layers: Mapping[str, Keys]) -> dict[str, Keys]:
    """The keys of every action, first layer first: a key that is given away already is not given again."""
    found: dict[str, Keys] = {}
    given: set[str] = set()
    for layer in layers:
        for action, keys in layer.items():
            if action not in found:
                free = [key for key in dict.fromkeys(map(portable, keys)) if key and key not in given]
                found[action] = tuple(free)
                given.update(free)
    return found


@dataclass
class Keymap:
    """The keys of the actions of a table. No two actions ever share one."""

    specs: tuple[ActionSpec, ...]
    preset: str = DEFAULT
    own: dict[str, Keys] = field(default_factory=dict)
    """What the user has set, by action."""

    def __post_init__(self) -> None:
        self._resolve()

    def _resolve(self) -> None:
        ids = {spec.id for spec in self.specs}
        layers = (self.own, PRESETS.get(self.preset, {}))
        known = [{id_: keys for id_, keys in layer.items() if id_ in ids} for layer in layers]
        self._keys = resolve(*known, {spec.id: spec.keys for spec in self.specs})

    def keys(self, id_: str) -> Keys:
        """The keys of an action."""
        return self._keys[id_]

    def action_of(self, key: str) -> str | None:
        """The action that a key belongs to."""
        wanted = portable(key)
        return next((id_ for id_, keys in self._keys.items() if wanted in keys), None)

    def assign(self, id_: str, keys: Iterable[str]) -> None:
        """Give an action these keys and no others; whoever had one of them has it no longer."""
        new = tuple(map(portable, keys))
        for other, had in list(self.own.items()):
            self.own[other] = tuple(key for key in had if key not in new)
        self.own.pop(id_, None)
        self.own = {id_: new, **self.own}
        self._resolve()

    def reset(self, id_: str) -> None:
        """An action's keys are the preset's again, as far as they are free."""
        self.own.pop(id_, None)
        self._resolve()

    def choose(self, preset: str) -> None:
        """Another preset, without what the user has set."""
        self.preset, self.own = preset, {}
        self._resolve()

    def save(self) -> None:
        """Remember all this."""
        QSettings().setValue(PRESET_SETTING, self.preset)
        QSettings().setValue(OWN_SETTING, json.dumps(self.own))

    @classmethod
    def load(cls, specs: Iterable[ActionSpec]) -> Keymap:
        """What was remembered; settings that nobody can read are as none."""
        preset = str(QSettings().value(PRESET_SETTING, DEFAULT))
        return cls(
            tuple(specs), preset if preset in PRESETS else DEFAULT, _own(QSettings().value(OWN_SETTING))
        )


def _own(stored: object) -> dict[str, Keys]:
    try:
        data = json.loads(str(stored))
        return {str(id_): tuple(str(key) for key in keys) for id_, keys in data.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
