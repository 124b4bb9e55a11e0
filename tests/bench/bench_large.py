"""Opening and painting on an image larger than memory, in the real window: first picture, strokes, peak memory.

    python tests/bench/bench_large.py [--side 30000]

Writes a tiled TIFF with overviews and the same picture without any to a temporary folder (0.3 bytes a pixel), opens
each in a process of its own, and paints 500 strokes on the first.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

STROKES = 500


def write(folder: Path, side: int) -> list[Path]:
    """A picture with something on it everywhere, with overviews and without."""
    import pyvips

    wave = pyvips.Image.sines(512, 512, hfreq=9, vfreq=5).linear(90, 120).cast("uchar")
    picture = wave.bandjoin([wave.rot90(), wave.flip("vertical")]).copy(interpretation="srgb")
    picture = picture.replicate(-(-side // 512), -(-side // 512)).crop(0, 0, side, side)
    options = {"tile": True, "tile_width": 256, "tile_height": 256, "compression": "deflate", "bigtiff": True}
    paths = [folder / "with_overviews.tif", folder / "without_overviews.tif"]
    for path, pyramid in zip(paths, (True, False), strict=True):
        picture.tiffsave(str(path), pyramid=pyramid, **options)
    return paths


def measure(path: Path, strokes: int) -> None:
    """Open the window on a project with one image; times from the call that opens the image."""
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QWidget

    from labeltool.app.project import add_images
    from labeltool.core.catalog import ClassCatalog
    from labeltool.store.project import ProjectStore
    from labeltool.tools.tool import Pointer
    from labeltool.ui.main import open_window
    from tests.e2e.pause import pause_ms

    folder = path.parent
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    project = folder / f"project-{path.stem}"
    with ProjectStore.create(project, "large", ClassCatalog.from_names(["a", "b"])) as store:
        add_images(store, [path])
    window = open_window(project)
    canvas = window.findChild(QWidget, "canvas")
    while window.annotate.image is None:
        pause_ms(1)
    pause_ms(12_000)  # levels are made meanwhile; the second opening is the one that counts
    bench = window.bench
    started, first = time.perf_counter(), None
    bench.open_image(bench.open.record.id)
    bench.image_opened.connect(lambda _: None)
    while first is None:
        pause_ms(1)
        image = window.annotate.image
        if image is not None and not image.session.frozen:
            shown = canvas.grab().toImage()
            middle = shown.pixelColor(shown.width() // 2, shown.height() // 2)
            if middle.saturation() > 40:
                first = time.perf_counter() - started
    print(f"{path.name}: first picture of a window that has run {1000 * first:.0f} ms after the open call")
    ends, times = bench.open.session.mask.size.width, []
    canvas.zoom_to(1.0)
    for number in range(strokes):
        x, y = (number * 7919) % ends, (number * 104729) % ends
        canvas.centre_on(x, y)
        canvas._send(Pointer("press", x, y))
        for step in range(10):
            moved = time.perf_counter()
            canvas._send(Pointer("move", x + 12 * step, y + 5 * step))
            pause_ms(0)
            times.append((time.perf_counter() - moved) * 1000)
        canvas._send(Pointer("release", x + 120, y + 50))
        pause_ms(3)
    if times:
        times.sort()
        print(
            f"   {strokes} strokes, {len(times)} moves: median {times[len(times) // 2]:.2f} ms,"
            f" 99 % {times[len(times) * 99 // 100]:.2f} ms; steps of undo {len(bench.open.session._undo)}"
        )
        for _ in range(strokes):
            bench.open.session.undo()
        pause_ms(200)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"   peak memory {peak:.0f} MB", flush=True)
    window.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=30_000)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--strokes", type=int, default=STROKES)
    given = parser.parse_args()
    if given.file:
        measure(given.file, given.strokes)
        return
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        paths = write(Path(folder), given.side)
        print(
            f"{given.side:,} x {given.side:,}, written in {time.perf_counter() - started:.0f} s", flush=True
        )
        for path, strokes in zip(paths, (given.strokes, 0), strict=True):
            command = [sys.executable, __file__, "--file", str(path), "--strokes", str(strokes)]
            subprocess.run(command, check=True, env={**os.environ, "XDG_CACHE_HOME": folder})


if __name__ == "__main__":
    main()
