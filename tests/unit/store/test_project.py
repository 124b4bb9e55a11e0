from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import StoreError
from labeltool.core.geometry import Box, TileIndex
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, TileDelta
from labeltool.core.project import ImageRecord, Status
from labeltool.inference.segmenter import Prediction
from labeltool.store.fsck import check
from labeltool.store.lock import ProjectLockedError
from labeltool.store.project import ProjectStore

from .conftest import CELL, OTHER, SIZE, mask_file, record, stroke

pytestmark = pytest.mark.usefixtures("quick_disk")


def test_strokes_are_there_after_reopening(store: ProjectStore, painted: LabelMask, root: Path) -> None:
    store.close()
    with ProjectStore.open(root) as again:
        assert again.load_mask(CELL).same_pixels(painted)
        assert again.image(CELL).revision == 3
        assert [info.revision for info in again.history(CELL).undo] == [1, 2, 3]
        assert again.recovery is None
    assert check(root) == []


def test_an_untouched_image_has_an_empty_mask_and_no_file(store: ProjectStore, root: Path) -> None:
    mask = store.load_mask(OTHER)
    assert not any(plane.tiles for plane in mask.planes.values())
    assert store.history(OTHER).revision == 0
    assert not mask_file(root, OTHER).exists()


def test_without_a_background_class_untouched_pixels_are_ignore(root: Path) -> None:
    catalog = ClassCatalog.from_json({"classes": [{"value": 0, "name": "road"}]})
    with ProjectStore.create(root, "roads", catalog) as store:
        store.add_images([record()])
        mask = store.load_mask(CELL)
        store.commit(CELL, stroke(mask, 10, label=0), expected=0)
        assert store.load_mask(CELL).same_pixels(mask)
        assert store.load_mask(CELL).unlabelled_value == 255
        assert store.class_pixels(CELL) == {0: 900}


def test_undo_and_redo_go_on_after_a_restart(store: ProjectStore, painted: LabelMask, root: Path) -> None:
    before = store.root_hash(CELL)
    undo = store.patch(CELL, 3).inverse()
    assert store.commit(CELL, undo, kind="undo", target=3, expected=3) == 4
    store.close()
    with ProjectStore.open(root) as again:
        history = again.history(CELL)
        assert [i.revision for i in history.undo] == [1, 2]
        assert [(i.revision, i.title) for i in history.redo] == [(3, "brush stroke")]
        again.commit(CELL, again.patch(CELL, 3), kind="redo", target=3, expected=4)
        assert again.root_hash(CELL) == before
        assert [i.revision for i in again.history(CELL).undo] == [1, 2, 3]
    assert check(root) == []


def test_undoing_everything_leaves_the_root_of_an_empty_mask(store: ProjectStore) -> None:
    mask = store.load_mask(CELL)
    patch = stroke(mask, 10)
    empty = Patch("nothing", "import", {})
    store.commit(OTHER, empty, expected=0)
    store.commit(CELL, patch, expected=0)
    store.commit(CELL, patch.inverse(), kind="undo", target=1, expected=1)
    assert store.root_hash(CELL) == store.root_hash(OTHER)
    assert store.class_pixels(CELL) == {}


def test_an_undo_of_something_else_than_the_last_step_is_refused(
    store: ProjectStore, painted: LabelMask
) -> None:
    with pytest.raises(StoreError, match="no r1 to undo"):
        store.commit(CELL, store.patch(CELL, 1).inverse(), kind="undo", target=1, expected=3)


def test_a_commit_on_an_old_revision_is_refused(store: ProjectStore, painted: LabelMask) -> None:
    with pytest.raises(StoreError, match="at r3, not at r1") as error:
        store.commit(CELL, stroke(painted.snapshot(), 400), expected=1)
    assert error.value.file == str(mask_file(store.root))
    assert store.load_mask(CELL).same_pixels(painted)


