"""Training runs of a project: what they are made from, and the model that comes of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from labeltool.app import runs
from labeltool.app.models import is_recorded, seen
from labeltool.app.project import add_images
from labeltool.app.runs import Run, again, begin, follow, following, plan, read_run, remove
from labeltool.core.catalog import IGNORE
from labeltool.core.errors import BadInputError, CancelledError, ModelError
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.project import Status
from labeltool.core.provenance import Origin
from labeltool.inference import run_data
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard
from labeltool.inference.run import BEST, LABELS, MANIFEST, METRICS, STATE, Manifest, at_work
from labeltool.inference.run_data import check_files, training_set
from labeltool.inference.training_options import TrainingOptions
from labeltool.inference.travelling import travelling
from labeltool.store.project import ProjectStore

OPTIONS = TrainingOptions(name="mine")


def paint(store: ProjectStore, image_id: str, origin: Origin = Origin.HUMAN) -> None:
    mask = store.load_mask(image_id)
    patch = write(mask, Box(0, 0, 5, 5), title="", kind="", label=1, origin=origin)
    store.commit(image_id, patch, expected=store.image(image_id).revision, status=Status.IN_WORK)


def add(store: ProjectStore, folder: Path, names: str, split: str = "", *, painted: bool = True) -> None:
    for name in names:
        Image.new("L", (30, 20), ord(name)).save(folder / f"{name}.png")
    for record in add_images(store, [folder], split=split).added:
        if painted:
            paint(store, record.id)


def names(run: Run, subset: str) -> list[str]:
    return sorted(Path(image.path).stem for image in run.manifest.of(subset))


def drawn(store: ProjectStore, seed: int) -> Run:
    """A run by a seed; it is removed so that the next may have its name."""
    run = begin(store, replace(OPTIONS, seed=seed))
    remove(run)
    return run


def test_what_only_a_model_has_drawn_is_nothing_to_learn_from(store: ProjectStore) -> None:
    paint(store, store.images()[0].id, Origin.MODEL)
    for made in (plan, begin):
        with pytest.raises(BadInputError, match="nobody has labelled"):
            made(store, OPTIONS)  # type: ignore[operator]
    assert not list((store.root / "runs").glob("*"))


def test_the_splits_are_taken_as_they_are(store: ProjectStore, images: Path) -> None:
    paint(store, store.images()[0].id)
    add(store, images, "mno", "train")
    add(store, images, "v", "val")
    add(store, images, "t", "test")
    run = begin(store, OPTIONS)
    assert names(run, "train") == ["m", "n", "o"]
    assert names(run, "val") == ["v"]
    assert plan(store, OPTIONS) == runs.Plan(3, 1, 0, 1, [])


def test_without_splits_a_fifth_is_held_out_by_the_seed(store: ProjectStore, images: Path) -> None:
    add(store, images, "cdefghijkl")
    one, same, other = (names(drawn(store, seed), "val") for seed in (1, 1, 2))
    assert len(one) == 2
    assert one == same != other
    run = begin(store, OPTIONS)
    assert sorted(names(run, "train") + names(run, "val")) == list("cdefghijkl")


def test_a_single_image_is_learnt_from_without_validation(store: ProjectStore) -> None:
    paint(store, store.images()[0].id)
    run = begin(store, OPTIONS)
    assert (names(run, "train"), names(run, "val")) == (["a"], [])


def test_images_that_nobody_has_labelled_are_taken_where_they_are_wanted(
    store: ProjectStore, images: Path
) -> None:
    add(store, images, "mn", "train")
    add(store, images, "v", "val", painted=False)
    add(store, images, "t", "test", painted=False)
    add(store, images, "u", "train", painted=False)
    assert plan(store, OPTIONS).unlabelled == 0
    run = begin(store, replace(OPTIONS, unlabelled=1.0))
    assert names(run, "unlabelled") == ["a", "b", "u"]
    assert not any(image.label_sha256 for image in run.manifest.of("unlabelled"))


def test_a_copy_of_a_test_image_is_not_learnt_from(store: ProjectStore, images: Path, tmp_path: Path) -> None:
    add(store, images, "mn", "train")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "twin.png").write_bytes((images / "m.png").read_bytes())
    add_images(store, [elsewhere], split="test")
    for made in (plan, begin):
        with pytest.raises(BadInputError, match=r"twin\.png.*split test") as caught:
            made(store, OPTIONS)  # type: ignore[operator]
        assert caught.value.file == str(images / "m.png")


def test_an_unlabelled_copy_of_a_test_image_is_left_out(
    store: ProjectStore, images: Path, tmp_path: Path
) -> None:
    add(store, images, "mn", "train")
    add(store, images, "u", "test", painted=False)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "twin.png").write_bytes((images / "u.png").read_bytes())
    add_images(store, [elsewhere])
    assert names(begin(store, replace(OPTIONS, unlabelled=1.0)), "unlabelled") == ["a", "b"]


def test_labels_are_ignore_where_nobody_has_been(store: ProjectStore) -> None:
    paint(store, store.images()[0].id)
    run = begin(store, OPTIONS)
    label = training_set(run.folder, run.manifest).train[0].load_label()
    assert label.shape == (60, 300) and label.dtype == np.uint8
    assert (label[:5, :5] == 1).all()
    assert (label == IGNORE).sum() == label.size - 25
    assert hashlib.sha256(label.tobytes()).hexdigest() == run.manifest.images[0].label_sha256


def test_labels_are_those_of_the_moment_when_the_run_began(store: ProjectStore) -> None:
    image = store.images()[0].id
    paint(store, image)
    run = begin(store, OPTIONS)
    patch = write(store.load_mask(image), Box(5, 0, 6, 1), title="", kind="", label=0, origin=Origin.HUMAN)
    store.commit(image, patch, expected=1)
    label = training_set(run.folder, run.manifest).train[0].load_label()
    assert np.count_nonzero(label != IGNORE) == 25


def test_an_image_that_has_changed_is_left_out_and_named(store: ProjectStore) -> None:
    for record in store.images():
        paint(store, record.id)
    Image.new("L", (300, 60)).save(store.images()[0].path)
    run = begin(store, OPTIONS)
    assert names(run, "train") == ["b"]
    assert [Path(s.file).name for s in run.manifest.skipped] == ["a.png"]
    store.images()[0].path.unlink()
    assert [Path(s.file).name for s in plan(store, OPTIONS).skipped] == ["a.png"]


def test_no_volume_is_held_out_in_part(store: ProjectStore, images: Path) -> None:
    for name in "cdefg":
        frames = [Image.new("L", (30, 20), ord(name) + 9 * n) for n in range(1, 5)]
        frames[0].save(images / f"{name}.gif", save_all=True, append_images=frames[1:])
    for record in add_images(store, [images]).added:
        paint(store, record.id)
    for seed in range(5):
        run = drawn(store, seed)
        assert names(run, "val") == names(run, "val")[:1] * 4
        assert len(run.manifest.of("train")) == 16


def test_of_a_single_volume_slices_are_held_out(store: ProjectStore, images: Path) -> None:
    frames = [Image.new("L", (30, 20), 9 * n) for n in range(1, 11)]
    frames[0].save(images / "v.gif", save_all=True, append_images=frames[1:])
    for record in add_images(store, [images / "v.gif"]).added:
        paint(store, record.id)
    run = begin(store, OPTIONS)
    assert (len(run.manifest.of("train")), len(run.manifest.of("val"))) == (8, 2)
    assert len({image.sha256 for image in run.manifest.images}) == 10


def test_a_volume_that_is_in_two_splits_is_told(store: ProjectStore, images: Path) -> None:
    frames = [Image.new("L", (30, 20), 9 * n) for n in range(1, 5)]
    frames[0].save(images / "v.gif", save_all=True, append_images=frames[1:])
    slices = add_images(store, [images / "v.gif"]).added
    for record in slices:
        paint(store, record.id)
    add(store, images, "mn", "val")
    for record, split in zip(slices, ("train", "train", "train", "test"), strict=True):
        store.put_into(record.id, split)
    (told,) = plan(store, OPTIONS).notices
    assert "series" in told
    assert begin(store, OPTIONS).manifest.notices == (told,)


def test_a_run_may_begin_while_somebody_else_writes_the_project(store: ProjectStore) -> None:
    paint(store, store.images()[0].id)
    with ProjectStore.open(store.root, write=False) as viewed:
        run = begin(viewed, OPTIONS)
    assert [found.folder for found in runs.runs(store.root)] == [run.folder]


def test_a_name_is_given_once(store: ProjectStore) -> None:
    paint(store, store.images()[0].id)
    run = begin(store, OPTIONS)
    with pytest.raises(ModelError, match="taken"):
        begin(store, OPTIONS)
    assert runs.new_name(store.root, "mine") == "mine-1"
    begin(store, replace(OPTIONS, name="mine-1"))
    assert runs.new_name(store.root, "mine") == "mine-2"
    assert [each.name for each in runs.runs(store.root)] == ["mine-1", run.name]


def test_options_that_cannot_be_are_refused_before_anything_is_written(store: ProjectStore) -> None:
    paint(store, store.images()[0].id)
    with pytest.raises(BadInputError):
        begin(store, replace(OPTIONS, crop=100))
    assert runs.runs(store.root) == []


def test_weights_to_begin_with_are_known_by_their_bytes(
    store: ProjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint(store, store.images()[0].id)
    monkeypatch.chdir(tmp_path)
    Path("encoder.pth").write_bytes(b"weights")
    run = begin(store, replace(OPTIONS, weights="encoder.pth"))
    assert run.manifest.options.weights == str(tmp_path / "encoder.pth")
    assert run.manifest.weights_sha256 == hashlib.sha256(b"weights").hexdigest()
    check_files(run.manifest, CancelToken())
    Path("encoder.pth").write_bytes(b"others")
    with pytest.raises(BadInputError, match="weights have changed"):
        check_files(run.manifest, CancelToken())
    with pytest.raises(BadInputError, match="cannot be read") as caught:
        begin(store, replace(OPTIONS, name="other", weights="nowhere.pth"))
    assert caught.value.file == str(tmp_path / "nowhere.pth")


def test_a_cancelled_beginning_leaves_nothing(store: ProjectStore) -> None:
    paint(store, store.images()[0].id)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        begin(store, OPTIONS, cancel=cancel)
    assert list((store.root / "runs").iterdir()) == []


def test_a_damaged_run_is_not_listed_and_says_why_when_it_is_read(store: ProjectStore) -> None:
    paint(store, store.images()[0].id)
    run = begin(store, OPTIONS)
    (run.folder / MANIFEST).write_text("{")
    assert runs.runs(store.root) == []
    with pytest.raises(ModelError, match="manifest"):
        read_run(run.folder)


@pytest.mark.parametrize(
    ("state", "expected"),
    [("new", True), ("running", True), ("cancelled", True), ("failed", True), ("finished", False)],
)
def test_a_run_that_has_not_ended_can_go_on(store: ProjectStore, state: str, expected: bool) -> None:
    paint(store, store.images()[0].id)
    run = begin(store, OPTIONS)
    assert run.can_go_on  # the program ended before a trainer was at work
    (run.folder / STATE).write_text(json.dumps({"state": state}))  # "running": its process is gone
    assert read_run(run.folder).can_go_on is expected
    with at_work(run.folder):
        assert not read_run(run.folder).can_go_on
        assert read_run(run.folder).at_work
        with pytest.raises(ModelError):
            remove(run)


def test_a_manifest_makes_the_same_run_again(store: ProjectStore, images: Path, tmp_path: Path) -> None:
    add(store, images, "mnop", "train")
    run = begin(store, OPTIONS)
    twin = again(store, run.folder, "twin")
    assert twin.manifest.images == run.manifest.images
    assert replace(twin.manifest.options, name="mine") == OPTIONS
    for image in run.manifest.images:
        one, other = (each.folder / LABELS / f"{image.id}.png" for each in (run, twin))
        assert one.read_bytes() == other.read_bytes()


def test_a_model_s_manifest_takes_the_labels_of_the_project_if_they_are_the_same(
    store: ProjectStore, images: Path, tmp_path: Path
) -> None:
    add(store, images, "mnop", "train")
    run = begin(store, OPTIONS)
    model = tmp_path / "model"
    model.mkdir()
    (model / MANIFEST).write_bytes((run.folder / MANIFEST).read_bytes())
    twin = again(store, model, "twin")
    label = f"{run.manifest.images[0].id}.png"
    assert (twin.folder / LABELS / label).read_bytes() == (run.folder / LABELS / label).read_bytes()
    paint(store, run.manifest.images[0].id)
    mask = store.load_mask(run.manifest.images[0].id)
    patch = write(mask, Box(5, 0, 6, 1), title="", kind="", label=0, origin=Origin.HUMAN)
    store.commit(run.manifest.images[0].id, patch, expected=2)
    with pytest.raises(BadInputError, match="not the one that the model has learnt from") as caught:
        again(store, model, "other")
    assert caught.value.file == run.manifest.images[0].path


def test_what_goes_with_a_model_names_no_image_and_makes_the_same_run_where_the_images_are(
    store: ProjectStore, images: Path, tmp_path: Path
) -> None:
    add(store, images, "mnop", "train")
    run = begin(store, OPTIONS)
    (tmp_path / "model").mkdir()
    text = json.dumps(travelling(run.manifest).to_json())
    assert not any(image.name in text or image.path in text for image in run.manifest.images)
    (tmp_path / "model" / MANIFEST).write_text(text)
    assert again(store, tmp_path / "model", "twin").manifest.images == run.manifest.images
    with (
        ProjectStore.create(tmp_path / "other", "other", store.catalog) as other,
        pytest.raises(BadInputError, match="does not have an image"),
    ):
        again(other, tmp_path / "model", "twin")


def test_a_manifest_that_learns_from_what_is_now_a_test_image_is_refused(
    store: ProjectStore, images: Path
) -> None:
    add(store, images, "mnop", "train")
    run = begin(store, OPTIONS)
    store.put_into(run.manifest.images[0].id, "test")
    with pytest.raises(BadInputError, match="split test"):
        again(store, run.folder, "twin")


def test_a_copy_in_val_is_not_learnt_from(store: ProjectStore, images: Path, tmp_path: Path) -> None:
    add(store, images, "mn", "train")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "twin.png").write_bytes((images / "m.png").read_bytes())
    for record in add_images(store, [elsewhere], split="val").added:
        paint(store, record.id)
    run = begin(store, OPTIONS)
    assert (names(run, "train"), names(run, "val")) == (["n"], ["twin"])
    assert [Path(each.file).name for each in run.manifest.skipped] == ["m.png"]


def test_a_copy_is_held_out_together_with_its_image(store: ProjectStore, images: Path) -> None:
    add(store, images, "cde")
    for name in "cde":
        (images / f"{name}{name}.png").write_bytes((images / f"{name}.png").read_bytes())
    for record in add_images(store, [images]).added:
        paint(store, record.id)
    run = begin(store, OPTIONS)
    (val,) = {image.sha256 for image in run.manifest.of("val")}
    assert len(run.manifest.of("val")) == 2
    assert val not in {image.sha256 for image in run.manifest.of("train")}


def test_of_copies_of_one_image_none_is_held_out(store: ProjectStore, images: Path) -> None:
    (images / "aa.png").write_bytes((images / "a.png").read_bytes())
    add_images(store, [images])
    for record in store.images():
        if record.path.stem in ("a", "aa"):
            paint(store, record.id)
    run = begin(store, OPTIONS)
    assert (names(run, "train"), names(run, "val")) == (["a", "aa"], [])


def weights_of(folder: Path, run: Run) -> Path:
    """A model's folder as it comes of a run."""
    folder.mkdir()
    (folder / CARD_NAME).write_text("{}")
    (folder / WEIGHTS_NAME).write_bytes(b"weights")
    (folder / MANIFEST).write_text(json.dumps(run.manifest.to_json()))
    return folder


