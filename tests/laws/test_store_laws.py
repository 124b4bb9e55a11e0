"""Whatever is painted, undone and redone, the store reopened equals a model in memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, write
from labeltool.core.project import ImageRecord
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.laws.examples import law

IMAGE = "0a" * 16
SIZE = Size(300, 270)

boxes = st.tuples(st.integers(-20, 299), st.integers(-20, 269), st.integers(1, 300), st.integers(1, 300)).map(
    lambda b: Box(b[0], b[1], b[0] + b[2], b[1] + b[3])
)
strokes = st.tuples(
    boxes, st.sampled_from([0, 1, 2, 255]), st.sampled_from([0, 7, 70_000]), st.integers(0, 4)
)
actions = st.lists(st.one_of(strokes, st.sampled_from(["undo", "undo", "redo", "reopen"])), max_size=12)


pytestmark = pytest.mark.usefixtures("quick_disk")


class Model:
    """The store in memory: masks by step, and both stacks of (revision, patch)."""

    def __init__(self) -> None:
        self.mask = LabelMask(SIZE)
        self.revision = 0
        self.undo: list[tuple[int, Patch]] = []
        self.redo: list[tuple[int, Patch]] = []

    def act(self, action: object, store: ProjectStore) -> None:
        """Do the same to the model and to the store."""
        if isinstance(action, tuple):
            box, label, object_id, origin = action
            patch = write(
                self.mask, box, title="b", kind="b", label=label, object_id=object_id, origin=origin
            )
            self._commit(patch, store)
            self.undo.append((self.revision, patch))
            self.redo.clear()
        elif action == "undo" and self.undo:
            self.redo.append(self.undo.pop())
            target, patch = self.redo[-1]
            self._commit(patch.inverse(), store, kind="undo", target=target)
        elif action == "redo" and self.redo:
            self.undo.append(self.redo.pop())
            target, patch = self.undo[-1]
            self._commit(patch, store, kind="redo", target=target)

    def _commit(self, patch: Patch, store: ProjectStore, **about: object) -> None:
        self.mask.apply(patch)
        new = store.commit(IMAGE, patch, expected=self.revision, **about)
        assert new == self.revision + 1
        self.revision = new


def same(store: ProjectStore, model: Model) -> None:
    history = store.history(IMAGE)
    assert history.revision == model.revision == store.image(IMAGE).revision
    assert [i.revision for i in history.undo] == [r for r, _ in model.undo]
    assert [i.revision for i in history.redo] == [r for r, _ in model.redo]
    assert store.load_mask(IMAGE).same_pixels(model.mask)
    label, origin = model.mask.read("label"), model.mask.read("origin")
    counted = {v: int(((label == v) & (origin != 0)).sum()) for v in (0, 1, 2, 255)}
    assert store.class_pixels(IMAGE) == {v: n for v, n in counted.items() if n}


@law(25)
@given(actions)
def test_the_store_equals_a_model_in_memory(steps: list[object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, model = Path(folder) / "p", Model()
        store = ProjectStore.create(root, "laws", ClassCatalog.from_names(["a", "b"]))
        store.add_images([ImageRecord(IMAGE, Path("/images/a.png"), SIZE, "raster", "0" * 64, 1)])
        for step in [*steps, "reopen"]:
            if step == "reopen":
                store.close()
                assert check(root) == []
                store = ProjectStore.open(root)
                same(store, model)
            model.act(step, store)
        for revision, patch in model.undo + model.redo:
            journaled = store.patch(IMAGE, revision)
            assert journaled.deltas.keys() == patch.deltas.keys()
        store.close()


@law(25)
@given(st.lists(strokes, min_size=1, max_size=5))
def test_undoing_everything_and_redoing_it_gives_back_every_root(steps: list[object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = Model()
        with ProjectStore.create(Path(folder) / "p", "laws", ClassCatalog.from_names(["a", "b"])) as store:
            store.add_images([ImageRecord(IMAGE, Path("/images/a.png"), SIZE, "raster", "0" * 64, 1)])
            roots = []
            for step in steps:
                model.act(step, store)
                roots.append(store.root_hash(IMAGE))
            for root in reversed(roots[:-1]):
                model.act("undo", store)
                assert store.root_hash(IMAGE) == root
            for root in roots[1:]:
                model.act("redo", store)
                assert store.root_hash(IMAGE) == root
