"""How fast a project is exported, read back and compared, and in how much memory.

    python tests/bench/bench_export.py [--images 100] [--size 4000 3000] [--objects 200] [--repeats 3]

A project of JPEG photos with masks full of touching objects, holes, islands and ignored pixels goes to VOC and COCO as
`labeltool export` does it: planned, written, synced, read back, compared, renamed. Beside it, on few of the same masks,
pycocotools alone (each object's full-size mask made column-major and encoded; making the mask is not counted) and the
exporters of datumaro (which verify nothing). Every figure comes from processes of their own. The last rows show that
memory follows neither the number of objects nor that of images.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np

from tests.bench.memory import peak_mb

CLASSES = ("nucleus", "cell", "vessel", "debris")
FEW = 20
"""Objects an image, and images, of the rows about memory."""
OTHERS = 2
"""Images for the other programs; they need minutes for a hundred."""


def make_project(root: Path, images: int, size: tuple[int, int], objects: int) -> None:
    """A project of photos in which somebody has labelled everything."""
    from labeltool.app.project import add_images
    from labeltool.core.catalog import ClassCatalog
    from labeltool.core.mask import LabelMask
    from labeltool.core.patch import write
    from labeltool.store.project import ProjectStore

    photos = root.with_name(f"{root.name}_photos")
    photos.mkdir(parents=True)
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 48, (size[1], size[0], 3), np.uint8)
    for number in range(images):
        hue = rng.integers(40, 180, 3).astype(np.uint8)
        cv2.imwrite(str(photos / f"photo_{number:04}.jpg"), noise + hue)
    with ProjectStore.create(root, "bench", ClassCatalog.from_names(CLASSES)) as store:
        for record in add_images(store, [photos]).added:
            label, ids = planes(rng, size, objects)
            mask = LabelMask(record.size, store.catalog.unlabelled_value)
            patch = write(
                mask, mask.size.box, None, title="", kind="brush", label=label, object_id=ids, origin=3
            )
            store.commit(record.id, patch, expected=0)


def planes(rng: np.random.Generator, size: tuple[int, int], objects: int) -> tuple[Any, Any]:
    """Class values and object ids: one object in each cell of a grid, every second large enough to touch others."""
    width, height = size
    label, ids = np.zeros((height, width), np.uint8), np.zeros((height, width), np.int32)
    columns = max(1, round((objects * width / height) ** 0.5))
    step = min(width / columns, height / -(-objects // columns))
    for y in np.arange(step / 2, height, 3 * step):
        cv2.line(label, (0, int(y)), (width, int(y + step)), 255, 9)
    places = [((n % columns + 0.5) * step, (n // columns + 0.5) * step) for n in range(objects)]
    large = [n for n in range(objects) if (n + n // columns) % 2 == 0]
    for number in sorted(
        range(objects), key=lambda n: n not in large
    ):  # the others lie on top and stay whole
        (x, y), wide = places[number], number in large
        ring = outline(rng, x, y, step * (0.72 if wide else 0.36))
        value = int(rng.integers(1, len(CLASSES) + 1))
        paint = partial(paint_both, label, ids)
        paint(ring, value, number + 1 if wide else 0)
        if number % 3 == 0:  # a hole, one in two of them ignored
            paint(outline(rng, x, y, step * 0.12), 255 if wide else 0, 0)
        if wide and number % 2 == 0:  # an island, far from what it belongs to
            paint(outline(rng, x + 0.4 * step, y + 0.45 * step, 2), value, number + 1)
    return label, ids.astype(np.uint32)


def outline(rng: np.random.Generator, x: float, y: float, radius: float) -> Any:
    """A ragged closed curve."""
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    reach = radius * (0.85 + 0.1 * np.sin(3 * angle + rng.random() * 6) + 0.05 * rng.random(90))
    return np.stack((x + reach * np.cos(angle), y + reach * np.sin(angle)), axis=1).astype(np.int32)


def paint_both(label: Any, ids: Any, ring: Any, value: int, object_id: int) -> None:
    """One shape into both planes."""
    cv2.fillPoly(label, [ring], value)
    cv2.fillPoly(ids, [ring], object_id)


class Taken(NamedTuple):
    """What a work took: images, seconds by the clock, and seconds of all cores together."""

    images: int
    clock_s: float
    cores_s: float


class Watch:
    """Adds up the time spent inside it."""

    def __init__(self) -> None:
        self.clock = self.cores = 0.0

    def __enter__(self) -> Watch:
        self.clock -= time.perf_counter()
        self.cores -= time.process_time()
        return self

    def __exit__(self, *error: object) -> None:
        self.clock += time.perf_counter()
        self.cores += time.process_time()


def ours(format_name: str, root: Path, **options: Any) -> Taken:
    """The whole export."""
    from labeltool import plugins
    from labeltool.app.exporting import GROUP, export_images
    from labeltool.store.project import ProjectStore

    out = Path(tempfile.mkdtemp(dir=root.parent)) / "out"
    chosen = plugins.load(GROUP, format_name)().Options(**options)
    with ProjectStore.open(root, write=False) as store, Watch() as watch:
        report = export_images(store, out, format_name, chosen)
    shutil.rmtree(out.parent)
    return Taken(report.images, watch.clock, watch.cores)


def masks_of(root: Path) -> Iterator[tuple[Path, list[tuple[int, Callable[[], Any]]]]]:
    """Of the first images: the photo, and per object its class and a function that makes its full-size mask."""
    from labeltool.core.regions import regions
    from labeltool.store.project import ProjectStore

    with ProjectStore.open(root, write=False) as store:
        for record in store.images()[:OTHERS]:
            mask = store.load_mask(record.id)
            label, ids = mask.read("label").astype(np.uint8), mask.read("object").astype(np.uint32)
            found = regions(label, ids, store.catalog)
            yield record.path, [(r.class_value, partial(whole, label.shape, r)) for r in found]


def whole(shape: tuple[int, int], region: Any) -> Any:
    """An object's mask as large as the image."""
    mask = np.zeros(shape, np.uint8)
    mask[region.box.slices()] = region.inside
    return mask


