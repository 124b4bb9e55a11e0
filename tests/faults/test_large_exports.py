"""Exports of images that are larger than memory (rows 29 and 38): by strips, or refused by name before any work."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import pytest
from mask_samples import CELLS, labelled, random_planes
from PIL import Image

from labeltool import plugins
from labeltool.core import free_memory as memory
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.core.runs import STRIP, runs_of_planes
from labeltool.formats import room
from labeltool.formats.export import export
from labeltool.formats.index_png import pack_runs, read_index, read_strips, write_packed
from labeltool.formats.protocol import LabelledImage


@pytest.fixture
def small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 MB is free, and asked for however little is needed."""
    monkeypatch.setattr(room, "_ALWAYS_THERE", 0)
    monkeypatch.setattr(room, "free_memory", lambda: 1_000_000)


class _Unread(LabelledImage):
    """An image whose mask must not be touched."""

    @property
    def mask(self) -> LabelMask:  # type: ignore[override]
        raise AssertionError("its mask was read")

    def __init__(self, image: LabelledImage) -> None:
        object.__setattr__(self, "record", replace(image.record, revision=1))


def images(folder: Path) -> list[LabelledImage]:
    """A small one, and one that takes megabytes in any format."""
    small = labelled(folder / "small.png", np.ones((9, 9), np.uint8), CELLS)
    large = labelled(folder / "large.png", np.ones((640, 640), np.uint8), CELLS)
    return [LabelledImage(replace(small.record, revision=1), small.mask), _Unread(large)]


@pytest.mark.usefixtures("small_machine")
@pytest.mark.parametrize("name", ["png", "voc", "coco"])
def test_an_image_that_takes_more_memory_than_there_is_is_left_out_by_name_before_its_mask_is_read(
    tmp_path: Path, name: str
) -> None:
    exporter = plugins.load("labeltool.exporters", name)()
    need = f"as {exporter.title} it takes up to {exporter.bytes_a_pixel * 640 * 640 / 1e9:.1f} GB of memory, and 0.0"
    both = images(tmp_path / "in")
    plan = exporter.plan(both, CELLS, exporter.Options())
    report = export(exporter, both, CELLS, tmp_path / "out")
    for skipped in (plan.skipped, report.skipped):
        ((file, reason),) = ((Path(each.file).name, each.reason) for each in skipped)
        assert file == "large.png"
        assert need in reason
        assert "choose a format that needs less" in reason
    assert (plan.images, report.images) == (1, 1)
    with pytest.raises(BadInputError, match=r"No image can be exported as .*it takes up to .*large\.png"):
        export(exporter, both[1:], CELLS, tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("height", [1, STRIP - 1, STRIP, STRIP + 1, 3 * STRIP])
def test_strips_are_the_raster_and_read_back_as_it(tmp_path: Path, height: int) -> None:
    label, object_ = random_planes(np.random.default_rng(height), Size(40, height), CELLS)
    runs = runs_of_planes(label, object_)
    planes = [part.plane(runs.label[at]) for at, part in runs.strips()]
    assert np.array_equal(np.concatenate(planes), label)
    write_packed(tmp_path / "a.png", pack_runs(runs, runs.label))
    found = read_strips(tmp_path / "a.png", runs.size)
    assert np.array_equal(np.concatenate(list(found.strips)), label)
    assert np.array_equal(read_index(tmp_path / "a.png", runs.size)[0], label)
    with Image.open(tmp_path / "a.png") as picture:
        assert np.array_equal(np.array(picture), label)


@pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")
def test_what_is_free_keeps_to_the_limit_of_the_process() -> None:
    free = memory.free_memory()
    assert free > 0
    script = (
        "import resource\n"
        "from labeltool.core.free_memory import free_memory\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({2 << 30}, resource.RLIM_INFINITY))\n"
        "print(free_memory())"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert 0 < int(said) < 2 << 30


PEAK = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import numpy as np
from mask_samples import CELLS
from labeltool import plugins
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord
from labeltool.formats.export import export
from labeltool.formats.protocol import LabelledImage

side, file = 12_000, Path(sys.argv[3])
mask = LabelMask(Size(side, side), CELLS.unlabelled_value)
for at in range(0, side - 600, 1000):
    mask.apply(write(mask, Box(at, at, at + 600, at + 600), title="", kind="brush", label=1 + at // 1000 % 2, origin=2))
record = ImageRecord("a", file, mask.size, "tiff", "", file.stat().st_size, revision=1)
exporter = plugins.load("labeltool.exporters", sys.argv[2])()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
export(exporter, [LabelledImage(record, mask)], CELLS, Path(sys.argv[4]))
print(1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / side / side)
"""


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss as Linux counts it")
def test_an_export_as_png_takes_a_few_strips_of_memory_and_not_the_image(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "a.tif"
    file.write_bytes(b"only its name is needed")
    tests = str(Path(__file__).parents[1])
    said = subprocess.run(
        [sys.executable, "-c", PEAK, tests, "png", str(file), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert float(said) < 1, "bytes a pixel"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("png", ("labeltool.formats.png.exporter.write_packed", {"object_ids": None})),
        ("geotiff", ("labeltool.formats.geotiff.exporter.write_raster", {"tags": {}})),
    ],
)
def test_a_number_that_stands_for_another_object_id_than_it_should_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, change: tuple[str, dict[str, object]]
) -> None:
    if name == "geotiff":
        pytest.importorskip("rasterio", reason='needs pip install "labeltool[geo]"')
    target, lost = change
    real = resolve_name(target)
    image = labelled(tmp_path / "in" / "a.png", np.eye(9, dtype=np.uint8), CELLS)
    exporter = plugins.load("labeltool.exporters", name)()
    export(exporter, [image], CELLS, tmp_path / "out")
    monkeypatch.setattr(target, lambda *given, **named: real(*given, **{**named, **lost}))
    with pytest.raises(LabeltoolError, match="the id of object 1 is not that of its pixels"):
        export(exporter, [image], CELLS, tmp_path / "again")
