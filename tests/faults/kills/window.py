"""kill -9 of the real window while somebody works in it, again and again on one project, and what must be left."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from labeltool.app.project import add_images
from labeltool.app.session import Session, Step
from labeltool.app.toolbox import Context, Hand
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.core.project import Status
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from labeltool.tools.brush import BRUSH
from labeltool.tools.polygon import POLYGON
from labeltool.tools.tool import Pointer, Tool
from tests.faults.kills.deeds import Toll, files_of
from tests.faults.kills.painter import RADIUS_PX, digest
from tests.faults.kills.victims import ROOT, Victims

SIZE = Size(500, 400)
NAMES = ("one", "two", "three")
CATALOG = ClassCatalog.from_names(["nucleus", "cell"])
TOOLS: dict[str, Tool] = {"brush": BRUSH, "polygon": POLYGON}
FILES = {"project.db", "lock", "reserve", "masks/XX/ID.ltm", "cache/sources.json"}
"""All that work in a window leaves in a project."""
STARTING_S = 60.0
MOST_CHANGES = 1500


@dataclass
class Model:
    """What the mask of an image must be: the same strokes in memory, one state a revision."""

    session: Session = field(default_factory=lambda: Session(LabelMask(SIZE), lambda operation: None))
    states: list[LabelMask] = field(default_factory=list)
    strokes: list[bool] = field(default_factory=list)
    """Of each state whether a stroke made it, and not undo."""
    approved: int = -1
    saved: int = 0

    def __post_init__(self) -> None:
        self.states.append(self.session.mask.snapshot())
        self.strokes.append(False)

    def lost(self, revision: int) -> int:
        """How many strokes were painted after a revision."""
        return sum(self.strokes[revision + 1 :])

    def rewind(self, revision: int, store: ProjectStore, image_id: str) -> None:
        """Go on from what survived: the strokes that did not are not in undo either."""
        del self.states[revision + 1 :], self.strokes[revision + 1 :]
        history = store.history(image_id)
        self.session = Session(
            self.states[-1].snapshot(),
            lambda operation: None,
            revision=revision,
            undo=[Step(s.revision, s.title) for s in history.undo],
            redo=[Step(s.revision, s.title) for s in history.redo],
            load_patch=lambda r: store.patch(image_id, r),
        )
        self.saved = revision
        self.approved = revision if store.image(image_id).status is Status.APPROVED else -1

    def play(self, line: dict[str, Any]) -> bool:
        """Whether what the painter tells made another state."""
        before = self.session.revision
        if "undo" in line:
            self.session.undo()
        elif "do" in line:
            self._stroke(TOOLS[line["do"]], int(line["value"]), [tuple(event) for event in line["events"]])
        changed = self.session.revision > before
        if changed:
            self.states.append(self.session.mask.snapshot())
            self.strokes.append("do" in line)
            self.approved = -1
        self.saved = max(self.saved, int(line.get("saved", 0)))
        if "approved" in line and line["approved"] == self.session.revision:
            self.approved = int(line["approved"])
        return changed

    def _stroke(self, tool: Tool, value: int, events: list[tuple[Any, ...]]) -> None:
        image = ArrayPyramid(np.zeros((SIZE.height, SIZE.width, 3), np.uint8))
        hand = Hand(value, value, RADIUS_PX)
        context = Context(self.session, hand, lambda: CATALOG, image, hand.options_of(tool))
        first, *others = (Pointer(kind, x, y, key=key) for kind, x, y, key in events)
        gesture = tool.gesture(context, first)
        try:
            next(gesture)
            for event in others:
                gesture.send(event)
        except StopIteration:
            return
        gesture.close()


@dataclass
class Done:
    """A stroke or an undo as the painter told of it: on which image, whether it is known to have begun, and whether it
    makes another state when it comes to its end."""

    image: int
    stroke: bool
    changes: bool
    began: bool = False


class Desk:
    """A project of three images on which one painter after the other dies."""

    def __init__(self, folder: Path, run: Victims) -> None:
        self.folder, self.run, self.said = folder, run, ""
        self.project = folder / "project"
        self.models = [Model() for _ in NAMES]
        self.classes = len(CATALOG.classes)
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(3)
        for name in NAMES:
            pixels = rng.integers(0, 255, (SIZE.height, SIZE.width, 3), np.uint8)
            (folder / f"{name}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
        with ProjectStore.create(self.project, "p", CATALOG) as store:
            add_images(store, [folder / f"{name}.png" for name in NAMES])
            self.ids = [record.id for record in store.images()]

    def kill(self, seed: int, *, at: int = 0, after_s: float = 0.0) -> Toll:
        """A painter that dies at its ``at``-th change of a file of the project, or ``after_s`` seconds after it was
        ready; the laws that do not hold afterwards."""
        lines, _ = self._paint(seed, at, after_s, 0)
        toll = Toll(kills=1)
        told: Counter[str] = Counter(
            key for line in lines for key in ("do", "undo", "saved", "approved", "classes") if key in line
        )
        toll.lost = [
            f"window {seed} at={at} after={after_s:.3f}: {what}" for what in self._judge(lines, toll)
        ]
        toll.left += Counter({f"told {key}": n for key, n in told.items()})
        return toll

    def starve(self, seed: int, spare_mb: int) -> Toll:
        """A painter with so little memory that deeds of it may come to nothing, killed after two seconds: whatever is
        saved must be what the window showed. For a desk that nobody else has used."""
        lines, killed = self._paint(seed, 0, 2.0, spare_mb)
        toll = Toll(kills=int(killed), ended=int(not killed))
        shown: dict[tuple[int, int], str] = {}
        saved, at_hand = Counter[int](), 0
        for line in lines:
            at_hand = line.get("image", at_hand)
            saved[at_hand] = max(saved[at_hand], line.get("saved", 0))
            if "shown" in line:
                shown[at_hand, line["shown"]] = line["digest"]
        toll.left["told"] += len(shown)
        toll.left["words of want"] += int("memory" in self.said.lower() or "new thread" in self.said)
        with ProjectStore.open(self.project) as store:
            for number, image_id in enumerate(self.ids):
                found = store.history(image_id).revision
                if found < saved[number]:
                    toll.lost.append(
                        f"{spare_mb} MB: r{saved[number]} was shown as saved, and r{found} is there"
                    )
                if shown.get((number, found), "") not in ("", digest(store.load_mask(image_id))):
                    toll.lost.append(f"{spare_mb} MB: r{found} is not what the window showed")
        toll.lost += [str(found) for found in check(self.project) if found.severity == "error"]
        return toll

    def _paint(self, seed: int, at: int, after_s: float, spare_mb: int) -> tuple[list[dict[str, Any]], bool]:
        """What a painter told, and whether it was killed."""
        settings = self.folder / "settings"
        more = (
            {"REAPER_UNDER": str(self.project), "REAPER_AT": str(at), "REAPER_TORN": str(seed % 2)}
            if at
            else {}
        )
        environment = self.run.environment(
            QT_QPA_PLATFORM="offscreen",
            TMPDIR=str(self.run.temp),
            **more,
        )
        command = [
            sys.executable,
            "-m",
            "tests.faults.kills.painter",
            str(self.project),
            str(seed),
            str(settings),
            str(spare_mb),
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=ROOT, text=True
        ) as child:
            timer = threading.Timer(STARTING_S + after_s, child.kill)
            timer.start()
            lines = list(self._heard(child, after_s if not at else 0.0))
            timer.cancel()
            self.said = child.stderr.read() if child.stderr else ""
        killed = child.returncode == -9
        assert killed or spare_mb, (
            f"the painter was not killed but ended with {child.returncode}: {self.said[-800:]}"
        )
        return lines, killed

    @staticmethod
    def _heard(child: subprocess.Popen[str], after_s: float) -> Iterator[dict[str, Any]]:
        assert child.stdout is not None
        for text in child.stdout:
            if not text.endswith("}\n"):
                continue  # the last one is cut off
            line = json.loads(text)
            if "ready" in line and after_s:
                threading.Timer(after_s, child.kill).start()
            yield line

    def _play(self, lines: list[dict[str, Any]]) -> list[Done]:
        number, done = 0, list[Done]()
        for line in lines:
            if "image" in line:
                number = line["image"]
                assert line["revision"] == self.models[number].session.revision, (
                    "the window opened another revision than there was"
                )
            changes = self.models[number].play(line)
            if line.keys() & {"do", "undo"}:
                done.append(Done(number, "do" in line, changes))
            elif "began" in line:
                done[-1].began = True
            self.classes = max(self.classes, int(line.get("classes", 0)))
        return done

    def _judge(self, lines: list[dict[str, Any]], toll: Toll) -> Iterator[str]:
        with ProjectStore.open(self.project) as store:
            done = self._play(lines)
            yield from store.notices
            if store.recovery is None:
                yield "nobody says that the session before has died"
            else:
                toll.left["strokes in progress"] += store.recovery.strokes_lost
                yield from self._judge_words(store, done)
            if len(store.catalog.classes) < self.classes:
                yield f"{self.classes} classes were there, and {len(store.catalog.classes)} are"
            self.classes = len(store.catalog.classes)
            for model, image_id in zip(self.models, self.ids, strict=True):
                yield from self._judge_image(store, model, image_id)
        yield from (str(finding) for finding in check(self.project))
        more = {
            name for name in files_of(self.project) if name not in FILES and not name.startswith("backups/")
        }
        if more:
            yield f"files are left that nobody needs: {sorted(more)}"

    def _judge_words(self, store: ProjectStore, done: list[Done]) -> Iterator[str]:
        """What people are told: how many strokes they have to draw again, and up to where an image came back. That is
        known to the stroke but for the last one: it may have been killed before it began, or before it turned out to
        change nothing."""
        said = store.recovery
        assert said is not None
        found = [store.history(image_id).revision for image_id in self.ids]
        lost = sum(model.lost(revision) for model, revision in zip(self.models, found, strict=True))
        last = done[-1] if done else Done(-1, False, False)
        right = {lost}
        if last.stroke and not last.changes:
            right.add(lost + 1)
        elif last.stroke and not last.began and lost:
            right.add(lost - 1)
        words = {0: "nothing was lost", 1: "1 stroke in progress was not saved"}
        told = [n for n in right if words.get(n, f"{n} strokes in progress were not saved") in str(said)]
        if told != [said.strokes_lost]:
            yield f"it is said {str(said)!r}, and {lost} strokes were lost; the last one: {last}"
        here = self.ids.index(said.image_id) if said.image_id else -1
        if here < 0 and any(each.began for each in done):
            yield f"it is said {str(said)!r}, and strokes were drawn on {NAMES[last.image]}"
        if here >= 0 and f"recovered to r{found[here]}" not in str(said):
            yield f"it is said {str(said)!r}, and r{found} are there"

    @staticmethod
    def _judge_image(store: ProjectStore, model: Model, image_id: str) -> Iterator[str]:
        found = store.history(image_id).revision
        if found < model.saved:
            yield f"r{model.saved} was shown as saved, and r{found} is there"
        if found >= len(model.states):
            yield f"r{found} is there, and r{len(model.states) - 1} was painted"
            found = len(model.states) - 1
        if not store.load_mask(image_id).same_pixels(model.states[found]):
            yield f"r{found} is not what was painted"
        if model.approved == found and store.image(image_id).status is not Status.APPROVED:
            yield f"r{found} was approved, and is {store.image(image_id).status.value}"
        model.rewind(found, store, image_id)


def massacre(desk: Desk, kills: int, seed: int) -> Toll:
    """So many painters, one after the other: half of them at a change of a file, half at some moment."""
    dice, toll = random.Random(seed), Toll()
    for number in range(kills):
        if dice.random() < 0.5:
            toll.add(desk.kill(seed * 100_000 + number, at=dice.randint(1, MOST_CHANGES)))
        else:
            toll.add(desk.kill(seed * 100_000 + number, after_s=dice.uniform(0.0, 1.5)))
    return toll
