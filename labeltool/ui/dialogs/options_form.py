"""Widgets made from the fields of an options dataclass, as the command line makes its flags."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from labeltool.core.errors import LabeltoolError
from labeltool.ui.dialogs.frame import GRID

CONTEXT = "Formats"
LIMIT = 1_000_000_000

_FLAG = re.compile(r"--(?P<no>no-)?(?P<name>[a-z][a-z-]*[a-z])(?: (?P<value>\w+))?")
"""A flag as messages name it, with the word after it, which may be its value."""


class OptionsForm(QWidget):
    """One row a field: bool a check box, enum and Literal a list, numbers a spin box, str a line.

    ``metadata`` of a field gives ``label`` and ``help``, and ``choices``: what values of a list are called, which a str
    has where they are given; of a number ``least``, and ``least_called`` as what that is shown. What is set at first
    ``start`` says, else the defaults. Raises LabeltoolError for a field of another type.
    """

    changed = Signal()

    def __init__(
        self, options: type[Any], name: str, parent: QWidget | None = None, start: Any = None
    ) -> None:
        super().__init__(parent)
        self._options = options
        self._read: dict[str, Callable[[], Any]] = {}
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(GRID)
        form.setHorizontalSpacing(2 * GRID)
        hints = get_type_hints(options)
        for each in fields(options):
            text, value = label_of(each), _default(each) if start is None else getattr(start, each.name)
            widget, read = self._widget(hints[each.name], value, text, each.metadata.get("choices", {}))
            widget.setObjectName(f"{name}.{each.name}")
            widget.setAccessibleName(text)
            widget.setToolTip(_translated(each.metadata.get("help", "")))
            if isinstance(widget, QSpinBox | QDoubleSpinBox) and "least" in each.metadata:
                widget.setMinimum(each.metadata["least"])
                widget.setSpecialValueText(_translated(each.metadata.get("least_called", "")))
            self._read[each.name] = read
            form.addRow(widget) if isinstance(widget, QCheckBox) else form.addRow(text, widget)

    def value(self) -> Any:
        """The options as they are set."""
        return self._options(**{name: read() for name, read in self._read.items()})

    def in_words(self, text: str) -> str:
        """A message that names flags of the command line, with the fields of this form in their places."""
        known = {each.name: each for each in fields(self._options)}

        def named(found: re.Match[str]) -> str:
            each = known.get(found["name"].replace("-", "_"))
            if each is None:
                return found[0]
            value, rest = found["value"] or "", ""
            choices = each.metadata.get("choices", {})
            if value and value not in choices:
                value, rest = "", f" {value}"
            label = f"“{label_of(each)}" + (f": {_translated(choices[value])}”" if value else "”")
            return (self.tr("without {option}").format(option=label) if found["no"] else label) + rest

        return _FLAG.sub(named, text)

    def _widget(
        self, hint: Any, value: Any, text: str, called: Mapping[str, str]
    ) -> tuple[QWidget, Callable[[], Any]]:
        if hint is bool:
            return self._check_box(value, text)
        if get_origin(hint) is Literal:
            return self._combo({called.get(str(v), str(v)): v for v in get_args(hint)}, value)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return self._combo({called.get(str(v.value), str(v.value)): v for v in hint}, value)
        if hint is int:
            return self._spin(QSpinBox(), value)
        if hint is float:
            return self._spin(QDoubleSpinBox(), value)
        if hint is str:
            return (
                self._combo({text: each for each, text in called.items()}, value)
                if called
                else self._line(value)
            )
        raise LabeltoolError(f"{text}: there is no widget for an option of type {hint}")

    def _line(self, value: str) -> tuple[QWidget, Callable[[], Any]]:
        line = QLineEdit(value)
        line.textChanged.connect(lambda _: self.changed.emit())
        return line, line.text

    def _check_box(self, value: bool, text: str) -> tuple[QWidget, Callable[[], Any]]:
        box = QCheckBox(text)
        box.setChecked(value)
        palette = box.palette()  # Fusion's own box cannot be seen on a dark window
        palette.setColor(QPalette.ColorRole.Base, palette.color(QPalette.ColorRole.Mid))
        box.setPalette(palette)
        box.toggled.connect(lambda _: self.changed.emit())
        return box, box.isChecked

    def _combo(self, choices: dict[str, Any], value: Any) -> tuple[QWidget, Callable[[], Any]]:
        combo = QComboBox()
        for text in choices:
            combo.addItem(_translated(text))
        values = list(choices.values())
        combo.setCurrentIndex(values.index(value))
        combo.currentIndexChanged.connect(lambda _: self.changed.emit())
        return combo, lambda: values[combo.currentIndex()]

    def _spin(self, spin: QSpinBox | QDoubleSpinBox, value: Any) -> tuple[QWidget, Callable[[], Any]]:
        spin.setRange(-LIMIT, LIMIT)
        spin.setValue(value)
        spin.valueChanged.connect(lambda _: self.changed.emit())
        return spin, spin.value


def label_of(each: Field[Any]) -> str:
    """What a field is called."""
    return _translated(each.metadata.get("label", each.name.replace("_", " ").capitalize()))


def _default(each: Field[Any]) -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()


def _translated(text: str) -> str:
    return QCoreApplication.translate(CONTEXT, text) if text else ""
