"""Running an export: whole or not at all, never over other people's files, always verified."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from mask_samples import CELLS, labelled, several
from PIL import Image

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, CancelledError, LabeltoolError
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken
from labeltool.formats import export as export_module
from labeltool.formats.coco import CocoExporter, CocoOptions
from labeltool.formats.dataset import DatasetExporter
from labeltool.formats.export import export
from labeltool.formats.left_over import at_work, delete, left_over
from labeltool.formats.options import ExportOptions
from labeltool.formats.pictures import conversion
from labeltool.formats.png import PngExporter, PngOptions
from labeltool.formats.protocol import LabelledImage
from labeltool.formats.voc import VocExporter, VocOptions
from labeltool.imaging.open import open_image
from labeltool.imaging.reader import ImageInfo

EXPORTERS = [CocoExporter, VocExporter, PngExporter]


@pytest.fixture
def images(tmp_path: Path) -> list[LabelledImage]:
    return several(tmp_path / "photos", CELLS)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "exports" / "out"


def traces(out: Path) -> list[Path]:
    """Whatever an export left where it was to go."""
    return list(out.parent.iterdir()) if out.parent.exists() else []


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_the_manifest_lists_every_file_with_its_checksum(
    exporter: type[DatasetExporter], images: list[LabelledImage], out: Path
) -> None:
    report = export(exporter(), images, CELLS, out)
    manifest = json.loads((out / "manifest.json").read_text("ascii"))
    on_disk = {p.relative_to(out).as_posix(): p for p in out.rglob("*") if p.is_file()}
    assert set(manifest["files"]) == set(on_disk) - {"manifest.json"}
    for name, entry in manifest["files"].items():
        data = on_disk[name].read_bytes()
        assert entry == {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    assert (report.images, report.files) == (6, len(on_disk))
    assert manifest["images"] == 6
    assert manifest["objects"] == report.objects
    assert ClassCatalog.from_json(manifest["classes"]) == CELLS
    assert [s["sha256"] for s in manifest["sources"]] == [i.record.sha256 for i in images]


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_two_exports_of_the_same_masks_are_the_same_bytes(
    exporter: type[DatasetExporter], images: list[LabelledImage], out: Path
) -> None:
    export(exporter(), images, CELLS, out)
    export(exporter(), images, CELLS, out.with_name("again"))
    for path in out.rglob("*.*"):
        assert path.read_bytes() == (out.with_name("again") / path.relative_to(out)).read_bytes()


def test_an_empty_folder_is_filled(images: list[LabelledImage], out: Path) -> None:
    out.mkdir(parents=True)
    export(PngExporter(), images, CELLS, out)
    assert (out / "labels").is_dir()


def test_a_folder_that_holds_something_is_left_alone(images: list[LabelledImage], out: Path) -> None:
    out.mkdir(parents=True)
    (out / "precious.txt").write_text("mine")
    with pytest.raises(BadInputError, match="not empty; nothing is overwritten"):
        export(PngExporter(), images, CELLS, out)
    assert [p.name for p in out.iterdir()] == ["precious.txt"]
    assert traces(out) == [out]


def test_no_export_lands_in_the_project(images: list[LabelledImage], tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="inside the project"):
        export(PngExporter(), images, CELLS, tmp_path / "project" / "out", project=tmp_path / "project")


def test_no_export_lands_among_the_source_images(images: list[LabelledImage], tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"holds source images.*Choose a new folder"):
        export(PngExporter(), images, CELLS, tmp_path / "photos" / "deep" / "out")
    assert not (tmp_path / "photos" / "deep").exists()


def test_an_export_larger_than_the_free_space_is_refused_before_it_starts(
    images: list[LabelledImage], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        export_module.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000, total=2000)
    )
    with pytest.raises(BadInputError, match="MB are free"):
        export(CocoExporter(), images, CELLS, out)
    assert traces(out) == []


def test_an_export_that_a_file_is_in_the_way_of_names_that_file(
    images: list[LabelledImage], tmp_path: Path
) -> None:
    (tmp_path / "afile").write_text("mine")
    for target in ("afile", "afile/sub", "afile/sub/deep"):
        with pytest.raises(BadInputError, match="this is a file, and an export is a folder") as refused:
            export(PngExporter(), images, CELLS, tmp_path / target)
        assert refused.value.file == str(tmp_path / "afile")
    assert (tmp_path / "afile").read_text() == "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
@pytest.mark.parametrize("target", ["/proc/foo", "/sys/foo/bar"])
def test_an_export_to_where_nothing_can_be_written_says_so(images: list[LabelledImage], target: str) -> None:
    with pytest.raises(BadInputError, match="nothing can be written there"):
        export(PngExporter(), images, CELLS, Path(target))


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_the_estimate_is_not_below_what_is_written(
    exporter: type[DatasetExporter], images: list[LabelledImage], out: Path
) -> None:
    plan = exporter().plan(images, CELLS, exporter.Options())
    report = export(exporter(), images, CELLS, out, plan=plan)
    masks = sum(p.stat().st_size for p in out.rglob("*") if p.is_file() and p.name != "manifest.json")
    assert plan.nbytes + 3000 * len(images) >= masks
    assert (plan.images, plan.objects) == (report.images, report.objects)


def test_cancelling_leaves_nothing(images: list[LabelledImage], out: Path) -> None:
    for wanted in ("planning", "writing", "verifying"):
        cancel = CancelToken()

        def stop(
            done: float, total: float, text: str = "", what: str = wanted, c: CancelToken = cancel
        ) -> None:
            if text.startswith(what) and done % 1 > 0.4:
                c.cancel()

        with pytest.raises(CancelledError):
            export(CocoExporter(), images, CELLS, out, progress=stop, cancel=cancel)
        assert traces(out) == []


def test_progress_runs_from_nothing_to_all(images: list[LabelledImage], out: Path) -> None:
    seen: list[float] = []
    export(PngExporter(), images, CELLS, out, progress=lambda done, total, text="": seen.append(done / total))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, 1)


class _Forger(PngExporter):
    """Writes one pixel wrongly."""

    def writer(self, out, catalog, options):  # type: ignore[no-untyped-def]
        self.out = out
        return super().writer(out, catalog, options)

    def write(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        report = super().write(*args, **kwargs)
        file = self.out / "labels" / "b.png"
        pixels = np.array(Image.open(file))
        pixels[7, 5] = (pixels[7, 5] + 1) % 3
        Image.fromarray(pixels).save(file)
        return report


def test_one_wrong_pixel_is_found_and_the_export_is_not_kept(images: list[LabelledImage], out: Path) -> None:
    with pytest.raises(
        LabeltoolError, match=r"labels.b\.png: the mask read back differs in 1 pixels, first at x 5, y 7"
    ):
        export(_Forger(), images, CELLS, out)
    assert traces(out) == []


class _EditedMeanwhile(list[LabelledImage]):
    """Images of which the first has another revision from the third pass on."""

    passes = 0

    def __iter__(self) -> Iterator[LabelledImage]:
        self.passes += 1
        for image in super().__iter__():
            later = replace(image.record, revision=5) if self.passes >= 3 else image.record
            yield LabelledImage(later, image.mask)


def test_an_image_edited_meanwhile_is_not_passed_off_as_verified(
    images: list[LabelledImage], out: Path
) -> None:
    with pytest.raises(LabeltoolError, match="edited while it was exported"):
        export(PngExporter(), _EditedMeanwhile(images), CELLS, out)
    assert traces(out) == []


def test_a_full_disk_leaves_nothing_and_names_the_file(
    images: list[LabelledImage], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device", "labels/x.png")

    monkeypatch.setattr("labeltool.formats.png.exporter.write_packed", full)
    with pytest.raises(LabeltoolError, match="the disk is full"):
        export(PngExporter(), images, CELLS, out)
    assert traces(out) == []


def test_what_a_killed_export_left_is_found(tmp_path: Path) -> None:
    (tmp_path / "out.partial-0123abcd").mkdir()
    (tmp_path / "other").mkdir()
    assert left_over(tmp_path) == [tmp_path / "out.partial-0123abcd"]


def test_the_folder_of_an_export_that_is_at_work_is_no_leftover(tmp_path: Path) -> None:
    partial = tmp_path / "out.partial-0123abcd"
    partial.mkdir()
    with at_work(partial):
        assert left_over(tmp_path) == []
        with pytest.raises(LabeltoolError, match="at work"):
            delete(partial)
    delete(partial)
    assert not partial.exists()


@pytest.mark.parametrize("name", ["out.partial-0123abcg", "out.partial-0123abcd.zip", "0123abcd"])
def test_nothing_that_an_export_has_not_named_is_deleted_as_a_leftover(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert left_over(tmp_path) == []
    with pytest.raises(LabeltoolError, match="not what an export has left"):
        delete(tmp_path / name)


def test_where_folders_cannot_be_locked_an_export_that_still_writes_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial = tmp_path / "out.partial-0123abcd"
    partial.mkdir()
    (partial / "half.json").touch()
    monkeypatch.setattr("labeltool.formats.left_over.try_lock", lambda handle: None)
    assert left_over(tmp_path) == []
    for path in (partial, partial / "half.json"):
        os.utime(path, (1, 1))
    assert left_over(tmp_path) == [partial]


def test_an_image_nobody_has_labelled_is_left_out_unless_asked_for(tmp_path: Path, out: Path) -> None:
    labelled_one = labelled(tmp_path / "in" / "a.png", np.ones((4, 4), np.uint8), CELLS)
    empty = labelled(tmp_path / "in" / "b.png", np.zeros((4, 4), np.uint8), CELLS)
    empty = LabelledImage(empty.record, LabelMask(Size(4, 4)))
    report = export(CocoExporter(), [labelled_one, empty], CELLS, out)
    assert report.images == 1
    assert [(Path(s.file).name, s.reason) for s in report.skipped] == [
        ("b.png", "nobody has labelled it yet")
    ]
    with_all = export(
        PngExporter(), [labelled_one, empty], CELLS, out.with_name("all"), PngOptions(include_unlabelled=True)
    )
    assert with_all.images == 2


def test_nothing_to_export_is_said(tmp_path: Path, out: Path) -> None:
    empty = labelled(tmp_path / "in" / "b.png", np.zeros((4, 4), np.uint8), CELLS)
    with pytest.raises(BadInputError, match="no labelled image"):
        export(CocoExporter(), [LabelledImage(empty.record, LabelMask(Size(4, 4)))], CELLS, out)


def test_a_source_that_is_gone_or_changed_is_left_out_and_the_others_go_on(
    images: list[LabelledImage], out: Path
) -> None:
    images[0].record.path.unlink()
    changed = images[1].record.path
    data = bytearray(changed.read_bytes())
    data[-3] ^= 1
    changed.write_bytes(data)
    images[2].record.path.write_bytes(b"short")
    report = export(CocoExporter(), images, CELLS, out)
    reasons = {Path(s.file).name: s.reason for s in report.skipped}
    assert "cannot be found" in reasons["a.png"]
    assert "no longer the one that was added" in reasons["b.jpg"]
    assert "no longer the one that was added" in reasons["c c.png"]
    assert report.images == 3
    assert len(list((out / "images").iterdir())) == 3


def test_an_export_without_a_single_image_is_no_export(tmp_path: Path, out: Path) -> None:
    image = labelled(tmp_path / "in" / "a.png", np.ones((4, 4), np.uint8), CELLS)
    plan = CocoExporter().plan([image], CELLS, CocoOptions())
    image.record.path.unlink()
    with pytest.raises(BadInputError, match=r"no image could be exported; .*a\.png"):
        export(CocoExporter(), [image], CELLS, out, plan=plan)
    assert traces(out) == []


def test_where_no_image_can_be_exported_each_reason_names_its_files(
    images: list[LabelledImage], out: Path
) -> None:
    for image in images:
        image.record.path.write_bytes(b"short")
    images[0].record.path.unlink()
    with pytest.raises(
        BadInputError, match=r"No image can be exported as PASCAL VOC; .*cannot be found"
    ) as told:
        export(VocExporter(), images, CELLS, out)
    assert all(image.record.name in str(told.value) for image in images)
    assert traces(out) == []


def test_sources_are_only_read(images: list[LabelledImage], out: Path) -> None:
    before = {i.record.path: (i.record.path.read_bytes(), i.record.path.stat().st_mtime_ns) for i in images}
    for number, exporter in enumerate(EXPORTERS):
        export(exporter(), images, CELLS, out / str(number))
    assert before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in before}


def test_unrotated_pictures_keep_their_bytes_and_rotated_ones_are_turned(
    images: list[LabelledImage], out: Path
) -> None:
    report = export(CocoExporter(), images, CELLS, out)
    for image in images:
        (copy,) = (out / "images").glob(f"{report.names[image.record.id]}.*")
        same_bytes = copy.read_bytes() == image.record.path.read_bytes()
        assert same_bytes == (image.record.name != "turned.jpg")
    assert any("EXIF" in n and "turned.jpg" in n for n in report.notices)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_picture_is_exported_as_it_is_displayed(tmp_path: Path, out: Path, orientation: int) -> None:
    label = np.zeros((6, 9), np.uint8)
    label[0, :3] = 1
    image = labelled(tmp_path / "in" / "t.png", label, CELLS, orientation=orientation)
    export(CocoExporter(), [image], CELLS, out)
    with Image.open(out / "images" / "t.png") as copy, open_image(image.record.path) as source:
        assert copy.getexif().get(274, 1) == 1
        assert np.array_equal(np.array(copy), source.read())


def test_a_kill_leaves_no_export_and_says_where_the_rest_lies(tmp_path: Path, out: Path) -> None:
    script = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from mask_samples import CELLS, several\n"
        "from labeltool.formats.coco import CocoExporter\n"
        "from labeltool.formats.export import export\n"
        "class Killed(CocoExporter):\n"
        "    def verify(self, *a):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "export(Killed(), several(Path(sys.argv[2], 'in'), CELLS), CELLS, Path(sys.argv[3]))\n"
    )
    tests = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script, tests, str(tmp_path), str(out)], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert not out.exists()
    (rest,) = left_over(out.parent)
    assert (rest / "manifest.json").is_file()


def test_names_that_collide_get_numbers_and_the_manifest_says_which(tmp_path: Path, out: Path) -> None:
    files = ["a/x.png", "b/x.png", "b/X.jpg", "c/x_2.png", "d/CON.png", "e/#a:b?.png"]
    images = [labelled(tmp_path / "in" / f, np.ones((3, 3), np.uint8), CELLS) for f in files]
    report = export(VocExporter(), images, CELLS, out)
    assert list(report.names.values()) == ["x", "x_2", "X_3", "x_2_2", "CON_", "_a_b_"]
    manifest = json.loads((out / "manifest.json").read_text("ascii"))
    assert [(s["name"], s["file"]) for s in manifest["sources"]][3] == ("x_2_2", "x_2.png")


def test_a_value_without_a_class_is_refused_with_the_image(tmp_path: Path, out: Path) -> None:
    strange = labelled(tmp_path / "in" / "odd.png", np.full((3, 3), 77, np.uint8), CELLS)
    with pytest.raises(BadInputError, match=r"value 77.*odd\.png"):
        export(CocoExporter(), [strange], CELLS, out)


def test_more_objects_than_voc_holds_are_refused_unless_objects_are_not_asked_for(
    tmp_path: Path, out: Path
) -> None:
    label = np.zeros((32, 64), np.uint8)
    label[::2, ::4] = 1
    label[0, 0] = 0
    images = [labelled(tmp_path / "in" / "many.png", label, CELLS)]
    with pytest.raises(BadInputError, match=r"at most 254 objects.*--no-objects.*many\.png \(255\)"):
        export(VocExporter(), images, CELLS, out)
    report = export(VocExporter(), images, CELLS, out, VocOptions(objects=False))
    assert report.objects == 255
    assert not (out / "VOCdevkit/VOC2012/SegmentationObject").exists()


def test_options_are_described_for_dialog_and_command_line() -> None:
    for options in (ExportOptions, VocOptions, CocoOptions, PngOptions):
        for name, entry in options.__dataclass_fields__.items():
            assert entry.metadata["label"], name
            assert entry.metadata["help"], name


def test_that_16_bits_become_8_is_said_whatever_the_format_demands(images: list[LabelledImage]) -> None:
    size = images[0].record.size
    deep = ImageInfo(size, "tiff", "16-bit grey", dtype="uint16", channels=("grey",))
    plain = ImageInfo(size, "tiff", "RGB")
    for demand in ({"jpeg_only": True}, {"png_only": True}):
        said = conversion(images[0].record, deep, **demand)
        assert ", with 8 bits as they are shown at first, because" in said
        assert said.replace(", with 8 bits as they are shown at first", "") == conversion(
            images[0].record, plain, **demand
        )
    assert conversion(images[0].record, deep) == ""
    assert "8 bits" in conversion(images[0].record, replace(deep, rotated=True))
