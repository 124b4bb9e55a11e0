"""TIFF masks that are nearly right: other bands, another size, another kind of file under the name of a TIFF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

rasterio = pytest.importorskip("rasterio", reason='needs pip install "labeltool[geo]"')

from map_samples import PLACES, on_map  # noqa: E402
from mask_samples import CELLS, imported, labelled  # noqa: E402

from labeltool.core.errors import BadInputError  # noqa: E402
from labeltool.formats.geotiff import GeotiffImporter  # noqa: E402
from labeltool.formats.geotiff.raster import Raster, object_ids, read_raster  # noqa: E402
from labeltool.imaging import budget  # noqa: E402

UTM = PLACES["utm"]


def write(file: Path, values: np.ndarray, placed: bool = False) -> Path:
    """Values [bands, h, w]."""
    count, height, width = values.shape
    more: dict[str, Any] = {"crs": UTM[0], "transform": rasterio.Affine(*UTM[1])} if placed else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    sides = {"width": width, "height": height, "count": count, "dtype": values.dtype.name}
    with rasterio.Env(), rasterio.open(file, "w", driver="GTiff", **sides, **more) as out:
        out.write(values)
    return file


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_of_several_bands_none_is_taken_for_the_mask(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="3 bands of uint8"):
        read_raster(write(tmp_path / "x.tif", np.ones((3, 4, 6), np.uint8)))


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_what_is_called_tif_and_is_a_mosaic_of_other_files_is_not_opened(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret" / "s.tif", np.ones((1, 4, 6), np.uint8))
    file = tmp_path / "set" / "x.tif"
    file.parent.mkdir()
    file.write_text(
        '<VRTDataset rasterXSize="6" rasterYSize="4"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="0">{secret}</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    with pytest.raises(BadInputError, match="cut off or damaged"):
        read_raster(file)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_mask_too_large_to_be_held_is_refused_by_its_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "x.tif", np.ones((1, 4, 6), np.uint8))
    assert read_raster(file).values.shape == (4, 6)
    monkeypatch.setattr(budget, "DECODE_BUDGET", 100)
    with pytest.raises(BadInputError, match="more than is read whole"):
        read_raster(file)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_mask_of_as_many_pixels_and_other_sides_is_refused(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", np.ones((4, 6), np.uint8), CELLS)
    write(tmp_path / "set" / "x.tif", np.ones((1, 6, 4), np.uint8))
    masks, skipped = imported(GeotiffImporter(), tmp_path / "set", CELLS, [image])
    assert masks == {} and "the mask is 4 x 6 pixels and the image 6 x 4" in skipped[0].reason


def test_of_two_images_of_one_grid_none_is_guessed(tmp_path: Path) -> None:
    images = [on_map(tmp_path / "maps" / f"{n}.tif", np.zeros((4, 6), np.uint8), CELLS) for n in "ab"]
    file = write(tmp_path / "set" / "mask.tif", np.ones((1, 4, 6), np.uint8), placed=True)
    masks, skipped = imported(GeotiffImporter(), file, CELLS, images)
    assert masks == {} and "2 images of the project have the grid" in skipped[0].reason
    masks, _ = imported(GeotiffImporter(), file, CELLS, images[:1])
    assert len(masks) == 1


def test_a_map_of_objects_of_another_size_is_refused(tmp_path: Path) -> None:
    image = on_map(tmp_path / "maps" / "x.tif", np.zeros((4, 6), np.uint8), CELLS)
    write(tmp_path / "set" / "labels" / "x.tif", np.ones((1, 4, 6), np.uint8), placed=True)
    write(tmp_path / "set" / "instances" / "x.tif", np.ones((1, 5, 6), np.uint8), placed=True)
    masks, skipped = imported(GeotiffImporter(), tmp_path / "set", CELLS, [image])
    assert masks == {} and "another size than the mask" in skipped[0].reason


def test_numbers_beyond_those_of_objects_are_no_ids(tmp_path: Path) -> None:
    def ids(number: int) -> Any:
        values = np.full((2, 2), number, np.uint64)
        return object_ids(Raster(values, None, None, None, ([], None), {}), tmp_path / "x.tif")

    assert (ids((1 << 32) - 1) == (1 << 32) - 1).all()
    with pytest.raises(BadInputError, match="no map of object ids"):
        ids(1 << 32)
