"""How far a region is to grow, shrink and so on, and which; what would change is shown while the dialog is open."""

from __future__ import annotations

from PySide6.QtCore import QSettings, QSize, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QSpinBox, QWidget

from labeltool.app.regions import Amount
from labeltool.ui.dialogs.frame import GRID, Dialog, label

REGION, CLASS = "region", "class"
WIDTH = 420


class RegionDialog(Dialog):
    """``scopes`` are what may be chosen, as (REGION or CLASS, text). The last amount is remembered by ``name``."""

    changed = Signal()
    """Something else would come out."""

    def __init__(
        self,
        name: str,
        title: str,
        amount: tuple[str, Amount] | None,
        scopes: list[tuple[str, str]],
        parent: QWidget | None,
        *,
        adds: bool = False,
    ) -> None:
        super().__init__("region", title, parent, QSize(WIDTH, 0))
        self._setting = f"regions/{name}"
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(2 * GRID)
        self._scope = QComboBox()
        self._scope.setObjectName("dialog.region.scope")
        for id_, text in scopes:
            self._scope.addItem(text, id_)
        self._scope.currentIndexChanged.connect(self.changed)
        form.addRow(self.tr("What"), self._scope)
        self._amount = QSpinBox(self)
        self._amount.setObjectName("dialog.region.amount")
        if amount is not None:
            self._add_amount(form, *amount)
        else:
            self._amount.hide()
        self.column.addLayout(form)
        self._over = QCheckBox(self.tr("Also over other classes"))
        self._over.setObjectName("dialog.region.over")
        self._over.toggled.connect(self.changed)
        self.column.addWidget(self._over)
        self._over.setVisible(adds)
        self._says = label(name="dialog.region.says", dim=True)
        self._says.hide()
        self.column.addWidget(self._says)
        self.column.addStretch()
        run = self.add_buttons(self.tr("OK"), self.tr("Cancel"))
        run.clicked.connect(self.accept)
        self.accepted.connect(self._remember)
        self._amount.selectAll()
        (self._amount if amount is not None else self._scope).setFocus()

    def _add_amount(self, form: QFormLayout, text: str, amount: Amount) -> None:
        self._amount.setRange(amount.low, amount.high)
        self._amount.setSuffix(f" {amount.unit}")
        if amount.low == 0:
            self._amount.setSpecialValueText(self.tr("any size"))
        kept = str(QSettings().value(self._setting, amount.default))
        self._amount.setValue(int(kept) if kept.isdigit() else amount.default)
        self._amount.valueChanged.connect(self.changed)
        form.addRow(text, self._amount)

    def _remember(self) -> None:
        QSettings().setValue(self._setting, self._amount.value())

    @property
    def scope(self) -> str:
        """REGION or CLASS."""
        return str(self._scope.currentData())

    @property
    def amount(self) -> int:
        """The number asked for."""
        return self._amount.value()

    @property
    def over_others(self) -> bool:
        """Whether what is added may take the place of other classes."""
        return self._over.isChecked()

    def say(self, text: str) -> None:
        """A remark below the fields."""
        self._says.setText(text)
        self._says.setVisible(bool(text))

    def showEvent(self, event: QShowEvent) -> None:
        """As wide as it was, and as high as what is in it."""
        super().showEvent(event)
        height = self.column.totalHeightForWidth(self.width())  # -1: it does not depend on the width
        self.resize(self.width(), height if height > 0 else self.column.totalSizeHint().height())
