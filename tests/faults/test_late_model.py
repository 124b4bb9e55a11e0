"""A model that answers late, while somebody has gone on in the real window (row 61): its answer belongs to the image it
was asked about, and human pixels stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.provenance import Origin
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.e2e.pause import pause_ms
from tests.e2e.threshold import THRESHOLD, install, write_model
from tests.faults.saving_scene import HEIGHT, WIDTH, Hand

GATED = THRESHOLD.replace(
    "        bright =",
    "        import os, time\n"
    "        while not os.path.exists(os.environ['LATE_MODEL_GATE']):\n"
    "            time.sleep(0.005)\n"
    "        bright =",
)
"""It answers once a file is there."""
HUMAN_Y, CLEAR_Y = 100, 200
"""Rows where somebody draws, and where nobody does."""
LEFT_X, RIGHT_X = 100, 300
"""Columns of the dark and the bright half."""


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: None) -> Path:
    """The model answers as soon as this file is there."""
    gate = tmp_path / "gate"
    monkeypatch.setenv("LATE_MODEL_GATE", str(gate))
    monkeypatch.setenv("PYTHONPATH", install(tmp_path / "site"))
    (tmp_path / "site" / "threshold.py").write_text(GATED)
    return gate


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two images, both bright on the right, and the model that says so, in use."""
    pixels = np.full((HEIGHT, WIDTH), 30, np.uint8)
    pixels[:, WIDTH // 2 :] = 200
    (tmp_path / "images").mkdir()
    for number, name in enumerate("ab"):
        Image.fromarray(pixels + number).save(tmp_path / "images" / f"{name}.png")
    root = tmp_path / "project"
    with ProjectStore.create(root, "late", ClassCatalog.from_names(["glow", "other"])) as store:
        add_images(store, [tmp_path / "images"])
    write_model(root / "models" / "bright", ["glow", "other"])
    return root


def asked(project: Path) -> Hand:
    """Somebody at the window whose model is at work on the first image, and has not answered."""
    hand = Hand(project)
    hand.until(lambda: hand.window._top.model() is not None)
    hand.window.actions_["class_2"].trigger()
    hand.window.actions_["prelabel"].trigger()
    hand.until(lambda: hand.window._work.busy)
    pause_ms(50)
    return hand


def pixels(store: ProjectStore, image_id: str, y: int) -> list[tuple[int, str]]:
    """Class and origin in the dark and in the bright half."""
    mask = store.load_mask(image_id)
    return [
        (int(mask.read("label")[y, x]), Origin(mask.read("origin")[y, x]).name) for x in (LEFT_X, RIGHT_X)
    ]


def ids(project: Path) -> list[str]:
    with ProjectStore.open(project, write=False) as store:
        return [record.id for record in sorted(store.images(), key=lambda record: record.name)]


def test_a_model_that_finishes_after_the_user_moved_on_paints_nothing_on_the_image_at_hand(
    project: Path, gate: Path
) -> None:
    first, second = ids(project)
    hand = asked(project)
    hand.draw(HUMAN_Y, 50, 350)
    hand.window.actions_["next_image"].trigger()
    hand.until(lambda: hand.window.annotate.image is not None and hand.image_id == second)
    hand.draw(HUMAN_Y, 50, 350)
    gate.touch()
    hand.until(lambda: not hand.window._work.busy, 30)
    hand.saved()
    assert hand.session.revision == 1
    hand.window.close()
    with ProjectStore.open(project) as store:
        assert pixels(store, first, HUMAN_Y) == [(2, "HUMAN"), (2, "HUMAN")]
        assert pixels(store, first, CLEAR_Y) == [(0, "MODEL"), (1, "MODEL")]
        assert pixels(store, second, HUMAN_Y) == [(2, "HUMAN"), (2, "HUMAN")]
        assert pixels(store, second, CLEAR_Y) == [(0, "NOBODY"), (0, "NOBODY")]
        assert store.prediction_keys(second) == []
    assert check(project) == []


def test_a_model_that_finishes_after_the_user_went_on_drawing_leaves_what_was_drawn_and_is_one_step_of_undo(
    project: Path, gate: Path
) -> None:
    first, _ = ids(project)
    hand = asked(project)
    hand.draw(HUMAN_Y, 50, 350)
    gate.touch()
    hand.until(lambda: hand.session.revision == 2, 30)
    hand.saved()
    with_answer = hand.session.mask.snapshot()
    hand.window.actions_["undo"].trigger()
    assert (hand.label(RIGHT_X, HUMAN_Y), hand.label(RIGHT_X, CLEAR_Y)) == (2, 0)
    hand.window.actions_["redo"].trigger()
    assert hand.session.mask.same_pixels(with_answer)
    hand.saved()
    hand.window.close()
    with ProjectStore.open(project) as store:
        assert pixels(store, first, HUMAN_Y) == [(2, "HUMAN"), (2, "HUMAN")]
        assert pixels(store, first, CLEAR_Y) == [(0, "MODEL"), (1, "MODEL")]
    assert check(project) == []


def test_a_model_whose_project_was_closed_meanwhile_writes_nothing_into_it_or_the_next(
    project: Path, gate: Path, tmp_path: Path
) -> None:
    first, second = ids(project)
    hand = asked(project)
    hand.draw(HUMAN_Y, 50, 350)
    hand.window.actions_["close_project"].trigger()
    gate.touch()
    hand.window.open_path(project)
    hand.until(lambda: hand.window.annotate.image is not None)
    pause_ms(300)
    assert hand.session.revision == 1
    hand.window.close()
    with ProjectStore.open(project) as store:
        assert pixels(store, first, HUMAN_Y) == [(2, "HUMAN"), (2, "HUMAN")]
        assert pixels(store, first, CLEAR_Y) == [(0, "NOBODY"), (0, "NOBODY")]
        assert store.prediction_keys(first) == store.prediction_keys(second) == []
    assert check(project) == []
