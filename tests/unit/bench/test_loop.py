"""The loop of the benchmark: what it does, what it does not do twice, and the figures it comes to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from labeltool.core.geometry import Box
from labeltool.inference.segmenter import Answer, Prediction
from labeltool.inference.training import TrainingImage
from labeltool.nn.checkpoint import load_network
from tests.bench.annotator import arms, loop
from tests.bench.annotator.arms import ARMS, portions
from tests.bench.annotator.datasets import KINDS, DataSet, _told_apart
from tests.bench.annotator.effort import variations
from tests.bench.annotator.figures import (
    Run,
    area_between,
    conclusions,
    crossing,
    label_quality,
    mean,
    ratio,
    runs,
)
from tests.bench.annotator.hand import Teach
from tests.bench.annotator.loop import Desk, Loop, scratch
from tests.bench.annotator.models import answers, quality, taught
from tests.bench.annotator.report import report
from tests.bench.annotator.rows import Rows

SIDE, IMAGES = 64, 12


@pytest.fixture
def data(tmp_path: Path) -> DataSet:
    """Twelve pictures of a square each, and classes of background and square."""
    folder = tmp_path / "nuclei"
    for split, count in (("train", IMAGES), ("val", 2)):
        for what in ("images", "labels", "instances"):
            (folder / what / split).mkdir(parents=True)
        for number in range(count):
            truth = np.zeros((SIDE, SIDE), np.uint8)
            truth[10 + number : 30 + number, 20:40] = 1
            name = f"{split}{number:02}.png"
            Image.fromarray(np.stack([200 * truth + number] * 3, 2)).save(folder / "images" / split / name)
            Image.fromarray(truth).save(folder / "labels" / split / name)
            Image.fromarray(truth.astype(np.uint16)).save(folder / "instances" / split / name)
    classes = [
        {"value": 0, "name": "background", "color": [0, 0, 0]},
        {"value": 1, "name": "square", "color": [9, 9, 9]},
    ]
    (folder / "classes.json").write_text(json.dumps({"name": "squares", "classes": classes}))
    return DataSet.of("nuclei", tmp_path, IMAGES)


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A network that sees every square a little too far up, and is better the more images it was taught. Gives the
    names of the images of each training."""
    seen: list[list[str]] = []

    def fake_taught(
        data: DataSet,
        images: Sequence[TrainingImage],
        seed: int,
        folder: Path,
        begin: Path | None = None,
        times: int = 1,
    ) -> None:
        assert begin is None or (begin / "card.json").is_file()
        assert all(set(np.unique(image.load_label())) <= {0, 1} for image in images)
        seen.append([image.id for image in images])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "card.json").write_text(str(len(images)))

    def fake_answers(folder: Path, images: Sequence[TrainingImage]) -> Iterator[Answer]:
        off = 1 + IMAGES // int((folder / "card.json").read_text())
        for image in images:
            label = np.roll(np.array(Image.open(image.path))[..., 0] // 200, -off, 0).astype(np.uint8)
            yield Answer(label, label, entropy=255 * label)

    monkeypatch.setattr(loop, "taught", fake_taught)
    monkeypatch.setattr(loop, "quality", lambda data, folder: 1 - 1 / int((folder / "card.json").read_text()))

    class FakeHead:
        def __init__(self, folder: Path) -> None:
            assert (folder / "card.json").is_file()

        def of(self, image: TrainingImage) -> Teach:
            truth = image.load_label()
            box = Box(0, 0, truth.shape[1], truth.shape[0])
            return lambda label, by_hand: Prediction(box, truth, truth)

    for module in (arms, loop):
        monkeypatch.setattr(module, "answers", fake_answers)
    monkeypatch.setattr(loop, "Head", FakeHead)
    return seen


def whole_run(data: DataSet, out: Path, names: Sequence[str] = tuple(ARMS), seed: int = 1) -> Rows:
    rows = Rows(out, {"images": IMAGES})
    desk = Desk(data)
    scratch(desk, rows)
    run = Loop(desk, seed, rows, out.with_suffix(".work"), 3)
    run.full()
    for arm in names:
        while len(run.rounds(arm)) < len(run.portions):
            run.next_round(arm)
    return rows


def test_every_arm_labels_every_image_once_and_learns_of_all_that_is_labelled(
    data: DataSet, learnt: list[list[str]], tmp_path: Path
) -> None:
    rows = whole_run(data, tmp_path / "rows.jsonl")
    for arm in ARMS:
        rounds = rows.all(row="round", arm=arm)
        assert [len(row["efforts"]) for row in rounds] == [3, 3, 6]
        assert sorted(name for row in rounds for name in row["efforts"]) == sorted(data.pool)
    assert {len(names) for names in learnt} == {3, 6, 12}


def test_the_first_images_are_drawn_by_the_cheapest_tools_and_the_others_mended(
    data: DataSet, learnt: list[list[str]], tmp_path: Path
) -> None:
    first, *others = whole_run(data, tmp_path / "rows.jsonl", ["random"]).all(row="round", arm="random")
    assert all(set(tools) == {"lasso"} for tools in first["faults"].values())
    assert all(
        set(tools) <= {"brush", "fill", "lasso", "around"}
        for row in others
        for tools in row["faults"].values()
    )
    assert all(row["predicted"].keys() == row["efforts"].keys() for row in others)


def test_the_arm_with_a_light_head_has_the_images_and_models_of_the_one_without(
    data: DataSet, learnt: list[list[str]], tmp_path: Path
) -> None:
    rows = whole_run(data, tmp_path / "rows.jsonl", ["taught"])  # which does the other first
    ours, taught = (rows.all(row="round", arm=arm) for arm in ("ours", "taught"))
    assert len(learnt) == 1 + len(ours) == 1 + len(taught)
    for one, other in zip(ours, taught, strict=True):
        assert one["efforts"].keys() == other["efforts"].keys()
        assert (one["model"], one["miou"]) == (other["model"], other["miou"])


def test_a_second_call_does_nothing_again(data: DataSet, learnt: list[list[str]], tmp_path: Path) -> None:
    whole_run(data, tmp_path / "rows.jsonl")
    before, trainings = (tmp_path / "rows.jsonl").read_text(), len(learnt)
    whole_run(data, tmp_path / "rows.jsonl")
    assert (tmp_path / "rows.jsonl").read_text() == before
    assert len(learnt) == trainings


@pytest.mark.usefixtures("learnt")
def test_what_was_killed_goes_on_to_the_same_rows(data: DataSet, tmp_path: Path) -> None:
    whole = whole_run(data, tmp_path / "whole.jsonl", ["ours"])
    rows = Rows(tmp_path / "cut.jsonl", {"images": IMAGES})
    Loop(Desk(data), 1, rows, tmp_path / "cut.work", 3).next_round("ours")
    with (tmp_path / "cut.jsonl").open("a") as file:
        file.write('{"row": "round", "da')
    cut = whole_run(data, tmp_path / "cut.jsonl", ["ours"])
    assert cut.all(row="round") == whole.all(row="round")


def test_arms_that_begin_alike_share_their_first_model(
    data: DataSet, learnt: list[list[str]], tmp_path: Path
) -> None:
    whole_run(data, tmp_path / "rows.jsonl", ["random", "foreground", "ours"])
    assert sum(len(names) == 3 for names in learnt) == 1


@pytest.mark.usefixtures("learnt")
def test_a_model_whose_folder_is_gone_is_made_again(data: DataSet, tmp_path: Path) -> None:
    import shutil

    rows = Rows(tmp_path / "rows.jsonl", {})
    run = Loop(Desk(data), 1, rows, tmp_path / "work", 3)
    run.next_round("random")
    shutil.rmtree(tmp_path / "work" / "models")
    assert len(run.next_round("random")["efforts"]) == 3


def test_rows_of_another_setting_are_refused_by_name(tmp_path: Path) -> None:
    Rows(tmp_path / "rows.jsonl", {"images": 3, "first": 1})
    with pytest.raises(ValueError, match="another first; choose another --out"):
        Rows(tmp_path / "rows.jsonl", {"images": 3, "first": 2})


def test_portions_double_until_all_is_labelled() -> None:
    assert portions(60, 5) == [5, 10, 20, 40, 60]
    assert portions(3, 5) == [3]


@pytest.mark.usefixtures("learnt")
def test_the_report_has_a_line_for_each_arm_and_says_what_was_never_reached(
    data: DataSet, tmp_path: Path
) -> None:
    for seed in (1, 2):
        rows = whole_run(data, tmp_path / "rows.jsonl", seed=seed)
    rows.add(row="full", data="nuclei", seed=3, miou=5.0)
    run = Loop(Desk(data), 3, rows, tmp_path / "rows.work", 3)
    while len(run.rounds("order")) < 3:
        run.next_round("order")
    text = "\n".join(report(rows, [data]))
    assert all(f"| {arm.title} |" in text for arm in ARMS.values())
    assert "never in 1" in text
    assert f"{ARMS['ours'].title}: times faster than polygons" in text


@pytest.mark.usefixtures("learnt")
def test_an_unfinished_run_is_in_no_table(data: DataSet, tmp_path: Path) -> None:
    rows = whole_run(data, tmp_path / "rows.jsonl", ["random"])
    Loop(Desk(data), 1, rows, tmp_path / "rows.work", 3).next_round("ours")
    assert not runs(rows, "nuclei", "ours")
    assert runs(rows, "nuclei", "random")


@pytest.mark.usefixtures("learnt")
def test_factors_follow_from_the_rows_with_any_constants(data: DataSet, tmp_path: Path) -> None:
    rows = whole_run(data, tmp_path / "rows.jsonl", ["random", "ours"])
    found = {arm: runs(rows, "nuclei", arm) for arm in ("random", "ours")}
    faster = conclusions("ours")["times faster than polygons"]
    values = {name: faster(found, factors) for name, factors in variations().items()}
    assert values["as it is"] == pytest.approx(faster(found, dict.fromkeys(("key", "bit"), 1.0)))
    assert values["bit x 1.5"] > values["as it is"] > values["bit x 0.5"]


def a_run(seconds: Sequence[float], miou: Sequence[float], full: float = 1.0) -> Run:
    """A round an image, each of so many seconds, that a polygon would have taken ten times."""
    efforts = [{str(k): {"brush": {"pointing": s / 1.1}}} for k, s in enumerate(seconds)]
    rounds: list[dict[str, Any]] = [{"efforts": e, "miou": m} for e, m in zip(efforts, miou, strict=True)]
    polygons = {str(k): {"polygon": {"pointing": 10 * s / 1.1}} for k, s in enumerate(seconds)}
    return Run(rounds, polygons, polygons, full)


def test_the_seconds_to_enough_lie_between_the_models_before_and_after() -> None:
    assert crossing(np.array([10.0, 20.0]), np.array([0.5, 0.9]), 0.7) == pytest.approx(15.0)
    assert crossing(np.array([10.0, 20.0]), np.array([0.8, 0.9]), 0.7) == 10.0
    assert crossing(np.array([10.0, 20.0]), np.array([0.5, 0.6]), 0.7) is None
    assert crossing(np.array([10.0, 20.0, 30.0]), np.array([0.8, 0.6, 0.8]), 0.7) == pytest.approx(25.0)
    run = a_run([10, 10, 20], [0.5, 0.95, 0.99])
    assert run.share_to_enough({}) == pytest.approx(20 / 400)
    assert a_run([10], [0.5]).share_to_enough({}) is None


def test_a_curve_is_ahead_of_one_that_is_later_and_level_with_itself() -> None:
    early, late = a_run([10, 10, 10], [0.5, 0.8, 0.9]), a_run([10, 20, 20], [0.5, 0.8, 0.9])
    assert area_between(early, early, {}) == 0
    assert area_between(early, late, {}) > 0 > area_between(late, early, {})


def test_a_factor_lies_in_its_interval_which_is_narrow_where_all_images_agree() -> None:
    ten = [{"a": 10.0, "b": 30.0}, {"a": 20.0, "b": 5.0}]
    assert ratio(ten, [{k: v / 2 for k, v in each.items()} for each in ten]) == pytest.approx((2, 2, 2))
    found = ratio(ten, [{"a": 1.0, "b": 30.0}, {"a": 1.0, "b": 5.0}])
    assert found.low < found.mean < found.high


def test_an_interval_over_seeds_is_students_and_one_seed_has_none() -> None:
    found = mean([1.0, 2.0, 3.0])
    assert (found.low, found.high) == pytest.approx((2 - 2.484, 2 + 2.484), abs=0.001)
    assert np.isnan(mean([1.0]).low)


def test_quality_of_labels_counts_no_background() -> None:
    assert label_quality([{"pixels": [[50, 10], [0, 40]]}], [1], [0, 1]) == pytest.approx(0.8)


def test_objects_that_touch_get_different_numbers() -> None:
    ids = np.array([[1, 2, 0, 3], [1, 5, 0, 3], [4, 4, 0, 300]])
    few = _told_apart(ids)
    assert few[0, 0] != few[0, 1] and few[0, 1] != few[1, 1] and few[2, 0] not in (few[1, 0], few[1, 1])
    assert few[1, 3] != few[2, 3] and (few[:, 2] == 0).all()


def test_the_sets_are_those_of_the_sample_data(shared_data: Path) -> None:
    for name in KINDS:
        data = DataSet.of(name, shared_data, 12)
        assert (len(data.pool), len(data.val)) == (12, 6 if name == "buildings" else 8)
        assert set(np.unique(data.truth(data.pool[0]))) <= {*data.catalog.values, 255}
        assert (data.objects(data.pool[0]) is None) == (name == "camvid")
        assert data.truth(data.val[0]).shape == data.picture(data.val[0]).shape[:2]


def test_a_network_goes_on_from_the_weights_of_the_round_before(data: DataSet, tmp_path: Path) -> None:
    options = replace(data.options, steps=2, crop=64, batch=2, learning_rate=1e-9)
    data, images = replace(data, options=options), data.images(data.pool[:3], data.truth)
    taught(data, images, 1, tmp_path / "first")
    taught(data, images, 2, tmp_path / "next", begin=tmp_path / "first")
    taught(data, images, 2, tmp_path / "other")
    kernels = [
        next(p for p in load_network(tmp_path / each)[1].parameters() if p.ndim == 4).detach().numpy()
        for each in ("first", "next", "other")
    ]
    assert np.allclose(kernels[0], kernels[1], atol=1e-3)
    assert not np.allclose(kernels[0], kernels[2], atol=1e-3)
    (answer,) = answers(tmp_path / "next", images[:1])
    assert answer.label.shape == answer.entropy.shape == (SIDE, SIDE)
    assert 0 <= quality(data, tmp_path / "next") <= 1
