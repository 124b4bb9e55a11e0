"""Every status of an image can be seen and asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QComboBox, QListView

from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord, Status
from labeltool.ui.panels.images import STATUS_COLOURS, ImagePanel

RECORD = ImageRecord("", Path("/images/a.png"), Size(30, 20), "png", "0" * 64, 1)


@pytest.mark.parametrize("status", Status)
def test_the_list_shows_the_images_of_one_status(app: QApplication, status: Status) -> None:
    panel = ImagePanel()
    records = [
        replace(RECORD, id=str(n), path=Path(f"/{each}.png"), status=each) for n, each in enumerate(Status)
    ]
    panel.show_records(records, None)
    combo, shown = panel.findChild(QComboBox, "images.status"), panel.findChild(QListView, "images.list")
    assert combo is not None and shown is not None
    combo.setCurrentIndex(combo.findData(status.value))
    names = [shown.model().index(row, 0).data() for row in range(shown.model().rowCount())]
    assert names == [f"{status}.png"]
    panel.resize(300, 300)
    assert not panel.grab().isNull()


def test_no_two_statuses_look_alike() -> None:
    assert set(STATUS_COLOURS) == {*Status}
    assert len({*STATUS_COLOURS.values()}) == len(STATUS_COLOURS)
