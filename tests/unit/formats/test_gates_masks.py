"""PNG masks that are nearly right: a value, a checksum, a size or a number that a decoder alone would let pass."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mask_samples import CELLS, imported, labelled
from PIL import Image

from labeltool.core.catalog import IGNORE, ClassCatalog, ClassDef
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.formats.colours import ColoursImporter
from labeltool.formats.foreign import is_class
from labeltool.formats.index_png import read_coloured, read_index, read_objects, read_pixels, write_index
from labeltool.formats.png_mask import inside_of
from labeltool.formats.values import StrangeValuesError, by_name, mapped, refuse_strange
from labeltool.formats.voc import VocImporter
from labeltool.formats.voc.layout import read_labelmap

SIZE = Size(5, 4)
ONES = np.ones((4, 5), np.uint8)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width: int, height: int, depth: int = 8, kind: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


def rows(height: int, nbytes: int) -> bytes:
    return chunk(b"IDAT", zlib.compress((b"\0" + b"\1" * nbytes) * height))


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(("kind", "channels"), [(0, 1), (2, 3)])
def test_a_picture_with_two_headers_is_no_mask(kind: int, channels: int, tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    file.write_bytes(png(header(5, 4, kind=kind), header(4, 5, kind=kind), rows(5, 4 * channels)))
    with pytest.raises(BadInputError):
        read_pixels(file, SIZE)


@pytest.mark.parametrize("read", [read_index, read_pixels, read_objects])
def test_a_wrong_checksum_is_damage_though_the_pixels_decode(
    read: Callable[[Path, Size], object], tmp_path: Path
) -> None:
    file = tmp_path / "x.png"
    write_index(file, ONES)
    data = file.read_bytes()
    read(file, SIZE)
    file.write_bytes(
        flipped(data, len(data) - 13)
    )  # the last byte in front of IEND: of the checksum of the pixels
    with pytest.raises(BadInputError, match="cut off or damaged"):
        read(file, SIZE)
    assert inside_of(data, SIZE).all()
    with pytest.raises(BadInputError, match="cut off or damaged"):
        inside_of(flipped(data, len(data) - 13), SIZE)


def test_a_mask_of_as_many_pixels_and_other_sides_is_refused() -> None:
    file = io.BytesIO()
    Image.fromarray(ONES).save(file, format="PNG")
    assert inside_of(file.getvalue(), SIZE).shape == (4, 5)
    with pytest.raises(BadInputError, match="5 x 4 pixels and not 4 x 5"):
        inside_of(file.getvalue(), Size(4, 5))


@pytest.mark.parametrize("ids", [{1: 1 << 32}, {-1: 7}, {1 << 16: 7}, {1: -7}])
def test_a_number_of_an_object_that_is_none_is_refused(ids: dict[int, int], tmp_path: Path) -> None:
    write_index(tmp_path / "x.png", ONES, None, ids)
    with pytest.raises(BadInputError, match="numbers that are no ids"):
        read_objects(tmp_path / "x.png", SIZE)
    write_index(tmp_path / "x.png", ONES, None, {1: (1 << 32) - 1})
    assert (read_objects(tmp_path / "x.png", SIZE) == (1 << 32) - 1).all()


def test_object_ids_whose_text_was_changed_are_refused(tmp_path: Path) -> None:
    write_index(tmp_path / "x.png", ONES, None, {1: 70_000})
    data = (tmp_path / "x.png").read_bytes()
    (tmp_path / "x.png").write_bytes(data.replace(b"70000", b"70001"))
    with pytest.raises(BadInputError):
        read_objects(tmp_path / "x.png", SIZE)


def test_few_bits_of_grey_are_no_map_of_objects(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png(header(5, 4, depth=4), rows(4, 3)))
    with pytest.raises(BadInputError, match="not a map of object ids"):
        read_objects(tmp_path / "x.png", SIZE)


def test_an_rgb_mask_has_as_many_colours_as_a_byte_can_count(tmp_path: Path) -> None:
    colors = np.zeros((16, 16, 3), np.uint8)
    colors[..., 0] = np.arange(256).reshape(16, 16)
    Image.fromarray(colors).save(tmp_path / "x.png")
    with pytest.raises(BadInputError, match="256 colours is no mask"):
        read_coloured(tmp_path / "x.png", Size(16, 16))
    colors[0, 0, 0] = 1
    Image.fromarray(colors).save(tmp_path / "x.png")
    index, palette = read_coloured(tmp_path / "x.png", Size(16, 16))
    assert palette is not None and len(palette) == 255 and (palette[index] == colors).all()


def test_a_value_without_a_class_is_refused_in_a_single_pixel() -> None:
    raw = ONES.copy()
    raw[2, 3] = 9
    with pytest.raises(StrangeValuesError, match="9 in 1 pixels"):
        mapped(raw, {1: 1})


def test_all_classes_that_lack_are_known_to_whoever_adds_them() -> None:
    with pytest.raises(StrangeValuesError, match="and 3 more") as e:
        refuse_strange(np.ones(13, np.int64), {})
    assert e.value.names == tuple(f"class {value}" for value in range(13))


def test_the_background_is_the_background_whatever_else_is_called_so() -> None:
    own = ClassCatalog((ClassDef(0, "soil", (0, 0, 0)), ClassDef(5, "background", (9, 9, 9))), background=0)
    foreign = ClassCatalog.from_names(["nucleus"])
    assert by_name(foreign, own) == {0: 0}


@pytest.mark.parametrize("name", [" void ", "Unlabeled", "_background_ ", "no data"])
def test_names_of_nothing_are_no_classes_however_they_are_written(name: str) -> None:
    assert not is_class(name)


@pytest.mark.parametrize(
    "line", ["person:1,2,3", "person:1,2,3:", "a:b:1,2,3::", "person:1,2::", "person:::"]
)
def test_a_line_of_a_labelmap_with_other_fields_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "labelmap.txt").write_text(f"background:0,0,0::\n{line}\n")
    with pytest.raises(BadInputError, match="line 2 is not"):
        read_labelmap(tmp_path / "labelmap.txt")


def test_the_border_of_a_voc_object_is_no_object_of_its_own(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", ONES, CELLS)
    root = tmp_path / "VOC2012"
    for name, values in (("SegmentationClass", ONES * 15), ("SegmentationObject", ONES * IGNORE)):
        (root / name).mkdir(parents=True)
        palette = np.zeros((256, 3), np.uint8)
        palette[15] = 192, 128, 128
        write_index(root / name / "x.png", values.astype(np.uint8), palette)
    catalog = ClassCatalog.from_names(["person"])
    masks, skipped = imported(VocImporter(), tmp_path, catalog, [image])
    assert skipped == []
    found = masks[image.record.id]
    assert (found.label == 1).all() and found.object is not None and not found.object.any()


def test_object_ids_that_are_a_link_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", ONES, CELLS)
    for name in ("semantic", "instance"):
        (tmp_path / "set" / name).mkdir(parents=True)
    write_index(tmp_path / "set" / "semantic" / "x.png", ONES)
    write_index(tmp_path / "secret.png", ONES)
    (tmp_path / "set" / "instance" / "x.png").symlink_to(tmp_path / "secret.png")
    masks, skipped = imported(ColoursImporter(), tmp_path / "set", CELLS, [image])
    assert masks == {} and "link that leads out" in skipped[0].reason
