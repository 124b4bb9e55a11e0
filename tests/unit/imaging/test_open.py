from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool import plugins
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.imaging.open import open_image, probe, readable_suffixes

PAD = b"\0" * 600


def refusal(path: Path) -> BadInputError:
    with pytest.raises(BadInputError) as caught:
        open_image(path)
    assert caught.value.file == str(path)
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.png", b"", "the file is empty"),
        ("notes.png", b"Dear all,\nthis is text\n", "a text file"),
        ("noise.png", bytes(range(256)), "no image that can be read"),
        ("a.gif", b"GIF89a" + PAD, "the GIF file is cut off"),
        ("disguised.png", b"GIF87a" + PAD, "the GIF file is cut off"),
        ("a.dcm", b"\0" * 128 + b"DICM" + PAD, "the DICOM file"),
        ("no-suffix", b"\0" * 128 + b"DICM" + PAD, "the DICOM file"),
        ("a.nii", b"\x5c\x01\0\0" + b"\0" * 340 + b"n+1\0", "the NIfTI"),
        ("a.nii.gz", b"\x1f\x8b" + PAD, "the NIfTI file is cut off"),
        ("a.jp2", b"\0\0\0\x0cjP  \r\n\x87\n" + PAD, "the JPEG2000 file is cut off or damaged"),
        ("a.heic", b"\0\0\0\x18ftypheic" + PAD, "an HEIC"),
        ("a.avif", b"\0\0\0\x18ftypavif" + PAD, "an AVIF"),
        ("a.pdf", b"%PDF-1.7" + PAD, "a PDF"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG"),
        ("b.svg", b"<?xml version='1.0'?><svg/>", "an SVG"),
        ("a.psd", b"8BPS" + PAD, "a Photoshop"),
        ("a.svs", b"II*\0" + PAD, "a whole-slide"),
        ("a.ndpi", b"MM\0*" + PAD, "a whole-slide"),
        ("a.mrxs", b"\xff\xd8\xff" + PAD, "cut off|a whole-slide"),
        ("a.czi", b"ZISRAWFILE" + PAD, "a microscope's own file"),
        ("a.lsm", b"II*\0" + PAD, "a microscope's own file"),
        ("a.zip", b"PK\x03\x04" + PAD, "an archive"),
        ("a.npy", b"\x93NUMPY" + PAD, "a numpy"),
        ("a.mp4", b"\0\0\0\x18ftypisom" + PAD, "a video"),
        ("a.avi", b"RIFF\0\0\0\0AVI LIST" + PAD, "a video"),
        ("model.jpg", b"<!DOCTYPE html><html>", "a web page"),
        ("a.dng", b"II*\0" + PAD, "a camera raw"),
    ],
)
def test_what_is_not_read_is_refused_by_name(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    error = refusal(tmp_path / name)
    assert any(word in error.message for word in words.split("|")), error.message
    assert error.hint


def test_a_folder_called_like_an_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    assert "folder" in refusal(tmp_path / "x.png").message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.png").message == "no such file"


def test_a_file_without_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(b"x")

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert "no permission" in refusal(tmp_path / "a.png").message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "holds data" in refusal(tmp_path / "pipe.png").message


def test_a_name_with_a_zero_byte_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a\0b.png").message


def test_a_broken_reader_is_named_when_nobody_else_reads_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(group: str, name: str) -> None:
        raise LabeltoolError(f"the reader {name!r} could not be loaded")

    monkeypatch.setattr(plugins, "load", broken)
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / "a.png")
    assert "could not be loaded" in (refusal(tmp_path / "a.png").hint or "")


def test_probing_reports_size_kind_and_mode(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(tmp_path / "a.bmp")
    info = probe(tmp_path / "a.bmp")
    assert (info.size, info.kind, info.mode, info.rotated) == ((6, 4), "bmp", "L", False)


def test_suffixes_of_the_five_kinds_are_readable() -> None:
    assert {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"} <= set(readable_suffixes())


def test_rubbish_is_measured_by_what_its_name_promises(tmp_path: Path) -> None:
    (tmp_path / "scan.dcm").write_bytes(bytes(range(256)))
    assert "ends in .dcm, but its content is something else" in (refusal(tmp_path / "scan.dcm").hint or "")
    (tmp_path / "noise.xyz").write_bytes(bytes(range(256)))
    assert "DICOM, NIfTI and whole slides are read" in (refusal(tmp_path / "noise.xyz").hint or "")
