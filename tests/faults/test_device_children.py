"""Child processes whose device fails, which crash, hang or write rubbish: the program lives, and says what happened
(rows 56, 58, 59)."""

from __future__ import annotations

import json
import queue
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

from labeltool import plugins
from labeltool.app.models import Model
from labeltool.app.spooling import spool
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import DeviceError, LabeltoolError, ModelError
from labeltool.core.geometry import Box, Size
from labeltool.core.progress import CancelToken, silent
from labeltool.core.project import ImageRecord
from labeltool.inference import model_child, training_process
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard
from labeltool.inference.options import InferenceOptions
from labeltool.inference.process import ModelProcess
from labeltool.inference.segmenter import Prediction
from labeltool.inference.teaching import Painted
from labeltool.inference.teaching_process import TeachingProcess, View
from labeltool.inference.training_process import TrainingProcess
from labeltool.store.database import DamagedError
from labeltool.store.spool import read_windows

BOX = Box(0, 0, 40, 30)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of windows of 256 pixels whose code is in ``bad_children``."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    folder = tmp_path / "model"
    folder.mkdir()
    card = ModelCard("m", "none", "none", ClassCatalog.from_names(["a"]), segmenter="none", tile=256, halo=32)
    (folder / CARD_NAME).write_text(json.dumps(card.to_json()), encoding="utf-8")
    (folder / WEIGHTS_NAME).write_bytes(b"none")
    return folder


def picture(tmp_path: Path, size: tuple[int, int], seed: int = 0, value: int | None = None) -> Path:
    path = tmp_path / f"{size}-{seed}-{value}.png"
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels if value is None else np.full_like(pixels, value)).save(path)
    return path


def pasted(predictions: list[Prediction], size: tuple[int, int]) -> np.ndarray:
    """What all windows say, which must be of the whole image and of each pixel once."""
    whole = np.full((size[1], size[0]), 99, np.uint8)
    for each in predictions:
        assert (whole[each.box.slices(Box(0, 0, *size))] == 99).all()
        whole[each.box.slices(Box(0, 0, *size))] = each.label
    return whole


# ---- the device fails


def test_where_the_graphics_card_fails_the_cpu_goes_on_with_the_next_window_and_it_is_said(
    model: Path, tmp_path: Path
) -> None:
    image, size = picture(tmp_path, (700, 300)), (700, 300)
    with ModelProcess(model, segmenter="bad_children:Lost") as process:
        found = pasted(list(process.segment(image)), size)
        assert process.ready().device == "cpu"
        assert len(process.notices) == 1
        assert "graphics card failed: CUDA error: unspecified launch failure" in process.notices[0]
        assert "on the CPU" in process.notices[0] and "asynchronously" not in process.notices[0]
    assert np.array_equal(found, (np.asarray(Image.open(image))[..., 1] > 127).astype(np.uint8))


def test_a_graphics_card_that_somebody_asked_for_is_not_given_up_without_a_word(
    model: Path, tmp_path: Path
) -> None:
    with ModelProcess(model, InferenceOptions("cuda"), segmenter="bad_children:LostAtOnce") as process:
        for _ in range(2):  # each time in a process of its own: in the first nothing runs any more
            with pytest.raises(DeviceError, match="graphics card failed") as caught:
                list(process.segment(picture(tmp_path, (40, 30))))
            assert caught.value.hint is not None and "--device cpu" in caught.value.hint
            assert process._child is None
        with pytest.raises(DeviceError):
            process.embed(picture(tmp_path, (40, 30)))


def test_a_pupil_whose_graphics_card_fails_is_taught_on_the_cpu(model: Path, tmp_path: Path) -> None:
    view = View(picture(tmp_path, (40, 30)), "", BOX)
    with TeachingProcess(model, teachable="bad_children:LostPupil") as process:
        assert process.teach(view, []).box == BOX
        assert process.ready().device == "cpu" and "on the CPU" in process.notices[0]
    with (
        TeachingProcess(model, InferenceOptions("cuda"), teachable="bad_children:LostPupil") as process,
        pytest.raises(DeviceError, match="graphics card failed"),
    ):
        process.teach(view, [])


# ---- there is no memory


@pytest.mark.parametrize(("name", "said"), [("small", "cut into 2 x 2 pieces"), ("tiny", "on the CPU")])
def test_without_memory_windows_are_cut_then_the_cpu_goes_on_to_the_same_pixels(
    model: Path, tmp_path: Path, name: str, said: str
) -> None:
    image, size = picture(tmp_path, (700, 600)), (700, 600)
    with ModelProcess(model, segmenter=f"bad_children:{name}") as process:
        found = pasted(list(process.segment(image)), size)
        assert said in " ".join(process.notices)
    assert np.array_equal(found, (np.asarray(Image.open(image))[..., 0] > 127).astype(np.uint8))