def test_a_commit_on_other_pixels_is_refused(store: ProjectStore, painted: LabelMask) -> None:
    with pytest.raises(StoreError, match="label tile in row 0, column 0 is not the one"):
        store.commit(CELL, stroke(LabelMask(SIZE), 100), expected=3)
    assert store.history(CELL).revision == 3


def test_a_commit_of_unclear_outcome_may_be_repeated(store: ProjectStore) -> None:
    mask = store.load_mask(CELL)
    patch = stroke(mask, 10)
    assert store.commit(CELL, patch, expected=0) == 1
    assert store.commit(CELL, patch, expected=0) == 1
    assert store.history(CELL).revision == 1


def test_tiles_of_one_value_take_bytes_and_come_back(store: ProjectStore, root: Path) -> None:
    index = TileIndex(1, 2)
    tile = np.broadcast_to(np.array(70000, np.uint32), (44, 88))
    store.commit(CELL, Patch("fill", "fill", {("object", index): TileDelta(None, tile)}), expected=0)
    assert np.array_equal(store.load_mask(CELL).planes["object"].tile(index), tile)
    with sqlite3.connect(mask_file(root)) as db:
        assert db.execute("SELECT length(data) FROM tiles").fetchone() == (4,)
    db.close()


def test_what_is_loaded_stays_deflated_until_somebody_looks(store: ProjectStore, painted: LabelMask) -> None:
    store.save_prediction(CELL, "m", [_window(Box(10, 10, 100, 100), 1)])
    prediction = store.prediction(CELL, "m")
    assert prediction is not None
    loaded = [*store.load_mask(CELL).planes.values(), prediction.label, prediction.confidence]
    assert any(plane.tiles for plane in loaded)
    assert all(plane.tiles.hot_bytes == 0 for plane in loaded)


def test_class_pixels_count_what_somebody_has_set(store: ProjectStore) -> None:
    mask = store.load_mask(CELL)
    store.commit(CELL, stroke(mask, 240), expected=0)
    store.commit(CELL, stroke(mask, 255, label=2), expected=1)
    assert store.class_pixels(CELL) == {1: 15 * 30, 2: 30 * 30}


def test_a_patch_keeps_its_title_kind_and_details(store: ProjectStore) -> None:
    patch = replace(
        stroke(store.load_mask(CELL), 10), title="pre-label", kind="prelabel", details={"model": "m1"}
    )
    store.commit(CELL, patch, expected=0)
    read = store.patch(CELL, 1)
    assert (read.title, read.kind, read.details) == (patch.title, patch.kind, patch.details)
    assert read.deltas.keys() == patch.deltas.keys()


