"""The list of disagreements as a table: what differs, where, how large it is, and how sure the other layer is."""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QCoreApplication,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QBrush, QIcon, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from labeltool.app.review.figures import name_of
from labeltool.core.catalog import ClassCatalog
from labeltool.core.error_map import Kind
from labeltool.ui.dialogs.frame import GRID
from labeltool.ui.panels.classes import swatch

if TYPE_CHECKING:
    from labeltool.app.review.listing import Entry, View
    from labeltool.core.disagreement import Disagreement

translate = QCoreApplication.translate
Index = QModelIndex | QPersistentModelIndex

WHAT, IMAGE, AREA, SURE = range(4)
ROW_PX = 3 * GRID
WIDTHS = {AREA: 9 * GRID, SURE: 7 * GRID}
NOWHERE = QModelIndex()


class DisagreementModel(QAbstractTableModel):
    """Rows of a view of a listing; a row is looked up when it is seen."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._view: View | None = None
        self._suspicious = False
        self._catalog: ClassCatalog | None = None
        self._entry: tuple[int, Entry] | None = None
        self._looks: dict[int, Callable[[Entry, int], Any]] = {
            int(Qt.ItemDataRole.DisplayRole): self._text,
            int(Qt.ItemDataRole.TextAlignmentRole): lambda _, column: _side(column),
            int(Qt.ItemDataRole.DecorationRole): self._icon,
            int(Qt.ItemDataRole.ToolTipRole): lambda entry, _: self._words(entry),
            int(Qt.ItemDataRole.ForegroundRole): self._ink,
        }

    def show_view(self, view: View | None, catalog: ClassCatalog | None, *, suspicious: bool = False) -> None:
        """Show other rows; ``suspicious`` ones are called by what is wrong with the annotation."""
        self.beginResetModel()
        self._suspicious = suspicious
        self._view, self._catalog, self._entry = view, catalog, None
        self.endResetModel()

    def entry(self, row: int) -> Entry | None:
        """The entry of a row."""
        if self._view is None or not 0 <= row < len(self._view):
            return None
        if self._entry is None or self._entry[0] != row:  # each is asked for by every column
            self._entry = row, self._view[row]
        return self._entry[1]

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """Qt asks."""
        return 0 if self._view is None or parent.isValid() else len(self._view)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """Qt asks."""
        return 0 if parent.isValid() else 4

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        """Qt asks."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("What"), self.tr("Image"), self.tr("Pixels"), self.tr("Sure"))[section]
        if role == Qt.ItemDataRole.ToolTipRole and section == SURE:
            return self.tr("How sure the other layer is, on average")
        return None

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """Qt asks."""
        entry, look = self.entry(index.row()), self._looks.get(role)
        return None if entry is None or look is None else look(entry, index.column())

    def _text(self, entry: Entry, column: int) -> str:
        found = entry.found
        return {
            WHAT: lambda: self._what(entry),
            IMAGE: lambda: entry.record.name,
            AREA: lambda: f"{found.area:,}",
            SURE: lambda: f"{100 * found.confidence:.0f} %",
        }[column]()

    def _icon(self, entry: Entry, column: int) -> QIcon | None:
        """The class that the image would have more of, if the other layer were right."""
        found = entry.found
        value = found.truth if found.kind is Kind.FALSE_NEGATIVE else found.predicted
        known = None if self._catalog is None else self._catalog.by_value(value)
        return None if known is None or column != WHAT else swatch(known.color)

    def _ink(self, entry: Entry, column: int) -> QBrush | None:
        """What is answered is grey."""
        widget = self.parent()
        if entry.found.answered and isinstance(widget, QWidget):
            return widget.palette().placeholderText()
        return None

    def _words(self, entry: Entry) -> str:
        found = entry.found
        assert self._catalog is not None
        where = self.tr("{image}, at {x}, {y}").format(
            image=entry.record.name, x=found.seed[0], y=found.seed[1]
        )
        size = self.tr("{area} pixels, {interior} of them farther than 2 px from an outline").format(
            area=f"{found.area:,}", interior=f"{found.interior:,}"
        )
        return "\n".join((self._what(entry), where, size))

    def _what(self, entry: Entry) -> str:
        found = entry.found
        if self._suspicious:
            return what_text(self._catalog, swapped(found.kind), found.predicted, found.truth)
        return what_text(self._catalog, found.kind, found.truth, found.predicted)


class DisagreementTable(QTableView):
    """The rows, one chosen; keys that mean something elsewhere are left to the window."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review.list")
        self.setAccessibleName(self.tr("Disagreements"))
        self.rows = DisagreementModel(self)
        self.setModel(self.rows)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        for column, width in WIDTHS.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        self.clicked.connect(lambda index: self.chosen.emit(index.row()))
        self.activated.connect(lambda index: self.chosen.emit(index.row()))

    def choose(self, row: int | None) -> None:
        """Mark a row and bring it into sight, without saying that somebody chose it."""
        if row is None:
            self.clearSelection()
        else:
            self.selectRow(row)
            self.scrollTo(self.rows.index(row, WHAT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What differs and where share the width that numbers leave."""
        super().resizeEvent(event)
        room = self.viewport().width() - sum(WIDTHS.values())
        self.setColumnWidth(WHAT, round(0.6 * room))
        self.setColumnWidth(IMAGE, room - round(0.6 * room))

    def sizeHint(self) -> QSize:
        """A few rows are always seen."""
        return QSize(40 * GRID, 10 * ROW_PX)


def what_text(catalog: ClassCatalog | None, kind: Kind, truth: int, predicted: int) -> str:
    """A pair of classes in words, as if the annotation were right."""
    names = [_name(catalog, value) for value in (truth, predicted)]
    text = {
        Kind.FALSE_NEGATIVE: translate("Review", "{truth} missed"),
        Kind.FALSE_POSITIVE: translate("Review", "false {predicted}"),
        Kind.CONFUSION: translate("Review", "{truth} as {predicted}"),
    }[kind]
    return text.format(truth=names[0], predicted=names[1])


def swapped(kind: Kind) -> Kind:
    """What kind of error the annotation has, if the other layer is right."""
    other = {Kind.FALSE_NEGATIVE: Kind.FALSE_POSITIVE, Kind.FALSE_POSITIVE: Kind.FALSE_NEGATIVE}
    return other.get(kind, kind)


def why_text(catalog: ClassCatalog, found: Disagreement, places: int) -> str:
    """Why a label is suspected there: how sure a model is that has never seen the image, and where else it is."""
    sure, usual = (f"{100 / (1 + exp(-logit)):.1f}" for logit in (found.logit, found.usual))
    text = translate(
        "Review",
        "A model that has never seen this image takes this for {predicted}, {sure} % sure (usual in this image: "
        "{usual} %). {interior} px lie off the outlines.",
    ).format(
        sure=sure, usual=usual, predicted=_name(catalog, found.predicted), interior=f"{found.interior:,}"
    )
    if places == 1:
        return text + " " + translate("Review", "It is the only such place of the image.")
    return text + " " + translate("Review", "The image has {n} such places.").format(n=places)


def _name(catalog: ClassCatalog | None, value: int) -> str:
    known = None if catalog is None else name_of(catalog, value)
    return translate("Review", "nothing") if known is None else known


def _side(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column in (AREA, SURE) else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)
