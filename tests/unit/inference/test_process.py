"""The child process: what it answers, and what becomes of everything that can go wrong with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.core.errors import BadInputError, CancelledError, ModelError
from labeltool.core.progress import CancelToken
from labeltool.inference.card import ModelCard
from labeltool.inference.options import InferenceOptions
from labeltool.inference.process import ModelProcess, WorkerInfo

Start = Callable[..., ModelProcess]


@pytest.fixture
def start(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a model process with one of the fake segmenters."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    processes: list[ModelProcess] = []

    def begin(name: str = "Bright", **options: float) -> ModelProcess:
        processes.append(
            ModelProcess(
                model_folder, InferenceOptions("cpu"), segmenter=f"fake_segmenters:{name}", **options
            )
        )
        return processes[-1]

    yield begin
    for process in processes:
        process.close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """150 x 70 pixels of noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (70, 150, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "bild mit ä.png")
    return tmp_path / "bild mit ä.png"


def plain(folder: Path, value: int) -> Path:
    path = folder / f"{value}.png"
    Image.new("RGB", (40, 40), (value,) * 3).save(path)
    return path


def test_planes_come_back_as_the_child_made_them(start: Start, picture: Path, model_folder: Path) -> None:
    told: list[tuple[float, float]] = []
    green = np.asarray(Image.open(picture))[..., 1]
    process = start()
    assert process.ready() == WorkerInfo("cpu", "fake", ModelCard.read(model_folder).key)
    label, confidence = np.zeros_like(green), np.zeros_like(green)
    for part in process.segment(picture, progress=lambda done, total, text="": told.append((done, total))):
        label[part.box.slices()], confidence[part.box.slices()] = part.label, part.confidence
    assert np.array_equal(label, green > 127)
    assert np.array_equal(confidence, green)
    assert told[-1] == (6, 6)


@pytest.mark.parametrize("doubts", [("margin", "entropy"), ("entropy",)])
def test_planes_of_doubt_and_notices_come_along(
    model_folder: Path, picture: Path, monkeypatch: pytest.MonkeyPatch, doubts: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    pixels = np.asarray(Image.open(picture))
    how = InferenceOptions("cpu", doubts=doubts)
    with ModelProcess(model_folder, how, segmenter="fake_segmenters:Doubtful") as process:
        for part in process.segment(picture):
            there = pixels[part.box.slices()]
            expected = {"margin": there[..., 0], "entropy": there[..., 2]}
            assert list(part.planes) == ["label", "confidence", *doubts]
            assert all(np.array_equal(part.planes[name], expected[name]) for name in doubts)
        assert process.notices == ["loaded in a hurry", *["a smaller batch"] * 6]


def test_the_embedding_of_an_image_comes_back(start: Start, picture: Path, tmp_path: Path) -> None:
    process = start()
    assert process.embed(plain(tmp_path, 200)).tolist() == [200, 200, 200]
    mean = np.asarray(Image.open(picture)).mean((0, 1))
    found = process.embed(picture)
    assert found.dtype == np.float32 and np.allclose(
        found, mean, atol=8
    )  # of windows that reach past the border
    assert len(list(process.segment(picture))) == 6  # the same process goes on with something else


def test_an_image_that_cannot_be_embedded_fails_alone(start: Start, picture: Path, tmp_path: Path) -> None:
    process = start("Doubtful")
    with pytest.raises(ModelError, match="memory ran out"):
        process.embed(picture)
    assert process.notices == ["loaded in a hurry", "embedded in a hurry"]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    with pytest.raises(BadInputError):
        process.embed(broken)
    child = process._child
    assert len(list(process.segment(picture))) == 6 and process._child is child


def test_a_model_goes_on_at_the_window_it_is_told(start: Start, picture: Path) -> None:
    process = start()
    whole = list(process.segment(picture))
    told: list[float] = []
    rest = list(process.segment(picture, progress=lambda done, total, text="": told.append(done), first=4))
    assert [part.box for part in rest] == [part.box for part in whole[4:]]
    assert all(np.array_equal(a.confidence, b.confidence) for a, b in zip(rest, whole[4:], strict=True))
    assert told == [5, 6, 6]


def test_what_a_library_prints_does_not_get_among_the_frames(start: Start, picture: Path) -> None:
    assert len(list(start("Chatty").segment(picture))) == 6


def test_an_image_that_cannot_be_read_is_named_and_the_child_goes_on(
    start: Start, picture: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    process = start()
    list(process.segment(picture))
    child = process._child
    with pytest.raises(BadInputError) as caught:
        list(process.segment(broken))
    assert caught.value.file == str(broken)
    assert len(list(process.segment(picture))) == 6
    assert process._child is child


def test_an_image_for_which_memory_does_not_suffice_fails_alone(start: Start, tmp_path: Path) -> None:
    process = start("Failing")
    with pytest.raises(ModelError, match="memory ran out"):
        list(process.segment(plain(tmp_path, 200)))
    assert len(list(process.segment(plain(tmp_path, 20)))) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_child_that_is_killed_is_explained_and_started_again(start: Start, tmp_path: Path) -> None:
    process = start("Killed")
    with pytest.raises(ModelError, match="killed, most likely because memory ran out") as caught:
        list(process.segment(plain(tmp_path, 200)))
    assert "last words" in str(caught.value.hint)
    assert len(list(process.segment(plain(tmp_path, 20)))) == 1


def test_garbage_instead_of_frames_becomes_an_error(start: Start, picture: Path) -> None:
    with pytest.raises(ModelError, match="something else than a"):
        list(start("Garbage").segment(picture))


def test_a_child_that_says_nothing_is_given_up(start: Start, picture: Path) -> None:
    process = start("Slow")
    process.ready()
    process._silence_s = 0.3
    with pytest.raises(ModelError, match="said nothing"):
        list(process.segment(picture))


def test_a_model_that_is_refused_gives_the_reason_of_the_child(start: Start, picture: Path) -> None:
    with pytest.raises(ModelError, match="this is a web page") as caught:
        start("refusing").ready()
    assert caught.value.hint == "Use the other link"


def test_cancelling_kills_the_child_and_a_later_call_starts_another(start: Start, picture: Path) -> None:
    process, cancel = start("Slow"), CancelToken()
    process.ready()
    child = process._child
    threading.Timer(0.2, cancel.cancel).start()
    with pytest.raises(CancelledError):
        list(process.segment(picture, cancel))
    assert child is not None and not child.alive
    assert process.ready().engine == "fake"


def test_closing_from_another_thread_ends_a_call_in_progress(start: Start, picture: Path) -> None:
    process = start("Slow")
    process.ready()
    threading.Timer(0.2, process.close).start()
    with pytest.raises(CancelledError):
        list(process.segment(picture))


def test_leaving_the_loop_early_leaves_no_answers_for_the_next_image(
    start: Start, picture: Path, tmp_path: Path
) -> None:
    process = start()
    next(process.segment(picture))
    (part,) = process.segment(plain(tmp_path, 200))
    assert (part.box.width, part.label.min()) == (40, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_the_child_does_not_outlive_a_killed_parent(model_folder: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from labeltool.inference.process import ModelProcess\n"
        "p = ModelProcess(Path(sys.argv[1]), segmenter='fake_segmenters:Bright'); p.ready()\n"
        "print(p._child._process.pid, flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", code, str(model_folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.send_signal(signal.SIGKILL)
    deadline_s = time.monotonic() + 60
    while _runs(pid) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    """False for a process that ended, collected or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_the_parent_needs_no_torch() -> None:
    code = "import labeltool.inference.process, sys; assert 'torch' not in sys.modules and 'PIL' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
