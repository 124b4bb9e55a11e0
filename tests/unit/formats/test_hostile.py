"""Hostile and broken annotation: every importer says what is wrong with it, and nothing else happens.

The attacks are listed in tests/fuzz/attacks.py; ``python tests/fuzz/messages.py`` prints what is said to each.
"""

from __future__ import annotations

import itertools
import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzz.attacks import attacks, wrong_types
from fuzz.expected import EXPECTED, problem
from fuzz.guarded import Watched, answer
from fuzz.messages import all_told
from fuzz.samples import BUILDERS, CATALOG, project, sample
from mask_samples import labelled

from labeltool import plugins
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.shape import Dense
from labeltool.formats.canvas import Painted
from labeltool.formats.coco.file import CocoFile, CocoImage
from labeltool.formats.coco.painting import paint
from labeltool.formats.export import export
from labeltool.formats.protocol import ImportedMask, LabelledImage


def _whole_image(segmentation: object, size: Size) -> Dense:
    """What takes anything for the whole image."""
    return Dense(size.box, np.ones((size.height, size.width), bool))


def _only_x(file: CocoFile, image: CocoImage, record: ImageRecord, catalog: ClassCatalog) -> Painted:
    """What gives up where another image than x.png is to be painted."""
    if record.path.name != "x.png":
        raise BadInputError("no more")
    return paint(file, image, record, catalog)


IMPORTERS = plugins.names("labeltool.importers")
EXPORTERS = plugins.names("labeltool.exporters")


@pytest.mark.parametrize("name", IMPORTERS)
def test_an_attack_gets_a_message_and_does_nothing(name: str, tmp_path: Path) -> None:
    bad = [
        f"{told.group}, {told.called}: {wrong}: {told.text}"
        for told in all_told(name, tmp_path)
        if (wrong := problem(told))
    ]
    assert bad == []


