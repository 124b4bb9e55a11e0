"""Whatever language, numbers, direction of writing and time zone a system has: the files are the same bytes."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = r"""
import json, locale, re, sys
from pathlib import Path
from labeltool.__main__ import main
root, images, masks = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
heard = {}
def do(*words):
    assert main([str(word) for word in words]) == 0, words
do("new", root, "--classes", "nucleus,cell")
do("add", root, images)
do("import", root, masks, "--format", "png")

from PySide6.QtCore import QLocale, QPointF, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QWidget
from labeltool.ui import main as window_
app = window_.application()
if QLocale().textDirection() == Qt.LayoutDirection.RightToLeft:
    app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
window = window_.open_window(root)
while window.annotate.image is None:
    QTest.qWait(5)
window.resize(1000, 700)
QTest.qWait(50)
canvas = window.findChild(QWidget, "canvas")
window.actions_["brush"].trigger()
window._hand.set_diameter(12.5)
canvas.zoom_to(3.0)
at = lambda x, y: QPointF(*canvas.image_to_widget(x, y)).toPoint()
QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at(60, 40))
QTest.mouseMove(canvas, at(70, 40))
QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at(70, 40))
field = window.findChild(QDoubleSpinBox, "look.level.number")
field.setValue(127.5)
heard["field"] = field.text()
window.close()
heard["numbers"] = QLocale().toString(1.5)
heard["direction"] = QLocale().textDirection().name
heard["c"] = locale.localeconv()["decimal_point"]
kept = [key for key in QSettings().allKeys() if "radius" in key or "brush" in key]
heard["settings"] = {key: str(QSettings().value(key)) for key in kept}

for format in ("coco", "yolo", "cvat", "voc", "labelme"):
    do("export", root, root.with_name(format), "--format", format)
do("measure", root, root.with_name("measures.csv"))
MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(\+00:00|Z)")
files = {}
for path in sorted(root.parent.rglob("*")):
    inside = path.relative_to(root.parent)
    if path.is_file() and inside.parts[0] in ("coco", "yolo", "cvat", "voc", "labelme", "measures.csv"):
        data = MOMENT.sub(b"WHEN", path.read_bytes()).replace(str(root.parent).encode(), b"HERE")
        if path.name == "manifest.json" or b"WHEN" in data:
            data = re.sub(rb'"[0-9a-f]{64}"', b'"HASH"', data)  # of a file that says when
            data = re.sub(rb'"[0-9a-f]{32}"', b'"ID"', data)  # drawn for each project anew
        files[inside.as_posix()] = data.decode("latin-1")
heard["offsets"] = sorted({
    found.decode() for path in root.rglob("*") if path.is_file()
    for found in re.findall(rb"\d\dT\d\d:\d\d:\d\d[.\d]*([+-]\d\d:?\d\d)", path.read_bytes())
})
Path(sys.argv[4]).write_text(json.dumps({"files": files, **heard}), encoding="utf-8")
"""

PLACES = {
    "de_DE": "Europe/Berlin",
    "ar_EG": "Africa/Cairo",
    "fa_IR": "Asia/Kathmandu",
}
"""Commas in numbers, letters from right to left, other digits; zones with daylight saving, and one of odd minutes."""


@functools.cache
def compiled(folder: Path) -> list[str]:
    """The names of locales that could be made in a folder; those of the system are used by nobody else's machine."""
    found = shutil.which("localedef")
    if not found:
        return []
    made = []
    for name in PLACES:
        words = [found, "-i", name, "-f", "UTF-8", str(folder / f"{name}.UTF-8")]
        if subprocess.run(words, capture_output=True, check=False).returncode == 0:
            made.append(name)
    return made


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("data")
    label = np.zeros((80, 120), np.uint8)
    label[10:40, 10:50], label[50:70, 60:113] = 1, 2
    label[12:15, 12:17] = 0
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for name in "ab":
        Image.fromarray(np.arange(9600, dtype=np.uint32).reshape(80, 120).astype(np.uint8)).save(
            folder / "images" / f"{name}.png"
        )
        Image.fromarray(label).save(folder / "masks" / f"{name}.png")
    return folder / "images", folder / "masks"


def heard(folder: Path, data: tuple[Path, Path], **environment: str) -> dict[str, object]:
    folder.mkdir()
    homes = {f"XDG_{name}_HOME": str(folder / "home" / name) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "TZ"))}
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder / "project"), *map(str, data), str(folder / "heard.json")],
        env={**plain, **homes, "QT_QPA_PLATFORM": "offscreen", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (folder / "heard.json").exists(), ended.stderr[-3000:]
    found: dict[str, object] = json.loads((folder / "heard.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", list(PLACES))
def test_files_do_not_depend_on_the_language_the_numbers_or_the_time_zone(
    name: str, data: tuple[Path, Path], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "locales"
    folder.mkdir(exist_ok=True)
    plain = heard(tmp_path / "plain", data, LC_ALL="C.UTF-8", TZ="UTC")
    other = (
        heard(
            tmp_path / "other",
            data,
            LC_ALL=f"{name}.UTF-8",
            LANG=f"{name}.UTF-8",
            TZ=PLACES[name],
            LOCPATH=str(folder),
        )
        if name in compiled(folder)
        else heard(tmp_path / "other", data, LC_ALL=f"{name}.UTF-8", TZ=PLACES[name])
    )
    assert plain["numbers"] == "1.5"
    assert other["numbers"] != "1.5"
    assert plain["field"] == "127.5"
    assert other["field"] in ("127,5", "١٢٧٫٥", "۱۲۷٫۵"), "the window does speak in this way"
    assert other["direction"] == ("LeftToRight" if name == "de_DE" else "RightToLeft")
    files, expected = other["files"], plain["files"]
    assert isinstance(files, dict) and isinstance(expected, dict)
    assert len(files) > 15 and files.keys() == expected.keys()
    assert [path for path in files if files[path] != expected[path]] == []
    assert other["settings"] == plain["settings"] != {}
    assert other["offsets"] in ([], ["+00:00"]), "moments are kept in UTC"


def test_the_script_compares_what_holds_numbers() -> None:
    assert re.search(r"yolo.*cvat", SCRIPT) and "measures.csv" in SCRIPT
