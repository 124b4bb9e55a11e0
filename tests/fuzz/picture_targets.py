"""Images of every kind as targets: each reader opens mutants, whole and by parts."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest import mock

import numpy as np
from fuzz.bench import Asked, Specimen, Target, read_all
from fuzz.guarded import CACHE
from PIL import Image

from labeltool.core.geometry import Box
from labeltool.imaging import budget, building
from labeltool.imaging.file_pyramid import is_read_by_parts
from labeltool.imaging.find import find_images
from labeltool.imaging.open import open_image, pages, verify
from labeltool.imaging.thumbnail import thumbnail
from labeltool.imaging.view import open_view

_MOST_PAGES = 4
_MOST_PIXELS = 1 << 22


def noise(height: int, width: int, *more: int, dtype: str = "uint8", seed: int = 1) -> np.ndarray:
    """Random values."""
    rng = np.random.default_rng(seed)
    if dtype.startswith("float"):
        return rng.normal(100, 50, (height, width, *more)).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, (height, width, *more), dtype=dtype, endpoint=True)


class PictureTarget(Target):
    """What the program does with an image: find it, list its pages, look at it, read it whole and by parts.

    ``make`` writes the files into a folder.
    """

    def __init__(self, make: Callable[[Path], None]) -> None:
        self._make = make

    def specimens(self, folder: Path) -> list[Specimen]:
        """Each file alone, but for those that belong together."""
        folder.mkdir(parents=True)
        self._make(folder)
        files = read_all(folder)
        together = any(Path(name).suffix in _BESIDE for name in files)
        alone = [files] if together else [{name: data} for name, data in sorted(files.items())]
        return [Specimen(", ".join(each), each) for each in alone]

    @contextmanager
    def around(self) -> Iterator[None]:
        """What is made of large images lies in a folder of its own."""
        with ExitStack() as stack:
            cache = stack.enter_context(tempfile.TemporaryDirectory(prefix=CACHE))
            stack.enter_context(mock.patch.dict("os.environ", {"XDG_CACHE_HOME": cache}))
            yield

    def read(self, folder: Path, ask: Asked) -> None:
        """As the window does it, and as a training does."""
        found = ask("the images of the folder", lambda: find_images([folder])) or ([], [])
        for path in found[0][:2]:
            self._whole(path, ask)
            with _everything_is_large():
                self._whole(path, ask)

    def _whole(self, path: Path, ask: Asked) -> None:
        listed = ask("its pages", lambda: pages(path)) or []
        ask("its thumbnail", lambda: thumbnail(path, 64).shape)
        for page in listed[:_MOST_PAGES]:
            ask("its soundness", lambda p=page: verify(path, p.key))
            info = ask("its values", lambda p=page: _values(path, p.key))
            ask("its picture", lambda p=page: _picture(path, p.key))
            ask.must("pages that say another size than the image", holds=info in (None, page.info.size))


def _values(path: Path, page: str) -> object:
    with open_image(path, page) as reader:
        info = reader.info
        corner = info.size.box.intersect(Box(0, 0, 100, 100))
        values = reader.read(corner)
        if (
            values.shape != (corner.height, corner.width, len(info.channels))
            or str(values.dtype) != info.dtype
        ):
            raise AssertionError(f"{values.shape} {values.dtype} for {info}")
        if info.size.pixels <= _MOST_PIXELS and not is_read_by_parts(reader):
            reader.read()
        return info.size


def _picture(path: Path, page: str) -> None:
    """What the canvas asks for, from the finest level to the coarsest."""
    view = open_view(path, page)
    try:
        for level in range(view.level_count):
            view.peek(level, 0, 0)
            view.tile(level, 0, 0)
    finally:
        view.close()


@contextmanager
def _everything_is_large() -> Iterator[None]:
    with (
        mock.patch.object(budget, "WHOLE_PIXELS", 0),
        mock.patch.object(building, "MOSAIC_PIXELS", 256 * 256),
    ):
        yield


_BESIDE: Final = (".hdr", ".vrt")


# The files


def pngs(folder: Path) -> None:
    """Of 8 and 16 bits, with a palette, with transparency, of one bit, interlaced, with a late orientation."""
    Image.fromarray(noise(40, 50, 3)).save(folder / "rgb.png")
    Image.fromarray(noise(40, 50, dtype="uint16")).save(folder / "deep.png")
    palette = Image.fromarray(noise(30, 40) % 4).convert("P")
    palette.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 9, 9, 9])
    palette.info["transparency"] = 1
    palette.save(folder / "palette.png", transparency=1)
    Image.fromarray(noise(30, 40, 4)).save(folder / "rgba.png")
    Image.fromarray(noise(30, 40, 2), "LA").save(folder / "la.png")
    Image.fromarray(noise(30, 40) > 100).save(folder / "bits.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(noise(30, 40, 3)).save(folder / "turned.png", exif=exif)


def jpegs(folder: Path) -> None:
    """Baseline and progressive, grey and CMYK, turned."""
    Image.fromarray(noise(60, 70, 3)).save(folder / "rgb.jpg")
    Image.fromarray(noise(60, 70, 3)).save(folder / "progressive.jpg", progressive=True)
    Image.fromarray(noise(60, 70)).save(folder / "grey.jpg")
    Image.fromarray(noise(60, 70, 4), "CMYK").save(folder / "cmyk.jpg")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 5, "maker"
    Image.fromarray(noise(60, 70, 3)).save(folder / "turned.jpg", exif=exif, dpi=(300, 300))


def tiffs(folder: Path) -> None:
    """Strips and tiles, compressed and not, deep, float, planes, pages, of ImageJ and OME, levels, BigTIFF."""
    import tifffile

    grey = noise(64, 80, dtype="uint16")
    tifffile.imwrite(folder / "strips.tif", grey)
    tifffile.imwrite(folder / "tiles.tif", grey, tile=(32, 32), compression="zlib", predictor=True)
    tifffile.imwrite(folder / "rgb.tif", noise(64, 80, 3), tile=(32, 32), photometric="rgb")
    options = {"photometric": "minisblack"}
    tifffile.imwrite(
        folder / "lzw.tif",
        noise(40, 40, 13, dtype="float32"),
        compression="lzw",
        planarconfig="contig",
        **options,
    )
    tifffile.imwrite(folder / "big.tif", noise(3, 40, 40, dtype="float64"), bigtiff=True, **options)
    tifffile.imwrite(
        folder / "imagej.tif", noise(3, 2, 20, 20, dtype="uint16"), imagej=True, metadata={"axes": "ZCYX"}
    )
    tifffile.imwrite(folder / "a.ome.tif", noise(3, 2, 20, 20, dtype="uint16"), metadata={"axes": "ZCYX"})
    tifffile.imwrite(
        folder / "jpeg.tif", noise(2, 64, 64, 3), compression="jpeg", tile=(32, 32), metadata=None
    )
    tifffile.imwrite(folder / "j2k.tif", grey, compression="jpeg2000", tile=(32, 32))
    with tifffile.TiffWriter(folder / "levels.tif") as file:
        file.write(np.tile(grey, (4, 4)), tile=(64, 64), subifds=1)
        file.write(np.tile(grey, (2, 2)), tile=(64, 64), subfiletype=1)
    Image.fromarray(noise(30, 40) > 100).save(folder / "fax.tif", compression="group4")


def maps(folder: Path) -> None:
    """GeoTIFF, JPEG 2000, formats that GDAL reads, a mosaic."""
    import rasterio

    options: dict[str, Any] = {
        "width": 70,
        "height": 60,
        "crs": "EPSG:32616",
        "transform": rasterio.Affine(0.5, 0, 733601, 0, -0.5, 3725139),
    }
    _written(
        folder / "map.tif",
        noise(3, 60, 70),
        driver="GTiff",
        tiled=True,
        blockxsize=16,
        blockysize=16,
        compress="deflate",
        **options,
    )
    _written(
        folder / "float.tif",
        noise(2, 60, 70, dtype="float32"),
        driver="GTiff",
        nodata=float("nan"),
        **options,
    )
    _written(folder / "image.jp2", noise(3, 60, 70), driver="JP2OpenJPEG", **options)
    _written(folder / "erdas.img", noise(1, 60, 70, dtype="int16"), driver="HFA", **options)
    _written(
        folder / "grid.asc",
        noise(1, 20, 20, dtype="int16"),
        driver="AAIGrid",
        **{**options, "width": 20, "height": 20},
    )
    for path in folder.glob("*.aux.xml"):
        path.unlink()


def mosaics(folder: Path) -> None:
    """A VRT and what it is made of, and ENVI with its header."""
    import rasterio

    options: dict[str, Any] = {
        "width": 70,
        "height": 60,
        "crs": "EPSG:32616",
        "transform": rasterio.Affine(0.5, 0, 733601, 0, -0.5, 3725139),
    }
    _written(folder / "part.tif", noise(1, 60, 70), driver="GTiff", **options)
    (folder / "mosaic.vrt").write_text(
        '<VRTDataset rasterXSize="70" rasterYSize="60"><SRS>EPSG:32616</SRS><GeoTransform>'
        "733601, 0.5, 0, 3725139, 0, -0.5"
        '</GeoTransform><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        '<SourceFilename relativeToVRT="1">part.tif</SourceFilename><SourceBand>1</SourceBand>'
        '<SrcRect xOff="0" yOff="0" xSize="70" ySize="60"/>'
        '<DstRect xOff="0" yOff="0" xSize="70" ySize="60"/></SimpleSource></VRTRasterBand></VRTDataset>'
    )
    _written(
        folder / "cube.bil",
        noise(3, 20, 30, dtype="int16"),
        driver="ENVI",
        interleave="bil",
        **{**options, "width": 30, "height": 20},
    )
    for path in folder.glob("*.aux.xml"):
        path.unlink()


def _written(path: Path, values: np.ndarray, **options: Any) -> None:
    import warnings

    import rasterio
    from rasterio.shutil import copy

    driver = options.pop("driver")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = {k: v for k, v in options.items() if k in ("width", "height", "crs", "transform", "nodata")}
        with rasterio.io.MemoryFile() as memory:
            with memory.open(driver="GTiff", count=len(values), dtype=values.dtype.name, **plain) as out:
                out.write(values)
            copy(memory.name, path, driver=driver, **{k: v for k, v in options.items() if k not in plain})


def animations(folder: Path) -> None:
    """GIF and WebP, still and moving, BMP of several depths."""
    frames = [Image.fromarray(noise(30, 40, 3, seed=n)) for n in range(3)]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:], duration=50)
    frames[0].save(folder / "still.gif")
    frames[0].save(
        folder / "moving.webp", save_all=True, append_images=frames[1:], duration=50, lossless=True
    )
    frames[0].save(folder / "still.webp")
    for mode in ("1", "L", "P", "RGB"):
        frames[0].convert(mode).save(folder / f"{mode}.bmp")


def volumes(folder: Path) -> None:
    """NIfTI, plain and zipped, of both versions."""
    from volume_samples import write_nifti

    write_nifti(folder / "one.nii", (9, 8, 5))
    write_nifti(folder / "one.nii.gz", (9, 8, 5))
    write_nifti(folder / "two.nii", (9, 8, 5, 2), version=2)


def scans(folder: Path) -> None:
    """DICOM: plain, implicit, deflated, run lengths, JPEG, JPEG 2000, several frames, colour."""
    import pydicom
    from pydicom.encaps import encapsulate
    from volume_samples import ct_slice

    uid = "1.2.826.0.1.3680043.8.498.1"
    plain = ct_slice((24, 20), uid, 1)
    plain.save_as(folder / "explicit.dcm", enforce_file_format=True)
    for name, syntax in (
        ("implicit", "1.2.840.10008.1.2"),
        ("big", "1.2.840.10008.1.2.2"),
        ("deflated", "1.2.840.10008.1.2.1.99"),
    ):
        each = ct_slice((24, 20), uid, 2)
        each.file_meta.TransferSyntaxUID = syntax
        if name == "big":
            each.PixelData = np.frombuffer(each.PixelData, "<i2").astype(">i2").tobytes()
        pydicom.dcmwrite(
            folder / f"{name}.dcm",
            each,
            implicit_vr=name == "implicit",
            little_endian=name != "big",
            enforce_file_format=True,
        )
    runs = ct_slice((24, 20), uid, 3)
    runs.compress("1.2.840.10008.1.2.5")
    runs.save_as(folder / "runs.dcm", enforce_file_format=True)
    for name, syntax, data in (
        ("jpeg", "1.2.840.10008.1.2.4.50", _encoded("JPEG")),
        ("j2k", "1.2.840.10008.1.2.4.90", _encoded("JPEG2000")),
    ):
        each = ct_slice((24, 20), uid, 4)
        each.file_meta.TransferSyntaxUID = syntax
        each.BitsAllocated = each.BitsStored = 8
        each.HighBit, each.PixelRepresentation, each.NumberOfFrames = 7, 0, 2
        each.PixelData = encapsulate([data, data])
        each["PixelData"].is_undefined_length = True
        each.save_as(folder / f"{name}.dcm", enforce_file_format=True)


def _encoded(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(noise(24, 20)).save(file, format=kind, **({"no_jp2": True} if kind == "JPEG2000" else {}))
    return file.getvalue()


def slides(folder: Path) -> None:
    """As Aperio's scanners write them."""
    import tifffile

    y, x = np.mgrid[:300, :400]
    pixels = np.stack([x // 8 % 256, y // 8 % 256, (x + y) // 16 % 256], 2).astype(np.uint8)
    head = "Aperio Image Library v11.2.1\r\n400x300 (256x256) JPEG/RGB Q=90|AppMag = 40|MPP = 0.25"
    tiles = {"photometric": "rgb", "tile": (256, 256), "compression": "jpeg", "metadata": None}
    strips = {"photometric": "rgb", "metadata": None}
    with tifffile.TiffWriter(folder / "slide.svs") as file:
        file.write(pixels, description=head, **tiles)
        file.write(pixels[:30, :40], description="Aperio\r\nthumbnail", **strips)
        file.write(np.ascontiguousarray(pixels[2::4, 2::4]), description=head, **tiles)
        file.write(pixels[:40, :60], description="Aperio\r\nlabel 60x40", subfiletype=1, **strips)
        file.write(pixels[:50, :90], description="Aperio\r\nmacro 90x50", subfiletype=9, **strips)
