"""What is counted of an image and cannot be written waits for the next write."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from labeltool.app import unasked
from labeltool.app.unasked import Unasked
from labeltool.core.errors import ConflictError, DiskFullError, StoreError


class Scene:
    """Writes of images ``a`` and ``b``, of which some fail as they are told to."""

    def __init__(self) -> None:
        self.there, self.fails, self.done = ["a", "b"], dict[str, Exception](), list[str]()
        store: Any = SimpleNamespace(images=lambda: [SimpleNamespace(id=each) for each in self.there])
        saver: Any = SimpleNamespace(after=self._after)
        self.unasked = Unasked(store, saver)

    def _after(self, work: Any) -> Future[None]:
        future: Future[None] = Future()
        future.set_result(work())
        return future

    def write(self, name: str) -> None:
        def work() -> None:
            if name[0] in self.fails:
                raise self.fails[name[0]]
            self.done.append(name)

        self.unasked.write(name[0], work)


def test_what_finds_no_room_is_written_with_the_next_in_its_order() -> None:
    scene = Scene()
    scene.fails["a"] = DiskFullError("full")
    for name in ("a1", "b1", "a2"):
        scene.write(name)
    assert (scene.done, scene.unasked.waiting) == (["b1"], 2)
    scene.fails.clear()
    scene.write("b2")
    assert (scene.done, scene.unasked.waiting) == (["b1", "a1", "a2", "b2"], 0)


@pytest.mark.parametrize("error", [ConflictError("no"), RuntimeError("no")])
def test_what_can_never_be_written_is_given_up(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    scene.fails["a"] = error
    scene.write("a1")
    assert scene.unasked.waiting == 0
    assert "is given up" in caplog.text


def test_of_an_image_that_was_removed_nothing_waits() -> None:
    scene = Scene()
    scene.there, scene.fails["a"] = ["b"], StoreError("there is no image a")
    scene.write("a1")
    assert scene.unasked.waiting == 0


def test_no_more_than_so_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unasked, "MOST", 3)
    scene = Scene()
    scene.fails["a"] = DiskFullError("full")
    for number in range(5):
        scene.write(f"a{number}")
    scene.fails.clear()
    scene.write("b")
    assert scene.done == ["a3", "a4", "b"]
