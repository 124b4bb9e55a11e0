"""The process that is taught: what it answers, and what becomes of everything that can go wrong with it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.core.errors import BadInputError, CancelledError, ModelError
from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken
from labeltool.inference.card import ModelCard
from labeltool.inference.frames import read_frame, write_frame
from labeltool.inference.teaching import Painted
from labeltool.inference.teaching_process import TeachingProcess, View

Start = Callable[[str], TeachingProcess]


@pytest.fixture
def start(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a process with one of the fake models."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    processes: list[TeachingProcess] = []

    def begin(name: str = "Echo") -> TeachingProcess:
        processes.append(TeachingProcess(model_folder, teachable=f"fake_teachables:{name}"))
        return processes[-1]

    yield begin
    for process in processes:
        process.close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """40 x 30 pixels of noise."""
    pixels = np.random.default_rng(0).integers(0, 200, (30, 40, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "bild mit ä.png")
    return tmp_path / "bild mit ä.png"


def ones(box: Box, value: int = 1) -> Painted:
    return Painted(box, np.full((box.height, box.width), value, np.uint8))


def test_what_is_painted_comes_back_in_the_answer(start: Start, picture: Path, model_folder: Path) -> None:
    process, box = start("Echo"), Box(5, 3, 90, 25)
    assert process.ready().model == ModelCard.read(model_folder).key
    expected = np.asarray(Image.open(picture))[3:25, 5:40, 1].copy()
    expected[2:4, 5:9], expected[10, 10] = 1, 2
    dotted = np.full((3, 3), 255, np.uint8)
    dotted[1, 1] = 2
    answer = process.teach(
        View(picture, "", box), [ones(Box(10, 5, 14, 7)), Painted(Box(14, 12, 17, 15), dotted)]
    )
    assert answer.box == Box(5, 3, 40, 25)
    assert np.array_equal(answer.label, expected)
    assert np.array_equal(answer.confidence[0], np.arange(35))


def test_an_image_is_looked_at_once_and_again_after_another(start: Start, picture: Path) -> None:
    process = start("Counting")
    whole, part = View(picture, "", Box(0, 0, 40, 30)), View(picture, "", Box(0, 0, 20, 20))
    looks = [int(process.teach(view, []).label[0, 0]) for view in (whole, whole, part, part, whole)]
    assert looks == [1, 1, 2, 2, 3]


def test_an_image_that_cannot_be_read_is_named_and_the_child_goes_on(
    start: Start, picture: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    process, view = start("Counting"), View(picture, "", Box(0, 0, 40, 30))
    process.look(view)
    with pytest.raises(BadInputError) as caught:
        process.look(view._replace(path=broken))
    assert caught.value.file == str(broken)
    assert process.teach(view, []).label[0, 0] == 2


def test_a_stroke_that_fails_is_told_and_the_next_one_does_not(start: Start, picture: Path) -> None:
    process, view = start("Failing"), View(picture, "", Box(0, 0, 40, 30))
    with pytest.raises(ModelError, match="memory ran out"):
        process.teach(view, [ones(Box(0, 0, 2, 2), 3)])
    assert process.teach(view, [ones(Box(0, 0, 2, 2), 4)]).label[1, 1] == 4


def test_a_killed_child_is_an_error_and_the_next_call_starts_another(start: Start, picture: Path) -> None:
    process, view = start("Killed"), View(picture, "", Box(0, 0, 40, 30))
    for _ in range(2):
        with pytest.raises(ModelError, match="was killed") as caught:
            process.teach(view, [])
        assert caught.value.hint == "last words"
    process.look(view)


def test_a_look_that_nobody_wants_any_more_is_left_and_the_child_lives(start: Start, picture: Path) -> None:
    process, cancel = start("Slow"), CancelToken()
    process.ready()
    child = process._child
    threading.Timer(0.3, cancel.cancel).start()
    with pytest.raises(CancelledError):
        process.look(View(picture, "", Box(0, 0, 40, 30)), cancel)
    small = View(picture, "", Box(0, 0, 10, 10))
    assert process.teach(small, [ones(Box(0, 0, 1, 1), 7)]).label[0, 0] == 7
    assert process._child is child


def test_a_model_is_loaded_though_the_image_is_not_wanted_any_more(start: Start, picture: Path) -> None:
    process, cancel = start("Counting"), CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        process.look(View(picture, "", Box(0, 0, 40, 30)), cancel)
    child = process._child
    assert process.teach(View(picture, "", Box(0, 0, 40, 30)), []).label[0, 0] == 1
    assert process._child is child is not None


def test_closing_ends_a_look(start: Start, picture: Path) -> None:
    process = start("Slow")
    process.ready()
    timer = threading.Timer(0.3, process.close)
    timer.start()
    with pytest.raises(CancelledError):
        process.look(View(picture, "", Box(0, 0, 40, 30)))
    timer.join()
    assert process._child is None


def test_a_model_that_cannot_be_loaded_says_why(start: Start) -> None:
    with pytest.raises(ModelError, match="no such weights"):
        start("Missing").ready()


def test_rubbish_is_answered_with_errors_and_the_next_frame_is_done(
    model_folder: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    said = io.BytesIO()
    said.write(b"what is this\n{}\n[1, 2]\n")
    rubbish = [
        {},
        {"look": 3, "box": [0, 0, 9, 9]},
        {"look": str(picture), "box": [0, 0]},
        {"look": str(picture), "box": "all"},
        {"look": str(picture)},
        {"teach": [[0, 0, 4, 4]]},
        {"teach": 7},
        {"teach": [["a", 0, 1, 1]]},
        {"sing": "a song"},
    ]
    for header in rubbish:
        write_frame(said, header)
    write_frame(said, {"look": str(picture), "page": "", "box": [0, 0, 4, 4]})
    write_frame(said, {"leave": True})
    write_frame(said, {"teach": [[0, 0, 1, 1]]}, [b"\x05"])
    write_frame(said, {"teach": [[0, 0, 1, 1]]}, [b"\x05\x06"])
    arguments = [str(model_folder), "--teachable", "fake_teachables:Echo"]
    with subprocess.Popen(
        [sys.executable, "-m", "labeltool.inference.teaching_worker", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as worker:
        assert worker.stdin is not None and worker.stdout is not None
        worker.stdin.write(said.getvalue())
        worker.stdin.flush()
        answers = [read_frame(worker.stdout) for _ in range(1 + 3 + len(rubbish) + 3)]
        worker.stdin.close()
        assert worker.wait(20) == 0
    kinds = [next(iter(answer[0])) for answer in answers if answer is not None]
    assert kinds == ["ready", *["error"] * (3 + len(rubbish)), "seen", "taught", "error"]
    assert answers[-2] is not None and answers[-2][1][:1] == b"\x05"


def test_a_child_that_answers_something_else_is_dropped(
    start: Start, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, view = start("Echo"), View(picture, "", Box(0, 0, 40, 30))
    process.look(view)
    monkeypatch.setattr(process, "_next", lambda child, cancel: (json.loads('{"bytes": 0, "part": []}'), b""))
    with pytest.raises(ModelError, match="something else"):
        process.teach(view, [])
    assert process._child is None