def test_what_the_weights_to_begin_with_have_seen_the_model_has_seen(
    store: ProjectStore, images: Path, tmp_path: Path
) -> None:
    add(store, images, "mn", "train")
    first = begin(store, OPTIONS)
    known = {image.sha256 for image in first.manifest.of("train")}
    for record in store.images():
        store.put_into(record.id, "")
    add(store, images, "o", "train")
    options = replace(OPTIONS, name="second", weights=str(weights_of(tmp_path / "first", first)))
    second = begin(store, options)
    assert names(second, "train") == ["o"]
    third = begin(store, replace(options, name="third", weights=str(weights_of(tmp_path / "second", second))))
    (own,) = second.manifest.of("train")
    for run in (second, third):
        assert seen(weights_of(tmp_path / f"model of {run.name}", run)) == {*known, own.sha256}


def test_of_weights_that_nobody_wrote_about_it_is_not_claimed_what_they_have_seen(
    store: ProjectStore, images: Path, tmp_path: Path
) -> None:
    add(store, images, "mn", "train")
    encoder = tmp_path / "encoder.pth"
    encoder.write_bytes(b"weights")
    first = begin(store, replace(OPTIONS, weights=str(encoder)))
    assert is_recorded(weights_of(tmp_path / "first", first))
    bare = weights_of(tmp_path / "bare", first)
    (bare / MANIFEST).unlink()
    second = begin(store, replace(OPTIONS, name="second", weights=str(bare)))
    third = replace(OPTIONS, name="third", weights=str(weights_of(tmp_path / "second", second)))
    last = weights_of(tmp_path / "third", begin(store, third))
    assert not is_recorded(tmp_path / "second") and not is_recorded(last)
    assert seen(last) == {image.sha256 for image in second.manifest.of("train")}


