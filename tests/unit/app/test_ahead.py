from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app import ahead
from labeltool.app.ahead import Ahead
from labeltool.core.geometry import Size
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord


def record(tmp_path: Path, name: str) -> ImageRecord:
    path = tmp_path / f"{name}.png"
    Image.fromarray(np.full((20, 30, 3), 7, np.uint8)).save(path)
    return ImageRecord(name, path, Size(30, 20), "png", "", path.stat().st_size)


def decoded(*records: ImageRecord) -> Ahead:
    images = Ahead()
    for each in records:
        images.want(each)
        images.decode(CancelToken())
    return images


def test_what_was_decoded_is_handed_over_once(tmp_path: Path) -> None:
    a = record(tmp_path, "a")
    images = decoded(a)
    taken = images.take(a)
    assert taken is not None
    assert taken.sizes[0] == Size(30, 20)
    assert images.take(a) is None


def test_only_the_image_wanted_last_is_kept(tmp_path: Path) -> None:
    a, b = record(tmp_path, "a"), record(tmp_path, "b")
    images = decoded(a, b)
    assert images.take(a) is None
    assert images.take(b) is not None


def test_a_file_that_has_changed_since_is_decoded_again(tmp_path: Path) -> None:
    a = record(tmp_path, "a")
    images = decoded(a)
    os.utime(a.path, ns=(1, 1))
    assert images.take(a) is None


def test_a_broken_image_is_left_to_whoever_opens_it(tmp_path: Path) -> None:
    a = record(tmp_path, "a")
    a.path.write_bytes(b"nonsense")
    assert decoded(a).take(a) is None


def test_an_image_too_large_for_memory_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "WHOLE_PIXELS", 10)
    a = record(tmp_path, "a")
    assert decoded(a).take(a) is None