def pycocotools(root: Path) -> Taken:
    """Nothing but the encoding."""
    from pycocotools import mask as coco

    watch = Watch()
    for _, objects in masks_of(root):
        for _, make in objects:
            mask = make()
            with watch:
                coco.encode(np.asfortranarray(mask))
    return Taken(OTHERS, watch.clock, watch.cores)


def datumaro(format_name: str, root: Path) -> Taken:
    """A data set whose masks are made when they are asked for."""
    from datumaro import Dataset
    from datumaro.components.annotation import Mask
    from datumaro.components.dataset_base import DatasetItem
    from datumaro.components.media import Image

    items = []
    for path, objects in masks_of(root):
        annotations = [
            Mask(make, label=value, group=n, id=n, z_order=n)
            for n, (value, make) in enumerate(objects, start=1)
        ]
        items.append(DatasetItem(path.stem, media=Image.from_file(str(path)), annotations=annotations))
    dataset = Dataset.from_iterable(items, categories=["background", *CLASSES])
    out = Path(tempfile.mkdtemp(dir=root.parent))
    with Watch() as watch:
        dataset.export(str(out), format_name, save_media=True)
    shutil.rmtree(out)
    return Taken(OTHERS, watch.clock, watch.cores)


WORKS: dict[str, Callable[[Path], Taken]] = {
    "labeltool voc": partial(ours, "voc"),
    "labeltool coco": partial(ours, "coco"),
    "  with polygons": partial(ours, "coco", polygons=True),
    "pycocotools encode": pycocotools,
    "datumaro voc": partial(datumaro, "voc_segmentation"),
    "datumaro coco": partial(datumaro, "coco_instances"),
}


def measure(work: str, root: Path, repeats: int) -> None:
    """Run a work in processes of its own and print its row."""
    found, peaks = [], []
    for _ in range(repeats):
        command = [sys.executable, __file__, "--work", work, str(root)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        *taken, peak = json.loads(done.stdout.splitlines()[-1])
        found.append(Taken(*taken))
        peaks.append(peak)
    rates = sorted(each.images / each.clock_s for each in found)
    cores = statistics.median(1000 * each.cores_s / each.images for each in found)
    span = f"{rates[0]:.2f}..{rates[-1]:.2f}"
    print(
        f"{work:<20} {found[0].images:>7} {statistics.median(rates):>9.2f} {span:>15} {cores:>13,.0f} "
        f"{max(peaks):>9,.0f} MB   n={repeats}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--size", type=int, nargs=2, default=(4000, 3000), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--objects", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3, help="of our exports; the others run once")
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        print(json.dumps([*WORKS[given.work[0]](Path(given.work[1])), peak_mb()]))
        return
    with tempfile.TemporaryDirectory() as name:
        many, fewer, shorter = (Path(name, part) for part in ("many", "few_objects", "few_images"))
        make_project(many, given.images, given.size, given.objects)
        make_project(fewer, min(FEW, given.images), given.size, min(FEW, given.objects))
        make_project(shorter, min(FEW, given.images), given.size, given.objects)
        print(
            f"{'':<20} {'images':>7} {'images/s':>9} {'lowest..highest':>15} {'CPU ms/image':>13} {'peak memory':>12}"
        )
        print(f"-- {given.size[0]:,} x {given.size[1]:,}, {given.objects} objects each", flush=True)
        for work in WORKS:
            measure(work, many, given.repeats if work.startswith("labeltool ") else 1)
        for root, what in ((shorter, given.objects), (fewer, FEW)):
            print(f"-- {what} objects each, {FEW} images", flush=True)
            for work in ("labeltool voc", "labeltool coco"):
                measure(work, root, 1)


if __name__ == "__main__":
    main()