def test_weights_that_were_trained_on_a_test_image_are_refused(
    store: ProjectStore, images: Path, tmp_path: Path
) -> None:
    add(store, images, "mno", "train")
    first = begin(store, OPTIONS)
    store.put_into(first.manifest.images[0].id, "test")
    options = replace(OPTIONS, name="second", weights=str(weights_of(tmp_path / "first", first)))
    for made in (plan, begin):
        with pytest.raises(BadInputError, match=r"weights.*split test") as caught:
            made(store, options)  # type: ignore[operator]
        assert caught.value.file == first.manifest.images[0].path
    assert [run.name for run in runs.runs(store.root)] == ["mine"]


class FakeTraining:
    """Stands in for the child process: does to the run's folder what it is told to."""

    work: Callable[[Path, CancelToken], None]

    def __init__(self, folder: Path, **how: Any) -> None:
        self.folder = folder

    def follow(self, progress: Any, cancel: CancelToken, log: Any) -> None:
        (self.folder / METRICS).write_text('{"event": "started"}\n')
        log({"event": "started"})
        FakeTraining.work(self.folder, cancel)


@pytest.fixture
def run(store: ProjectStore, monkeypatch: pytest.MonkeyPatch) -> Run:
    paint(store, store.images()[0].id)
    monkeypatch.setattr(following, "TrainingProcess", FakeTraining)
    return begin(store, OPTIONS)


