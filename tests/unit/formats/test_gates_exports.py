"""Where an export may land, told by where folders are and not by how they are written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mask_samples import CELLS, labelled

from labeltool.core.errors import BadInputError
from labeltool.formats import pictures
from labeltool.formats.export import export
from labeltool.formats.left_over import left_over
from labeltool.formats.png import PngExporter
from labeltool.formats.protocol import LabelledImage


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.png", np.ones((4, 6), np.uint8), CELLS)


@pytest.mark.parametrize("linked", ["the project", "the target"])
def test_a_link_leads_no_export_into_a_project(linked: str, image: LabelledImage, tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real, target_is_directory=True)
    project, target = (link, real) if linked == "the project" else (real, link)
    with pytest.raises(BadInputError, match="inside the project"):
        export(PngExporter(), [image], CELLS, target / "out", project=project)
    assert list(real.iterdir()) == []


def test_a_link_leads_no_export_among_the_images(image: LabelledImage, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "photos", target_is_directory=True)
    with pytest.raises(BadInputError, match="holds source images"):
        export(PngExporter(), [image], CELLS, tmp_path / "link" / "out")
    assert [each.name for each in (tmp_path / "photos").iterdir()] == ["x.png"]


def test_a_link_called_like_a_leftover_is_none(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "out.partial-0123abcd").symlink_to(tmp_path / "precious", target_is_directory=True)
    assert left_over(tmp_path) == []


def test_an_image_that_grew_is_no_longer_the_one_that_was_added(image: LabelledImage) -> None:
    assert pictures.missing(image.record) == ""
    for nbytes in (image.record.file_bytes + 1, image.record.file_bytes - 1):
        assert "no longer the one" in pictures.missing(replace(image.record, file_bytes=nbytes))
