import json
import os
import queue
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from labeltool.app.models import Model
from labeltool.app.prelabel import fill_annotation, fill_patch, predict
from labeltool.app.project import add_images
from labeltool.app.workbench import Workbench
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import CancelledError, ModelError
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord, Status
from labeltool.core.provenance import TRUTH, Origin
from labeltool.inference.card import INT8_NAME
from labeltool.inference.options import InferenceOptions
from labeltool.inference.process import WorkerInfo
from labeltool.inference.segmenter import Prediction
from labeltool.store.project import ProjectStore
from labeltool.store.spool import Spool

from .conftest import ThresholdProcess

SIZE = Size(300, 40)  # two tiles


def plane(values: np.ndarray) -> Plane:
    mask = LabelMask(SIZE, IGNORE)
    mask.apply(write(mask, SIZE.box, title="", kind="", label=values))
    return mask.planes["label"]


def test_a_model_that_was_quantized_again_makes_other_predictions(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    how = InferenceOptions("cpu", "int8")
    keys = []
    for digest in ("aa", "bb", "aa"):
        (model.folder / INT8_NAME).write_text(json.dumps({"files_sha256": {"int8.bin": digest}}))
        keys.append(predict(store, store.images(), model, how).model)
    assert keys[0] == keys[2] != keys[1]
    assert all(key.startswith(f"{model.key}+int8-") for key in keys)
    assert len(runs) == 4
    assert store.prediction_keys(store.images()[0].id) == keys[:2]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_filling_changes_no_pixel_that_somebody_has_set_and_every_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (SIZE.height, SIZE.width)
    mask = LabelMask(SIZE)
    before = {
        "label": rng.integers(0, 4, shape, np.uint8),
        "object_id": rng.integers(0, 3, shape, np.uint32),
        "origin": rng.integers(0, 5, shape, np.uint8),
    }
    mask.apply(write(mask, SIZE.box, title="", kind="", **before))
    predicted = rng.choice(np.array([0, 1, 2, IGNORE], np.uint8), shape)
    mask.apply(fill_patch(mask, plane(predicted), model_key="m@1"))

    said = predicted != IGNORE
    free = ~np.isin(before["origin"], TRUTH) & said
    assert np.array_equal(mask.read("label"), np.where(free, predicted, before["label"]))
    assert np.array_equal(mask.read("origin"), np.where(free, Origin.MODEL, before["origin"]))
    assert np.array_equal(mask.read("object"), np.where(free, 0, before["object_id"]))


def test_filling_twice_changes_nothing_the_second_time() -> None:
    mask = LabelMask(SIZE)
    predicted = plane(np.ones((SIZE.height, SIZE.width), np.uint8))
    mask.apply(fill_patch(mask, predicted, model_key="m@1"))
    assert not fill_patch(mask, predicted, model_key="m@1")


def test_the_patch_says_which_model_it_came_from() -> None:
    patch = fill_patch(LabelMask(SIZE), plane(np.ones((40, 300), np.uint8)), model_key="m@1")
    assert patch.details == {"model": "m@1"}


def fill_all(store: ProjectStore, model: Model) -> Callable[[ImageRecord], None]:
    def fill(record: ImageRecord) -> None:
        fill_annotation(store, record, model.key)

    return fill


def test_predictions_are_kept_and_fill_the_annotation(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    report = predict(store, store.images(), model, done=fill_all(store, model))
    assert (report.images, report.kept, report.tiles, report.skipped) == (2, 0, 2, [])
    assert (report.device, report.engine, report.model) == ("cpu", "threshold", model.key)
    record = store.images()[0]
    assert record.status is Status.PRELABELLED
    mask = store.load_mask(record.id)
    assert mask.read("label")[:, 150:].all()
    assert not mask.read("label")[:, :150].any()
    assert (mask.read("origin") == Origin.MODEL).all()


def test_what_is_kept_is_not_run_again_unless_asked(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    predict(store, store.images(), model)
    report = predict(store, store.images(), model)
    assert (report.images, report.kept, report.tiles) == (2, 2, 0)
    assert runs == ["a.png", "b.png"]
    predict(store, store.images(), model, again=True)
    assert runs == ["a.png", "b.png"] * 2


def test_options_that_change_the_answer_are_kept_beside_the_plain_one(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    plain = predict(store, store.images(), model)
    turned = predict(store, store.images(), model, InferenceOptions(flips=True, scales=(1.0, 1.5)))
    assert turned.model == f"{model.key}+flips+1x1.5"
    assert (plain.kept, turned.kept) == (0, 0)
    assert store.prediction_keys(store.images()[0].id) == [plain.model, turned.model]


def test_a_prediction_without_the_doubt_that_is_wanted_is_made_again(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    how = InferenceOptions(doubts=("margin",))
    predict(store, store.images(), model)
    assert predict(store, store.images(), model, how).kept == 0
    assert predict(store, store.images(), model, how).kept == 2
    assert predict(store, store.images(), model).kept == 2
    kept = store.prediction(store.images()[0].id, model.key)
    assert kept is not None and kept.margin is not None and (kept.margin.dense() == 33).all()
    assert kept.entropy is None


def test_a_prediction_without_that_doubt_does_where_somebody_makes_do(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    first, second = store.images()
    predict(store, [first], model)
    report = predict(store, [first, second], model, InferenceOptions(doubts=("entropy",)), make_do=True)
    assert runs == ["a.png", "b.png"] and report.kept == 1
    assert "entropy" not in store.prediction_planes(first.id, model.key)
    assert "entropy" in store.prediction_planes(second.id, model.key)


def test_a_window_keeps_the_entropy_of_what_it_pre_labels(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    posted: queue.Queue[Callable[[], None]] = queue.Queue()
    bench, answers = Workbench(store, posted.put), []
    bench.prelabel(
        store.images(), model, progress=lambda *_: None, done=answers.append, failed=answers.append
    )
    while not answers:
        posted.get(timeout=20)()
    assert answers[0].images == 2
    assert all("entropy" in store.prediction_planes(r.id, model.key) for r in store.images())
    assert {record.status for record in store.images()} == {Status.PRELABELLED}
    bench.abandon()


def test_what_a_model_has_to_say_is_reported_once(
    store: ProjectStore, model: Model, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ready(self: ThresholdProcess, cancel: object = None) -> WorkerInfo:
        self.notices.append("Memory ran out")
        return WorkerInfo("cpu", "threshold", "")

    monkeypatch.setattr(ThresholdProcess, "ready", ready)
    assert predict(store, store.images(), model).notices == ["Memory ran out"]


def test_a_cancelled_image_goes_on_where_it_was(
    store: ProjectStore, model: Model, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def segment(self, path, cancel, progress, *, page="", first=0, grid=()):
        asked.append(first)
        for number in range(first, 3):
            if number == 2 and len(asked) == 1:
                raise CancelledError
            box = Box(100 * number, 0, 100 * number + 100, 60)
            yield Prediction(box, *(np.full((60, 100), value, np.uint8) for value in (1, number)))

    monkeypatch.setattr(ThresholdProcess, "segment", segment)
    record = store.images()[0]
    with pytest.raises(CancelledError):
        predict(store, [record], model)
    assert store.prediction_keys(record.id) == []
    report = predict(store, [record], model)
    kept = store.prediction(record.id, model.key)
    assert asked == [0, 2] and report.tiles == 1
    assert kept is not None and kept.complete
    assert kept.confidence.dense()[0, ::100].tolist() == [0, 1, 2]
    asked.clear()
    with pytest.raises(CancelledError):
        predict(store, [record], model, again=True)
    before = store.prediction(record.id, model.key)  # the whole one is still there
    assert before is not None and before.complete and np.array_equal(before.label.dense(), kept.label.dense())
    predict(store, [record], model, again=True)
    assert asked == [0, 0]


def test_a_cancel_while_an_answer_is_put_away_loses_nothing(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    cancel, record = CancelToken(), store.images()[0]

    def progress(done: float, total: float, text: str = "") -> None:
        cancel.cancel()  # the threshold says so after its only window

    with pytest.raises(CancelledError):
        predict(store, [record], model, cancel=cancel, progress=progress)
    assert store.prediction_keys(record.id) == []
    assert predict(store, [record], model).tiles == 0
    assert store.prediction_keys(record.id) == [model.key]
    assert runs == ["a.png"]


def test_a_prediction_is_kept_in_the_projects_values(
    store: ProjectStore, make_model: Callable[..., Model], runs: list[str]
) -> None:
    store.set_catalog(ClassCatalog.from_names(["cell", "nucleus"]))
    model = make_model("nucleus")
    predict(store, store.images(), model)
    kept = store.prediction(store.images()[0].id, model.key)
    assert kept is not None
    assert np.unique(kept.label.dense()).tolist() == [0, 2]


def test_a_model_whose_classes_the_project_lacks_is_refused_before_it_runs(
    store: ProjectStore, make_model: Callable[..., Model], runs: list[str]
) -> None:
    with pytest.raises(ModelError, match="road"):
        predict(store, store.images(), make_model("nucleus", "road"))
    assert runs == []


def test_a_missing_a_changed_and_a_broken_image_are_named_and_the_others_go_on(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    missing, changed = store.images()
    missing.path.unlink()
    Image.new("L", (300, 60)).save(changed.path)
    folder = changed.path.parent
    Image.new("L", (20, 20), 7).save(folder / "c.png")
    Image.new("L", (20, 20), 255).save(folder / "d.png")
    add_images(store, [folder / "c.png", folder / "d.png"])
    done: list[str] = []
    report = predict(store, store.images(), model, done=lambda record: done.append(record.name))
    assert done == ["d.png"]
    assert runs == ["c.png", "d.png"]
    reasons = [s.reason for s in report.skipped]
    assert "not there any more" in reasons[0]
    assert "changed" in reasons[1]
    assert "choked" in reasons[2]


def test_a_kept_prediction_is_never_put_on_an_image_that_has_changed(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    predict(store, store.images(), model)
    Image.new("L", (300, 60)).save(store.images()[0].path)
    report = predict(store, store.images(), model, done=fill_all(store, model))
    assert report.kept == 1
    assert "changed" in report.skipped[0].reason
    assert store.images()[0].status is Status.NEW


def test_a_model_that_does_not_load_is_said_once(
    store: ProjectStore, model: Model, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object, cancel: object = None) -> None:
        raise ModelError("it does not fit")

    monkeypatch.setattr("labeltool.app.prelabel.ModelProcess.ready", refuse)
    with pytest.raises(ModelError, match="does not fit"):
        predict(store, store.images(), model)


def test_a_damaged_mask_is_named_and_the_others_go_on(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    predict(store, store.images(), model, done=fill_all(store, model))
    first, second = store.images()
    (mask_file,) = (store.root / "masks").glob(f"*/{first.id}.ltm")
    mask_file.write_bytes(b"rubbish" * 1000)
    report = predict(store, store.images(), model, done=fill_all(store, model))
    assert report.images == 1
    assert [s.file for s in report.skipped] == [str(first.path)]
    assert store.load_mask(second.id).read("label").any()


def test_a_cancel_stops_before_the_next_image(store: ProjectStore, model: Model, runs: list[str]) -> None:
    cancel = CancelToken()
    with pytest.raises(CancelledError):
        predict(store, store.images(), model, cancel=cancel, done=lambda record: cancel.cancel())
    assert runs == ["a.png"]


def test_human_work_survives_a_second_model(store: ProjectStore, model: Model, runs: list[str]) -> None:
    record = store.images()[0]
    mask = store.load_mask(record.id)
    stroke = write(mask, Box(200, 0, 220, 10), title="brush", kind="brush", label=0, origin=Origin.HUMAN)
    store.commit(record.id, stroke, expected=0, status=Status.IN_WORK)
    predict(store, [record], model, done=fill_all(store, model))
    after = store.load_mask(record.id)
    assert not after.read("label", Box(200, 0, 220, 10)).any()
    assert (after.read("origin", Box(200, 0, 220, 10)) == Origin.HUMAN).all()
    assert store.image(record.id).status is Status.IN_WORK


def test_unfinished_predictions_that_nobody_goes_on_with_are_removed_after_a_day(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    first, second = store.images()
    predict(store, [first], model)
    about = {"image": "", "model": model.key, "doubts": []}
    folder = store.root / "unfinished"
    files = {name: folder / f"{name}-00000000.windows" for name in ("gone", first.id, second.id)}
    for record, path in ((first, files["gone"]), (first, files[first.id]), (second, files[second.id])):
        Spool(path, {**about, "image": record.sha256}).close()
    predict(store, [first], model)
    assert all(path.exists() for path in files.values())
    for path in files.values():
        os.utime(path, (0, 0))
    predict(store, [first], model)
    assert [name for name, path in files.items() if path.exists()] == [second.id]
