"""Seams and memory: tiles against the whole image, and a raster of 50,000 x 50,000 pixels that is nearly all no data.

    python tests/bench/bench_raster.py [--data NUCLEI] [--model FOLDER] [--side 50000] [--only seams|raster]

The first table takes mosaics of real images through a trained network, once as one window and then in tiles, and
counts the pixels whose class differs: for the network as it is (its pooling averages over squares) and with image-level
pooling in its place (context 0), which sees another image in each tile unless one vector is given to all of them.

The second makes a sparse GeoTIFF with some mosaics in it, pre-labels it in a project as `labeltool prelabel` does, and
says how long that took and the most memory that the program, its child process, and both at once held (Linux only).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "resources" / "models" / "nuclei"
MOSAIC, PLACES = 2048, ((1_000, 2_000), (24_000, 24_500), (47_500, 30_000))
TILES = ((512, 32), (768, 64), (1024, 64), (1024, 128))
BOUND = 0.5
"""Percent of pixels that may differ at tile 1024."""


def mosaic(data: Path, appearance: str) -> np.ndarray:
    """uint8 [2048, 2048, 3]: images of one kind side by side, in rows of 256, cut where the next begins."""
    import csv

    names: list[Path] = []
    for split in ("train", "val"):
        with (data / f"manifest_{split}.csv").open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["appearance"] == appearance]
        names += [next((data / "images" / split).glob(f"{row['id']}.*")) for row in rows]
    out = np.zeros((MOSAIC, MOSAIC, 3), np.uint8)
    number = 0
    for top in range(0, MOSAIC, 256):
        left = 0
        while left < MOSAIC:
            picture = cv2.imread(str(names[number % len(names)]))[:256, : MOSAIC - left, ::-1]
            out[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
            left, number = left + picture.shape[1], number + 1
    return out


class Tiled:
    """A segmenter with another tile and halo; ``surveys`` is whether images get a vector of their own."""

    def __init__(self, inner: Any, tile: int, halo: int, *, surveys: bool = True) -> None:
        self.card = replace(inner.card, tile=tile, halo=halo)
        self.device, self.engine, self.batch, self.notices = (
            inner.device,
            inner.engine,
            inner.batch,
            inner.notices,
        )
        self.predict, self.fall_back = inner.predict, inner.fall_back
        self.survey = inner.survey if surveys else lambda samples: None


def classes_of(path: Path, segmenter: Any) -> tuple[np.ndarray, float]:
    """The class of every pixel of an image, and the seconds it took."""
    from labeltool.inference.feeding import open_fed
    from labeltool.inference.tiled import segment

    started_s = time.perf_counter()
    with open_fed(path) as reader:
        out = np.empty((reader.info.size.height, reader.info.size.width), np.uint8)
        for part in segment(reader, segmenter):
            out[part.box.slices()] = part.label
    return out, time.perf_counter() - started_s


def segmenter_of(model: Path, folder: Path, context: int | None, engine: str) -> Any:
    """A model, with another ``context`` in its card where one is given."""
    from labeltool import plugins
    from labeltool.inference.options import InferenceOptions

    if context is not None:
        model = Path(shutil.copytree(model, folder / f"context {context}"))
        card = json.loads((model / "card.json").read_text(encoding="utf-8"))
        (model / "card.json").write_text(json.dumps({**card, "context": context}), encoding="utf-8")
    name = json.loads((model / "card.json").read_text(encoding="utf-8")).get("segmenter", "smp")
    return plugins.load("labeltool.segmenters", name)(model, InferenceOptions(engine=engine))


def seams(data: Path, model: Path, folder: Path, engine: str, appearances: list[str]) -> None:
    """Print what share of the pixels tiles change."""
    print(f"{'image':13} {'pooling':22} {'tile':>5} {'halo':>5} {'differ':>9} {'seconds':>8}")
    squares, image_wide = (segmenter_of(model, folder, context, engine) for context in (None, 0))
    ways = (
        ("squares", squares, True),
        ("image, one vector", image_wide, True),
        ("image, by tile", image_wide, False),
    )
    worst = 0.0
    for appearance in appearances:
        path = folder / f"{appearance}.png"
        cv2.imwrite(str(path), mosaic(data, appearance)[..., ::-1])
        wholes = {each: classes_of(path, Tiled(each, MOSAIC, 0)) for each in (squares, image_wide)}
        for name, network, surveys in ways:
            whole, seconds = wholes[network]
            print(f"{appearance:13} {name:22} {'whole':>5} {'':5} {'':9} {seconds:8.1f}", flush=True)
            for tile, halo in TILES:
                cut, seconds = classes_of(path, Tiled(network, tile, halo, surveys=surveys))
                share = 100 * float((whole != cut).mean())
                worst = max(worst, share) if surveys and (tile, halo) == (1024, 64) else worst
                print(f"{appearance:13} {name:22} {tile:5} {halo:5} {share:8.3f}% {seconds:8.1f}", flush=True)
    print(
        f"worst at tile 1024, halo 64: {worst:.3f} % ({'within' if worst <= BOUND else 'ABOVE'} {BOUND} %)\n"
    )


def write_sparse(path: Path, side: int, picture: np.ndarray) -> int:
    """A GeoTIFF that holds ``picture`` at a few places and nothing elsewhere; how often it was put in."""
    import rasterio
    from rasterio.windows import Window

    profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8", "nodata": 0}
    layout = {
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "deflate",
        "interleave": "pixel",
    }
    places = [(x, y) for x, y in PLACES if max(x, y) + MOSAIC <= side] or [(0, 0)]
    place = rasterio.Affine(0.5, 0, 300_000, 0, -0.5, 5_000_000)
    with rasterio.open(
        path, "w", **profile, **layout, crs="EPSG:32632", transform=place, SPARSE_OK=True
    ) as file:
        for x, y in places:
            file.write(np.moveaxis(np.maximum(picture, 1), 2, 0), window=Window(x, y, MOSAIC, MOSAIC))
    return len(places)


class Memory:
    """The most MB that this process, its children, and all of them at once held."""

    def __init__(self) -> None:
        self.own = self.children = self.together = 0.0

    def most(self) -> tuple[float, float, float]:
        """The three figures so far."""
        return self.own, self.children, self.together

    @contextmanager
    def watched(self) -> Iterator[Memory]:
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.1):
                own, children = _resident("self"), sum(map(_resident, _children("self")))
                self.own, self.children = max(self.own, own), max(self.children, children)
                self.together = max(self.together, own + children)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        yield self
        ended.set()
        thread.join()


def _resident(pid: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
    except (OSError, StopIteration):
        return 0.0


def _children(pid: str) -> list[str]:
    found: list[str] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += (task / "children").read_text().split()
        except OSError:
            continue
    return found + [below for child in found for below in _children(child)]


def raster(data: Path, model: Path, folder: Path, engine: str, side: int) -> None:
    """Print what pre-labelling a large sparse raster takes."""
    from labeltool.app.models import read_model
    from labeltool.app.prelabel import fill_annotation, predict
    from labeltool.app.project import add_images
    from labeltool.imaging.windows import windows
    from labeltool.inference.options import InferenceOptions
    from labeltool.store.project import ProjectStore

    path = folder / "sparse.tif"
    places = write_sparse(path, side, mosaic(data, "histology"))
    found = read_model(model)
    with ProjectStore.create(folder / "project", "raster", found.card.catalog) as store:
        (record,) = add_images(store, [path]).added
        grid = sum(1 for _ in windows(record.size, found.card.tile, found.card.halo))
        with Memory().watched() as memory:
            started_s = time.perf_counter()
            report = predict(store, [record], found, InferenceOptions(engine=engine))
            predicted_s = time.perf_counter() - started_s
            predicted = memory.most()
            fill_annotation(store, record, report.model)
            filled_s = time.perf_counter() - started_s - predicted_s
        kept = store.prediction(record.id, report.model)
        assert kept is not None and kept.complete and not report.skipped, report
    size = path.stat().st_size / 1e6
    print(f"{side:,} x {side:,}, {size:.1f} MB, {places} mosaics of {MOSAIC} x {MOSAIC}, {grid:,} windows")
    print(f"predicted on {report.engine} in {predicted_s:.0f} s, filled in in {filled_s:.0f} s")
    for name, most in (("predicting", predicted), ("filling in as well", memory.most())):
        print(
            f"most memory, {name}: program {most[0]:.0f} MB, child {most[1]:.0f} MB, both at once {most[2]:.0f} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "nuclei")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--images", nargs="+", default=["fluorescence", "histology"], help="of which kinds")
    parser.add_argument("--side", type=int, default=50_000)
    parser.add_argument("--only", choices=("seams", "raster"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if args.only != "raster":
            seams(args.data, args.model, Path(name), args.engine, args.images)
        if args.only != "seams":
            raster(args.data, args.model, Path(name), args.engine, args.side)


if __name__ == "__main__":
    main()