def learns(folder: Path, cancel: CancelToken, sha256: str = "0f" * 32) -> None:
    best = folder / BEST
    best.mkdir(exist_ok=True)
    manifest = Manifest.read(folder)
    card = ModelCard("mine", "none", "none", manifest.catalog, sha256=sha256)
    (best / CARD_NAME).write_text(json.dumps(card.to_json()))
    (best / WEIGHTS_NAME).write_bytes(b"weights")
    (best / MANIFEST).write_text(json.dumps(manifest.to_json()))


def test_the_best_weights_become_a_model_of_the_project(store: ProjectStore, run: Run) -> None:
    FakeTraining.work = staticmethod(learns)  # type: ignore[assignment]
    heard: list[Any] = []
    model = follow(store.root, run, log=heard.append)
    assert model.folder == store.root / "models" / "mine"
    assert model.source == "project"
    assert {path.name for path in model.folder.iterdir()} == {CARD_NAME, WEIGHTS_NAME, MANIFEST, METRICS}
    assert heard == [{"event": "started"}]


def test_a_run_that_goes_on_leaves_a_second_model(store: ProjectStore, run: Run) -> None:
    FakeTraining.work = staticmethod(learns)  # type: ignore[assignment]
    first, same = (follow(store.root, run) for _ in range(2))
    assert same.folder == first.folder
    FakeTraining.work = staticmethod(lambda folder, cancel: learns(folder, cancel, "3c" * 32))  # type: ignore[assignment]
    second = follow(store.root, run)
    assert (first.card.name, second.card.name) == ("mine", "mine-2")
    assert second.folder == store.root / "models" / "mine-2"


