"""Whether a model may take the place of the one in use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app.loop.gate import Decision, decide, finding, judge
from labeltool.app.models import digest_of
from labeltool.app.project import add_images
from labeltool.core.bootstrap import Counts, Difference
from labeltool.core.errors import BadInputError
from labeltool.inference.run import Manifest, RunImage
from labeltool.inference.training_options import TrainingOptions
from labeltool.store.project import ProjectStore
from tests.unit.app import loop_examples
from tests.unit.app.loop_examples import CATALOG, TEST, stand_in, write_model

made = loop_examples.made
NAMES = ["background", "nucleus", "debris"]


@pytest.fixture
def store(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProjectStore]:
    stand_in(monkeypatch)
    with ProjectStore.open(shutil.copytree(made, tmp_path / "project")) as opened:
        yield opened


def judged(store: ProjectStore, before: dict | None, after: dict) -> Decision:  # type: ignore[type-arg]
    folder = store.root / "models"
    test = [record for record in store.images() if record.split == "test"]
    old = None if before is None else write_model(folder / "old", **before)
    return judge(store, write_model(folder / "new", **after), old, test)


def test_a_model_that_is_bad_in_one_class_is_refused_and_the_class_named(store: ProjectStore) -> None:
    decision = judged(store, {"noise": 0.05}, {"noise": 0.02, "bad": 2})
    assert decision.verdict == "refused"
    assert decision.worse == ["background", "debris"]  # what debris loses background gets
    assert "debris is worse: IoU 0.4" in decision.why
    assert "nucleus" not in decision.why
    (nucleus,) = (each for each in decision.classes if each.name == "nucleus")
    assert nucleus.finding == "better"


def test_a_better_model_is_promoted(store: ProjectStore) -> None:
    decision = judged(store, {"noise": 0.1}, {"noise": 0.02})
    assert (decision.verdict, decision.worse, decision.unclear) == ("promoted", [], [])
    assert decision.miou_after is not None and decision.miou_before is not None
    assert decision.miou_after > decision.miou_before
    assert f"{TEST} test images" in decision.why


def test_noise_alone_is_not_refused(store: ProjectStore) -> None:
    verdicts = [
        judged(store, {"noise": 0.05, "seed": 2 * n}, {"noise": 0.05, "seed": 2 * n + 1}).verdict
        for n in range(1, 3)
    ]
    assert verdicts == ["promoted"] * 2


def test_the_decision_survives_being_written_down(store: ProjectStore) -> None:
    decision = judged(store, {"noise": 0.1}, {"bad": 1})
    assert Decision.from_json(decision.to_json()) == decision


def test_a_candidate_that_has_learnt_from_a_test_image_is_refused_with_its_name(
    store: ProjectStore, tmp_path: Path
) -> None:
    test = [record for record in store.images() if record.split == "test"]
    seen = RunImage("a", "other name.png", "/elsewhere/other name.png", "", "val", digest_of(test[3]))
    manifest = Manifest(TrainingOptions(), CATALOG, (seen,))
    candidate = write_model(store.root / "models" / "new", manifest)
    with pytest.raises(BadInputError, match="has learnt from this image") as caught:
        judge(store, candidate, write_model(store.root / "models" / "old", noise=0.1), test)
    assert caught.value.file == str(test[3].path)


def test_test_images_that_the_model_in_use_knows_by_heart_do_not_count(store: ProjectStore) -> None:
    test = [record for record in store.images() if record.split == "test"]
    known = tuple(RunImage(r.id, "", "", "", "train", digest_of(r)) for r in test[:-2])
    old = write_model(store.root / "models" / "old", Manifest(TrainingOptions(), CATALOG, known), noise=0.1)
    decision = judge(store, write_model(store.root / "models" / "new"), old, test)
    assert decision.images == 2
    assert f"{TEST - 2} test images, from which the model in use has learnt, are left out" in decision.why


def test_a_test_image_that_is_gone_is_named(store: ProjectStore, tmp_path: Path) -> None:
    first = next(record for record in store.images() if record.split == "test")
    moved = tmp_path / "gone.png"
    moved.write_bytes(first.path.read_bytes())
    store.update_image(replace(first, path=moved))
    moved.unlink()
    decision = judged(store, {"noise": 0.1}, {"noise": 0.02})
    assert (decision.verdict, decision.images) == ("promoted", TEST - 1)
    assert "test images that could not be looked at: 1 (gone.png)" in decision.why


def test_copies_of_one_image_count_once(store: ProjectStore, tmp_path: Path) -> None:
    for record in store.images():
        if record.split == "test" and record.path.stem != "100":
            store.put_into(record.id, "")
    first = next(record for record in store.images() if record.split == "test")
    for name in ("b", "c", "d"):
        (tmp_path / f"{name}.png").write_bytes(first.path.read_bytes())
    for record in add_images(store, [tmp_path / f"{n}.png" for n in "bcd"], split="test").added:
        patch_from(store, record.id, first.id)
    decision = judged(store, {"noise": 0.1}, {"noise": 0.02})
    assert decision.images == 4
    assert {each.units for each in decision.classes} == {1}
    assert decision.unclear == NAMES


def patch_from(store: ProjectStore, target: str, source: str) -> None:
    from labeltool.core.patch import write
    from labeltool.core.provenance import Origin

    label = store.load_mask(source).planes["label"].dense().astype(np.uint8)
    mask = store.load_mask(target)
    patch = write(mask, mask.size.box, title="", kind="", label=label, origin=Origin.HUMAN)
    store.commit(target, patch, expected=0)


# ---- where no model is in use


def test_the_first_model_is_promoted_if_it_tells_classes_apart(store: ProjectStore) -> None:
    decision = judged(store, None, {"noise": 0.2})
    assert (decision.verdict, decision.miou_before) == ("promoted", None)
    assert f"{TEST} test images" in decision.why


def test_a_first_model_that_says_the_same_of_every_pixel_is_refused(store: ProjectStore) -> None:
    decision = judged(store, None, {"says": 0})
    assert decision.verdict == "refused"
    assert "call every pixel background" in decision.why


# ---- on constructed counts


def counts(*ious: float, units: int = 10) -> Counts:
    """Each unit has 1,000 pixels of every class, of which a model finds the share, and nothing else."""
    of = np.array([[round(1000 * value), 1000, round(1000 * value)] for value in ious], np.int64)
    return np.broadcast_to(of, (units, len(ious), 3))


def test_with_two_images_a_small_loss_is_left_open_and_a_large_one_refused() -> None:
    dice = np.random.default_rng(1)
    before = counts(0.8, 0.8, units=2) + 0
    before[:, :, 0] += dice.integers(-100, 100, (2, 2))
    small, large = before - 0, before - 0
    small[:, 1, 0] -= np.array([10, 60])
    large[:, 1, 0] -= np.array([200, 500])
    found = decide(["a", "b"], before, small, images=2)
    assert (found.verdict, found.unclear) == ("promoted", ["b"])
    assert "too few images to tell" in found.why and "b (2 images)" in found.why
    found = decide(["a", "b"], before, large, images=2)
    assert (found.verdict, found.worse) == ("refused", ["b"])
    assert "in too few images to call it chance: 2 images" in found.why


def test_without_an_image_nothing_is_decided() -> None:
    empty = np.zeros((0, 2, 3), np.int64)
    assert decide(["a", "b"], empty, empty, images=0).verdict == "undecided"


def test_a_class_that_is_nowhere_is_not_judged() -> None:
    pair = counts(0.8, 0.0)
    pair = np.concatenate([pair, np.zeros((10, 1, 3), np.int64)], axis=1)
    assert [each.name for each in decide(["a", "b", "c"], pair, pair, images=10).classes] == ["a", "b"]


@pytest.mark.parametrize(
    ("before", "after", "low", "high", "expected"),
    [
        (0.8, 0.7, -0.12, -0.08, "worse"),
        (0.8, 0.7, -0.4, -0.01, "worse"),
        (0.8, 0.78, -0.05, 0.01, "same"),
        (0.8, 0.9, 0.05, 0.15, "better"),
        (0.8, 0.75, -0.3, 0.2, "unclear"),
        (0.8, 0.6, -0.5, 0.1, "worse"),
        (0.8, 0.75, None, None, "unclear"),
        (0.8, 0.6, None, None, "worse"),
        (None, 0.0, None, None, "unclear"),
    ],
)
def test_what_figures_say(
    before: float | None, after: float, low: float | None, high: float | None, expected: str
) -> None:
    assert finding(Difference(before, after, low, high, 3)) == expected


def test_a_page_of_a_copied_file_is_that_page_of_the_test_image(store: ProjectStore, tmp_path: Path) -> None:
    frames = [Image.new("L", (30, 20), 9 * n) for n in range(1, 4)]
    frames[0].save(tmp_path / "v.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "copy.gif").write_bytes((tmp_path / "v.gif").read_bytes())
    slices = add_images(store, [tmp_path / "v.gif"], split="test").added
    copies = add_images(store, [tmp_path / "copy.gif"]).added
    learnt = RunImage("a", "", "", "", "train", digest_of(copies[1]))
    candidate = write_model(store.root / "models" / "new", Manifest(TrainingOptions(), CATALOG, (learnt,)))
    with pytest.raises(BadInputError, match="has learnt") as caught:
        judge(store, candidate, None, [slices[0], slices[1]])
    assert caught.value.file == str(slices[1].path)