def test_status_and_split_survive_and_do_not_touch_the_revision(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    stale = replace(store.image(CELL), status=Status.APPROVED, split="val", revision=0)
    store.update_image(stale)
    store.close()
    with ProjectStore.open(root) as again:
        image = again.image(CELL)
        assert (image.status, image.split, image.revision) == (Status.APPROVED, "val", 3)


def test_a_commit_sets_the_status(store: ProjectStore) -> None:
    store.commit(CELL, stroke(store.load_mask(CELL), 1), expected=0, status=Status.IN_WORK)
    assert store.image(CELL).status is Status.IN_WORK


def test_images_are_found_by_path_and_listed_as_added(store: ProjectStore) -> None:
    found = store.find(Path("/images/other.png"))
    assert found is not None and found.id == OTHER
    assert store.find(Path("/images/none.png")) is None
    store.add_images([record("ef" * 16, "third.png")])
    assert [image.name for image in store.images()] == ["cell.png", "other.png", "third.png"]
    assert store.find(Path("/images/third.png")) is not None


def test_adding_an_image_twice_adds_none_of_the_batch(store: ProjectStore) -> None:
    with pytest.raises(StoreError, match="already"):
        store.add_images([record("ef" * 16, "third.png"), record()])
    assert len(store.images()) == 2


def test_a_file_name_that_is_not_text_is_refused_by_name(store: ProjectStore) -> None:
    with pytest.raises(StoreError, match="not text"):
        store.add_images([record("ef" * 16, "cell\udcff.png")])
    assert len(store.images()) == 2


def test_a_half_made_project_can_be_made_again(root: Path) -> None:
    (root / "masks").mkdir(parents=True)
    ProjectStore.create(root, "demo", ClassCatalog.from_names(["a"])).close()


def test_a_window_of_the_wrong_shape_is_refused(store: ProjectStore) -> None:
    box, label, confidence = _window(SIZE.box, 1)
    with pytest.raises(ValueError, match="600 x 300"):
        store.save_prediction(CELL, "m", [(box, label[1:], confidence)])


def test_removed_images_come_back_with_all_that_was_done_to_them(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    store.remove_images([OTHER, CELL])
    assert store.images() == []
    assert [each.record.id for each in store.removed_images()] == [CELL, OTHER]
    store.bring_back([CELL, OTHER])
    assert {image.id for image in store.images()} == {CELL, OTHER}
    assert store.load_mask(CELL).same_pixels(painted)
    assert store.removed_images() == []


def test_classes_are_versioned_and_reach_the_mask_files(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    store.set_catalog(store.catalog.add("membrane"))
    store.commit(CELL, stroke(painted, 400, label=3), expected=3)
    store.close()
    (root / "project.db").unlink()
    with ProjectStore.open(root) as again:
        assert [c.name for c in again.catalog.classes] == ["background", "cell", "nucleus", "membrane"]


def test_an_unknown_image_is_named(store: ProjectStore) -> None:
    with pytest.raises(StoreError, match="no image 1234"):
        store.load_mask("1234")


def test_a_project_is_not_made_over_another(store: ProjectStore, root: Path) -> None:
    with pytest.raises(StoreError, match="a project here already"):
        ProjectStore.create(root, "again", store.catalog)


def test_a_project_is_not_made_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StoreError, match="not empty") as error:
        ProjectStore.create(tmp_path, "demo", ClassCatalog.from_names(["a"]))
    assert error.value.hint
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(StoreError, match="no project here"):
            ProjectStore.open(folder)


def test_a_project_of_a_newer_version_is_refused_and_left_alone(store: ProjectStore, root: Path) -> None:
    store.close()
    _sql(root / "project.db", "UPDATE project SET value='99' WHERE key='format'")
    before = (root / "project.db").read_bytes()
    with pytest.raises(StoreError, match="newer labeltool"):
        ProjectStore.open(root)
    assert (root / "project.db").read_bytes() == before


def test_a_second_writer_is_told_who_has_the_project(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    with pytest.raises(ProjectLockedError, match=f"process {os.getpid()} on "):
        ProjectStore.open(root)
    with ProjectStore.open(root, write=False) as viewer:
        assert viewer.load_mask(CELL).same_pixels(painted)
        with pytest.raises(StoreError, match="viewing"):
            viewer.commit(CELL, stroke(painted, 400), expected=3)
    store.close()
    ProjectStore.open(root).close()


def test_a_lock_of_another_computer_is_respected(store: ProjectStore, root: Path) -> None:
    store.close()
    (root / "lock").write_text('{"pid": 1, "host": "elsewhere", "since_utc": "2026-01-01T00:00:00+00:00"}')
    with pytest.raises(ProjectLockedError, match="process 1 on elsewhere since 2026") as error:
        ProjectStore.open(root)
    assert f"`labeltool unlock {root}`" in str(error.value)


def test_garbage_in_the_lock_file_keeps_nobody_out(store: ProjectStore, root: Path) -> None:
    store.close()
    (root / "lock").write_bytes(bytes(700))
    ProjectStore.open(root).close()


def test_a_folder_that_may_not_be_written_opens_read_only(
    store: ProjectStore, painted: LabelMask, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with ProjectStore.open(root) as viewer:
        assert "may not be written" in viewer.read_only_reason
        assert viewer.load_mask(CELL).same_pixels(painted)
        changes = (
            lambda: viewer.commit(CELL, stroke(painted, 400), expected=3),
            lambda: viewer.set_catalog(viewer.catalog),
            lambda: viewer.add_images([]),
            lambda: viewer.update_image(viewer.image(CELL)),
            lambda: viewer.save_prediction(CELL, "m", []),
        )
        for change in changes:
            with pytest.raises(StoreError, match="may not be written") as error:
                change()
            assert error.value.hint


def test_a_lock_that_cannot_be_written_opens_read_only(store: ProjectStore, root: Path) -> None:
    store.close()
    (root / "lock").unlink()
    (root / "lock").mkdir()
    with ProjectStore.open(root) as viewer:
        assert viewer.read_only_reason
        assert len(viewer.images()) == 2


def test_after_close_nothing_is_written(store: ProjectStore) -> None:
    mask = store.load_mask(CELL)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.commit(CELL, stroke(mask, 10), expected=0)


def test_predictions_are_kept_beside_the_annotation(store: ProjectStore, painted: LabelMask) -> None:
    root, history = store.root_hash(CELL), store.history(CELL)
    store.save_prediction(CELL, "old", [_window(SIZE.box, 1)])
    store.save_prediction(CELL, "new", [_window(Box(0, 0, 600, 200), 1), _window(Box(0, 200, 600, 300), 2)])
    store.save_prediction(CELL, "old", [_window(Box(200, 0, 600, 300), 2)])
    assert store.prediction_keys(CELL) == ["new", "old"]
    new, old = store.prediction(CELL, "new"), store.prediction(CELL, "old")
    assert new is not None and old is not None
    assert new.complete and not old.complete
    assert new.label.dense()[199, 0] == 1 and new.label.dense()[200, 599] == 2
    assert (new.confidence.dense() == 200).all()
    assert old.label.dense()[0, 199] == 255 and old.confidence.dense()[0, 199] == 0
    assert (store.root_hash(CELL), store.history(CELL)) == (root, history)


def test_planes_of_doubt_are_kept_where_there_are_some(store: ProjectStore) -> None:
    rng = np.random.default_rng(2)
    planes = [rng.integers(0, 3, (SIZE.height, SIZE.width), np.uint8) for _ in range(4)]
    cut = [
        Prediction(box, *(plane[box.slices()] for plane in planes))
        for box in (Box(0, 0, 290, 300), Box(290, 0, 600, 300))
    ]
    store.save_prediction(CELL, "m", cut)
    store.save_prediction(CELL, "plain", [_window(SIZE.box, 1)])
    kept, plain = store.prediction(CELL, "m"), store.prediction(CELL, "plain")
    assert kept is not None and kept.margin is not None and kept.entropy is not None
    for plane, found in zip(planes, (kept.label, kept.confidence, kept.margin, kept.entropy), strict=True):
        assert np.array_equal(found.dense(), plane)
    assert plain is not None and plain.margin is None and plain.entropy is None
    assert store.prediction_planes(CELL, "m") == {"label", "confidence", "margin", "entropy"}
    assert store.prediction_planes(CELL, "plain") == {"label", "confidence"}
    assert store.prediction_planes(CELL, "none") == set()


def test_where_a_model_has_nothing_to_say_no_tile_is_kept(store: ProjectStore, root: Path) -> None:
    windows = [Prediction.nothing(Box(0, 0, 520, 300)), Prediction(*_window(Box(520, 0, 600, 300), 1))]
    store.save_prediction(CELL, "m", windows)
    kept = store.prediction(CELL, "m")
    assert kept is not None and kept.complete
    assert set(kept.label.tiles) == {TileIndex(0, 2), TileIndex(1, 2)}
    assert (kept.label.dense()[:, :520] == 255).all() and not kept.confidence.dense()[:, :520].any()
    assert (kept.label.dense()[:, 520:] == 1).all()


def test_an_image_may_have_predictions_and_no_annotation(store: ProjectStore) -> None:
    store.save_prediction(OTHER, "m", [_window(SIZE.box, 1)])
    assert store.history(OTHER).revision == 0
    assert store.commit(OTHER, stroke(store.load_mask(OTHER), 10), expected=0) == 1
    assert store.prediction(OTHER, "m") is not None
    assert store.prediction(OTHER, "none") is None
    assert store.prediction_keys(CELL) == []


def test_a_prediction_that_fails_midway_leaves_the_earlier_one(store: ProjectStore) -> None:
    def failing():
        yield _window(SIZE.box, 2)
        raise RuntimeError("out of memory")

    store.save_prediction(CELL, "m", [_window(SIZE.box, 1)])
    with pytest.raises(RuntimeError):
        store.save_prediction(CELL, "m", failing())
    kept = store.prediction(CELL, "m")
    assert kept is not None and (kept.label.dense() == 1).all()


def test_strokes_are_saved_while_a_model_works_on_the_image(store: ProjectStore) -> None:
    mask = store.load_mask(CELL)
    patch = stroke(mask, 10)

    def windows():
        yield _window(Box(0, 0, 600, 100), 1)
        assert store.commit(CELL, patch, expected=0) == 1
        yield _window(Box(0, 100, 600, 300), 1)

    store.save_prediction(CELL, "m", windows())
    assert store.load_mask(CELL).same_pixels(mask)


def test_one_thread_reads_while_another_commits(store: ProjectStore) -> None:
    mask = store.load_mask(CELL)
    patches = [stroke(mask, 10 * n, label=1 + n % 2) for n in range(20)]
    errors: list[BaseException] = []

    def commit() -> None:
        try:
            for revision, patch in enumerate(patches):
                store.commit(CELL, patch, expected=revision)
        except BaseException as error:
            errors.append(error)

    writer = threading.Thread(target=commit)
    writer.start()
    seen = []
    while writer.is_alive():
        store.images()
        store.load_mask(CELL)
        seen.append(store.history(CELL).revision)
    writer.join()
    assert not errors
    assert seen == sorted(seen)
    assert store.load_mask(CELL).same_pixels(mask)


def test_a_split_that_is_given_while_a_stroke_is_saved_keeps_the_status(
    store: ProjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch = stroke(store.load_mask(CELL), 10)
    saver = threading.Thread(target=lambda: store.commit(CELL, patch, expected=0, status=Status.IN_WORK))
    look = ProjectStore.image

    def image(self: ProjectStore, image_id: str) -> ImageRecord:
        found = look(self, image_id)
        if saver.ident is None:  # the stroke comes in between, if it can
            saver.start()
            saver.join(0.5)
        return found

    monkeypatch.setattr(ProjectStore, "image", image)
    store.put_into(CELL, "val")
    saver.join()
    assert (store.image(CELL).split, store.image(CELL).status) == ("val", Status.IN_WORK)


def test_a_failing_index_does_not_lose_the_stroke(
    store: ProjectStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = store.load_mask(CELL)

    def fail(self: object, record: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("labeltool.store.index.Index.update", fail)
        assert store.commit(CELL, stroke(mask, 10), expected=0) == 1
        assert store.commit(OTHER, stroke(store.load_mask(OTHER), 10), expected=0) == 1
        assert "lags behind" in store.notices[-1]
    store.close()
    with ProjectStore.open(root) as again:
        assert again.image(CELL).revision == 1
    assert check(root) == []


def test_importing_the_store_does_not_import_sqlalchemy() -> None:
    code = "import sys, labeltool.store.project; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _window(box: Box, label: int) -> tuple[Box, np.ndarray, np.ndarray]:
    shape = (box.height, box.width)
    return box, np.full(shape, label, np.uint8), np.full(shape, 200, np.uint8)


def _sql(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as db:
        db.execute(statement)
    db.close()
