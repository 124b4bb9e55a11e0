"""Which process does what, and what is taken into a project. Real processes are in tests/e2e/test_interrupted.py."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labeltool.app import shards
from labeltool.app.collecting import collect
from labeltool.app.models import Model
from labeltool.app.prelabel import predict
from labeltool.app.project import add_images
from labeltool.app.shards import chunk_of, predict_shard, states
from labeltool.app.share import Share, share_of, take_own_gpu
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, ModelError
from labeltool.inference.options import InferenceOptions
from labeltool.store.project import ProjectStore

from .conftest import ThresholdProcess

PLAIN = InferenceOptions()


@pytest.fixture(autouse=True)
def _in_this_process(runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "ModelProcess", ThresholdProcess)


def test_ranks_are_what_was_typed_then_what_torchrun_says_then_slurm() -> None:
    torchrun = {"RANK": "1", "WORLD_SIZE": "4"}
    slurm = {"SLURM_PROCID": "2", "SLURM_NTASKS": "3"}
    assert share_of({**torchrun, **slurm}, 0, 2) == Share(0, 2)
    assert share_of({**torchrun, **slurm}) == Share(1, 4)
    assert share_of(slurm) == Share(2, 3)
    assert share_of({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}) is None  # a shell on a node of a cluster
    assert share_of({"RANK": "0"}) is None


@pytest.mark.parametrize("said", [{"RANK": "4", "WORLD_SIZE": "4"}, {"RANK": "-1", "WORLD_SIZE": "4"}])
def test_ranks_that_cannot_be_are_refused(said: dict[str, str]) -> None:
    with pytest.raises(BadInputError, match="RANK and WORLD_SIZE"):
        share_of(said)


def test_of_several_gpus_each_process_sees_its_own() -> None:
    environment = {"LOCAL_RANK": "5", "CUDA_VISIBLE_DEVICES": "2,4,6,7"}
    take_own_gpu(environment)
    assert environment["CUDA_VISIBLE_DEVICES"] == "4"
    alone = {"CUDA_VISIBLE_DEVICES": "2,4"}
    take_own_gpu(alone)
    assert alone["CUDA_VISIBLE_DEVICES"] == "2,4"


@given(st.uuids())
def test_a_chunk_is_a_small_number_that_the_id_alone_decides(number: object) -> None:
    assert 0 <= chunk_of(str(number)) < 256
    assert chunk_of(str(number)) == chunk_of(str(number))


def test_the_chunk_of_an_image_never_changes() -> None:
    assert [chunk_of(name * 32) for name in "0af"] == [0x84, 0x3B, 0x35]


def add_more(store: ProjectStore, folder: Path) -> None:
    for number in range(6):
        Image.fromarray(np.full((20, 30), 40 * number, np.uint8)).save(folder / f"more {number}.png")
    add_images(store, [folder])


def test_ranks_do_every_image_once(store: ProjectStore, model: Model, runs: list[str], images: Path) -> None:
    add_more(store, images)
    for rank in range(3):
        predict_shard(store, store.images(), model, PLAIN, Share(rank, 3))
    assert sorted(runs) == sorted(record.name for record in store.images())
    (state,) = states(store.root)
    assert state["done"] == state["chunks"]
    report, _ = predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    assert (report.kept, report.tiles) == (8, 0)


def test_ranks_run_the_model_so_that_it_does_not_matter_which_of_them_does_an_image(
    store: ProjectStore, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[InferenceOptions] = []

    class Process(ThresholdProcess):
        def __init__(self, path: Path, how: InferenceOptions) -> None:
            asked.append(how)
            super().__init__(path, how)

    monkeypatch.setattr(shards, "ModelProcess", Process)
    report, _ = predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    assert [how.repeatable for how in asked] == [True]
    assert report.model == model.prediction_key(PLAIN)  # the same predictions, by name


def test_what_the_project_has_is_left_to_it(store: ProjectStore, model: Model, runs: list[str]) -> None:
    predict(store, store.images(), model)
    report, _ = predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    assert (report.images, states(store.root)) == (0, [])
    report, _ = predict_shard(store, store.images(), model, PLAIN, Share(0, 1), again=True)
    assert report.images == 2


def test_an_image_that_fails_is_named_by_the_rank_and_at_collecting_and_tried_again_later(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    first, second = store.images()
    moved = first.path.rename(first.path.with_name("elsewhere"))
    report, _ = predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    assert [s.file for s in report.skipped] == [str(first.path)]
    (collected,) = collect(store)
    assert collected.images == 1 and "not there any more" in collected.skipped[0].reason
    assert store.prediction_keys(second.id) == [model.key]
    moved.rename(first.path)
    predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    assert [report.images for report in collect(store)] == [1]


def test_a_model_that_does_not_load_is_said_at_once(
    store: ProjectStore, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object, cancel: object = None) -> None:
        raise ModelError("it does not fit")

    monkeypatch.setattr(ThresholdProcess, "ready", refuse)
    with pytest.raises(ModelError, match="does not fit"):
        predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    assert states(store.root)[0]["done"] == 0


def test_what_was_done_of_a_chunk_before_is_collected_with_the_rest(
    store: ProjectStore, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "chunk_of", lambda image_id: 0)
    for record in store.images():  # as with --images one name, then another
        predict_shard(store, [record], model, PLAIN, Share(0, 1))
    assert [report.images for report in collect(store)] == [2]


def test_collecting_takes_what_is_done_and_waits_for_the_rest(
    store: ProjectStore, model: Model, images: Path
) -> None:
    add_more(store, images)
    predict_shard(store, store.images(), model, PLAIN, Share(0, 2))
    taken: list[str] = []
    (report,) = collect(store, done=lambda record, key: taken.append(f"{record.id} {key}"))
    assert 0 < report.images == len(taken) < 8
    assert all(line.endswith(model.key) for line in taken)
    assert [report.images for report in collect(store)] == [0]
    predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    (rest,) = collect(store)
    assert rest.images == 8 - report.images
    assert not (store.root / "shards").exists()


def test_an_image_that_changed_after_a_rank_did_it_is_left_out(store: ProjectStore, model: Model) -> None:
    predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    changed = store.images()[0]
    Image.new("L", (300, 60)).save(changed.path)
    (report,) = collect(store)
    assert report.images == 1 and "changed" in report.skipped[0].reason
    assert store.prediction_keys(changed.id) == []


def test_a_damaged_file_is_named_and_its_chunk_done_again(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    _, found = predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    bad = store.images()[0]
    data = found.windows(bad.id).read_bytes()
    found.windows(bad.id).write_bytes(data[:-40])
    (report,) = collect(store)
    assert report.images == 1 and "damaged" in report.skipped[0].reason
    predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    assert [report.images for report in collect(store)] == [1]
    assert store.prediction_keys(bad.id) == [model.key]


def test_labels_are_mapped_to_the_project_when_they_are_taken(
    store: ProjectStore, make_model: Callable[..., Model]
) -> None:
    store.set_catalog(ClassCatalog.from_names(["cell", "nucleus"]))
    model = make_model("nucleus")
    predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    collect(store)
    kept = store.prediction(store.images()[0].id, model.key)
    assert kept is not None and np.unique(kept.label.dense()).tolist() == [0, 2]


def test_doubt_and_options_have_folders_of_their_own(store: ProjectStore, model: Model) -> None:
    for how in (PLAIN, InferenceOptions(doubts=("margin",)), InferenceOptions(flips=True)):
        predict_shard(store, store.images(), model, how, Share(0, 1))
    assert sorted(state["key"] for state in states(store.root)) == [
        model.key,
        model.key,
        f"{model.key}+flips",
    ]
    assert [report.images for report in collect(store)] == [2, 2, 2]
    assert store.prediction_planes(store.images()[0].id, model.key) >= {"margin"}


def test_nothing_in_the_files_depends_on_when_or_by_whom(store: ProjectStore, model: Model) -> None:
    _, found = predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    assert set(json.loads((found.folder / "plan.json").read_text())) == {"key", "doubts", "chunks"}
    for journal in found.folder.glob("chunk-*.json"):
        assert set(json.loads(journal.read_text())) == {"images", "skipped"}


def test_a_plain_prediction_takes_no_doubts_away(store: ProjectStore, model: Model) -> None:
    for how in (InferenceOptions(doubts=("margin",)), PLAIN):
        predict_shard(store, store.images(), model, how, Share(0, 1), again=True)
        collect(store)
    for record in store.images():
        assert "margin" in store.prediction_planes(record.id, model.key)
    assert not (store.root / "shards").exists()


def test_a_folder_that_a_rank_has_just_begun_in_stays(store: ProjectStore, model: Model) -> None:
    predict_shard(store, store.images(), model, PLAIN, Share(0, 1))

    def begin_again(record: object, key: str) -> None:
        predict_shard(store, store.images(), model, PLAIN, Share(0, 1), again=True)

    collect(store, done=begin_again)
    assert states(store.root)
    collect(store)
    assert not (store.root / "shards").exists()


def test_what_a_rank_left_half_written_goes_with_the_folder_once_it_is_old(
    store: ProjectStore, model: Model
) -> None:
    _, folder = predict_shard(store, store.images(), model, PLAIN, Share(0, 1))
    left = folder.folder / ".gone.windows.1-of-2.partial"
    left.touch()
    collect(store)
    assert [each.name for each in folder.folder.iterdir()] == [left.name] and states(store.root) == []
    os.utime(left, (0, 0))
    predict_shard(store, store.images(), model, PLAIN, Share(0, 1), again=True)
    collect(store)
    assert not (store.root / "shards").exists()