def test_a_model_may_go_elsewhere_but_not_where_something_is(
    store: ProjectStore, run: Run, tmp_path: Path
) -> None:
    FakeTraining.work = staticmethod(learns)  # type: ignore[assignment]
    model = follow(store.root, run, target=tmp_path / "there")
    assert (model.folder, model.source) == (tmp_path / "there", "path")
    with pytest.raises(ModelError, match="already"):
        follow(store.root, run, target=tmp_path / "there")


def test_a_training_that_fails_leaves_no_model(store: ProjectStore, run: Run) -> None:
    def fails(folder: Path, cancel: CancelToken) -> None:
        learns(folder, cancel)
        raise ModelError("the loss was not a number")

    FakeTraining.work = staticmethod(fails)  # type: ignore[assignment]
    with pytest.raises(ModelError, match="loss"):
        follow(store.root, run)
    assert list((store.root / "models").iterdir()) == []


def test_a_cancel_before_there_are_weights_says_so(store: ProjectStore, run: Run) -> None:
    FakeTraining.work = staticmethod(lambda folder, cancel: cancel.cancel())  # type: ignore[assignment]
    with pytest.raises(CancelledError, match="before anything was learnt"):
        follow(store.root, run)


def test_a_training_that_somebody_else_ends_is_not_taken_for_one_that_is_done(
    store: ProjectStore, run: Run
) -> None:
    def is_ended(folder: Path, cancel: CancelToken) -> None:
        learns(folder, cancel)
        (folder / STATE).write_text('{"state": "cancelled", "step": 3, "steps": 9}')

    FakeTraining.work = staticmethod(is_ended)  # type: ignore[assignment]
    with pytest.raises(ModelError, match="ended from outside"):
        follow(store.root, run)
    assert list((store.root / "models").iterdir()) == []
    cancel = CancelToken()
    FakeTraining.work = staticmethod(lambda folder, cancel: (cancel.cancel(), is_ended(folder, cancel)))  # type: ignore[assignment]
    assert follow(store.root, run, cancel=cancel).card.name == "mine"


