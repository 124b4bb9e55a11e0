"""Slides are judged by OpenSlide's own reading. No scanner's file is small enough to be kept here: those below are
written as Aperio's scanners do, and OpenSlide takes them for theirs."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import numpy as np
import pytest
import tifffile

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.imaging import budget
from labeltool.imaging.halving import halve
from labeltool.imaging.open import open_image, pages, probe, verify
from labeltool.imaging.readers import slide as module
from labeltool.imaging.readers.slide import SlideReader
from labeltool.imaging.view import open_view

openslide = pytest.importorskip("openslide")
pytest.importorskip("imagecodecs")


def smooth(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([x // 8 % 256, y // 8 % 256, (x + y) // 16 % 256], 2).astype(np.uint8)


def aperio(
    path: Path,
    pixels: np.ndarray,
    downsamples: tuple[int, ...] = (4, 16),
    told: str = "|AppMag = 40|MPP = 0.25",
) -> Path:
    """A slide as Aperio's scanners write them: thumbnail after the slide, levels, then label and macro."""
    height, width = pixels.shape[:2]
    head = f"Aperio Image Library v11.2.1\r\n{width}x{height} (256x256) JPEG/RGB Q=90{told}"
    tiles = {"photometric": "rgb", "tile": (256, 256), "compression": "jpeg", "metadata": None}
    strips = {"photometric": "rgb", "metadata": None}
    with tifffile.TiffWriter(path) as file:
        file.write(pixels, description=head, **tiles)
        file.write(smooth(30, 40), description="Aperio\r\nthumbnail", **strips)
        for each in downsamples:
            small = pixels[each // 2 :: each, each // 2 :: each][: height // each, : width // each]
            file.write(np.ascontiguousarray(small), description=head, **tiles)
        file.write(smooth(40, 60), description="Aperio\r\nlabel 60x40", subfiletype=1, **strips)
        file.write(smooth(50, 90), description="Aperio\r\nmacro 90x50", subfiletype=9, **strips)
    return path


def slide_reader(path: Path) -> SlideReader:
    reader = open_image(path)
    assert isinstance(reader, SlideReader)
    return reader


@pytest.mark.parametrize("name", ["a.svs", "a.tif"])
def test_a_slide_is_what_openslide_reads(tmp_path: Path, name: str) -> None:
    path = aperio(tmp_path / name, smooth(1024, 4096))
    judge = openslide.OpenSlide(str(path))
    with slide_reader(path) as reader:
        assert reader.levels == [0, 2, 4]
        for level, number in ((0, 0), (2, 1), (4, 2)):
            size = reader.sizes[level]
            whole = np.asarray(judge.read_region((0, 0), number, size))[..., :3]
            assert np.array_equal(reader.read(size.box, level), whole)
            box = Box(3, 5, 61, 60).intersect(size.box)
            assert np.array_equal(reader.read(box, level), whole[box.slices()])


def test_levels_that_the_slide_lacks_are_averaged_from_the_next_finer(tmp_path: Path) -> None:
    with slide_reader(aperio(tmp_path / "a.svs", smooth(1024, 2048))) as reader:
        assert np.array_equal(reader.read(Box(0, 0, 100, 80), 1), halve(reader.read(Box(0, 0, 200, 160))))
        assert np.array_equal(reader.read(Box(0, 0, 50, 40), 3), halve(reader.read(Box(0, 0, 100, 80), 2)))


def test_a_level_that_was_rounded_down_stays_in_place(tmp_path: Path) -> None:
    path = aperio(tmp_path / "a.svs", smooth(1003, 4003))
    judge = openslide.OpenSlide(str(path))
    with slide_reader(path) as reader:
        assert reader.levels == [0, 2, 4]
        whole = np.asarray(judge.read_region((0, 0), 1, judge.level_dimensions[1]))[..., :3]
        found = reader.read(Box(900, 180, 1001, 251), 2)
        assert found.shape == (71, 101, 3)
        assert np.abs(found[:-1, :-1].astype(int) - whole[180:, 900:]).mean() < 2


def test_pixel_size_and_objective_are_the_scanners(tmp_path: Path) -> None:
    info = probe(aperio(tmp_path / "a.svs", smooth(300, 600)))
    assert info.size == Size(600, 300)
    assert info.kind == "slide"
    assert info.mode == "aperio, objective 40x"
    assert info.pixel_size is not None
    assert info.pixel_size.x == pytest.approx(0.25e-6)
    assert info.is_plain
    bare = probe(aperio(tmp_path / "b.svs", smooth(300, 600), told="|MPP = none"))
    assert bare.pixel_size is None


def test_label_macro_and_thumbnail_are_no_pages(tmp_path: Path) -> None:
    path = aperio(tmp_path / "a.svs", smooth(300, 600))
    assert [page.key for page in pages(path)] == [""]
    with pytest.raises(BadInputError, match="one image"):
        open_image(path, "p002")


def test_what_was_not_scanned_has_the_colour_of_the_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with slide_reader(aperio(tmp_path / "a.svs", smooth(300, 600))) as reader:

        class Holes:
            level_dimensions = ((600, 300),)
            level_downsamples = (1.0,)

            def read_region(self, *_: object) -> np.ndarray:
                rgba = np.zeros((2, 2, 4), np.uint8)
                rgba[0, 0] = (10, 20, 30, 255)
                return rgba

        monkeypatch.setattr(reader, "_slide", Holes())
        assert reader.read_level(Box(0, 0, 2, 2), 0).tolist() == [
            [[10, 20, 30], [255, 255, 255]],
            [[255, 255, 255], [255, 255, 255]],
        ]
        monkeypatch.undo()
    assert module._colour("204060") == (0x20, 0x40, 0x60)
    assert module._colour("no colour") == module._colour("") == (255, 255, 255)


def test_several_threads_read_one_slide(tmp_path: Path) -> None:
    path = aperio(tmp_path / "a.svs", smooth(1024, 1024))
    with slide_reader(path) as reader, reader.reopened() as other:
        expected = reader.read(Box(0, 0, 1024, 1024))
        wrong: list[int] = []

        def look(seed: int) -> None:
            for x in range(0, 900, 60):
                box = Box(x, seed * 100, x + 100, seed * 100 + 90)
                if not np.array_equal((reader, other)[seed % 2].read(box), expected[box.slices()]):
                    wrong.append(seed)

        threads = [threading.Thread(target=look, args=(seed,)) for seed in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert wrong == []


def test_a_large_slide_is_shown_by_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "WHOLE_PIXELS", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = aperio(tmp_path / "a.svs", smooth(1024, 2048))
    view = open_view(path)
    try:
        shown = view.read(Box(0, 0, 300, 200), 2)
    finally:
        view.close()
    with slide_reader(path) as reader:
        assert np.array_equal(shown, reader.read(Box(0, 0, 300, 200), 2))


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5])
def test_a_cut_off_slide_is_refused_by_name(tmp_path: Path, share: float) -> None:
    data = aperio(tmp_path / "a.svs", smooth(600, 900)).read_bytes()
    (tmp_path / "cut.svs").write_bytes(data[: max(8, int(len(data) * share))])
    with pytest.raises(BadInputError, match="whole-slide image") as caught:
        verify(tmp_path / "cut.svs")
    assert caught.value.file == str(tmp_path / "cut.svs")


