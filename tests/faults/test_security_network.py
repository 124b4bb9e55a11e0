"""Nothing in the program asks for the network: not the window, not the commands, not the libraries that they use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.faults.network import namespace, without_network

FAR = "192.0.2.1"
"""An address that is nobody's (RFC 5737)."""
NAMED = "import socket; socket.gethostbyname('example.org')"


@pytest.mark.parametrize(
    "ask",
    [
        f"import socket; socket.create_connection(('{FAR}', 80), 1)",
        "import socket; socket.getaddrinfo('example.org', 443)",
        "import urllib.request as u; u.urlopen('http://example.org', timeout=1)",
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {NAMED!r}], check=True)",
    ],
)
def test_whoever_asks_is_noticed_and_gets_nothing(ask: str, tmp_path: Path) -> None:
    ended = without_network(ask, tmp_path)
    assert ended.code != 0
    assert ended.asked != []


def test_a_c_library_that_asks_is_noticed_by_the_kernel(tmp_path: Path) -> None:
    if not namespace():
        pytest.skip("this system lets nobody make a network namespace")
    ended = without_network(
        "import ctypes, socket, struct\n"
        "libc = ctypes.CDLL(None)\n"
        f"far = struct.pack('=HH4s8x', socket.AF_INET, socket.htons(80), socket.inet_aton('{FAR}'))\n"
        "libc.connect(libc.socket(2, 1, 0), far, len(far))\n",
        tmp_path,
    )
    assert ended.asked == ["the kernel saw packets to another machine"]


WORK = """
import sys
from pathlib import Path
from labeltool.__main__ import main
root, images, masks = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def do(*words):
    assert main([str(word) for word in words]) == 0, words
do("new", root, "--classes", "nucleus")
do("add", root, images)
do("import", root, masks, "--format", "png")
for format in ("coco", "voc", "cvat"):
    do("export", root, root.with_name(format), "--format", format)
do("import", root, root.with_name("cvat"), "--format", "cvat")
do("fsck", root)
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from labeltool.ui import main as window
window.application()
def close():
    for each in QApplication.topLevelWidgets():
        each.close()
QTimer.singleShot(1500, close)
assert window.run(root) == 0
print("all done")
"""


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, Path]:
    """Images with two grey rectangles, and masks of them."""
    label = np.zeros((80, 120), np.uint8)
    label[10:40, 10:50] = label[50:70, 60:110] = 1
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for name in "abcdef":
        Image.fromarray(label * 200).save(tmp_path / "images" / f"{name}.png")
        Image.fromarray(label).save(tmp_path / "masks" / f"{name}.png")
    return tmp_path / "images", tmp_path / "masks"


@pytest.mark.slow
def test_a_project_is_made_filled_exported_imported_and_shown_without_a_network(
    tmp_path: Path, data: tuple[Path, Path]
) -> None:
    ended = without_network(WORK, tmp_path, tmp_path / "project", *data)
    assert "all done" in ended.out, ended.err
    assert ended.asked == []


HEAVY = """
import sys
from pathlib import Path
from labeltool.__main__ import main
root, images, masks = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def do(*words):
    code = main([str(word) for word in words])
    assert code == 0, (words, code)
do("new", root, "--classes", "nucleus")
do("add", root, images)
do("import", root, masks, "--format", "png")
small = "--steps 2 --crop 64 --batch 2 --encoder tu-mobilenetv3_small_050"
do("train", root, "--name", "m", "--device", "cpu", *small.split())
do("prelabel", root, "--device", "cpu")
do("export", root, root.with_name("out"), "--format", "coco")
main(["doctor", "--device", "cpu"])
do("demo", root.with_name("demo"), "--headless", "--device", "cpu")
print("all done")
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_training_prelabelling_doctor_and_the_demo_ask_for_no_network(
    tmp_path: Path, data: tuple[Path, Path]
) -> None:
    ended = without_network(HEAVY, tmp_path, tmp_path / "project", *data, seconds=800)
    assert "all done" in ended.out, ended.err[-3000:]
    assert ended.asked == []
