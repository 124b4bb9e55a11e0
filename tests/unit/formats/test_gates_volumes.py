"""Label volumes that are nearly on the grid of their images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

nibabel = pytest.importorskip("nibabel", reason='needs pip install "labeltool[medical]"')
pytest.importorskip("pydicom", reason='needs pip install "labeltool[medical]"')

from mask_samples import CELLS, imported  # noqa: E402
from volume_samples import records_of, unlabelled, write_nifti  # noqa: E402

from labeltool.formats.nifti import NiftiImporter  # noqa: E402
from labeltool.formats.nifti.grid import Grid, turned  # noqa: E402

AFFINE = np.diag([2.0, 3, 4, 1])


def save(file: Path, affine: np.ndarray) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.ones((5, 4, 3), np.uint8), affine), file)
    return file


def test_sides_in_another_order_are_another_grid() -> None:
    grid = Grid((5, 4, 3), AFFINE, None, "k", (0, 1, 2), lambda values, place: values)
    assert turned((5, 4, 3), AFFINE, grid) is not None
    assert turned((4, 5, 3), AFFINE, grid) is None
    assert turned((5, 4, 3), AFFINE * np.nan, grid) is None


@pytest.mark.parametrize("problem", ["elsewhere", "link"])
def test_object_ids_of_another_grid_or_place_are_refused(problem: str, tmp_path: Path) -> None:
    volume = write_nifti(tmp_path / "in" / "brain.nii.gz", (5, 4, 3), AFFINE)
    images = [unlabelled(record, CELLS) for record in records_of(volume)]
    save(tmp_path / "set" / "brain.nii.gz", AFFINE)
    ids = tmp_path / "set" / "objects" / "brain.nii.gz"
    if problem == "elsewhere":
        save(ids, AFFINE + np.eye(4, k=3) * 9)
    else:
        ids.parent.mkdir()
        ids.symlink_to(save(tmp_path / "secret.nii.gz", AFFINE))
    masks, skipped = imported(NiftiImporter(), tmp_path / "set" / "brain.nii.gz", CELLS, images)
    said = {"elsewhere": "another grid than its labels", "link": "link that leads out of the folder"}
    assert masks == {} and said[problem] in skipped[0].reason