@pytest.mark.parametrize(
    ("group", "broken", "lax", "wrong"),
    [
        ("coordinates", "coco.painting.pixels_of", _whole_image, "something else than the valid files hold"),
        (
            "coordinates",
            "coco.painting.Canvas.fail",
            lambda *told: None,
            "something else than the valid files",
        ),
        ("coordinates", "coco.painting.BadInputError.__str__", lambda error: "broken", "nothing is said of"),
        ("paths", "coco.file.refused_name", lambda name: "", "it came in"),
        ("sizes", "coco.importer._called", lambda file, image: "", "no file is named"),
        ("sizes", "coco.importer.paint", _only_x, "none of other.png came in"),
    ],
)
def test_an_importer_that_lets_an_attack_in_or_is_silent_is_seen(
    group: str,
    broken: str,
    lax: Callable[..., Any],
    wrong: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = all_told("coco", tmp_path, group)
    first = next(real)
    assert problem(first) == ""
    monkeypatch.setattr(f"labeltool.formats.{broken}", lax)
    assert [wrong] == [wrong for told in itertools.islice(real, 20) if problem(told).startswith(wrong)][:1]


def test_a_file_that_is_none_of_the_import_is_seen_when_it_is_read(tmp_path: Path) -> None:
    for name in ("inside", "outside"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.txt").write_text("x")
    watched = Watched(allowed=(tmp_path / "inside",))
    watched.on = True
    for path in (tmp_path / "inside" / "x.txt", tmp_path / "outside" / "x.txt", Path(os.__file__)):
        path.read_bytes()
    watched.on = False
    assert watched.strays == [f"read {(tmp_path / 'outside' / 'x.txt').resolve()}"]


def test_the_table_of_attacks_has_all_that_is_expected() -> None:
    known = {(attack.group, attack.called) for name in BUILDERS for attack in attacks(name, sample(name))}
    assert EXPECTED.keys() <= known


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_wrong_types_anywhere_are_refused_by_name(name: str, tmp_path: Path) -> None:
    assert _of_wrong_types(name, tmp_path, every=23) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_all_wrong_types_everywhere_are_refused_by_name(name: str, tmp_path: Path) -> None:
    assert _of_wrong_types(name, tmp_path, every=1) == []


def _of_wrong_types(name: str, folder: Path, every: int) -> list[str]:
    images, options, bad = project(folder / "photos"), sample(name).options, []
    for number, (called, write) in enumerate(wrong_types(name)):
        if number % every == 0:
            found = answer(name, write(folder), CATALOG, images, options, add_classes=number % 2 == 0)
            bad += [f"{called}: {wrong}" for wrong in found.wrong]
    return bad


# Names through every exporter and back

NAMES = (
    "CON.png", "aux.tar.png", "🧫 cells.png", "\u202etxt.png", "גרעין.png", "caf\u00e9.png",
    "sub/cafe\u0301.png", "x..png",
    "x .png", ".hidden.png", "-rf.png", "#1.png", "%41.png", "a:b.png", "a\\b.png", 'q"uote\'s.png', "<&>.png", "A.png",
    "sub/a.png",
    "two\nlines.png", "tab\t.png", "n" * 200 + ".png", "manifest.png", "classes.png", "labels.png",
    "data.png",
    "gpkg.png", "instances_train.png", "train.png", "*?[x].png", "x, y; z.png", "a=b&c.png", "~.png", "1.png", "01.png",
)  # fmt: skip
CLASSES = (
    "../up", "/abs", "CON", "a:b", "#hash", "a,b", "a;b", "🧫🔬", "גרעין", "caf\u00e9",
    "cafe\u0301", "trailing. ", " led",
    "<b>&amp;", 'quote"s', "back\\slash", "n" * 200, "yes", "null", "1", "- x", "{x}", "Nucleus", "nucleus", "%s",
    "x\u00a0y",
)  # fmt: skip
"""Every name that a project may have for a class and a format may trip over."""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[LabelledImage], ClassCatalog]:
    """An image of every odd name, with objects of some of the oddly named classes."""
    folder = tmp_path_factory.mktemp("odd") / "photos"
    names = [name for name in CLASSES if name.isprintable() and name.strip()]
    catalog = ClassCatalog.from_names([name for name in names if name.strip() == name])
    images = []
    for number, name in enumerate(NAMES):
        label = np.zeros((6, 10), np.uint8)
        label[1:3, 1:4], label[3:5, 5:9] = (number % (len(catalog.classes) - 1) + 1, 1)
        images.append(labelled(folder / name, label, catalog, split=("train", "val", "")[number % 3]))
    return images, catalog


@pytest.mark.parametrize("name", EXPORTERS)
def test_odd_names_stay_inside_the_export_and_come_back(
    name: str, odd: tuple[list[LabelledImage], ClassCatalog], tmp_path: Path
) -> None:
    images, catalog = odd
    if name in ("geojson", "gpkg"):
        images = _on_a_map(images, catalog, tmp_path / "maps")
    exporter = plugins.load("labeltool.exporters", name)()
    around = sorted(tmp_path.rglob("*"))
    if name in ("nifti", "dicomseg"):
        with pytest.raises(BadInputError, match=r"no slice of a volume|and this is none"):
            export(exporter, images, catalog, tmp_path / "target" / "out")
        return
    report = export(exporter, images, catalog, tmp_path / "target" / "out")
    assert sorted(p for p in tmp_path.rglob("*") if (tmp_path / "target") not in (p, *p.parents)) == around
    assert [p.name for p in (tmp_path / "target").iterdir()] == ["out"]
    _assert_portable(tmp_path / "target" / "out")
    shutil.move(tmp_path / "target" / "out", tmp_path / "elsewhere")
    if name in IMPORTERS:
        _assert_back(name, tmp_path / "elsewhere", images, catalog, len(report.names))


def _on_a_map(images: list[LabelledImage], catalog: ClassCatalog, folder: Path) -> list[LabelledImage]:
    """The same masks over images of these names that say where they lie, each somewhere else."""
    pytest.importorskip("rasterio", reason="the extra geo is not installed")
    import map_samples

    found = []
    for number, image in enumerate(images):
        file = folder / str(number) / f"{image.record.path.stem}.tif"
        crs, (a, b, c, d, e, f) = map_samples.PLACES["utm"]
        map_samples.write_map(file, image.record.size, crs, (a, b, c + 100 * number * a, d, e, f))
        split = image.record.split
        found.append(map_samples.mask_over(file, image.mask.read("label"), catalog, split=split))
    return found


def _assert_portable(out: Path) -> None:
    """Every file has a name that all file systems take, also those that fold case and accents."""
    seen: dict[str, Path] = {}
    for path in out.rglob("*"):
        inside = path.relative_to(out)
        assert not path.is_symlink()
        for part in inside.parts:
            assert len(part.encode()) <= 255, part
            assert not set(part) & set('<>:"\\|?*') and part.isprintable(), part
            assert part == part.rstrip(". "), part
            assert part.split(".")[0].casefold() not in {"con", "aux", "nul", "prn", "com1", "lpt1"}, part
        folded = unicodedata.normalize("NFC", str(inside)).casefold()
        assert folded not in seen, (inside, seen[folded])
        seen[folded] = inside


def _assert_back(
    name: str, src: Path, images: list[LabelledImage], catalog: ClassCatalog, exported: int
) -> None:
    importer = plugins.load("labeltool.importers", name)()
    found = list(importer.read(src, catalog, [image.record for image in images], importer.Options()))
    skipped = [each for each in found if isinstance(each, Skipped)]
    masks = {each.image_id: each for each in found if isinstance(each, ImportedMask)}
    assert skipped == []
    assert len(masks) == exported == len(images)
    for image in images:
        assert np.array_equal(masks[image.record.id].label, image.mask.read("label")), image.record.name
