"""Hostile and broken annotation: every importer says what is wrong with it, and nothing else happens.

The attacks are listed in tests/fuzz/attacks.py; ``python tests/fuzz/messages.py`` prints what is said to each.
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from fuzz.attacks import attacks, wrong_types
from fuzz.guarded import answer
from fuzz.messages import Told, all_told
from fuzz.samples import BUILDERS, CATALOG, project, sample
from mask_samples import labelled

from labeltool import plugins
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.project import Skipped
from labeltool.formats.export import export
from labeltool.formats.protocol import ImportedMask, LabelledImage

IMPORTERS = plugins.names("labeltool.importers")
EXPORTERS = plugins.names("labeltool.exporters")

PASSED_OVER = {("paths", "labelme"), ("paths", "isat"), ("paths", "labelme_xml"), (".yaml files", "isat")}
"""Pictures that are called like the annotation file as well, so that a bad name in it changes nothing, and a list that
gives only colours."""

EXPECTED = {
    ("paths", "../../secret.png"): "leads out of the folder",
    ("paths", "..\\..\\secret.png"): "leads out of the folder",
    ("paths", "a/../../x.png"): "leads out of the folder",
    ("paths", "/etc/passwd"): "is absolute",
    ("paths", "\\\\host\\share\\x.png (UNC)"): "is absolute",
    ("paths", "C:x.png (relative to a drive)"): "is absolute",
    ("paths", "no name"): "no file name",
    ("paths", "a name of 5,000 characters"): "longer than any file system",
    ("paths", "an image nobody has"): "no image of the project is called nobody|no picture of segments",
    ("coordinates", "1e12"): "beyond any image|shares of the image",
    ("coordinates", "-1e12"): "beyond any image|shares of the image",
    ("coordinates", "1e400"): "beyond any image|shares of the image",
    ("coordinates", "10**400"): "beyond any image|shares of the image",
    ("coordinates", "NaN"): "not a JSON number|beyond any image|shares of the image",
    ("coordinates", "Infinity"): "not a JSON number|beyond any image|shares of the image",
    ("coordinates", "crosses itself"): "objects come in",
    ("coordinates", "outside the image"): "covers no pixel of the image|shares of the image",
    ("coordinates", "110,000 points"): "more than 100,000 points|not written as x,y",
    ("run lengths", "negative"): "negative|not a list of whole numbers",
    ("run lengths", "too long in sum"): "run lengths",
    ("run lengths", "too short in sum"): "run lengths",
    ("run lengths", "a million runs"): "more pixels than|longer than any mask",
    ("run lengths", "of another size"): "takes it for 4 x 4 pixels",
    (
        "names of classes",
        "5,000 characters",
    ): "printable name of 1 to 200 characters|no class|without a class",
    ("masks", "0 bytes"): "the file is empty|not a PNG",
    ("masks", "another size"): "13 x 9",
    ("masks", "22.5 Gpx in 1 MB"): "150000 x 150000",
    ("masks", "a checksum is wrong"): "cut off or damaged",
    ("masks", "cut off"): "cut off or damaged",
    (".json files", "0 bytes"): "the file is empty",
    (".json files", "nested 100,000 deep"): "nested too deeply",
    (".json files", "objects 100,000 deep"): "nested too deeply",
    (".json files", "a key twice"): "occurs twice",
    (".json files", "UTF-16"): "not UTF-8",
    (".json files", "a byte order mark"): "objects come in",
    (".xml files", "0 bytes"): "the file is empty",
    (".xml files", "billion laughs"): "document type or entities",
    (".xml files", "an external entity"): "document type or entities",
    (".xml files", "a DTD elsewhere"): "document type or entities",
    (".yaml files", "aliases (billion laughs)"): "alias",
    (".yaml files", "nested 10,000 deep"): "nested too deeply",
}
"""What the answer to some of the attacks must say, whoever gives it."""


@pytest.mark.parametrize("name", IMPORTERS)
def test_an_attack_gets_a_message_and_does_nothing(name: str, tmp_path: Path) -> None:
    bad = [
        f"{told.group}, {told.called}: {told.text}" for told in all_told(name, tmp_path) if not _is_good(told)
    ]
    assert bad == []


def _is_good(told: Told) -> bool:
    """No error, no silence, the file by name, and what must be said is said."""
    if told.answer.wrong or not told.text:
        return False
    expected = EXPECTED.get((told.group, told.called))
    if expected is None or (told.group, told.importer) in PASSED_OVER:
        return True
    return re.search(expected, told.text) is not None


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
