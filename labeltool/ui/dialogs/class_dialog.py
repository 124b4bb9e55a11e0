"""Add a class, or give one another name or colour."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QFormLayout, QLineEdit, QPushButton, QWidget

from labeltool.core.catalog import ClassCatalog, is_background_name
from labeltool.core.errors import BadInputError
from labeltool.ui.dialogs.failure import sentence
from labeltool.ui.dialogs.frame import GRID, Dialog, label, show_problem
from labeltool.ui.panels.classes import swatch

Color = tuple[int, int, int]


class ClassDialog(Dialog):
    """``value`` is the class to edit, None to add one; after it was accepted ask :meth:`catalog`."""

    def __init__(self, parent: QWidget | None, catalog: ClassCatalog, value: int | None = None) -> None:
        edited = None if value is None else catalog.by_value(value)
        title = self.tr("Add a class") if edited is None else self.tr("Edit a class")
        super().__init__("class", title, parent, QSize(440, 240))
        self._before = catalog
        self._value = value if edited is not None else None
        self._had = edited.name if edited is not None else ""
        self._color: Color = edited.color if edited is not None else _next_color(catalog)
        self.name = QLineEdit(self._had)
        self.name.setObjectName("dialog.class.name")
        self.name.setAccessibleName(self.tr("Name"))
        self.name.setPlaceholderText(self.tr("such as nucleus"))
        self.name.selectAll()
        self._color_button = QPushButton()
        self._color_button.setObjectName("dialog.class.color")
        self._color_button.setAutoDefault(False)
        self._color_button.setIconSize(QSize(24, 16))
        self._color_button.clicked.connect(self._choose_color)
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(2 * GRID)
        form.addRow(self.tr("Name"), self.name)
        form.addRow(self.tr("Colour"), self._color_button)
        self.column.addLayout(form)
        self._says = label(name="dialog.class.says", dim=True)
        self.column.addWidget(self._says)
        self.column.addStretch()
        self._run = self.add_buttons(
            self.tr("Add") if edited is None else self.tr("Change"), self.tr("Cancel")
        )
        self._run.clicked.connect(self.accept)
        self.name.textChanged.connect(lambda _: self._check())
        self.set_color(self._color)
        self._check()
        self.name.setFocus()

    def catalog(self) -> ClassCatalog:
        """The catalog with the change; BadInputError while the dialog shows a problem."""
        name = self.name.text().strip()
        if self._value is None:
            return self._before.add(name, self._color)
        return self._before.edit(self._value, name=name, color=self._color)

    def set_color(self, color: Color) -> None:
        """Take a colour (R, G, B)."""
        self._color = color
        code = QColor(*color).name()
        self._color_button.setIcon(swatch(color))
        self._color_button.setText(code)
        self._color_button.setAccessibleName(self.tr("Colour {code}").format(code=code))

    def _check(self) -> None:
        problem = self._problem()
        # Nothing typed yet is nothing to be scolded for: the button says enough.
        show_problem(self._says, problem if self.name.text() else "", self._plan())
        self._run.setEnabled(not problem)

    def _problem(self) -> str:
        name = self.name.text().strip()
        if not name:
            return self.tr("A class needs a name.")
        other = self._before.by_name(name)
        if other is not None and other.value != self._value:
            return self.tr("There is a class of this name already.")
        if is_background_name(name) and self._value != self._before.background and name != self._had:
            return self.tr("Only the background can be called so, and no class becomes it by a name.")
        try:
            self.catalog()
        except BadInputError as error:
            return sentence(error.message)
        return ""

    def _plan(self) -> str:
        if self._value is None:
            return self.tr("The class gets a value that was never used. No pixel changes.")
        return self.tr("The value stays {value}. No pixel changes.").format(value=self._value)

    def _choose_color(self) -> None:
        dialog = QColorDialog(QColor(*self._color), self)
        dialog.setObjectName("dialog.class.colors")
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(lambda c: self.set_color((c.red(), c.green(), c.blue())))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


def _next_color(catalog: ClassCatalog) -> Color:
    """The colour that the catalog itself would give."""
    try:
        longer = catalog.add("\N{REPLACEMENT CHARACTER}")
    except BadInputError:  # full: the dialog says so
        return (128, 128, 128)
    return next(c.color for c in longer.classes if c.value not in catalog.values)
