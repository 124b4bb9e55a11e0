"""Every image of some files and folders, drawn as the window shows it at first, on one contact sheet to look at.

    python tests/e2e/contact_sheet.py OUT.png PATH... [--every 12]

Of a file with many pages the middle one is drawn, of a series of files every n-th (``--every``). What is refused is
drawn as its message. Without paths: the GeoTIFF, DICOM and NIfTI samples beside the repository.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from PIL import Image, ImageDraw

from labeltool.core.errors import LabeltoolError
from labeltool.imaging.find import find_images
from labeltool.imaging.open import pages
from labeltool.imaging.thumbnail import shrink
from labeltool.imaging.view import open_view

DATA = Path(__file__).parents[3] / "shared" / "data"
SIDE, TEXT, COLUMNS, GAP = 280, 62, 6, 8
LARGEST = 1200


class Drawn(NamedTuple):
    """A picture and what is written below it."""

    picture: Image.Image
    text: str


def drawn(path: Path) -> Drawn:
    """A file as it is shown at first."""
    try:
        found = pages(path)
        page = found[len(found) // 2]
        pyramid = open_view(path, page.key)
        try:
            level = next(n for n, size in enumerate(pyramid.sizes) if max(size) <= LARGEST)
            picture = Image.fromarray(shrink(pyramid.read(pyramid.sizes[level].box, level), SIDE))
        finally:
            pyramid.close()
        times = max(1, SIDE // max(picture.size))
        picture = picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)
    except LabeltoolError as error:
        return Drawn(Image.new("RGB", (SIDE, SIDE), "#502020"), f"{path.name}: {error.message}")
    info = page.info
    more = f", page {page.key} of {len(found)}" if len(found) > 1 else ""
    scale = "" if info.pixel_size is None else f", {info.pixel_size.x:.4g} m"
    what = f"{info.size.width} x {info.size.height}, {len(info.channels)} x {info.dtype}{scale}{more}"
    where = "" if info.georeference is None else f"\n{info.georeference.crs[:40]}"
    return Drawn(picture, f"{path.name}\n{what}{where}")


def sheet(all_drawn: list[Drawn]) -> Image.Image:
    """All of them in rows."""
    rows = -(-len(all_drawn) // COLUMNS)
    width, height = SIDE + GAP, SIDE + TEXT + GAP
    whole = Image.new("RGB", (COLUMNS * width + GAP, rows * height + GAP), "#303030")
    draw = ImageDraw.Draw(whole)
    for number, each in enumerate(all_drawn):
        x, y = GAP + number % COLUMNS * width, GAP + number // COLUMNS * height
        whole.paste(each.picture, (x + (SIDE - each.picture.width) // 2, y))
        lines = [part for line in each.text.splitlines() for part in textwrap.wrap(line, 46)][:4]
        draw.multiline_text((x, y + SIDE + 2), "\n".join(lines), fill="white", spacing=2)
    return whole


def chosen(paths: list[Path], every: int) -> Iterator[Path]:
    """The files, thinned where many lie in one folder."""
    found, skipped = find_images(paths)
    for each in skipped:
        print(f"left out: {each.file}: {each.reason}", file=sys.stderr)
    by_folder: dict[Path, list[Path]] = {}
    for path in found:
        by_folder.setdefault(path.parent, []).append(path)
    for files in by_folder.values():
        yield from files if len(files) <= 2 * every else files[::every]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--every", type=int, default=12)
    args = parser.parse_args()
    paths = args.paths or [DATA / "geotiff", DATA / "medical"]
    pictures = [drawn(path) for path in chosen(paths, args.every)]
    sheet(pictures).save(args.out)
    print(f"{len(pictures)} images on {args.out}")


if __name__ == "__main__":
    main()
