"""What a person does in the real window is written down as time, clicks, strokes and keys of the image."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from labeltool.app.effort import Worked, worked_on
from labeltool.store.project import ProjectStore
from tests.e2e import test_window
from tests.e2e.pause import pause_ms
from tests.e2e.test_window import Hands

pytestmark = pytest.mark.usefixtures("settings")
original, project, hands = test_window.original, test_window.project, test_window.hands
"""Fixtures, used here as there."""


def paint(hands: Hands) -> None:
    hands.drag((100, 100), (150, 120), (180, 100))
    pause_ms(30)


def test_painting_counts_and_what_happens_in_another_workspace_does_not(hands: Hands, project: Path) -> None:
    first, second = (record.id for record in hands.window.bench.store.images()[:2])
    assert hands.window.annotate.image.record.id == first
    paint(hands)
    hands.drag((300, 200), (350, 220))
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    hands.key(Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    pause_ms(400)
    hands.key(Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    hands.key(Qt.Key.Key_D)
    hands.until(lambda: hands.window.annotate.image.record.id == second)
    paint(hands)
    assert hands.window.close()
    with ProjectStore.open(project, write=False) as store:
        here, there = worked_on(store, first), worked_on(store, second)
    assert (here.clicks, here.strokes) == (2, 2)
    assert (there.clicks, there.strokes, there.keys) == (1, 1, 0)
    assert here.keys == 5  # Ctrl and Z, Ctrl and 3, D; Ctrl+1 was pressed elsewhere
    assert 0 < here.seconds < 10 and 0 < there.seconds < 10


@pytest.mark.parametrize("painted", [False, True])
def test_an_image_that_was_only_looked_at_has_no_trace(hands: Hands, project: Path, painted: bool) -> None:
    image_id = hands.window.annotate.image.record.id
    hands.key(Qt.Key.Key_B)
    if painted:
        paint(hands)
    pause_ms(20)
    hands.key(Qt.Key.Key_E)
    assert hands.window.close()
    with ProjectStore.open(project, write=False) as store:
        assert (worked_on(store, image_id) != Worked()) is painted
