"""Several images in work at a time: the same files in the same order, whoever is done first."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mask_samples import CELLS, labelled, several

from labeltool.core.errors import BadInputError, CancelledError, LabeltoolError
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken
from labeltool.formats import dataset, items, workers
from labeltool.formats.coco import CocoExporter, CocoOptions
from labeltool.formats.dataset import DatasetExporter
from labeltool.formats.export import export
from labeltool.formats.items import Item
from labeltool.formats.left_over import left_over
from labeltool.formats.png import PngExporter
from labeltool.formats.protocol import LabelledImage
from labeltool.formats.voc import VocExporter, VocOptions

PARALLEL = [CocoExporter, VocExporter]


@pytest.fixture
def images(tmp_path: Path) -> list[LabelledImage]:
    return several(tmp_path / "photos", CELLS)


@pytest.fixture
def four_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "worker_count", lambda: 4)


def slowed(exporter: type[DatasetExporter], during: Callable[[Item], None]) -> DatasetExporter:
    """An exporter that does something before each image is written."""

    class Slowed(exporter):  # type: ignore[misc, valid-type]
        def _add(self, writer: Any, entry: Any) -> Any:
            during(entry)
            return super()._add(writer, entry)

    return Slowed()


@pytest.mark.usefixtures("four_workers")
@pytest.mark.parametrize("exporter", PARALLEL)
def test_files_are_the_same_bytes_whoever_is_done_first(
    exporter: type[DatasetExporter], images: list[LabelledImage], tmp_path: Path
) -> None:
    export(exporter(), images, CELLS, tmp_path / "out")
    chance = random.Random(0)
    threads = set()

    def wait(_: Item) -> None:
        threads.add(threading.get_ident())
        time.sleep(chance.random() / 50)

    export(slowed(exporter, wait), images, CELLS, tmp_path / "again")
    assert len(threads) > 1
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) > len(images)
    for path in files:
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(tmp_path / "out")).read_bytes()


@pytest.mark.usefixtures("four_workers")
@pytest.mark.parametrize("exporter", PARALLEL)
def test_an_image_that_cannot_be_written_is_left_out_and_the_others_go_on(
    exporter: type[DatasetExporter], images: list[LabelledImage], tmp_path: Path
) -> None:
    victim = images[2].record

    def spoil(entry: Item) -> None:
        if entry.record.id == victim.id:
            victim.path.write_bytes(b"x" * victim.file_bytes)

    report = export(slowed(exporter, spoil), images, CELLS, tmp_path / "out")
    assert [Path(skipped.file).name for skipped in report.skipped] == [victim.name]
    assert list(report.names) == [image.record.id for image in images if image.record.id != victim.id]


@pytest.mark.usefixtures("four_workers")
@pytest.mark.parametrize("exporter", PARALLEL)
def test_an_error_in_one_image_ends_the_export_and_leaves_nothing(
    exporter: type[DatasetExporter], images: list[LabelledImage], tmp_path: Path
) -> None:
    def fail(entry: Item) -> None:
        if entry.record.id == images[1].record.id:
            raise LabeltoolError("the disk is gone")

    with pytest.raises(LabeltoolError, match="the disk is gone"):
        export(slowed(exporter, fail), images, CELLS, tmp_path / "exports" / "out")
    assert list((tmp_path / "exports").iterdir()) == []


@pytest.mark.usefixtures("four_workers")
def test_a_cancel_begins_no_further_image(images: list[LabelledImage], tmp_path: Path) -> None:
    cancel, begun = CancelToken(), []

    def stop(entry: Item) -> None:
        begun.append(entry.name)
        cancel.cancel()

    many = [labelled(tmp_path / "in" / f"{n}.jpg", np.ones((4, 4), np.uint8), CELLS) for n in range(40)]
    with pytest.raises(CancelledError):
        export(slowed(VocExporter, stop), many, CELLS, tmp_path / "exports" / "out", cancel=cancel)
    assert 0 < len(begun) < 20
    assert left_over(tmp_path / "exports") == []


class _Counting(LabelledImage):
    """An image that counts how often its mask is asked for, or has none."""

    def __init__(self, image: LabelledImage, asked: list[str], error: BadInputError | None = None) -> None:
        object.__setattr__(self, "record", image.record)
        self.__dict__.update(image=image, asked=asked, error=error)

    @property
    def mask(self) -> LabelMask:  # type: ignore[override]
        self.__dict__["asked"].append(self.record.id)
        if self.__dict__["error"] is not None:
            raise self.__dict__["error"]
        mask: LabelMask = self.__dict__["image"].mask
        return mask


@pytest.mark.parametrize("bound", [0, items.KEPT_BYTES])
@pytest.mark.parametrize("exporter", [*PARALLEL, PngExporter])
def test_a_mask_is_loaded_once_for_all_passes_however_little_is_kept_in_memory(
    exporter: type[DatasetExporter],
    bound: int,
    images: list[LabelledImage],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(items, "KEPT_BYTES", bound)
    asked: list[str] = []
    export(exporter(), [_Counting(image, asked) for image in images], CELLS, tmp_path / "out")
    assert sorted(asked) == sorted(image.record.id for image in images)


def test_an_export_reads_no_mask_again_that_its_plan_has_read(
    images: list[LabelledImage], tmp_path: Path
) -> None:
    asked: list[str] = []
    exporter, given = VocExporter(), [_Counting(image, asked) for image in images]
    for _ in range(2):
        exporter.plan(given, CELLS, VocOptions())
    edited = replace(images[0].record, revision=images[0].record.revision + 1)
    given[0] = _Counting(LabelledImage(edited, images[0].mask), asked)
    report = export(exporter, given, CELLS, tmp_path / "out")
    assert report.images == len(images)
    assert sorted(asked) == sorted([edited.id, *(image.record.id for image in images)])


def test_what_was_read_for_other_classes_is_read_again(images: list[LabelledImage]) -> None:
    asked: list[str] = []
    exporter, given = CocoExporter(), [_Counting(image, asked) for image in images]
    exporter.plan(given, CELLS, CocoOptions())
    more = CELLS.add("one more")
    exporter.plan(given, more, CocoOptions())
    assert len(asked) == 2 * len(images)


def test_an_image_whose_mask_cannot_be_read_is_left_out_by_name(
    images: list[LabelledImage], tmp_path: Path
) -> None:
    broken = BadInputError("the mask is damaged", file="a.ltm")
    given = [_Counting(image, [], broken if n == 0 else None) for n, image in enumerate(images)]
    exporter = VocExporter()
    plan = exporter.plan(given, CELLS, exporter.Options())
    report = export(VocExporter(), given, CELLS, tmp_path / "out")
    for skipped in (plan.skipped, report.skipped):
        assert [(entry.file, entry.reason) for entry in skipped] == [("a.ltm", "the mask is damaged")]
    assert report.images == len(images) - 1


def test_large_images_are_worked_on_one_at_a_time(
    images: list[LabelledImage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "worker_count", lambda: 4)
    monkeypatch.setattr(dataset, "LARGE", 0)
    at_once, most = [], []

    def watch(entry: Item) -> None:
        at_once.append(entry.name)
        most.append(len(at_once))
        time.sleep(0.01)
        at_once.remove(entry.name)

    export(slowed(VocExporter, watch), images, CELLS, tmp_path / "out")
    assert max(most) == 1
