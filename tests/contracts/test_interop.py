"""Other tools' files: every one is imported or accounted for, and no object goes missing without a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from contracts.interop import DATA_SETS, DataSet, Row, accounted, run


@pytest.fixture(scope="module")
def samples(shared_data: Path) -> Path:
    folder = shared_data / "interop"
    if not folder.is_dir():
        pytest.skip(f"no samples of other tools in {folder}")
    return folder


def _called(data: DataSet) -> str:
    return f"{data.src.replace('/', '-')}{'-made-up' if data.blank else ''}"


def test_every_file_of_the_samples_is_read_or_accounted_for(samples: Path) -> None:
    strays = [str(path.relative_to(samples)) for path, what in accounted(samples).items() if not what]
    assert strays == []


@pytest.mark.parametrize("data", DATA_SETS, ids=_called)
def test_objects_in_are_objects_out_and_objects_reported(
    data: DataSet, samples: Path, tmp_path: Path
) -> None:
    row = run(data, samples, tmp_path)
    assert row.objects_in > 0
    assert row.objects_in == row.objects_out + row.reported.total(), row
    assert row.objects_out > 0 or row.refused
    assert all(": " in each and len(each) > 20 for each in row.refused)


@pytest.mark.parametrize(
    ("src", "objects"),
    [
        (
            "labelme/primitives",
            5,
        ),  # a polygon, a rectangle, two circles or masks; the rest are lines and points
        ("isat/semantic", 33),
        ("isat/images", 33),  # the same objects as in ISAT's own masks
        ("isat/coco_tiny/coco_tiny.json", 43),
        ("mmsegmentation/cityscapes", 55),
    ],
)
def test_the_large_samples_come_in(samples: Path, tmp_path: Path, src: str, objects: int) -> None:
    data = next(each for each in DATA_SETS if each.src == src)
    assert run(data, samples, tmp_path).objects_out == objects


def test_a_count_that_does_not_add_up_is_seen(samples: Path, tmp_path: Path) -> None:
    row = run(next(each for each in DATA_SETS if each.src == "labelme/primitives"), samples, tmp_path)
    fewer = Row(
        row.data, row.files, row.images, row.objects_in, row.objects_out - 1, row.reported, row.refused
    )
    assert row.is_whole
    assert not fewer.is_whole