def test_where_nothing_has_memory_the_image_is_refused_in_words_and_the_process_lives(
    model: Path, tmp_path: Path
) -> None:
    with ModelProcess(model, segmenter="bad_children:none") as process:
        with pytest.raises(ModelError, match="memory ran out, even for small pieces") as caught:
            list(process.segment(picture(tmp_path, (300, 300))))
        assert caught.value.hint is not None and "Close other programs" in caught.value.hint
        assert process._child is not None and process._child.alive


# ---- the process crashes or hangs


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_a_model_that_crashes_is_explained_and_the_next_image_has_another_process(
    model: Path, tmp_path: Path
) -> None:
    with ModelProcess(model, segmenter="bad_children:Crashing") as process:
        with pytest.raises(ModelError, match=r"crashed \(SIGSEGV\)") as caught:
            list(process.segment(picture(tmp_path, (40, 30), value=200)))
        assert caught.value.hint is not None and "last words" in caught.value.hint
        assert len(list(process.segment(picture(tmp_path, (40, 30), value=20)))) == 1
    with (
        TeachingProcess(model, teachable="bad_children:CrashingPupil") as pupil,
        pytest.raises(ModelError, match=r"crashed \(SIGSEGV\)"),
    ):
        pupil.teach(View(picture(tmp_path, (40, 30)), "", BOX), [])


def test_a_pupil_that_hangs_is_given_up(model: Path, tmp_path: Path) -> None:
    with TeachingProcess(model, teachable="bad_children:HangingPupil") as process:
        view = View(picture(tmp_path, (40, 30)), "", BOX)
        process.look(view)
        process._silence_s = 0.3
        with pytest.raises(ModelError, match="said nothing"):
            process.teach(view, [])
        assert process._child is None


# ---- the process writes rubbish: frames that are frames, with anything in them


class Babbler:
    """Stands for a child: whatever it is asked, the next frame of a list comes back."""

    frames: queue.Queue[Any]
    said: ClassVar[list[Any]] = []

    def __init__(self, *_: object, **__: object) -> None:
        self.frames = queue.Queue()
        self.alive = True
        for each in self.said:
            self.frames.put(each)

    def send(self, header: object, parts: object = ()) -> None:
        self.frames.put(EOFError("the process ended"))

    def kill(self) -> None:
        self.alive = False

    def wait(self, seconds: float) -> None:
        """Nothing to wait for."""

    hang_up = kill

    def last_words(self) -> str:
        return ""

    def obituary(self, cause: Exception, hint: str = "") -> ModelError:
        return ModelError(f"the process broke off ({cause})")


VALUES: list[Any] = [
    None,
    -1,
    0,
    1e400,
    "x",
    "",
    [],
    [1],
    [0, 0, 4, 3],
    {},
    {"a": 1},
    True,
    ["label", "confidence"],
]
KEYS = [
    "part",
    "planes",
    "done",
    "total",
    "notices",
    "end",
    "error",
    "embedding",
    "seen",
    "taught",
    "row",
    "progress",
]
READY = {"ready": {"device": "cpu", "engine": "fake", "model": "m"}}
ERROR = {"kind": "BadInputError", "message": "m", "file": None, "hint": None}


def rubbish(dice: random.Random) -> tuple[dict[str, Any], bytes]:
    header = {key: dice.choice(VALUES) for key in dice.sample(KEYS, dice.randrange(1, 6))}
    if dice.random() < 0.3:
        header["error"] = {key: dice.choice(VALUES) for key in dice.sample(list(ERROR), dice.randrange(5))}
    return header, bytes(dice.randrange(30))


def asked_to_segment(path: Path) -> None:
    grid = [Box(0, 0, 4, 3)]  # which is among the boxes that are babbled
    assert [each.box for each in ModelProcess(path).segment(path, grid=grid)] == grid


def asked_to_embed(path: Path) -> None:
    ModelProcess(path).embed(path)


def asked_to_look(path: Path) -> None:
    TeachingProcess(path).look(View(path, "", BOX))


def asked_to_learn(path: Path) -> None:
    process = TeachingProcess(path)
    process.teach(View(path, "", BOX), [Painted(BOX, np.zeros((30, 40), np.uint8))])


def asked_to_train(path: Path) -> None:
    TrainingProcess(path).follow(silent, CancelToken(), lambda row: None)


