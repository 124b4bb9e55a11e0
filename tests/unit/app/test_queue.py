"""The queue of a small project, ranked by a model that says what is painted in its images."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app import prelabel
from labeltool.app.choices import Ranking
from labeltool.app.models import Model
from labeltool.app.project import add_images
from labeltool.app.queue import helping, likeness, rank, read_queue, state_of, states_of
from labeltool.app.queue.helping import compared
from labeltool.app.queue.measuring import learnt_seconds, regions
from labeltool.app.queue.queue import FILE, Outcome, Queue, Suggestion
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, CancelledError, LabeltoolError, ModelError
from labeltool.core.geometry import Box, Size
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.project import Status
from labeltool.core.provenance import Origin
from labeltool.inference.process import WorkerInfo
from labeltool.inference.segmenter import Prediction
from labeltool.learning.seconds import LEAST
from labeltool.store.layout import mask_path
from labeltool.store.project import ProjectStore

from .conftest import ThresholdProcess

CATALOG = ClassCatalog.from_names(["cell", "mitosis"])
SIDE = 60


class PaintedProcess(ThresholdProcess):
    """Green above 127 is class 1, blue class 2; red is the entropy, and half of it the margin's lack. An embedding is
    the mean of 16 blocks."""

    embedded: list[str]

    def segment(self, path, cancel, progress, *, page="", first=0, grid=()) -> Iterator[Prediction]:
        self.runs.append(path.name)
        pixels = np.asarray(Image.open(path).convert("RGB"))
        label = np.where(pixels[..., 2] > 127, 2, (pixels[..., 1] > 127).astype(np.uint8)).astype(np.uint8)
        planes = {
            "entropy": pixels[..., 0],
            "margin": 255 - pixels[..., 0] // 2,
            "bald": 255 - pixels[..., 0],
        }
        progress(1, 1)
        if pixels.min() == 255:  # as of a file that holds no data
            yield Prediction.nothing(Size(*label.shape[::-1]).box)
            return
        yield Prediction(
            Size(*label.shape[::-1]).box,
            label,
            np.full(label.shape, 200, np.uint8),
            **{name: planes[name] for name in self.how.doubts},
        )

    def embed(self, path, cancel=None, *, page="") -> np.ndarray:
        self.embedded.append(path.name)
        assert self.how.doubts == ()
        small = Image.open(path).convert("RGB").resize((4, 4), Image.Resampling.BOX)
        return np.asarray(small, np.float32).ravel() + 1


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that the model has segmented."""
    seen: list[str] = []
    monkeypatch.setattr(ThresholdProcess, "runs", seen, raising=False)
    monkeypatch.setattr(PaintedProcess, "embedded", [], raising=False)
    monkeypatch.setattr(prelabel, "ModelProcess", PaintedProcess)
    monkeypatch.setattr(likeness, "ModelProcess", PaintedProcess)
    return seen