def test_a_run_does_not_go_on_with_what_has_become_a_test_image(store: ProjectStore, run: Run) -> None:
    FakeTraining.work = staticmethod(lambda folder, cancel: pytest.fail("it was trained"))  # type: ignore[assignment]
    store.put_into(run.manifest.images[0].id, "test")
    with pytest.raises(BadInputError, match="split test"):
        follow(store.root, run)


def test_a_run_that_has_ended_is_not_trained_again(store: ProjectStore, run: Run) -> None:
    FakeTraining.work = staticmethod(learns)  # type: ignore[assignment]
    follow(store.root, run)
    (run.folder / STATE).write_text('{"state": "finished"}')
    FakeTraining.work = staticmethod(lambda folder, cancel: pytest.fail("it was trained"))  # type: ignore[assignment]
    assert follow(store.root, read_run(run.folder)).card.name == "mine"


def test_a_removed_run_leaves_its_model(store: ProjectStore, run: Run) -> None:
    FakeTraining.work = staticmethod(learns)  # type: ignore[assignment]
    model = follow(store.root, run)
    remove(run)
    assert not run.folder.exists()
    assert model.folder.exists()


def test_an_image_too_large_to_learn_from_is_refused_when_a_run_begins(
    store: ProjectStore, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, images, "mnop", "train")
    run = begin(store, OPTIONS)
    check_files(run.manifest, CancelToken())
    monkeypatch.setattr(run_data, "DECODE_BUDGET", 100)
    with pytest.raises(BadInputError, match="more than are learnt from") as caught:
        check_files(run.manifest, CancelToken())
    assert caught.value.file == run.manifest.images[0].path