def test_a_damaged_tile_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = aperio(tmp_path / "a.svs", smooth(600, 900))
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].dataoffsets[5]
    data = bytearray(path.read_bytes())
    data[at : at + 40] = b"\xaa" * 40
    path.write_bytes(data)
    assert probe(path).size == Size(900, 600)
    with pytest.raises(BadInputError, match="cut off or damaged at x"):
        verify(path)
    monkeypatch.setattr(budget, "WHOLE_PIXELS", 0)
    with pytest.raises(BadInputError, match="cut off or damaged at x"):
        verify(path)


def test_without_openslide_a_slide_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.svs", "a.tif"):
        aperio(tmp_path / name, smooth(300, 600))
    monkeypatch.setattr(module, "OPENSLIDE", module.OPENSLIDE._replace(modules=("a_module_that_nobody_has",)))
    for name in ("a.svs", "a.tif"):
        with pytest.raises(BadInputError, match="a whole-slide image needs") as caught:
            probe(tmp_path / name)
        assert "labeltool[microscopy]" in (caught.value.hint or "")


def test_an_ordinary_tiff_pyramid_is_no_slide(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        options = {"photometric": "rgb", "tile": (128, 128)}
        file.write(smooth(600, 900), **options)
        file.write(smooth(300, 450), subfiletype=1, **options)
    assert probe(tmp_path / "a.tif").kind == "tiff"


@pytest.mark.parametrize("name", ["a.mrxs", "a.vms"])
def test_a_slide_whose_folder_is_missing_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\xd8\xff" + b"\0" * 600)
    with pytest.raises(BadInputError, match="whole-slide image") as caught:
        probe(tmp_path / name)
    assert "all its files" in (caught.value.hint or "")


def test_damaged_slides_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    data = aperio(tmp_path / "a.svs", smooth(600, 900)).read_bytes()
    with tifffile.TiffFile(tmp_path / "a.svs") as file:
        tags = [tag.offset for page in file.pages for tag in page.tags.values()]
    dice = random.Random(3)
    for _ in range(200):
        changed = bytearray(data)
        for _ in range(dice.choice([1, 1, 2, 4])):
            changed[dice.choice(tags) + dice.randrange(12)] = dice.choice([0, 1, 127, 255])
        (tmp_path / "mutant.svs").write_bytes(changed)
        try:
            assert verify(tmp_path / "mutant.svs").size.pixels > 0
        except BadInputError as error:
            assert error.file == str(tmp_path / "mutant.svs")
