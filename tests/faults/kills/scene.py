"""What the commands that are killed work on: small images, their labels, a model, and a project in several states."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image

from labeltool.__main__ import main
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard
from labeltool.store.commit import Operation
from labeltool.store.project import ProjectStore
from labeltool.store.rescue import RescueFile
from tests.e2e.threshold import THRESHOLD

NAMES = ("a", "b", "c", "d")
SIZE = (300, 200)


def label(seed: int) -> np.ndarray:
    """uint8 [200, 300] of 0, 1, 2 and 255, of blobs."""
    coarse = np.random.default_rng(seed).choice(np.array([0, 0, 1, 2], np.uint8), (10, 15))
    found = np.kron(coarse, np.ones((20, 20), np.uint8))
    found[:, 0] = 255
    return found


def digests(folder: Path) -> dict[str, str]:
    """The files of a folder and their bytes."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def succeed(*words: object) -> None:
    """Run a command that has to work."""
    code = main([str(word) for word in words])
    assert code == 0, f"labeltool {' '.join(map(str, words))} ended with {code}"


@dataclass(frozen=True)
class Scene:
    """``root`` holds images (never to be changed), labels, a model and templates; ``project`` is a copy of a template
    that a command works on and ``out`` where it may write, both made anew by :meth:`set_up`."""

    root: Path

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def more(self) -> Path:
        """Images that no project has yet."""
        return self.root / "more"

    @property
    def labels(self) -> Path:
        return self.root / "labels"

    @property
    def coco(self) -> Path:
        return self.root / "coco"

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def unsaved(self) -> Path:
        """Files of changes that could not be saved."""
        return self.root / "unsaved"

    @property
    def stage(self) -> Path:
        return self.root / "stage"

    @property
    def project(self) -> Path:
        return self.stage / "project"

    @property
    def out(self) -> Path:
        return self.stage / "out"

    def set_up(self, template: str) -> None:
        """A fresh stage with a project as the template has it."""
        shutil.rmtree(self.stage, ignore_errors=True)
        self.out.mkdir(parents=True)
        if template:
            shutil.copytree(self.root / "templates" / template, self.project)


def build(root: Path) -> Scene:
    """Make everything; the templates are ``bare`` (images, no labels), ``labelled``, ``modelled`` (two models, one in
    use before the other), ``old`` (format 1), ``lost`` (labelled, without its index), ``hurt`` (with damaged tiles),
    ``removed`` (one image is in the trash), ``moved`` (its images lie below ``moved`` now)."""
    scene = Scene(root)
    for number, folder in enumerate((scene.images, scene.more)):
        folder.mkdir(parents=True)
        for place, name in enumerate(NAMES):
            coarse = np.random.default_rng(10 * number + place).integers(0, 256, (20, 30, 3), np.uint8)
            Image.fromarray(coarse).resize(SIZE).save(folder / f"{name}{number or ''}.png")
    scene.labels.mkdir()
    for place, name in enumerate(NAMES):
        Image.fromarray(label(place)).save(scene.labels / f"{name}.png")
    _model(scene)
    _templates(scene)
    return scene


def _model(scene: Scene) -> None:
    """A threshold, whose code is a plug-in that PYTHONPATH finds (see :func:`plugged_in`)."""
    info = scene.root / "site" / "threshold-1.0.dist-info"
    info.mkdir(parents=True)
    (scene.root / "site" / "threshold.py").write_text(THRESHOLD, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: threshold\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[labeltool.segmenters]\nthreshold = threshold:load\n", encoding="utf-8"
    )
    for number, folder in enumerate((scene.model, scene.root / "model2"), 1):
        folder.mkdir()
        weights = b"a threshold has none" * number
        catalog = ClassCatalog.from_names(["nucleus"])
        card = ModelCard(
            f"bright{number}",
            "none",
            "none",
            catalog,
            segmenter="threshold",
            tile=256,
            halo=32,
            sha256=sha256(weights).hexdigest(),
        )
        (folder / CARD_NAME).write_text(json.dumps(card.to_json()), encoding="utf-8")
        (folder / "weights.safetensors").write_bytes(weights)
    assert WEIGHTS_NAME == "weights.safetensors"


def plugged_in(scene: Scene) -> dict[str, str]:
    """Variables of the environment for processes that load the model."""
    return {
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(scene.root / "site"), os.environ.get("PYTHONPATH", "")])
        )
    }


