from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from PIL import Image

from labeltool.app import ahead
from labeltool.app.ahead import Ahead
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord
from labeltool.imaging import budget
from labeltool.imaging.pyramid import Pyramid


def record(tmp_path: Path, name: str) -> ImageRecord:
    path = tmp_path / f"{name}.png"
    Image.fromarray(np.full((20, 30, 3), 7, np.uint8)).save(path)
    return ImageRecord(name, path, Size(30, 20), "png", "", path.stat().st_size)


def decoded(*records: ImageRecord) -> Ahead:
    images = Ahead()
    for each in records:
        images.want(each.id)
        images.decode(each)
    return images


class Slowly:
    """An image that is being decoded on another thread until it is let go."""

    def __init__(self, images: Ahead, record: ImageRecord, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[Pyramid] = []
        self._begun, self._gate, self._real = Event(), Event(), ahead.open_whole_view
        monkeypatch.setattr(ahead, "open_whole_view", self._open)
        images.want(record.id)
        self._thread = Thread(target=images.decode, args=[record])
        self._thread.start()
        assert self._begun.wait(10)

    def _open(self, path: Path, page: str) -> Pyramid | None:
        self._begun.set()
        assert self._gate.wait(10)
        self.made.append(self._real(path, page))
        return self.made[-1]

    def end(self) -> None:
        self._gate.set()
        self._thread.join(10)


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


def test_nobody_waits_for_the_decoding_of_another_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = record(tmp_path, "a"), record(tmp_path, "b")
    images = Ahead()
    slowly = Slowly(images, a, monkeypatch)
    images.want(b.id)
    assert images.take(b) is None
    slowly.end()
    assert images.take(a) is None  # it was dropped


@pytest.mark.parametrize("wanted", ["a", "b"], ids=["wanted", "not wanted any more"])
def test_an_image_that_is_just_being_decoded_is_waited_for_and_decoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    a = record(tmp_path, "a")
    images = Ahead()
    slowly = Slowly(images, a, monkeypatch)
    images.want(wanted)
    with ThreadPoolExecutor() as pool:
        taken = pool.submit(images.take, a)
        with pytest.raises(TimeoutError):
            taken.result(0.05)
        slowly.end()
        assert [taken.result(10)] == slowly.made


def test_what_has_been_opened_meanwhile_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = record(tmp_path, "a")
    images = Ahead()
    images.want(a.id)
    assert images.take(a) is None
    monkeypatch.setattr(ahead, "open_whole_view", None)
    images.decode(a)


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
    monkeypatch.setattr(budget, "WHOLE_PIXELS", 10)
    a = record(tmp_path, "a")
    assert decoded(a).take(a) is None
