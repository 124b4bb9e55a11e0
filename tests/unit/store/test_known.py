"""What is known of a project's images while its list lies there as a kill left it."""

from __future__ import annotations

from pathlib import Path

import pytest

from labeltool.core.mask import LabelMask
from labeltool.store.known import known_images
from labeltool.store.project import ProjectStore
from labeltool.store.repair import repair

from .conftest import CELL, OTHER, mask_file
from .damage import interrupt, truncate

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture
def cut_off(store: ProjectStore, painted: LabelMask, root: Path) -> Path:
    """A project without backups whose list of images was being written when its writer died."""
    store.close()
    long = "x" * 9000
    interrupt(root / "project.db", f"UPDATE images SET path='{long}'", f"UPDATE project SET value='{long}'")
    return root


def test_a_list_that_was_cut_off_is_known_as_it_was_before_and_nothing_is_changed(cut_off: Path) -> None:
    before = {path: path.read_bytes() for path in cut_off.glob("project.db*")}
    assert len(before) == 2
    known = known_images(cut_off)
    assert known is not None and {*known} == {CELL, OTHER}
    assert (known[CELL].image.revision, known[CELL].image.name) == (3, "cell.png")
    assert {path: path.read_bytes() for path in cut_off.glob("project.db*")} == before


def test_a_repair_does_not_take_an_image_for_unknown_because_its_list_was_cut_off(cut_off: Path) -> None:
    truncate(mask_file(cut_off), 9000)
    labels, listed = repair(cut_off)
    assert (labels.image, labels.mended, listed.mended) == ("cell.png", False, True)
    assert mask_file(cut_off).exists()
