"""What a look at a project finds that somebody else edits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from labeltool.app.following import Following
from labeltool.store.layout import INDEX, mask_path
from labeltool.store.project import ProjectStore
from tests.faults.sharing_scene import make_images, make_project, paint


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[ProjectStore, ProjectStore]]:
    """One project twice: opened to edit and opened to look at."""
    root = make_project(tmp_path / "project", make_images(tmp_path / "images"))
    with ProjectStore.open(root) as editor, ProjectStore.open(root, write=False) as viewer:
        yield editor, viewer


def test_a_stroke_of_somebody_else_is_a_patch_that_leads_to_their_mask(
    stores: tuple[ProjectStore, ProjectStore],
) -> None:
    editor, viewer = stores
    record = viewer.images()[0]
    mask, following = viewer.load_mask(record.id), Following(viewer)
    assert following.look(record.id, 1).patch is None
    theirs = paint(editor, record, 100)
    news = following.look(record.id, 1)
    assert (news.since, news.revision, news.changed, news.lost) == (1, 2, [record.id], False)
    assert news.patch is not None
    mask.apply(news.patch)
    assert mask.same_pixels(theirs)
    assert following.look(record.id, 2).patch is None


def test_a_revision_that_is_not_there_any_more_is_read_anew(
    stores: tuple[ProjectStore, ProjectStore],
) -> None:
    """Somebody has put a backup in the place of the mask file."""
    _, viewer = stores
    news = Following(viewer).look(viewer.images()[0].id, 7)
    assert news.lost and news.patch is None and news.revision == 1


def test_images_that_come_and_go_and_the_one_at_hand_that_goes_are_told(
    stores: tuple[ProjectStore, ProjectStore], tmp_path: Path
) -> None:
    editor, viewer = stores
    first, second, _ = viewer.images()
    following = Following(viewer)
    assert not following.look(first.id, 1).listed
    editor.remove_images([second.id])
    news = following.look(first.id, 1)
    assert news.listed and not news.gone
    editor.remove_images([first.id])
    assert following.look(first.id, 1).gone


def test_a_file_that_was_not_written_is_not_opened(
    stores: tuple[ProjectStore, ProjectStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, viewer = stores
    record, following = viewer.images()[0], Following(viewer)
    for path in (viewer.root / INDEX, mask_path(viewer.root, record.id)):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    following.look(record.id, 1)
    for name in ("images", "reread", "between"):
        monkeypatch.setattr(ProjectStore, name, None)
    assert following.look(record.id, 1).changed == []
