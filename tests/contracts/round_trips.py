"""Random masks go out in every format and are read back by other people's readers and by our importers.

    python tests/contracts/round_trips.py [--masks 1000] [--format coco voc] [--seed 1] [--markdown]

A row a format and reader: masks, objects and pixels compared, pixels that are seen otherwise than in the mask, and how
many of them nobody expected. A second table says how far exports over real maps and volumes lie from their sources.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from contracts import overlays
from contracts.judges import Exported, Seen
from contracts.readers import JUDGES, Judge, Row

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.formats.export import export
from labeltool.formats.protocol import LabelledImage
from labeltool.plugins import load


class Court:
    """Makes masks and exports when they are first asked for; unless it is to ``keep`` all exports and what
    was seen in them, only those of one format are there at a time."""

    def __init__(self, folder: Path, count: int, seed: int, *, keep: bool = False) -> None:
        self._folder, self._count, self._seed, self._keep = folder, count, seed, keep
        self._exports: dict[str, Exported] = {}
        self._seen: dict[tuple[str, Path], list[Seen]] = {}
        self._format = ""
        self._images = cache(self._make)

    def hear(self, judge: Judge) -> Row:
        """One row of the table."""
        row = Row(judge)
        for exported in self.exports(judge):
            unseen = row.hear(exported, self.seen(judge, exported))
            assert not unseen, f"{judge.title}: {judge.name} did not see {len(unseen)} images"
        return row

    def exports(self, judge: Judge) -> list[Exported]:
        """What the reader is to look at: an export for each list of classes."""
        return [self._exported(judge, catalog) for catalog in judge.catalogs]

    def seen(self, judge: Judge, exported: Exported) -> Iterable[Seen]:
        """What the reader sees in an export; it is asked once where exports are kept."""
        if not self._keep:
            return judge.read(exported)
        key = str(judge), exported.folder
        if key not in self._seen:
            self._seen[key] = list(judge.read(exported))
        return self._seen[key]

    def _make(
        self, world: Callable[..., list[LabelledImage]], shares: int, catalog: ClassCatalog
    ) -> list[LabelledImage]:
        folder = self._folder / f"{world.__name__}-{catalog.name}-{shares}"
        return world(folder, -(-self._count // shares), catalog, self._seed)

    def _exported(self, judge: Judge, catalog: ClassCatalog) -> Exported:
        if judge.format != self._format and not self._keep:
            for each in self._exports.values():
                shutil.rmtree(each.folder)
            self._exports, self._format = {}, judge.format
        key = f"{judge.title} {catalog.name}"
        if key not in self._exports:
            images = self._images(judge.world, len(judge.catalogs), catalog)
            out = self._folder / "exports" / key
            exporter = load("labeltool.exporters", judge.format)()
            report = export(exporter, images, catalog, out, exporter.Options(**judge.options))
            assert report.images == len(images), report.skipped[:3]
            self._exports[key] = Exported(out, images, catalog, report)
        return self._exports[key]


# ---- the tables


@dataclass(frozen=True)
class Table:
    """Prints rows as they come; ``head`` has a bar between columns, a text's column has a negative width."""

    head: str
    widths: tuple[int, ...]
    markdown: bool

    def __post_init__(self) -> None:
        self.add(*self.head.split("|"))
        if self.markdown:
            self.add(*("---" if width < 0 else "--:" for width in self.widths))

    def add(self, *texts: str) -> None:
        """One row."""
        pairs = zip(texts, self.widths, strict=True)
        if self.markdown:
            print(f"| {' | '.join(texts)} |", flush=True)
        else:
            print(*(text.ljust(-w) if w < 0 else text.rjust(w) for text, w in pairs), flush=True)


def round_trips(options: argparse.Namespace, folder: Path) -> bool:
    """The first table; true when everything is as expected."""
    head = "format|reader|version|masks|objects|pixels|different|unexplained|s|known"
    table = Table(head, (-34, -20, -20, 7, 8, 12, 10, 11, 6, -40), options.markdown)
    court, good = Court(folder, options.masks, options.seed), True
    for judge in chosen(options.format):
        if not judge.version:
            table.add(judge.title, judge.name, "not installed", *[""] * 7)
            continue
        try:
            row = court.hear(judge)
        except (AssertionError, LabeltoolError) as error:
            good = False
            table.add(judge.title, judge.name, "FAILED", *[""] * 6, str(error))
            continue
        good &= row.unexplained == 0
        numbers = (row.masks, row.objects, row.pixels, row.different, row.unexplained)
        counts = (f"{number:,}" for number in numbers)
        known = row.first or judge.why
        table.add(judge.title, judge.name, judge.version, *counts, f"{row.seconds:.1f}", known)
    return good


def chosen(formats: Sequence[str]) -> list[Judge]:
    """The readers of some formats, or all."""
    return [judge for judge in JUDGES if not formats or judge.format in formats]


def lying_upon(options: argparse.Namespace, data: Path, out: Path) -> bool:
    """The second table; true when everything lies where its source lies."""
    kinds: dict[str, Callable[[], Iterator[overlays.Overlay]]] = {
        "geotiff": lambda: overlays.over_maps(data / "geotiff", out),
        "medical/nifti": lambda: overlays.over_nifti(data / "medical" / "nifti", out),
        "medical/dicom": lambda: overlays.over_series(data / "medical" / "dicom" / "ct_head_series", out),
    }
    head = "source|format|CRS, codes|transform, affine|objects|offset|area|pixels different"
    table = Table(head, (-40, -8, 10, 17, 7, 8, 8, 16), options.markdown)
    good = True
    for name, kind in kinds.items():
        if not (data / name).is_dir():
            table.add(name, "no sample data", *[""] * 6)
            continue
        for row in kind():
            good &= row.is_exact
            same = ("equal" if each else "DIFFERENT" for each in (row.same_system, row.same_grid))
            numbers = f"{row.objects:,}", f"{row.offset:.1e}", f"{row.area:.1e}", f"{row.pixels_different:,}"
            table.add(row.source, row.format, *same, *numbers)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--masks", type=int, default=1000, help="random masks for each format (1000)")
    parser.add_argument("--format", nargs="+", default=[], metavar="NAME", help="only these formats")
    parser.add_argument("--seed", type=int, default=1, help="of the masks (1)")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    options = parser.parse_args()
    unknown = set(options.format) - {judge.format for judge in JUDGES}
    if unknown:
        parser.error(f"no such format: {', '.join(sorted(unknown))}")
    warnings.simplefilter("ignore")
    data = Path(os.environ.get("LABELTOOL_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
    with tempfile.TemporaryDirectory() as folder:
        good = round_trips(options, Path(folder))
        if not options.format:
            print()
            good &= lying_upon(options, data, Path(folder, "overlays"))
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
