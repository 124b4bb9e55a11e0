"""kill -9 at random moments of painting in the real window: what was shown as saved is there, nothing is half there."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from labeltool.app.project import add_images
from labeltool.app.session import Session, Step
from labeltool.app.toolbox import Context, Hand
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from labeltool.tools.brush import BRUSH
from labeltool.tools.tool import Pointer
from tests.e2e.painter import RADIUS_PX

SIZE = Size(900, 700)
CATALOG = ClassCatalog.from_names(["nucleus", "cell"])


@dataclass
class Model:
    """What the mask must be: the same strokes in memory, one state a revision."""

    session: Session = field(default_factory=lambda: Session(LabelMask(SIZE), lambda operation: None))
    states: list[LabelMask] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.states.append(self.session.mask.snapshot())

    def rewind(self, revision: int, store: ProjectStore, image_id: str) -> None:
        """Go on from what survived: the strokes that did not are not in undo either."""
        del self.states[revision + 1 :]
        history = store.history(image_id)
        self.session = Session(
            self.states[-1].snapshot(),
            lambda operation: None,
            revision=revision,
            undo=[Step(s.revision, s.title) for s in history.undo],
            redo=[Step(s.revision, s.title) for s in history.redo],
            load_patch=lambda r: store.patch(image_id, r),
        )

    def play(self, line: dict[str, object]) -> None:
        before = self.session.revision
        if "undo" in line:
            self.session.undo()
        elif "do" in line:
            self._stroke([tuple(p) for p in line["do"]], int(line["value"]))
        if self.session.revision > before:
            self.states.append(self.session.mask.snapshot())

    def _stroke(self, points: list[tuple[float, float]], value: int) -> None:
        image = ArrayPyramid(np.zeros((SIZE.height, SIZE.width, 3), np.uint8))
        hand = Hand(value, value, RADIUS_PX)
        context = Context(self.session, hand, lambda: CATALOG, image, hand.options_of(BRUSH))
        gesture = BRUSH.gesture(context, Pointer("press", *points[0]))
        next(gesture)
        for point in points[1:]:
            gesture.send(Pointer("move", *point))
        with pytest.raises(StopIteration):
            gesture.send(Pointer("release", *points[-1]))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    image = tmp_path / "image.png"
    pixels = np.random.default_rng(3).integers(0, 255, (SIZE.height, SIZE.width, 3), np.uint8)
    image.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    with ProjectStore.create(tmp_path / "project", "p", CATALOG) as store:
        add_images(store, [image])
    return tmp_path / "project"


def paint_and_kill(project: Path, seed: int, after_s: float) -> list[dict[str, object]]:
    """The lines of a painter that was killed ``after_s`` seconds after it was ready."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.painter", str(project), str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).resolve().parents[2],
        text=True,
    ) as child:
        assert child.stdout is not None
        lines = []
        for text in child.stdout:
            lines.append(json.loads(text))
            if "ready" in lines[-1]:
                break
        time.sleep(after_s)
        child.kill()
        rest = child.stdout.read().splitlines()
    lines += [json.loads(text) for text in rest if text.endswith("}")]
    assert any("ready" in line for line in lines), "the painter did not get as far as painting"
    return lines


def rounds(project: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill a painter again and again on one project, and look at what is left each time."""
    dice = random.Random(seed)
    model, counts = Model(), {"kills": 0, "strokes": 0, "saved": 0, "in_progress": 0}
    with ProjectStore.open(project) as store:
        image_id = store.images()[0].id
    for number in range(kills):
        lines = paint_and_kill(project, seed + number, dice.uniform(0.0, 0.6))
        shown = max((int(line["saved"]) for line in lines if "saved" in line), default=0)
        with ProjectStore.open(project) as store:
            found = store.history(image_id).revision
            for line in lines:
                model.play(line)
            assert shown <= found, f"r{shown} was shown as saved, and r{found} is there"
            assert found < len(model.states), "more is there than was painted"
            assert store.load_mask(image_id).same_pixels(model.states[found]), (
                f"r{found} is not what was painted"
            )
            assert store.recovery is not None
            assert f"recovered to r{found}" in str(store.recovery)
            counts["in_progress"] += store.recovery.strokes_lost
            model.rewind(found, store, image_id)
            counts["saved"] = found
        assert [finding for finding in check(project) if finding.severity == "error"] == []
        counts["kills"] += 1
        counts["strokes"] += sum("do" in line for line in lines)
    return counts


def test_three_kills_lose_no_stroke_that_was_shown_as_saved(project: Path) -> None:
    counts = rounds(project, kills=3, seed=20)
    assert counts["saved"] > 3, "the painter must have got something done, or this shows nothing"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_kills_lose_no_stroke_that_was_shown_as_saved(project: Path) -> None:
    counts = rounds(project, kills=100, seed=7)
    print(counts)
    assert counts["saved"] > 100
