"""Rounds of the loop: trained, judged, promoted or refused, and written down."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labeltool.app.effort import Worked
from labeltool.app.loop import (
    LoopSettings,
    Prospects,
    Round,
    approved,
    beginning,
    curve,
    is_due,
    model_in_use,
    prospects,
    read_rounds,
    read_settings,
    read_standing,
    round_options,
    run_round,
    write_settings,
)
from labeltool.app.loop.journal import ROUNDS
from labeltool.app.loop.settings import LOOP, SETTINGS
from labeltool.app.models import digest_of, find_model, in_use, promote, rollback
from labeltool.app.prelabel import predict
from labeltool.app.project import add_images
from labeltool.app.runs import begin, read_run
from labeltool.core.errors import BadInputError, CancelledError, ModelError, StoreError
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.provenance import Origin
from labeltool.inference.run import Manifest
from labeltool.store.project import ProjectStore
from tests.unit.app import loop_examples
from tests.unit.app.loop_examples import (
    TEST,
    TRAIN,
    Trainer,
    approve,
    approve_image,
    stand_in,
    write_model,
)

made = loop_examples.made


@pytest.fixture
def store(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProjectStore]:
    stand_in(monkeypatch)
    with ProjectStore.open(shutil.copytree(made, tmp_path / "project")) as opened:
        yield opened


@pytest.fixture
def old(store: ProjectStore) -> str:
    """The key of the model in use."""
    model = write_model(store.root / "models" / "old", noise=0.1)
    promote(store.root, model)
    return model.key


def used(store: ProjectStore) -> str:
    model = in_use(store.root, store.catalog)
    return model.key if model else ""


def test_a_round_trains_and_promotes_what_is_better(store: ProjectStore, old: str) -> None:
    approve(store, 2)
    store.add_event(approved(store)[0].id, "worked", Worked(90, 12, 5, 3).to_json())
    test = next(r for r in store.images() if r.split == "test")
    store.add_event(test.id, "worked", Worked(999, 99).to_json())
    begun: list[Any] = []
    this = run_round(store, begun=begun.append)
    assert (this.number, this.outcome, this.approved, this.labelled) == (1, "promoted", 2, TRAIN)
    assert this.worked == Worked(90, 12, 5, 3)  # what the test images took has taught nothing
    assert this.in_use == this.model == used(store) != old
    assert [run.name for run in begun] == [this.run] == ["cells-1"]
    assert this.decision is not None and this.decision.images == TEST
    assert this.why.endswith("trained for 0 steps only: give it more minutes")  # the stand-in learns at once
    assert find_model(None, store.catalog, store.root).key == this.model  # new images are pre-labelled by it
    assert read_rounds(store.root) == ([this], 0)


def test_a_worse_model_is_refused_and_stays_out_of_use(store: ProjectStore, old: str) -> None:
    Trainer.learns = {"noise": 0.02, "bad": 2}
    this = run_round(store)
    assert this.outcome == "refused"
    assert "debris is worse" in this.why
    assert (this.in_use, used(store)) == (old, old)
    assert this.model != old
    assert (store.root / "models" / "cells-1").is_dir()  # it is there to be looked at


def test_after_a_promotion_a_rollback_brings_back_the_same_bytes(store: ProjectStore, old: str) -> None:
    def predicted() -> list[bytes]:
        model = find_model(None, store.catalog, store.root)
        predict(store, store.images(), model, again=True)
        planes = [store.prediction(record.id, model.key) for record in store.images()]
        return [plane.dense().tobytes() for each in planes if each for plane in (each.label, each.confidence)]

    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (store.root / "models" / "old").iterdir()}

    before = predicted(), files()
    assert run_round(store).outcome == "promoted"
    assert predicted() != before[0]
    assert rollback(store.root).key == old
    assert (predicted(), files()) == before


def test_the_first_model_is_promoted_and_the_second_held_against_it(store: ProjectStore) -> None:
    first = run_round(store)
    assert (first.outcome, first.decision.miou_before) == ("promoted", None)  # type: ignore[union-attr]
    Trainer.learns = {"noise": 0.02, "bad": 1}
    second = run_round(store)
    assert (second.number, second.outcome, second.in_use) == (2, "refused", first.model)


def test_a_round_begins_with_the_weights_in_use_and_as_they_were_trained(
    store: ProjectStore, old: str
) -> None:
    first = run_round(store, replace(round_options(store), learning_rate=0.5))
    options = round_options(store, LoopSettings(minutes=3))
    assert (options.learning_rate, options.minutes, options.name) == (0.5, 3, "cells-2")
    second = run_round(store)
    manifest = Manifest.read(store.root / "runs" / second.run)
    assert manifest.options.weights == str(store.root / "models" / first.run / "weights.safetensors")
    assert set(manifest.seen_before) == {r.sha256 for r in store.images() if r.split != "test"} & {
        image.sha256 for image in Manifest.read(store.root / "runs" / first.run).of("train")
    }


def test_a_round_learns_from_verified_pixels_alone_where_the_settings_say_so(
    store: ProjectStore, old: str
) -> None:
    assert not round_options(store).verified_only
    write_settings(store.root, LoopSettings(verified=True))
    this = run_round(store)
    assert Manifest.read(store.root / "runs" / this.run).options.verified_only


def test_a_round_says_which_model_it_held_the_new_one_against(store: ProjectStore, old: str) -> None:
    assert run_round(store).against == old
    Trainer.learns = {"says": 0}
    refused = run_round(store)
    assert (refused.outcome, refused.against) == ("refused", refused.in_use)


def test_it_is_known_before_whether_a_round_could_begin(store: ProjectStore, old: str) -> None:
    assert prospects(store) == Prospects(TRAIN - 1, 1, TEST)
    for record in store.images():
        if record.split == "test":
            store.put_into(record.id, "")
    found = prospects(store)
    assert found.test == 0 and "split test" in str(found.problem)
    with pytest.raises(BadInputError, match="split test"):
        run_round(store)


def test_approvals_are_counted_from_the_last_round(store: ProjectStore, old: str) -> None:
    write_settings(store.root, LoopSettings(every=2))
    assert read_standing(store).missing == 2
    approve(store, 1)
    assert (read_standing(store).approved, read_standing(store).missing) == (1, 1)
    run_round(store)
    standing = read_standing(store)
    assert (standing.approved, standing.missing, len(standing.points)) == (0, 2, 1)


def test_weights_of_another_network_are_not_begun_with(store: ProjectStore, old: str) -> None:
    model = model_in_use(store)
    options = round_options(store)
    assert beginning(options, model).weights.endswith("weights.safetensors")
    assert beginning(replace(options, encoder="another"), model).weights == ""
    assert beginning(options, model, fresh=True).weights == ""
    assert beginning(replace(options, weights="mine.pth"), model).weights == "mine.pth"
    run = run_round(store, fresh=True).run
    assert Manifest.read(store.root / "runs" / run).options.weights == ""


def test_what_follows_is_held_against_the_model_that_is_in_use_when_it_is_judged(
    store: ProjectStore, old: str
) -> None:
    """Somebody has promoted another one meanwhile."""
    best = write_model(store.root / "models" / "best")
    Trainer.meanwhile = staticmethod(lambda cancel: promote(store.root, best))  # type: ignore[assignment]
    Trainer.learns = {"noise": 0.08}
    this = run_round(store)
    assert (this.outcome, used(store)) == ("refused", best.key)


# ---- no test image in training


def test_a_copy_of_a_test_image_ends_the_round_with_its_name(
    store: ProjectStore, old: str, tmp_path: Path
) -> None:
    test = next(r for r in store.images() if r.split == "test")
    copy = tmp_path / "holiday.png"
    copy.write_bytes(test.path.read_bytes())
    (record,) = add_images(store, [copy]).added
    patch = write(
        store.load_mask(record.id), Box(0, 0, 9, 9), title="", kind="", label=1, origin=Origin.HUMAN
    )
    store.commit(record.id, patch, expected=0)
    with pytest.raises(BadInputError, match="split test") as caught:
        run_round(store)
    assert caught.value.file == str(copy)
    (this,) = read_rounds(store.root).rounds
    assert (this.outcome, this.run, used(store)) == ("failed", "", old)
    assert "holiday.png" in this.why


def test_weights_in_use_that_know_a_test_image_are_not_begun_with(store: ProjectStore, old: str) -> None:
    this = run_round(store)
    (image, *_) = Manifest.read(store.root / "runs" / this.run).of("train")
    learnt = store.image(image.id)
    store.put_into(learnt.id, "test")
    with pytest.raises(BadInputError, match="trained on this image") as caught:
        run_round(store)
    assert caught.value.file == str(learnt.path)
    assert run_round(store, fresh=True).outcome in ("promoted", "refused", "undecided")


def test_no_run_of_the_loop_holds_a_test_image(store: ProjectStore, old: str) -> None:
    test = {digest_of(record) for record in store.images() if record.split == "test"}
    options = replace(round_options(store), unlabelled=1.0)
    run_round(store, options)
    manifest = Manifest.read(store.root / "runs" / "cells-1")
    assert manifest.images
    assert not test & {image.sha256 for image in manifest.images}


# ---- what goes wrong


def test_a_cancelled_round_leaves_the_model_in_use_and_says_so(store: ProjectStore, old: str) -> None:
    cancel = CancelToken()
    Trainer.meanwhile = staticmethod(lambda cancel: cancel.cancel())  # type: ignore[assignment]
    with pytest.raises(CancelledError):
        run_round(store, cancel=cancel)
    (this,) = read_rounds(store.root).rounds
    assert (this.outcome, this.in_use, used(store)) == ("cancelled", old, old)
    assert this.run == "cells-1" and this.model  # what was learnt by then is kept
    assert this.decision is None


def test_a_round_that_fails_leaves_the_model_in_use_and_says_why(store: ProjectStore, old: str) -> None:
    def breaks(cancel: CancelToken) -> None:
        raise ModelError("the loss was not a number")

    Trainer.meanwhile = staticmethod(breaks)  # type: ignore[assignment]
    with pytest.raises(ModelError):
        run_round(store)
    (this,) = read_rounds(store.root).rounds
    assert (this.outcome, this.why, used(store)) == ("failed", "the loss was not a number", old)
    assert read_run(store.root / "runs" / this.run).can_go_on
    Trainer.meanwhile = staticmethod(lambda cancel: None)  # type: ignore[assignment]
    assert run_round(store).number == 2


def test_without_a_labelled_test_image_nothing_is_trained(store: ProjectStore, old: str) -> None:
    for record in store.images():
        if record.split == "test":
            store.put_into(record.id, "")
    with pytest.raises(BadInputError, match="no image of the split test is labelled"):
        run_round(store)
    assert not (store.root / "runs").exists()


def test_a_project_that_is_only_read_is_not_trained_on(store: ProjectStore) -> None:
    with (
        ProjectStore.open(store.root, write=False) as viewed,
        pytest.raises(StoreError, match="a round changes"),
    ):
        run_round(viewed)
    assert read_rounds(store.root) == ([], 0)


# ---- the yardstick and the curve


def correct(store: ProjectStore, image_id: str, origin: Origin = Origin.HUMAN) -> None:
    mask = store.load_mask(image_id)
    value = 1 - int(mask.planes["label"].read(Box(0, 0, 1, 1))[0, 0])
    patch = write(mask, Box(0, 0, 1, 1), title="", kind="", label=value, origin=origin)
    store.commit(image_id, patch, expected=store.image(image_id).revision)


def test_the_curve_says_where_the_test_images_or_their_labels_changed(store: ProjectStore, old: str) -> None:
    tests = [record for record in store.images() if record.split == "test"]
    run_round(store)
    run_round(store)
    correct(store, tests[0].id)
    store.put_into(tests[1].id, "val")
    run_round(store, fresh=True)
    rounds = read_rounds(store.root).rounds
    points = curve(store.root, rounds)
    assert [point.changed for point in points] == ["", "", "test images: 1 left, 1 have other labels"]
    assert rounds[0].yardstick == rounds[1].yardstick != rounds[2].yardstick
    assert rounds[2].decision is not None and rounds[2].decision.images == TEST - 1
    (store.root / LOOP / "yardsticks" / f"{rounds[0].yardstick[:32]}.json").unlink()
    assert curve(store.root, rounds)[2].changed == "the test images or their labels are others"


def test_both_models_are_measured_by_the_present_truth(store: ProjectStore, old: str) -> None:
    first = run_round(store)
    for record in store.images():
        if record.split == "test":
            label = 2 - store.load_mask(record.id).planes["label"].dense()
            mask = store.load_mask(record.id)
            patch = write(mask, record.size.box, title="", kind="", label=label, origin=Origin.HUMAN)
            store.commit(record.id, patch, expected=1)
    second = run_round(store)
    assert first.decision is not None and second.decision is not None
    assert second.decision.miou_before is not None and first.decision.miou_after is not None
    assert second.decision.miou_before < 0.5 < first.decision.miou_after


def test_a_pre_label_of_a_test_image_is_no_other_yardstick(store: ProjectStore, old: str) -> None:
    test = next(record for record in store.images() if record.split == "test")
    mask = store.load_mask(test.id)
    patch = write(
        mask, Box(0, 0, 9, 9), title="", kind="erase", label=mask.planes["label"].fill, origin=Origin.NOBODY
    )
    store.commit(test.id, patch, expected=1)
    first = run_round(store)
    correct(store, test.id, Origin.MODEL)
    assert run_round(store).yardstick == first.yardstick


def test_the_curve_is_of_the_model_in_use_and_knows_what_was_tried(store: ProjectStore, old: str) -> None:
    approve(store, 1)
    store.add_event(approved(store)[0].id, "worked", Worked(60, 10).to_json())
    run_round(store)
    store.add_event(approved(store)[0].id, "worked", Worked(30, 5).to_json())
    Trainer.learns = {"noise": 0.02, "bad": 2}
    run_round(store)
    Trainer.meanwhile = staticmethod(lambda cancel: cancel.cancel())  # type: ignore[assignment]
    with pytest.raises(CancelledError):
        run_round(store, cancel=CancelToken())
    first, second = curve(store.root, read_rounds(store.root).rounds)
    assert (first.images, first.clicks, first.minutes) == (TRAIN, 10, 1.0)
    assert (second.clicks, second.minutes, second.outcome) == (15, 1.5, "refused")
    assert first.miou == first.tried and second.miou == pytest.approx(first.miou)
    assert second.tried is not None and second.miou is not None and second.tried < second.miou
    assert second.per_class == pytest.approx(first.per_class)
    assert json.loads(json.dumps(second.to_json()))["minutes"] == 1.5


# ---- when a round begins


def test_a_round_is_due_after_so_many_more_approvals(store: ProjectStore, old: str) -> None:
    approve(store, 1)
    assert not is_due(store)  # by hand, unless somebody has said otherwise
    settings = LoopSettings(every=2)
    assert not is_due(store, settings)
    approve(store, 1)
    assert is_due(store, settings)
    run_round(store)
    assert not is_due(store, settings)
    test = next(record for record in store.images() if record.split == "test")
    approve_image(store, test.id)
    approve(store, 1)
    assert not is_due(store, settings)  # test images do not count


def test_a_round_that_failed_is_not_begun_again_with_each_approval(store: ProjectStore, old: str) -> None:
    approve(store, 2)
    Trainer.meanwhile = staticmethod(lambda cancel: cancel.cancel())  # type: ignore[assignment]
    with pytest.raises(CancelledError):
        run_round(store, cancel=CancelToken())
    assert not is_due(store, LoopSettings(every=1))


def test_settings_are_kept_and_damaged_ones_named(store: ProjectStore) -> None:
    assert read_settings(store.root) == LoopSettings()
    wanted = LoopSettings(every=5, minutes=2.5, fresh=True, preset="quick")
    write_settings(store.root, wanted)
    assert read_settings(store.root) == wanted
    assert round_options(store).preset == "quick"
    with pytest.raises(BadInputError):
        write_settings(store.root, LoopSettings(minutes=0))
    assert read_settings(store.root) == wanted
    for text in ("{", "[]", '{"every": "x"}', '{"minutes": -1}', '{"preset": "slow"}'):
        (store.root / LOOP / SETTINGS).write_text(text)
        with pytest.raises(BadInputError, match="not the settings") as caught:
            read_settings(store.root)
        assert caught.value.file == str(store.root / LOOP / SETTINGS)


# ---- the journal


def test_a_line_that_cannot_be_read_is_counted_and_the_others_go_on(store: ProjectStore, old: str) -> None:
    this = run_round(store)
    path = store.root / LOOP / ROUNDS
    with path.open("ab") as file:
        file.write(b'rubbish\n{"number": 7}\n[1]\n' + b'{"number": 8, "outco')
    assert read_rounds(store.root) == ([this], 3)
    assert run_round(store).number == 2
    assert [each.number for each in read_rounds(store.root).rounds] == [1, 2]


def test_what_a_round_was_is_what_is_read(store: ProjectStore, old: str) -> None:
    this = run_round(store)
    assert Round.from_json(json.loads(json.dumps(this.to_json()))) == this


def test_a_run_on_a_page_of_a_copied_file_is_refused_if_that_page_is_a_test_image(
    store: ProjectStore, tmp_path: Path
) -> None:
    """Another page of the copy may be learnt from; it is another image."""
    from PIL import Image

    frames = [Image.new("L", (30, 20), 9 * n) for n in range(1, 4)]
    frames[0].save(tmp_path / "v.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "copy.gif").write_bytes((tmp_path / "v.gif").read_bytes())
    first, *_ = add_images(store, [tmp_path / "v.gif"]).added
    store.put_into(first.id, "test")
    copies = add_images(store, [tmp_path / "copy.gif"]).added
    options = replace(round_options(store), name="pages")
    for copy, is_refused in ((copies[1], False), (copies[0], True)):
        correct(store, copy.id)
        if is_refused:
            with pytest.raises(BadInputError, match=r"v\.gif.*split test") as caught:
                begin(store, options)
            assert caught.value.file == str(copy.path)
        else:
            names = {image.name for image in begin(store, replace(options, name="before")).manifest.images}
            assert copy.name in names
