"""Train, val and test: drawn alike from the same seed, never dividing what belongs together."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeltool.app.choices import Draw
from labeltool.app.splits import Assignment, apply, by_hand, by_names, drawn, leaks
from labeltool.cli.runner import run
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import SPLITS, ImageRecord
from labeltool.store.project import ProjectStore


def image(number: int, folder: str = "photos", **more: object) -> ImageRecord:
    path = Path(f"/{folder}/{number}.png")
    record = ImageRecord(f"{number:032x}", path, Size(3, 2), "png", f"{number:064x}", 9)
    return replace(record, **more)


def test_shares_are_kept_and_the_order_of_the_images_does_not_matter() -> None:
    records = [image(n) for n in range(100)]
    found = drawn(records, Draw(val=20, test=10, seed=3))
    assert found.counts() == {"train": 70, "val": 20, "test": 10}
    assert drawn(records[::-1], Draw(val=20, test=10, seed=3)).splits == found.splits
    assert drawn(records, Draw(val=20, test=10, seed=4)).splits != found.splits


def test_an_image_that_comes_later_moves_no_other() -> None:
    records = [image(n) for n in range(40)]
    before = drawn(records, Draw()).splits
    kept = [replace(r, split=before[r.id]) for r in records]
    after = drawn([*kept, image(99)], Draw()).splits
    assert {k: v for k, v in after.items() if k in before} == before
    assert after[image(99).id] in ("train", "val", "test")


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=40),
    st.integers(0, 5),
    st.sampled_from(["image", "folder", "subject"]),
)
def test_nothing_that_belongs_together_is_divided(groups: list[int], seed: int, unit: str) -> None:
    records = [image(n, folder=f"f{g}", series=f"s{g}", subject=f"p{g // 2}") for n, g in enumerate(groups)]
    found = drawn(records, Draw(unit=unit, seed=seed))
    assert set(found.splits) == {r.id for r in records}
    key = {"image": "series", "folder": "series", "subject": "subject"}[unit]
    places: dict[str, set[str]] = {}
    for record in records:
        places.setdefault(getattr(record, key), set()).add(found.splits[record.id])
    assert all(len(splits) == 1 for splits in places.values())


def test_the_pages_of_one_file_are_never_divided() -> None:
    """The times of a volume are series of their own, and the pages of a map are of none."""
    of_volume = [image(n, series=f"v{n % 40 // 4}/t{n % 4}") for n in range(40)]
    times = [replace(r, path=Path(f"/v{n // 4}.nii"), page=f"k0t{n % 4}") for n, r in enumerate(of_volume)]
    for records in (times, [replace(r, series="") for r in times]):
        for seed in range(5):
            splits = drawn(records, Draw(seed=seed)).splits
            assert all(len({splits[r.id] for r in records[at : at + 4]}) == 1 for at in range(0, 40, 4))


def test_the_draw_does_not_depend_on_where_the_files_of_a_series_lie() -> None:
    here = [image(n, series=f"here {n // 3}") for n in range(60)]
    there = [replace(r, path=Path("/there") / r.path.name, series=r.series[5:]) for r in here]
    assert drawn(here, Draw()).splits == drawn(there, Draw()).splits


def test_a_pattern_names_the_patient() -> None:
    records = [image(n, folder=f"P{n // 10}_scan") for n in range(50)]
    found = drawn(records, Draw(unit="subject", pattern=r"(P\d+)_", train=60, val=20, test=20))
    assert Counter(found.splits.values()) == {"train": 30, "val": 10, "test": 10}
    assert not any("patients" in notice for notice in found.notices)


def test_folders_that_are_called_so_are_obeyed() -> None:
    records = [image(1, "train"), image(2, "Validation/deep"), image(3, "test"), image(4, "other")]
    found = by_names(records)
    assert [found.splits.get(r.id) for r in records] == ["train", "val", "test", None]
    assert "1 image lies" in found.notices[0]
    with pytest.raises(BadInputError, match="no image lies"):
        by_names([image(4, "other")])


def test_folders_that_divide_a_series_are_told_of() -> None:
    assert any(
        "1 series" in each
        for each in by_names([image(n, f, series="s") for n, f in enumerate(SPLITS)]).notices
    )


def test_a_draw_for_some_pages_tells_what_it_divides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ProjectStore.create(tmp_path / "p", "p", ClassCatalog.from_names(["cell"])) as store:
        store.add_images([image(1, series="s", split="test"), image(2, series="s")])
    run(["split", str(tmp_path / "p"), "--images", "2.png", "--val", "0", "--test", "0", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert any("1 series" in each for each in answer["notices"])
    assert answer["units"] == "1 unit"


def test_what_is_in_two_splits_is_told() -> None:
    records = [image(1, series="s", split="train"), image(2, series="s", split="val")]
    twin = replace(records[0], id="f" * 32, split="test", series="")
    told = leaks([*records, twin], {r.id: r.split for r in (*records, twin)})
    assert any("1 series" in each for each in told)
    assert any("byte for byte" in each for each in told)


def test_images_that_keep_their_split_are_the_reason_for_other_shares() -> None:
    kept = [image(n, split="train") for n in range(18)]
    assert "18 images keep the split that they have (--again" in drawn(kept, Draw()).notices[0]
    two = [*kept, image(18, split="val"), image(19, split="test")]
    assert drawn(two, Draw(train=60, val=20, test=20)).notices[0].startswith("20 images keep the split")
    assert not drawn(two, Draw(train=60, val=20, test=20, again=True)).notices
    large = [*(image(n, series="s", split="train") for n in range(18)), image(18), image(19)]
    assert any("must not be divided" in each for each in drawn(large, Draw()).notices)


def test_a_project_without_images_has_nothing_to_divide() -> None:
    assert drawn([], Draw()) == Assignment({}, [], "0 units")


@pytest.mark.parametrize("shares", [(0, 0, 0), (-1, 1, 1)])
def test_shares_that_cannot_be_are_refused(shares: tuple[int, int, int]) -> None:
    with pytest.raises(BadInputError, match="shares"):
        drawn([image(1)], Draw("image", *shares))
    with pytest.raises(BadInputError, match="regular expression"):
        drawn([image(1)], Draw(pattern="("))


def test_splits_are_kept_in_the_project(tmp_path: Path) -> None:
    with ProjectStore.create(tmp_path / "p", "p", ClassCatalog.from_names(["cell"])) as store:
        store.add_images([image(n) for n in range(4)])
        assert apply(store, by_hand(store.images()[:2], "val")).changed == 2
        assert apply(store, by_hand(store.images()[:2], "val")).changed == 0
    with ProjectStore.open(tmp_path / "p") as store:
        assert [r.split for r in store.images()] == ["val", "val", "", ""]


def test_images_that_name_no_subject_are_told_of_and_the_units_counted() -> None:
    named = [image(n, folder=f"P{n // 2}_") for n in range(12)]
    without = drawn(named, Draw(unit="subject"))
    assert without.notices[0].startswith("12 of 12 images name no subject; each file or series counts")
    assert without.units == "12 units"
    found = drawn(named, Draw(unit="subject", pattern="(P[0-9]+)_"))
    assert found.units == "6 subjects"
    assert not any("no subject" in notice for notice in found.notices)