@pytest.fixture
def babble(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[list[Any]], None]]:
    monkeypatch.setattr(model_child, "Child", Babbler)
    monkeypatch.setattr(training_process, "Child", Babbler)
    monkeypatch.setattr(plugins, "module", lambda group, name: "nothing")
    yield lambda frames: setattr(Babbler, "said", frames)
    Babbler.said = []


@pytest.mark.parametrize(
    "ask", [asked_to_segment, asked_to_embed, asked_to_look, asked_to_learn, asked_to_train]
)
def test_whatever_a_child_says_is_an_answer_or_an_error_in_words(
    ask: Callable[[Path], None], babble: Callable[[list[Any]], None], tmp_path: Path
) -> None:
    for seed in range(400):
        dice = random.Random(seed)
        first = (READY, b"") if seed % 8 or ask is asked_to_train else rubbish(dice)
        babble([first, *(rubbish(dice) for _ in range(4)), EOFError("the process ended")])
        try:
            ask(tmp_path)
        except LabeltoolError as error:
            assert error.message, f"seed {seed}"


GRID = [Box(0, 0, 64, 32), Box(64, 0, 96, 32)]


def window(box: Box, **more: object) -> tuple[dict[str, Any], bytes]:
    """What a child says of a window: nothing is to be seen there."""
    return {"part": list(box), "planes": [], "done": 1, "total": 2, **more}, b""


END = ({"end": True, "done": 2, "total": 2}, b"")


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([END], "ended after 0 of 2 windows"),
        ([window(GRID[0]), END], "ended after 1 of 2 windows"),
        ([window(GRID[0], end=True)], "ended after 1 of 2 windows"),
        ([window(GRID[0]), ({"end": True, "done": 1, "total": 1}, b"")], "ended after 1 of 2 windows"),
        ([window(GRID[1]), window(GRID[0]), END], "window 1 of 2 has the box"),
        ([window(GRID[0]), window(GRID[0]), END], "window 2 of 2 has the box"),
        ([*map(window, GRID), window(GRID[1]), END], "window 3 of 2 has the box"),
    ],
)
def test_an_answer_that_lacks_windows_is_no_answer_and_is_not_kept_as_a_whole_one(
    frames: list[Any], words: str, babble: Callable[[list[Any]], None], tmp_path: Path
) -> None:
    card = ModelCard("m", "none", "none", ClassCatalog.from_names(["a"]), sha256="0" * 64, tile=64, halo=0)
    record = ImageRecord("i" * 32, tmp_path / "i.png", Size(96, 32), "rgb", "0" * 64, 1)
    model, path = Model(tmp_path, card, "path"), tmp_path / "windows"

    def ask() -> int:
        process = ModelProcess(tmp_path)
        return spool(path, record, model, InferenceOptions(), process, CancelToken(), silent)

    babble([(READY, b""), *frames])
    with pytest.raises(ModelError, match=words):
        ask()
    kept = [each.box for each in cut_off(path)]
    assert kept == GRID[: len(kept)]
    babble([(READY, b""), *map(window, GRID[len(kept) :]), END])
    assert ask() == len(GRID) - len(kept)
    assert [each.box for each in read_windows(path)] == GRID


def cut_off(path: Path) -> Iterator[Prediction]:
    """The windows of a file that is not whole."""
    with pytest.raises(DamagedError, match="cut off"):
        yield from read_windows(path)


# ---- the training


TRAINER = """
import ctypes, sys, time
from pathlib import Path
from labeltool.inference.frames import write_frame
out, what = sys.stdout.buffer, (Path(sys.argv[1]) / "what").read_text()
write_frame(out, {"row": {"event": "started"}})
if what == "crash":
    ctypes.string_at(0)
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("what", "said"),
    [
        pytest.param(
            "crash",
            r"the training crashed \(SIGSEGV\)",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix"),
        ),
        ("hang", "the training said nothing for"),
    ],
)
def test_a_training_that_crashes_or_hangs_is_ended_in_words(
    what: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad_trainer.py").write_text(TRAINER)
    (tmp_path / "what").write_text(what)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(plugins, "module", lambda group, name: "bad_trainer")
    heard: list[dict[str, Any]] = []
    process = TrainingProcess(tmp_path, silence_s=30)

    def log(row: dict[str, Any]) -> None:
        heard.append(row)
        process._silence_s = 0.3 if what == "hang" else 30

    with pytest.raises(ModelError, match=said):
        process.follow(silent, CancelToken(), log)
    assert heard == [{"event": "started"}] and not process._child.alive