def _templates(scene: Scene) -> None:
    scene.set_up("")
    succeed("new", scene.project, "--classes", "nucleus,cell", "--name", "kills")
    succeed("add", scene.project, scene.images)
    _keep(scene, "bare")
    succeed("import", scene.project, scene.labels, "--format", "png")
    succeed("export", scene.project, scene.coco, "--format", "coco")
    _keep(scene, "labelled")
    _add_models(scene)
    _keep(scene, "modelled")
    scene.set_up("labelled")
    _made_old(scene.project / "project.db")
    _keep(scene, "old")
    scene.set_up("labelled")
    (scene.project / "project.db").unlink()
    _keep(scene, "lost")
    scene.set_up("labelled")
    for path in scene.project.glob("masks/*/*.ltm"):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE tiles SET data = zeroblob(9) WHERE plane = 0")
    _keep(scene, "hurt")
    scene.set_up("labelled")
    _save_elsewhere(scene)
    succeed("remove", scene.project, "a.png")
    _keep(scene, "removed")
    _moved(scene)


def _save_elsewhere(scene: Scene) -> None:
    """A stroke on each of two images that could not be saved, as files to be recovered."""
    with ProjectStore.open(scene.project) as store:
        for record in store.images()[:2]:
            mask = store.load_mask(record.id)
            patch = write(mask, Box(20, 20, 60, 90), title="brush stroke", kind="brush", label=2, origin=2)
            file = RescueFile.create(scene.unsaved, store.description(record.id), store.root)
            file.append([Operation(patch, record.revision)])


def _moved(scene: Scene) -> None:
    """The template ``moved``: a project of copies that lie elsewhere afterwards."""
    scene.set_up("")
    shutil.copytree(scene.images, scene.root / "before")
    succeed("new", scene.project, "--classes", "nucleus,cell")
    succeed("add", scene.project, scene.root / "before")
    succeed("import", scene.project, scene.labels, "--format", "png")
    (scene.root / "before").rename(scene.root / "moved")
    _keep(scene, "moved")


def _keep(scene: Scene, name: str) -> None:
    shutil.copytree(scene.project, scene.root / "templates" / name)


def _add_models(scene: Scene) -> None:
    """As `models add` does it, but for loading them."""
    for folder in (scene.model, scene.root / "model2"):
        target = scene.project / "models" / json.loads((folder / CARD_NAME).read_text())["name"]
        shutil.copytree(folder, target)
    succeed("models", scene.project, "promote", "bright1")
    succeed("models", scene.project, "promote", "bright2")


def _made_old(index: Path) -> None:
    with sqlite3.connect(index) as db:
        for column in ("page", "series", "place", "subject"):
            db.execute(f"ALTER TABLE images DROP COLUMN {column}")
        db.execute("UPDATE project SET value = '1' WHERE key = 'format'")
    db.close()


State = dict[str, object]
"""What a project holds, piece by piece: of each piece a kill may leave what was before or what comes after."""


def state_of(project: Path) -> State:
    """The pieces of a project: whether it is there, its classes, its models, and of each image what is known."""
    found: State = {"there": (project / "project.db").exists() or any(project.glob("masks/*/*.ltm"))}
    if not found["there"]:
        return found
    with ProjectStore.open(project, write=False) as store:
        found["classes"] = tuple((c.value, c.name) for c in store.catalog.classes)
        for record in store.images():
            found[f"{record.name}"] = True
            found[f"{record.name} source"] = str(record.path)
            found[f"{record.name} mask"] = store.root_hash(record.id) if record.revision else ""
            found[f"{record.name} split"] = record.split
            found[f"{record.name} status"] = record.status.value
            for key in sorted((*store.prediction_keys(record.id), *store.references(record.id))):
                found[f"{record.name} {key}"] = True
    found |= _models(project)
    queue = project / "queue.json"
    found["queue"] = len(json.loads(queue.read_text())["suggestions"]) if queue.exists() else None
    return found


def _models(project: Path) -> State:
    journal = project / "models" / "promotions.jsonl"
    lines = journal.read_bytes().splitlines() if journal.exists() else []
    used = [json.loads(line)["model"] for line in lines if line.endswith(b"}")]
    there = {
        f"model {path.name}": json.loads((path / "card.json").read_text())["sha256"]
        == sha256((path / "weights.safetensors").read_bytes()).hexdigest()
        for path in project.glob("models/[!.]*/")
    }
    return {"in use": used[-1] if used else None, **there}
