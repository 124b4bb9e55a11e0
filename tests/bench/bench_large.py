"""Images larger than memory in the real window: the first picture, the next image, strokes, and peak memory.

    python tests/bench/bench_large.py [--side 20000] [--strokes 500]

Writes a tiled TIFF with overviews and the same picture without any to a temporary folder (0.3 bytes a pixel), and
photos of 4,000 x 3,000. Each kind is measured in a process of its own. Times are from the call that opens an image
until its picture is on the canvas; looking for it takes some milliseconds more, which are not taken off.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from tests.bench.memory import peak_mb

SIDE, STROKES, MOVES, PHOTOS = 20_000, 500, 10, 12
GREY_BELOW = 40
"""Saturation of the grey picture that is open before."""


def write_large(folder: Path, side: int) -> dict[str, Path]:
    """A colourful picture with something on it everywhere, with overviews and without; and a small grey one."""
    import pyvips

    wave = pyvips.Image.sines(512, 512, hfreq=9, vfreq=5).linear(60, 150).cast("uchar")
    picture = wave.bandjoin([wave.linear(0.2, 0).cast("uchar"), wave.flip("vertical")]).copy(
        interpretation="srgb"
    )
    picture = picture.replicate(-(-side // 512), -(-side // 512)).crop(0, 0, side, side)
    options = {"tile": True, "tile_width": 256, "tile_height": 256, "compression": "deflate", "bigtiff": True}
    paths = {name: folder / name for name in ("with_overviews.tif", "without_overviews.tif", "grey.png")}
    picture.tiffsave(str(paths["with_overviews.tif"]), pyramid=True, **options)
    picture.tiffsave(str(paths["without_overviews.tif"]), pyramid=False, **options)
    pyvips.Image.black(640, 480, bands=3).linear(1, 90).cast("uchar").pngsave(str(paths["grey.png"]))
    return paths


def write_photos(folder: Path) -> list[Path]:
    """Photos with noise, every second one of another hue."""
    import cv2

    noise = np.random.default_rng(1).integers(0, 40, (3_000, 4_000, 3), np.uint8)
    paths = []
    for number in range(PHOTOS):
        pixels = noise + np.array([180, 60, 20] if number % 2 else [20, 60, 180], np.uint8)
        paths.append(folder / f"photo_{number:02}.jpg")
        cv2.imwrite(str(paths[-1]), pixels)
    return paths


class Desk:
    """The program's window on a new project."""

    def __init__(self, images: list[Path]) -> None:
        from PySide6.QtCore import QSettings

        from labeltool.app.project import add_images
        from labeltool.core.catalog import ClassCatalog
        from labeltool.store.project import ProjectStore
        from labeltool.ui.main import open_window
        from tests.e2e.pause import pause_ms

        folder = Path(tempfile.mkdtemp(dir=images[0].parent))
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
        with ProjectStore.create(folder / "project", "large", ClassCatalog.from_names(["a", "b"])) as store:
            add_images(store, images)
        self.pause = pause_ms
        self.window: Any = open_window(folder / "project")
        self.window.resize(1600, 900)
        self.until(lambda: self.window.annotate.image is not None)
        self.canvas: Any = self.window.annotate.canvas
        self.bench: Any = self.window.bench
        pause_ms(1_500)

    def until(self, reached: Callable[[], bool], seconds: float = 60) -> float:
        """Milliseconds until something is so."""
        started = time.perf_counter()
        while not reached():
            if time.perf_counter() - started > seconds:
                raise TimeoutError
            self.pause(0)
        return (time.perf_counter() - started) * 1000

    def middle(self) -> tuple[int, int]:
        """Hue and saturation of the middle of the canvas as it is painted now."""
        shown = self.canvas.grab().toImage()
        color = shown.pixelColor(shown.width() // 2, shown.height() // 2)
        return color.hsvHue(), color.hsvSaturation()


def first_picture(path: Path) -> None:
    """From a grey picture to a large colourful one."""
    at = Desk([path.with_name("grey.png"), path])
    record = next(r for r in at.bench.store.images() if r.path.name == path.name)
    started = time.perf_counter()
    at.bench.open_image(record.id)
    at.until(lambda: at.middle()[1] > GREY_BELOW)
    print(f"{path.name:<24} first picture {1000 * (time.perf_counter() - started):6.0f} ms", flush=True)
    at.window.close()


def next_image(folder: Path) -> None:
    """D, D, D, with a second between them, in which the next one is fetched."""
    at = Desk(sorted(folder.glob("photo_*.jpg")))
    times = []
    for _ in range(PHOTOS - 1):
        at.pause(1_200)
        before = at.middle()[0]
        started = time.perf_counter()
        at.window.actions_["next_image"].trigger()
        at.until(lambda hue=before: at.middle()[0] != hue)
        times.append((time.perf_counter() - started) * 1000)
    middle, late = np.percentile(times, [50, 100])
    print(
        f"next image, 4,000 x 3,000 JPEG   median {middle:.0f} ms   longest {late:.0f}   n={len(times)}",
        flush=True,
    )
    at.window.close()


def strokes(path: Path, count: int) -> None:
    """Strokes of radius 100 all over the image at 100 %, then all of them undone."""
    from labeltool.tools.tool import Pointer

    at = Desk([path])
    side, times = at.bench.open.session.mask.size.width, []
    at.bench.hand.radius_px = 100.0
    at.canvas.zoom_to(1.0)
    draw = at.canvas._drawing.send
    for number in range(count):
        x, y = (number * 7919) % (side - 400) + 100, (number * 104729) % (side - 400) + 100
        at.canvas.centre_on(x, y)
        at.pause(30)  # the tiles of a place that was never seen are another thing than a move
        draw(Pointer("press", x, y))
        for step in range(MOVES):
            moved = time.perf_counter()
            draw(Pointer("move", x + 20 * step, y + 9 * step))
            at.pause(0)
            times.append((time.perf_counter() - moved) * 1000)
        draw(Pointer("release", x + 200, y + 90))
        at.pause(3)
    steps = len(at.bench.open.session._undo)
    middle, late = np.percentile(times, [50, 99])
    print(f"{count} strokes on {path.name}: move median {middle:.2f} ms   99 % {late:.2f}   n={len(times)}")
    peak = peak_mb()
    for _ in range(count):
        at.bench.open.session.undo()
    at.pause(200)
    print(
        f"peak memory {peak:.0f} MB with {steps} steps of undo, {peak_mb():.0f} MB after undoing them all",
        flush=True,
    )
    at.window.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=SIDE, help="of the large images, in pixels")
    parser.add_argument("--strokes", type=int, default=STROKES)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    works: dict[str, Callable[[Path], None]] = {
        "first_picture": first_picture,
        "next_image": next_image,
        "strokes": lambda path: strokes(path, given.strokes),
    }
    if given.work:
        works[given.work[0]](Path(given.work[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        paths = write_large(folder, given.side)
        print(
            f"== {given.side:,} x {given.side:,}, written in {time.perf_counter() - started:.0f} s",
            flush=True,
        )
        photos = folder / "photos"
        photos.mkdir()
        write_photos(photos)
        for work, path in (
            ("first_picture", paths["with_overviews.tif"]),
            ("first_picture", paths["without_overviews.tif"]),
            ("next_image", photos),
            ("strokes", paths["with_overviews.tif"]),
        ):
            command = [sys.executable, __file__, "--strokes", str(given.strokes), "--work", work, str(path)]
            subprocess.run(command, check=True, env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")})


if __name__ == "__main__":
    main()