def painted(path: Path, doubt: int, seed: int, side: int = SIDE) -> None:
    """A few cells at random places, red where the model is to be unsure: ``doubt`` rows of each cell."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((side, side, 3), np.uint8)
    for _ in range(4):
        y, x = rng.integers(0, side - 12, 2)
        pixels[y : y + 12, x : x + 12, 1] = 220
        pixels[y : y + doubt, x : x + 12, 0] = 200
    Image.fromarray(pixels).save(path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    """Twenty images, the later ones the more doubtful."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(20):
        painted(folder / f"{number:02}.png", number // 2, number)
    with ProjectStore.create(tmp_path / "project", "test", CATALOG) as project:
        add_images(project, [folder])
        yield project


@pytest.fixture
def model(make_model: Callable[..., Model]) -> Model:
    return make_model("cell", "mitosis")


def settle(store: ProjectStore, image_id: str, status: Status = Status.APPROVED) -> None:
    store.update_image(replace(store.image(image_id), status=status))


def named(store: ProjectStore, queue: Queue, *, control: bool | None = None) -> list[str]:
    found = [each for each in queue.suggestions if control is None or each.control is control]
    return [store.image(each.image).path.stem for each in found]


def paint(store: ProjectStore, image_id: str, box: Box, value: int = 1) -> None:
    """What a person would have painted."""
    mask, record = store.load_mask(image_id), store.image(image_id)
    here = {"label": np.full((box.height, box.width), value, np.uint8)}
    patch = write(
        mask,
        box,
        title="",
        kind="brush",
        origin=np.full((box.height, box.width), int(Origin.HUMAN), np.uint8),
        **here,
    )
    store.commit(image_id, patch, expected=record.revision, status=Status.IN_WORK)


def test_the_most_doubtful_images_come_first_with_a_sentence_and_seconds(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    queue = rank(store, model, "entropy", Ranking(count=10, seconds=False))
    assert len(queue.suggestions) == 10 and queue.strategy == "entropy" and queue.model == model.key
    ranked = [s for s in queue.suggestions if not s.control]
    assert [s.score for s in ranked] == sorted((s.score for s in ranked), reverse=True)
    assert min(int(name) for name in named(store, queue, control=False)) >= 8
    first = ranked[0]
    assert first.why.startswith("unsure about class cell over ")
    assert first.why.endswith(" % of the image") and first.seconds is not None and first.seconds > 4
    assert first.prediction == model.key and first.box is None
    assert sorted(runs) == [f"{n:02}.png" for n in range(20)]


def test_a_tenth_is_drawn_at_random_and_marked(store: ProjectStore, model: Model, runs: list[str]) -> None:
    drawn: Counter[str] = Counter()
    for seed in range(60):
        queue = rank(store, model, "entropy", Ranking(count=10, seed=seed))
        (control,) = (each for each in queue.suggestions if each.control)
        assert len(queue.suggestions) == 10 and len({each.image for each in queue.suggestions}) == 10
        assert control.why.startswith("drawn at random, to see whether ranking helps")
        drawn[control.image] += 1
    assert len(drawn) >= 15 and max(drawn.values()) <= 10  # not only those that the strategy likes
    assert len(runs) == 20  # predictions are kept


def test_plain_chance_needs_neither_control_nor_model(store: ProjectStore, runs: list[str]) -> None:
    queue = rank(store, None, "random", Ranking(count=10))
    assert len(queue.suggestions) == 10 and not any(each.control for each in queue.suggestions)
    assert all(each.seconds is None and each.why == "drawn at random" for each in queue.suggestions)
    assert runs == []


@pytest.mark.parametrize(
    "strategy", ["stratified", "typiclust", "entropy", "margin", "bald", "foreground", "random"]
)
def test_the_same_project_gives_the_same_queue(
    store: ProjectStore, model: Model, runs: list[str], strategy: str
) -> None:
    one, other = (rank(store, model, strategy, Ranking(count=12)) for _ in range(2))
    assert one.suggestions == other.suggestions and one.strategy == strategy
    assert len(one.suggestions) == 12


def test_typical_images_come_first_and_then_doubtful_ones(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    assert rank(store, model).strategy == "typiclust"
    assert runs == []  # nobody needs predictions yet
    for record in store.images()[:10]:
        settle(store, record.id)
    queue = rank(store, model)
    assert queue.strategy == "stratified"
    assert {*named(store, queue)} == {f"{n:02}" for n in range(10, 20)}
    assert rank(store, None).strategy == "typiclust"


def test_a_strategy_that_needs_a_model_says_so_and_an_unknown_one_is_refused(store: ProjectStore) -> None:
    with pytest.raises(ModelError, match="Entropy needs a model"):
        rank(store, None, "entropy")
    with pytest.raises(LabeltoolError, match="no strategy called 'magic'"):
        rank(store, None, "magic")
    assert read_queue(store.root) is None


def test_images_of_the_test_split_and_those_begun_with_are_left_alone(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    ids = [record.id for record in store.images()]
    for image_id in ids[:5]:
        store.put_into(image_id, "test")
    for image_id, status in zip(
        ids[5:9], (Status.IN_WORK, Status.DONE, Status.APPROVED, Status.REJECTED), strict=True
    ):
        settle(store, image_id, status)
    settle(store, ids[9], Status.PRELABELLED)
    queue = rank(store, model, "entropy")
    assert {each.image for each in queue.suggestions} == {*ids[9:]}
    wider = rank(store, model, "entropy", Ranking(test=True))
    assert {each.image for each in wider.suggestions} == {*ids[:5], *ids[9:]}
    for image_id in ids:
        settle(store, image_id)
    with pytest.raises(BadInputError, match="no image to suggest"):
        rank(store, model, "entropy")


def test_by_seconds_what_is_slow_to_fix_comes_later(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    folder = store.root.parent
    solid = np.zeros((SIDE, SIDE, 3), np.uint8)
    solid[5:25, 5:25] = (200, 220, 0)  # one doubtful cell
    crumbs = np.zeros((SIDE, SIDE, 3), np.uint8)
    crumbs[::4, ::3] = (220, 220, 0)  # as much doubt in 300 crumbs, and a little more
    crumbs[1::4, ::3] = (220, 220, 0)
    for name, pixels in (("solid", solid), ("crumbs", crumbs)):
        Image.fromarray(pixels).save(folder / f"{name}.png")
    add_images(store, [folder / "solid.png", folder / "crumbs.png"])
    by_area = rank(store, model, "entropy", Ranking(count=22, seconds=False, seed=3))
    by_time = rank(store, model, "entropy", Ranking(count=22, seconds=True, seed=3))
    area, time = (
        [n for n in named(store, q, control=False) if n in ("solid", "crumbs")] for q in (by_area, by_time)
    )
    assert area == ["crumbs", "solid"] and time == ["solid", "crumbs"]


def test_near_doubles_are_left_out_and_say_of_which_image(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    first, last = store.images()[0], store.images()[19]
    folder = store.root.parent
    for record, name in ((first, "copy"), (last, "labelled copy")):
        Image.open(record.path).save(folder / f"{name}.png", compress_level=1)
    add_images(store, [folder / "copy.png", folder / "labelled copy.png"])
    copy, labelled = store.images()[20:]
    settle(store, labelled.id)
    queue = rank(store, model, "entropy", Ranking(count=30))
    assert {(d.image, d.of) for d in queue.doubles} == {(copy.id, first.id), (last.id, labelled.id)}
    assert not {copy.id, last.id, labelled.id} & {each.image for each in queue.suggestions}
    everything = rank(store, model, "entropy", Ranking(count=30, doubles=True))
    assert not everything.doubles and len(everything.suggestions) == 21


def test_without_a_model_thumbnails_tell_what_is_alike(store: ProjectStore) -> None:
    first = store.images()[0]
    Image.open(first.path).save(store.root.parent / "copy.png", compress_level=1)
    add_images(store, [store.root.parent / "copy.png"])
    queue = rank(store, None, options=Ranking(count=10))
    assert [(d.image, d.of) for d in queue.doubles] == [(store.images()[20].id, first.id)]
    assert len(queue.suggestions) == 10 and "look alike" in "".join(s.why for s in queue.suggestions)


def test_embeddings_are_kept_for_the_next_time_and_may_be_deleted_or_damaged(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    before = rank(store, model)
    assert len(PaintedProcess.embedded) == 20
    assert rank(store, model).suggestions == before.suggestions and len(PaintedProcess.embedded) == 20
    files = sorted((store.root / "cache" / "embeddings").rglob("*.npy"))
    assert len(files) == 20 and np.load(files[0]).dtype == np.float32
    files[0].write_bytes(b"no array")
    files[1].unlink()
    assert rank(store, model).suggestions == before.suggestions and len(PaintedProcess.embedded) == 22


def test_a_model_without_embeddings_is_said_and_thumbnails_stand_in(
    store: ProjectStore, model: Model, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object, *args: object, **more: object) -> None:
        raise ModelError("it is another kind of model")

    monkeypatch.setattr(PaintedProcess, "embed", refuse)
    queue = rank(store, model)
    assert len(queue.suggestions) == 20
    assert any("another kind of model" in notice for notice in queue.notices)


def test_an_image_that_is_gone_is_named_and_the_others_are_ranked(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    gone = store.images()[19]
    gone.path.unlink()
    for strategy in ("entropy", "typiclust", "random"):
        queue = rank(store, model, strategy)
        assert len(queue.suggestions) == 19 and [s.name for s in queue.skipped] == ["19.png"]


def test_an_image_of_which_the_model_says_nothing_is_not_suggested(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    Image.new("RGB", (40, 40), (255, 255, 255)).save(store.root.parent / "empty.png")
    add_images(store, [store.root.parent / "empty.png"])
    assert len(rank(store, model, "entropy", Ranking(count=30)).suggestions) == 20
    for record in store.images()[:20]:
        settle(store, record.id)
    assert rank(store, model, "entropy", Ranking(count=30)).suggestions == ()


def test_bald_of_a_model_without_dropout_goes_by_entropy_and_says_so(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    silent = replace(model, card=replace(model.card, dropout=0.0))
    queue = rank(store, silent, "bald")
    assert queue.strategy == "entropy" and "without dropout" in queue.notices[0]
    assert rank(store, model, "bald").strategy == "bald"
    assert store.prediction_planes(store.images()[0].id, model.key) >= {"margin", "entropy", "bald"}


def test_large_images_are_cut_into_regions_and_labelled_ones_are_done(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    path = store.root.parent / "large.png"
    pixels = np.zeros((1024, 1024, 3), np.uint8)
    pixels[600:700, 100:200] = (230, 220, 0)  # doubt in the lower left corner
    Image.fromarray(pixels).save(path)
    add_images(store, [path])
    large = store.images()[20]
    queue = rank(store, model, "entropy", Ranking(count=24, regions=True, seconds=False))
    boxes = [each.box for each in queue.suggestions if each.image == large.id]
    assert {*boxes} <= {*regions(large.size)} and len(boxes) >= 2
    (found,) = (each for each in queue.suggestions if each.box == Box(0, 512, 512, 1024))
    assert found.control or found.why.startswith("unsure about class cell over 3.8 % of the region")
    assert all(each.box is None for each in queue.suggestions if each.image != large.id)

    assert state_of(store, found) == "open"
    paint(store, large.id, Box(0, 512, 512, 700))
    assert state_of(store, found) == "in_work"
    others = replace(found, box=Box(0, 0, 512, 512)), replace(found, image="0" * 32)
    assert states_of(store, [others[0], found, *others, found]) == [
        "open",
        "in_work",
        "open",
        "gone",
        "in_work",
    ]
    paint(store, large.id, Box(0, 512, 512, 900))
    assert state_of(store, found) == "done"
    again = rank(store, model, "entropy", Ranking(count=24, regions=True))
    assert found.box not in [each.box for each in again.suggestions if each.image == large.id]
    assert Box(0, 0, 512, 512) in [each.box for each in again.suggestions]


def test_regions_cover_an_image_without_overlap() -> None:
    for size in (Size(1300, 700), Size(60, 60), Size(767, 5000)):
        seen = np.zeros((size.height, size.width), np.uint8)
        for box in regions(size):
            seen[box.slices()] += 1
        assert (seen == 1).all()
    assert regions(Size(700, 767)) == [Size(700, 767).box]


def test_what_became_of_a_suggestion_follows_from_the_image(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    queue = rank(store, model, "entropy", Ranking(count=3))
    first, second, third = queue.suggestions
    paint(store, second.image, Box(0, 0, 10, 10))
    settle(store, third.image, Status.DONE)
    assert [state_of(store, each) for each in queue.suggestions] == ["open", "in_work", "done"]
    assert states_of(store, queue.suggestions) == ["open", "in_work", "done"]
    settle(store, second.image, Status.APPROVED)
    assert state_of(store, second) == "done"
    assert state_of(store, replace(first, image="0" * 32)) == "gone"
    assert read_queue(store.root) == queue


def test_a_region_of_a_damaged_mask_is_in_work_as_its_image_is(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    first, *_ = rank(store, model, "entropy", Ranking(count=3)).suggestions
    region = replace(first, box=Box(0, 0, 20, 20))
    paint(store, first.image, Box(30, 30, 40, 40))
    assert states_of(store, [region]) == ["open"]
    mask_path(store.root, first.image).write_bytes(b"this is no mask")
    assert states_of(store, [region, first]) == ["in_work", "in_work"]


def test_the_past_keeps_what_was_wrong_in_suggestions_that_are_done(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    queue = rank(store, model, "entropy", Ranking(count=3))
    first = queue.suggestions[0]
    kept = store.prediction(first.image, model.key)
    assert kept is not None
    free = kept.label.read(Box(0, 0, 20, 10))
    paint(store, first.image, Box(0, 0, 20, 10))
    store.add_event(first.image, "worked", {"seconds": 30.0, "clicks": 3, "strokes": 1, "keys": 2})
    store.add_event(first.image, "worked", {"seconds": 12.5, "clicks": 1, "strokes": 1, "keys": 0})
    settle(store, first.image)
    wanted = Outcome(False, "entropy", 200, int((free != 1).sum()), 42.5)
    assert helping(store, queue).ranked_pixels == wanted.wrong
    again = rank(store, model, "entropy", Ranking(count=3))
    assert again.past == (wanted,)
    assert rank(store, model, "entropy", Ranking(count=3)).past == (wanted,)
    assert helping(store, again).ranked == 1


def test_seconds_are_learnt_from_what_was_measured(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    before = rank(store, model, "entropy", Ranking(count=3))
    assert before.measured == 0
    for record in store.images()[: LEAST + 2]:
        paint(store, record.id, Box(0, 0, 5, 5))
        store.add_event(record.id, "worked", {"seconds": 300.0, "clicks": 1, "strokes": 1, "keys": 1})
    assert learnt_seconds(store, store.images()).measured == LEAST + 2
    after = rank(store, model, "entropy", Ranking(count=3))
    assert after.measured == LEAST + 2
    slow, fast = after.suggestions[0], before.suggestions[0]
    assert slow.seconds is not None and fast.seconds is not None and slow.seconds > 10 * fast.seconds


def test_whether_ranking_helps_is_said_with_an_interval() -> None:
    def outcomes(control: bool, wrong: list[int]) -> list[Outcome]:
        return [Outcome(control, "entropy", 1000, each, 60.0) for each in wrong]

    early = compared(outcomes(False, [5, 6, 7]) + outcomes(True, [5]))
    assert early.corrected is None and "Too early" in early.sentence and early.to_json()["corrected"] is None
    better = compared(outcomes(False, [90, 100, 110, 100] * 4) + outcomes(True, [20, 30, 10, 20]))
    assert (
        better.corrected is not None
        and better.corrected.low > 0
        and "so ranking helps here" in better.sentence
    )
    assert better.per_minute is not None and better.per_minute.estimate == pytest.approx(80)
    worse = compared(outcomes(False, [20, 30, 10, 20]) + outcomes(True, [90, 100, 110, 100]))
    assert "random choice would be better" in worse.sentence
    chance = compared(outcomes(False, [20, 90, 10, 70]) + outcomes(True, [90, 10, 60, 30]))
    assert "may be chance" in chance.sentence
    assert json.loads(json.dumps(better.to_json()))["corrected"]["estimate"] == pytest.approx(80)


def test_a_damaged_queue_is_named_and_set_aside_when_a_new_one_is_made(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    rank(store, model)
    for text in ("{", "[]", '{"version": 99}', '{"version": 1}'):
        (store.root / FILE).write_text(text)
        with pytest.raises(BadInputError, match="not a queue"):
            read_queue(store.root)
    queue = rank(store, model)
    assert any("set aside" in notice for notice in queue.notices)
    (aside,) = (store.root / "quarantine").glob("*queue.json")
    assert aside.read_text() == '{"version": 1}'
    assert read_queue(store.root) == queue


def test_a_cancelled_ranking_leaves_the_queue_as_it_was(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    before = rank(store, model)
    cancel = CancelToken()

    def progress(done: float, total: float, text: str = "") -> None:
        if done >= 2:
            cancel.cancel()

    with pytest.raises(CancelledError):
        rank(store, model, "entropy", progress=progress, cancel=cancel)
    assert read_queue(store.root) == before


def test_progress_goes_from_nothing_to_all(store: ProjectStore, model: Model, runs: list[str]) -> None:
    told: list[float] = []
    rank(store, model, "entropy", progress=lambda done, total, text="": told.append(done / total))
    assert told[0] < 0.1 and told[-1] == 1 and told == sorted(told)


def test_a_queue_survives_its_file() -> None:
    queue = Queue(
        "entropy",
        "m@1-aa",
        suggestions=(Suggestion("a" * 32, Box(1, 2, 3, 4), "entropy", 0.5, "because", 12.0, True, "m@1-aa"),),
        past=(Outcome(True, "entropy", 10, 3, None),),
    )
    assert Queue.from_json(json.loads(json.dumps(queue.to_json()))) == queue


def test_a_process_answers_as_the_protocol_says(tmp_path: Path) -> None:
    assert PaintedProcess(tmp_path, None).ready() == WorkerInfo("cpu", "threshold", "")  # type: ignore[arg-type]


def test_what_is_kept_of_an_image_makes_no_folder_where_a_drive_is_away(tmp_path: Path) -> None:
    """In the place of a drive a folder would keep it from coming back."""
    file = tmp_path / "drive" / "project" / "cache" / "embeddings" / "0123" / "a.npy"
    (tmp_path / "drive").mkdir()
    likeness._write(file, np.zeros(4, np.float32))
    assert list((tmp_path / "drive").iterdir()) == []
    (tmp_path / "drive" / "project").mkdir()
    likeness._write(file, np.ones(4, np.float32))
    assert likeness._read(file) is not None
