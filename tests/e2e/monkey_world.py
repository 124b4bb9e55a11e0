"""What the monkey has to play with: a scratch folder with projects, images good and bad, labels and a quick model."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import cv2
import numpy as np
import pyvips
from PySide6.QtCore import QSettings

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.store.project import ProjectStore
from tests.e2e.threshold import install, write_model

CLASSES = ("bright", "edge", "rest")
"""Names that no model of the program knows: so the quick one is the one that pre-labels."""
SIZES = {"small": (300, 200), "odd": (777, 513), "same": (777, 513), "wide": (2100, 700), "line": (1, 300)}
LARGE = 9_000, 7_000
ODD_TEXTS = (
    "", " ", "x", "Kern/..", "a:b", "#", "细胞核", "🔬" * 3, "e\u0301", "\u202eabc", "NaN", "-1", "1e400", "0",
    "%s {n}",     "<b>bold</b>", "A" * 300, "tab\there",
    "'\";--", "Ctrl+K", "CON", "0.5", "7", "bright", "edge, bright",
)  # fmt: skip
MOST_MB, MOST_CLASSES = 60, 12
"""A project larger than this is begun anew, so that a long game stays the same game."""


def picture(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """uint8 [height, width, 3]: discs of any colour with noise over them."""
    pixels = np.full((height, width, 3), 40, np.uint8)
    for _ in range(40):
        at = int(rng.integers(0, width)), int(rng.integers(0, height))
        color = [int(v) for v in rng.integers(80, 255, 3)]
        cv2.circle(pixels, at, int(rng.integers(4, 60)), color, -1)
    noise = rng.integers(-12, 12, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def sample_project(folder: Path, *, large: bool = False) -> Path:
    """Images of several sizes with something on them for the tools that look at the image; with ``large`` also one
    that is read by parts."""
    rng = np.random.default_rng(0)
    images = folder / "images"
    if not images.is_dir():
        images.mkdir(parents=True)
        for name, (width, height) in SIZES.items():
            _write(images / f"{name}.png", picture(rng, width, height))
        if large:
            part = pyvips.Image.new_from_file(str(images / "wide.png"))
            whole = part.replicate(1 + LARGE[0] // part.width, 1 + LARGE[1] // part.height).crop(0, 0, *LARGE)
            whole.tiffsave(str(images / "large.tif"), tile=True, compression="deflate")
    with ProjectStore.create(folder / "project", "monkey", ClassCatalog.from_names(list(CLASSES))) as store:
        add_images(store, [images])
    return folder / "project"


class World:
    """Everything lies in one folder, the user's own folders included, and the plug-in of the model is on the path of
    child processes. ``close`` puts the environment back."""

    def __init__(self, root: Path, *, large: bool = False, projects: int = 2) -> None:
        self.root = root
        self._large = large
        self._kept = {name: os.environ.get(name) for name in ("HOME", "PYTHONPATH", *_XDG)}
        self._came_from = Path.cwd()
        self._settings()
        os.environ["PYTHONPATH"] = install(root / "site")
        self.model = write_model(root / "models" / "bright", CLASSES)
        self.more = self._more_images()
        self.masks = self._masks()
        self.projects = [self.begin(number) for number in range(projects)]
        here = (
            root / "somewhere" / "deep" / "down"
        )  # what is typed with ".." must not lead out of the scratch folder
        here.mkdir(parents=True)
        os.chdir(here)

    def close(self) -> None:
        """Leave the environment as it was."""
        os.chdir(self._came_from)
        for name, value in self._kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def begin(self, number: int) -> Path:
        """A project with the model of its own, made anew where it was there."""
        folder = self.root / f"p{number}"
        shutil.rmtree(folder / "project", ignore_errors=True)
        project = sample_project(folder, large=self._large and number == 0)
        shutil.copytree(self.model, project / "models" / "bright")
        return project

    def tidy(self, project: Path) -> Path:
        """Let go of what was exported and made beside; the project, begun anew where it has grown too large, or where
        somebody has renamed the classes that the model knows."""
        for folder in (self.out, self.made):
            for old in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)[:-4]:
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        with ProjectStore.open(project, write=False) as store:
            names = [each.name for each in store.catalog.foreground]
        if megabytes(project) > MOST_MB or len(names) > MOST_CLASSES or not set(CLASSES) <= set(names):
            return self.begin(self.projects.index(project))
        return project

    @property
    def out(self) -> Path:
        """Where the monkey exports to."""
        return self._folder("out")

    @property
    def made(self) -> Path:
        """Where its own new projects go."""
        return self._folder("made")

    def any_path(self, chance: random.Random) -> Path:
        """Something that is there: an image, a folder, labels, a project; or something that is not."""
        labels = [path for path in self.out.iterdir() if path.is_dir()]
        choices = [
            self.more, self.masks, self.projects[0].parent / "images", *sorted(self.more.iterdir()), *labels,
            self.root / "nowhere", self.model, self.out / f"e{chance.randrange(6)}",
            self.made / f"m{chance.randrange(3)}", self.root / "models" / "bright" / "weights.safetensors",
        ]  # fmt: skip
        return chance.choice(choices)

    def any_text(self, chance: random.Random) -> str:
        """What somebody may type."""
        return str(self.any_path(chance)) if chance.random() < 0.5 else chance.choice(ODD_TEXTS)

    def _folder(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(exist_ok=True)
        return folder

    def _settings(self) -> None:
        home = self._folder("home")
        os.environ["HOME"] = str(home)
        for name in _XDG:
            os.environ[name] = str(home / name.lower())
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(
            QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(self._folder("settings"))
        )

    def _more_images(self) -> Path:
        folder, rng = self._folder("more"), np.random.default_rng(1)
        for number in range(3):
            _write(folder / f"m{number}.png", picture(rng, 200 + 70 * number, 240))
        deep = (picture(rng, 160, 120).astype(np.uint16) << 7)[..., 0]
        cv2.imwritemulti(str(folder / "pages.tif"), [deep, deep // 2, deep // 3])
        whole = (folder / "m0.png").read_bytes()
        (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
        (folder / "text.png").write_text("no picture")
        (folder / "empty.png").touch()
        return folder

    def _masks(self) -> Path:
        folder, rng = self._folder("masks"), np.random.default_rng(2)
        for name, (width, height) in SIZES.items():
            label = np.zeros((height, width), np.uint8)
            cv2.circle(label, (width // 2, height // 2), 60, int(rng.integers(1, 4)), -1)
            _write(folder / f"{name}.png", label)
        _write(folder / "stranger.png", np.zeros((9, 9), np.uint8))
        return folder


_XDG = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_DOCUMENTS_DIR")


def megabytes(folder: Path) -> float:
    """What the files in a folder come to."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # it was there a moment ago
            continue
    return total / 2**20


def _write(path: Path, pixels: np.ndarray) -> None:
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
