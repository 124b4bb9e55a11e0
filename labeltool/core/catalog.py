"""The classes of a project: which value stands for what, and in which colour."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labeltool.core.errors import BadInputError
from labeltool.core.regular import no_file


class FullError(BadInputError):
    """There are more classes than a project holds."""


IGNORE = 255
"""Label value of pixels that nobody trains on and nobody counts."""

MAX_CLASSES = 254
"""How many classes a project holds, its background among them."""

BACKGROUND = "background"
"""What the background is called where it has no other name."""

_BY_NAME = -1
"""Of a new catalog: whether there is a background is told by the name of the class of value 0."""

# Okabe and Ito (2008): eight colours that people with any kind of colour blindness can tell apart,
# black left out (it is the background) and continued with Paul Tol's muted scheme.
PALETTE: tuple[tuple[int, int, int], ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
    (51, 34, 136),
    (136, 204, 238),
    (68, 170, 153),
    (17, 119, 51),
    (153, 153, 51),
    (221, 204, 119),
    (204, 102, 119),
    (136, 34, 85),
    (170, 68, 153),
)


@dataclass(frozen=True)
class ClassDef:
    """One class: its pixel value (0..254), its name, its display colour (R, G, B)."""

    value: int
    name: str
    color: tuple[int, int, int]


@dataclass(frozen=True)
class ClassCatalog:
    """The classes of a project, in order of their values; a value is never given to a second class.

    ``retired`` holds the values of removed classes, so that they are not used again. ``locked`` are the values of
    classes whose pixels nothing changes (see :class:`labeltool.core.guard.Guard`). ``background`` is the value of the
    background class: 0, or None where every class is one like any other. A new catalog tells it by the name of its
    class 0; from then on it stays, however the classes are called: what nobody has labelled does not become an object
    by a name.
    """

    classes: tuple[ClassDef, ...]
    name: str = ""
    retired: tuple[int, ...] = ()
    locked: frozenset[int] = frozenset()
    background: int | None = _BY_NAME

    def __post_init__(self) -> None:
        values = [c.value for c in self.classes]
        names = [c.name for c in self.classes]
        if not self.classes:
            raise BadInputError(
                "a project needs at least one class", hint="Give names: --classes nucleus,cell"
            )
        if len(set(values)) != len(values):
            raise BadInputError("two classes share one value")
        if len(set(names)) != len(names):
            raise BadInputError("two classes share one name")
        if len(values) > MAX_CLASSES:
            raise _too_many(len(values))
        if not all(0 <= v < IGNORE for v in values):
            raise BadInputError(f"class values must lie in 0..254, and {IGNORE} means ignore")
        if any(not n.strip() or len(n) > 200 or not n.isprintable() for n in names):
            raise BadInputError("a class needs a printable name of 1 to 200 characters")
        if self.background == _BY_NAME:
            object.__setattr__(self, "background", self._called_background)
        elif self.background is not None and (self.background != 0 or 0 not in values):
            raise BadInputError("the background must be the class of value 0, and stays on the list")

    @property
    def _called_background(self) -> int | None:
        first = self.by_value(0)
        return 0 if first is not None and is_background_name(first.name) else None

    @property
    def unlabelled_value(self) -> int:
        """Label value of pixels nobody has set: the background, or ignore where there is none."""
        return IGNORE if self.background is None else self.background

    @property
    def foreground(self) -> tuple[ClassDef, ...]:
        """Every class but the background."""
        return tuple(c for c in self.classes if c.value != self.background)

    @property
    def meanings(self) -> dict[int, str]:
        """What the values mean, by names that other projects know: the background's is *background*, however it is
        called here."""
        return {c.value: BACKGROUND if c.value == self.background else c.name for c in self.classes}

    @property
    def values(self) -> tuple[int, ...]:
        """The values in use."""
        return tuple(c.value for c in self.classes)

    @property
    def room(self) -> int:
        """How many classes can be added: a value that was used is not given again."""
        used = {*self.values, *self.retired}
        free = sum(value not in used for value in range(1, IGNORE))
        return max(0, min(free, MAX_CLASSES - len(self.classes)))

    def by_value(self, value: int) -> ClassDef | None:
        """The class of a pixel value."""
        return next((c for c in self.classes if c.value == value), None)

    def by_name(self, name: str) -> ClassDef | None:
        """The class of this name."""
        return next((c for c in self.classes if c.name == name), None)

    def add(
        self, name: str, color: tuple[int, int, int] | None = None, value: int | None = None
    ) -> ClassCatalog:
        """The catalog with one class more, on a value that was never used: ``value`` where that can be."""
        if not self.room:
            raise FullError(
                f"no class can be added: at most {MAX_CLASSES} fit into a project, its background among them",
                hint="The value of a class that was removed is not given again. Make another project for more",
            )
        used = {*self.values, *self.retired}
        if value is None or value in used or not 0 <= value < IGNORE:
            value = next(v for v in range(1, IGNORE) if v not in used)
        new = ClassDef(value, name, color or PALETTE[(value - 1) % len(PALETTE)])
        return replace(self, classes=tuple(sorted((*self.classes, new), key=lambda c: c.value)))

    def edit(
        self, value: int, *, name: str | None = None, color: tuple[int, int, int] | None = None
    ) -> ClassCatalog:
        """The catalog with a class renamed or recoloured; pixels are untouched."""
        return replace(
            self,
            classes=tuple(
                replace(c, name=name or c.name, color=color or c.color) if c.value == value else c
                for c in self.classes
            ),
        )

    def lock(self, value: int, locked: bool) -> ClassCatalog:
        """The catalog with a class locked or unlocked."""
        return replace(self, locked=self.locked | {value} if locked else self.locked - {value})

    def to_json(self) -> dict[str, Any]:
        """The form of a ``classes.json``."""
        return {
            "name": self.name,
            "ignore_value": IGNORE,
            "classes": [{"value": c.value, "name": c.name, "color": list(c.color)} for c in self.classes],
            **({"retired": list(self.retired)} if self.retired else {}),
            **({"locked": sorted(self.locked)} if self.locked else {}),
            **({"background": self.background} if self.background != self._called_background else {}),
        }

    @classmethod
    def from_json(cls, data: object, *, file: str | Path | None = None) -> ClassCatalog:
        """Read the form of a ``classes.json``; BadInputError names what is wrong."""
        try:
            if not isinstance(data, dict):
                raise TypeError("the top level is not an object")
            if int(data.get("ignore_value", IGNORE)) != IGNORE:
                raise ValueError(f"ignore_value must be {IGNORE}")
            classes = tuple(
                ClassDef(value, str(c["name"]), _color(c.get("color"), value))
                for c in data["classes"]
                for value in [_whole(c["value"])]
            )
            retired = tuple(int(v) for v in data.get("retired", ()))
            locked = frozenset(int(v) for v in data.get("locked", ())) & {c.value for c in classes}
            in_order = tuple(sorted(classes, key=lambda c: c.value))
            return cls(in_order, str(data.get("name", "")), retired, locked, _background(data))
        except BadInputError as error:
            raise BadInputError(error.message, file=file, hint=error.hint) from error
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadInputError(
                f"not a list of classes: {error}",
                file=file,
                hint='Expected {"classes": [{"value": 0, "name": "background", "color": [0, 0, 0]}, ...]}',
            ) from error

    @classmethod
    def from_names(cls, names: list[str], name: str = "") -> ClassCatalog:
        """Background at 0 and the given names from 1 on, in colours that colour-blind people can tell apart."""
        catalog = cls((ClassDef(0, BACKGROUND, (0, 0, 0)),), name)
        others = [each.strip() for each in names if not is_background_name(each)]
        if len(others) > catalog.room:
            raise _too_many(len(others) + 1)
        for each in others:
            catalog = catalog.add(each)
        return catalog

    @classmethod
    def read(cls, text_or_file: str) -> ClassCatalog:
        """Read the value of ``--classes``: a file in the form of ``classes.json``, or names with commas."""
        path = Path(text_or_file)
        if path.suffix.lower() == ".json" or _is_file(path) or _is_place(text_or_file):
            return cls.from_json(_read(path), file=path)
        return cls.from_names([n for n in text_or_file.split(",") if n.strip()])


def _read(path: Path) -> Any:
    """The JSON of a file that somebody has given."""
    hint = "Give a list of classes like the classes.json of an export, or their names with commas"
    try:
        if what := no_file(path):
            raise BadInputError(what, file=path, hint=hint)
        if not (data := path.read_bytes()):
            raise BadInputError("the file is empty (0 bytes)", file=path, hint=hint)
        return json.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise BadInputError(f"the file of classes cannot be read: {error.strerror}", file=path) from error
    except UnicodeDecodeError as error:
        raise BadInputError("not a list of classes: it is no text", file=path, hint=hint) from error
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"not a list of classes: {error}", file=path, hint=hint) from error


def _too_many(classes: int) -> FullError:
    return FullError(
        f"{classes:,} classes: at most {MAX_CLASSES} fit into a project, its background among them",
        hint="Leave out those that you do not need, or make several projects",
    )


def is_background_name(name: str) -> bool:
    """True for what the background of a new project is called."""
    return name.strip().lower() == BACKGROUND


def _whole(number: Any) -> int:
    """A class value; 1.5 and true are none, and are not made one."""
    if isinstance(number, bool) or int(number) != float(number):
        raise ValueError(f"{number!r} is not a whole number")
    return int(number)


def _background(data: dict[str, Any]) -> int | None:
    """What a ``classes.json`` says of it; it does where the name of its class 0 says something else."""
    found = data.get("background", _BY_NAME)
    return None if found is None else int(found)


def _is_place(text: str) -> bool:
    """Whether a text names something that lies in a folder, whatever it is, and no class."""
    try:
        return Path(text).name != text and os.path.lexists(text)
    except (OSError, ValueError):
        return False


def _is_file(path: Path) -> bool:
    """False, too, of what is longer than the name of any file, as a list of many classes is."""
    try:
        return path.is_file()
    except OSError:
        return False


def _color(given: object, value: int) -> tuple[int, int, int]:
    if given is None:
        return PALETTE[(value - 1) % len(PALETTE)]
    if not isinstance(given, list | tuple) or len(given) != 3 or not all(0 <= int(v) <= 255 for v in given):
        raise ValueError(f"{given!r} is not a colour [R, G, B] of 0..255")
    r, g, b = (int(v) for v in given)
    return r, g, b
