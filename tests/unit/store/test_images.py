"""The list of images of an open project, which the index on disk may follow late."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from labeltool.core.errors import StoreError
from labeltool.core.mask import LabelMask
from labeltool.store.index import Index
from labeltool.store.project import ProjectStore

from .conftest import CELL, OTHER, record, stroke

pytestmark = pytest.mark.usefixtures("quick_disk", "painted")
NEW = "ef" * 16


def test_an_image_that_is_removed_while_the_index_lags_keeps_no_other_from_being_saved(
    store: ProjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise StoreError("another program is using the file")

    with monkeypatch.context() as patched:
        patched.setattr(Index, "update", busy)
        store.remove_images([CELL])
    assert store.commit(OTHER, stroke(store.load_mask(OTHER), 10), expected=0) == 1
    assert store.lag == ""


def test_whoever_still_reads_an_image_that_is_removed_meanwhile_does_not_bring_it_into_the_list(
    store: ProjectStore,
) -> None:
    store.remove_images([CELL])
    store._images.reached(CELL, 3)
    assert [each.id for each in store.images()] == [OTHER]


def test_an_image_that_is_named_twice_is_removed_once(store: ProjectStore) -> None:
    store.remove_images([CELL, CELL])
    assert [each.id for each in store.images()] == [OTHER]
    assert [each.record.id for each in store.removed_images()] == [CELL]


def test_whoever_adds_an_image_that_is_there_takes_none_off_the_list_with_the_next(
    store: ProjectStore, root: Path
) -> None:
    with pytest.raises(StoreError, match="already"):
        store.add_images([record()])
    store.add_images([record(NEW, "new.png")])
    assert set(Index(root / "project.db", write=False).records()) == {CELL, OTHER, NEW}


def test_a_stroke_that_is_saved_while_the_index_catches_up_is_written_there_the_next_time(
    store: ProjectStore, root: Path, painted: LabelMask, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Index.update

    def meanwhile(index: Index, image: object) -> None:
        real(index, image)  # type: ignore[arg-type]
        store._images.remember(replace(store.image(CELL), revision=4))

    with monkeypatch.context() as patched:
        patched.setattr(Index, "update", meanwhile)
        store._images.catch_up()
    store._images.catch_up()
    assert Index(root / "project.db", write=False).records()[CELL].revision == 4
