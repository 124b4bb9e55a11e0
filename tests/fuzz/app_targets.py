"""Files beside the store as targets: journals, queue, settings, models' cards, runs, lists of classes, caches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from fuzz.bench import Asked, Specimen, Target, read_all
from fuzz.project_samples import CATALOG, CELL, MODEL, OTHER, make, model_folder, quick_disk

from labeltool.app.effort import Worked
from labeltool.app.loop import settings as loop_settings
from labeltool.app.loop import yardstick
from labeltool.app.loop.gate import ClassChange, Decision
from labeltool.app.loop.journal import Round, read_rounds, write_round
from labeltool.app.loop.settings import LoopSettings, read_settings, write_settings
from labeltool.app.loop.standing import Standing, read_standing
from labeltool.app.models.finding import broken_models, find_model, in_use, project_models, suitable_models
from labeltool.app.models.journal import line_of_use, note, promotions
from labeltool.app.models.model import Model, class_mapping, read_model
from labeltool.app.models.seen import seen
from labeltool.app.queue import likeness
from labeltool.app.queue.queue import Double, Outcome, Queue, Suggestion, outcomes, read_queue, states_of
from labeltool.app.review.folds import PLAN, all_folds
from labeltool.app.runs.making import write_json
from labeltool.app.runs.run import Run, runs
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box, Size
from labeltool.core.project import Skipped
from labeltool.formats.index_png import write_index
from labeltool.imaging.pyramid_cache import PyramidCache
from labeltool.inference.options import InferenceOptions
from labeltool.inference.run import MANIFEST, METRICS, STATE, Manifest, RunImage
from labeltool.inference.run_data import training_set
from labeltool.inference.timetable import Timetable
from labeltool.inference.training_options import TrainingOptions
from labeltool.store.project import ProjectStore


class _InProject(Target):
    """Files of a project whose store is well."""

    @contextmanager
    def around(self) -> Iterator[None]:
        """Nobody waits for the disk."""
        with quick_disk():
            yield

    def _made(self, folder: Path, *parts: str) -> Specimen:
        """All below the folder; mutated is what lies at ``parts`` of the project."""
        files = read_all(folder)
        return Specimen(
            parts[0], files, tuple(n for n in files if n.startswith(tuple(f"project/{p}" for p in parts)))
        )


class JournalsTarget(_InProject):
    """Which model is in use, and the rounds of the loop."""

    def specimens(self, folder: Path) -> list[Specimen]:
        """Three lines each."""
        root = folder / "project"
        make(root)
        key = read_model(model_folder(root / "models" / "cells"), "project").key
        for event, model, before in (
            ("promoted", "old@1-00000000", ""),
            ("promoted", key, "old@1-00000000"),
            ("rolled back", "old@1-00000000", key),
            ("promoted", key, "old@1-00000000"),
        ):
            note(root, event, model, before)
        change = ClassChange("cell", 0.4, 0.5, -0.1, 0.2, 3, "better")
        decision = Decision("promoted", "better", 3, 0.4, 0.5, (change,))
        for number in (1, 2, 3):
            write_round(
                root,
                Round(
                    number, "promoted", "2026-01-01T00:00:00+00:00", "2026-01-01T01:00:00+00:00", "why", 3, 4,
                    Worked(3.5, 1, 2, 3), "run", key, key, f"{number}" * 64, decision, "old",
                ),
            )  # fmt: skip
        (root / "loop" / yardstick.FOLDER).mkdir()
        for number in (1, 2):
            (root / "loop" / yardstick.FOLDER / f"{str(number) * 32}.json").write_text(
                json.dumps({CELL: f"{number}"})
            )
        return [self._made(folder, "models/promotions.jsonl", "loop/")]

    def read(self, folder: Path, ask: Asked) -> None:
        """All that tells of them."""
        root = folder / "project"
        ask("the journal of promotions", lambda: line_of_use(promotions(root)))
        ask("the model in use", lambda: in_use(root, CATALOG))
        ask("the model that is taken", lambda: find_model(None, CATALOG, root))
        ask("the rounds", lambda: json.dumps([each.to_json() for each in read_rounds(root).rounds]))
        store = ProjectStore.open(root, write=False)
        standing = ask("how far the loop is", lambda: read_standing(store))
        if standing is not None:
            ask("the curve", lambda: (json.dumps([p.to_json() for p in standing.points]), standing.missing))
            ask("the words", lambda: _words(standing))

    def write(self, folder: Path, ask: Asked) -> None:
        """A line more is read again."""
        root = folder / "project"
        ask("another promotion", lambda: note(root, "promoted", "new@1-11111111", ""))
        ask.must(
            "a promotion that was written is not read",
            holds=(line_of_use(promotions(root)) or [""])[-1] == "new@1-11111111",
        )
        last = Round(9, "failed", "2026-01-02T00:00:00+00:00", "2026-01-02T00:00:00+00:00", "why")
        ask("another round", lambda: write_round(root, last))
        ask.must("a round that was written is not read", holds=read_rounds(root).rounds[-1:] == [last])


def _words(standing: Standing) -> object:
    """What the command line and the window say."""
    from labeltool.cli.commands import loop
    from labeltool.ui import round_words

    told = [loop._rounds(standing.rounds), *([loop._curve(standing.points)] if standing.points else [])]
    for each in standing.rounds:
        told += [round_words.in_short(each), round_words.news(each), round_words.outcome_name(each.outcome)]
        told += [loop._classes(each.decision)] if each.decision else []
    return told


class QueueTarget(_InProject):
    """queue.json."""

    def specimens(self, folder: Path) -> list[Specimen]:
        """Two entries and some past."""
        root = folder / "project"
        make(root)
        entries = (
            Suggestion(CELL, None, "doubt", 0.7, "unsure", 12.5, False, MODEL),
            Suggestion(OTHER, Box(0, 0, 100, 100), "chance", 0.1, "by chance", None, True, ""),
        )
        past = (Outcome(False, "doubt", 100, 7, 3.5),)
        Queue(
            "doubt",
            MODEL,
            "2026-01-01",
            3,
            entries,
            (Double(OTHER, CELL),),
            past,
            (Skipped("x", "y"),),
            ("z",),
        ).save(root)
        return [self._made(folder, "queue.json")]

    def read(self, folder: Path, ask: Asked) -> None:
        """The queue, what became of its entries, and what it helped."""
        root = folder / "project"
        queue = ask("the queue", lambda: read_queue(root))
        if queue is None:
            return
        store = ProjectStore.open(root, write=False)
        ask("what became of the entries", lambda: states_of(store, queue.suggestions))
        ask("the outcomes", lambda: list(outcomes(store, queue)))
        ask("as JSON", lambda: json.dumps(queue.to_json()))
        from labeltool.app.queue.helping import helping

        ask("what it helped", lambda: helping(store, queue))


class SettingsTarget(_InProject):
    """How the loop goes."""

    def specimens(self, folder: Path) -> list[Specimen]:
        """With every field."""
        root = folder / "project"
        make(root)
        write_settings(root, LoopSettings(5, 2.5, True, "", True))
        return [self._made(folder, "loop/settings.json")]

    def read(self, folder: Path, ask: Asked) -> None:
        """Settings that come in can be."""
        found = ask("the settings", lambda: read_settings(folder / "project"))
        if found is not None:
            ask("their check", lambda: (found.check(), json.dumps(found.to_json(), allow_nan=False)))

    def write(self, folder: Path, ask: Asked) -> None:
        """They can be set again."""
        root = folder / "project"
        if (root / "loop" / "settings.json").exists():
            ask("setting them aside", lambda: loop_settings.set_damaged_aside(root))
        ask("setting them again", lambda: write_settings(root, LoopSettings()))
        ask.must("settings that were written are not read", holds=read_settings(root) == LoopSettings())


class CardTarget(_InProject):
    """A model's card, what lies beside it, and a second model that is well."""

    def specimens(self, folder: Path) -> list[Specimen]:
        """With figures, a manifest, 8-bit integers."""
        root = folder / "project"
        make(root)
        model_folder(root / "models" / "well", "well")
        cells = model_folder(root / "models" / "cells")
        (cells / "int8.json").write_text(json.dumps({"files_sha256": {"a": "b"}, "agreement": 0.99}))
        (cells / "metrics_per_image.json").write_text(
            json.dumps(
                [{"id": CELL, "name": "cell.png", "sha256": "0" * 64, "per_class": {"cell": {"iou": 0.5}}}]
            )
        )
        images = (RunImage("a1", "cell.png", "/nowhere/cell.png", "", "train", "0" * 64),)
        manifest = Manifest(TrainingOptions(), CATALOG, images, "2026-01-01T00:00:00+00:00")
        write_json(cells / MANIFEST, manifest.to_json())
        return [self._made(folder, "models/cells")]

    def read(self, folder: Path, ask: Asked) -> None:
        """Lists of models, and all that is told of one."""
        root = folder / "project"
        found = ask("the models", lambda: project_models(root)) or []
        broken = ask("the broken ones", lambda: broken_models(root)) or []
        folders = [path for path in (root / "models").iterdir() if path.is_dir()]
        ask.must("a model is in neither list", holds=len(found) + len(broken) == len(folders))
        ask("the suitable ones", lambda: suitable_models(CATALOG, root))
        ask("the one that is well", lambda: find_model("well", CATALOG, root).key, exact=True)
        for model in found:
            ask("its words", lambda m=model: json.dumps(m.to_json()))
            ask(
                "its keys",
                lambda m=model: (m.prediction_key(InferenceOptions(engine="int8")), m.score, m.date),
            )
            ask("its images", lambda m=model: seen(m.folder))
            ask("its card", lambda m=model: json.dumps(m.card.to_json()))
            ask("its page", lambda m=model: _page(m))
            try:
                class_mapping(model.card, CATALOG)
            except Exception as error:
                ask.must(f"class_mapping: {error!r}", holds=type(error).__name__ == "ModelError")


def _page(model: Model) -> object:
    """What the window shows of it."""
    from labeltool.ui.train.model_page import per_image

    return per_image(model, [])


class RunTarget(_InProject):
    """The folder of a training run, and a plan of folds."""

    def specimens(self, folder: Path) -> list[Specimen]:
        """One that was killed half-way."""
        root = folder / "project"
        make(root)
        run = root / "runs" / "first"
        (run / "labels").mkdir(parents=True)
        label = np.arange(12, dtype=np.uint8).reshape(3, 4) % 3
        write_index(run / "labels" / "a1.png", label)
        import hashlib

        digest = hashlib.sha256(label.tobytes()).hexdigest()
        images = (RunImage("a1", "cell.png", "/nowhere/cell.png", "", "train", "0" * 64, digest),)
        timetable = Timetable(((0, 100), (50, 120)), 4, 90)
        manifest = Manifest(
            TrainingOptions(),
            CATALOG,
            images,
            "2026-01-01T00:00:00+00:00",
            timetable,
            2,
            (Skipped("x", "y"),),
            "",
            ("0" * 64,),
            ("z",),
        )
        write_json(run / MANIFEST, manifest.to_json())
        write_json(
            run / STATE,
            {
                "state": "running",
                "step": 40,
                "steps": 90,
                "seconds": 3.5,
                "score": 0.5,
                "best_step": 30,
                "pid": 1,
                "error": "",
                "doing": "learning",
            },
        )
        rows = [{"step": n, "kind": "train", "loss": 1 / n, "rate": 0.1} for n in range(1, 6)]
        rows.append({"step": 5, "kind": "val", "miou": 0.5, "per_class": {"cell": {"iou": 0.5}}})
        (run / METRICS).write_text("".join(json.dumps(row) + "\n" for row in rows))
        folds = root / "folds" / "first"
        folds.mkdir(parents=True)
        write_json(
            folds / PLAN, {"count": 2, "options": TrainingOptions().to_json(), "fold_of": {CELL: 0, OTHER: 1}}
        )
        return [self._made(folder, "runs/", "folds/")]

    def read(self, folder: Path, ask: Asked) -> None:
        """The list, how far it is, its labels, its rows, its folds."""
        root = folder / "project"
        for run in ask("the runs", lambda: runs(root)) or []:
            ask("how far it is", lambda r=run: _how_far(r))
            ask("as JSON", lambda r=run: json.dumps(r.manifest.to_json()))
            ask(
                "its timetable",
                lambda r=run: (
                    r.manifest.timetable and [r.manifest.timetable.evaluates(n) for n in range(100)]
                ),
            )
            data = ask("its images", lambda r=run: training_set(r.folder, r.manifest))
            for image in data.train if data else ():
                ask(f"the label {image.id[:20]}", lambda i=image: i.load_label().tobytes(), exact=True)
        ask("its rows", lambda: _rows(root / "runs" / "first"))
        for folds in ask("the folds", lambda: all_folds(root)) or []:
            ask("a plan of folds", lambda f=folds: (f.key, f.count, f.fold_of))


def _how_far(run: Run) -> object:
    """What the lists of the window say."""
    from labeltool.ui.train import words

    state = run.state
    told = [words.how_far(state, running) for running in (False, True)]
    return [
        *told,
        words.share_done(state),
        words.seconds_left(state),
        words.last_words(state),
        words.doing_text(state.doing),
    ]


def _rows(folder: Path) -> object:
    from labeltool.ui.train.reading import RowReader
    from labeltool.ui.train.words import event_text

    return [event_text(row) for row in RowReader(folder).news().rows]


class ClassesTarget(Target):
    """A list of classes that somebody gives."""

    def specimens(self, folder: Path) -> list[Specimen]:
        """With everything that can stand in one."""
        catalog = ClassCatalog.from_names(["cell", "nucleus"], "cells").add("vessel").lock(1, True)
        (folder / "classes.json").parent.mkdir(parents=True, exist_ok=True)
        (folder / "classes.json").write_text(json.dumps({**catalog.to_json(), "retired": [9]}))
        return [Specimen("classes", read_all(folder))]

    def read(self, folder: Path, ask: Asked) -> None:
        """Classes that come in can be written and read again."""
        found = ask("the classes", lambda: ClassCatalog.read(str(folder / "classes.json")))
        if found is not None:
            again = ask(
                "the same again", lambda: ClassCatalog.from_json(json.loads(json.dumps(found.to_json())))
            )
            ask.must("classes that are others once they are written", holds=again == found)


class CachesTarget(Target):
    """Levels of large images and what images look like: they may go, but they must not lie."""

    keeps = False

    def specimens(self, folder: Path) -> list[Specimen]:
        """A small pyramid and a vector."""
        folder.mkdir(parents=True)
        image = folder / "image.bin"
        image.write_bytes(b"x")
        cache, size = PyramidCache(folder), Size(300, 200)
        made = cache.begin(image, size, 0)
        rng = np.random.default_rng(1)
        for level, each in enumerate(made.sizes):
            made.write(level, rng.integers(0, 255, (each.height, each.width, 3), np.uint8), each.box)
        made.flush()
        made.close()
        made.path.rename(folder / "kept.tiles")
        np.save(folder / "vector.npy", rng.random(16).astype(np.float32))
        image.unlink()
        return [Specimen("caches", read_all(folder))]

    def read(self, folder: Path, ask: Asked) -> None:
        """Whoever reads a cache may delete it."""
        ask("a vector", lambda: _vector(folder / "vector.npy"))

    def write(self, folder: Path, ask: Asked) -> None:
        """The tiles that come are those that were kept."""
        from labeltool.imaging.pyramid_file import PyramidFile

        found = ask("the levels", lambda: PyramidFile.open(folder / "kept.tiles", Size(300, 200)))
        if found is None:
            return
        for level, size in enumerate(found.sizes):
            ask(f"level {level}", lambda n=level, s=size: found.read_box(s.box, n).tobytes(), exact=True)
        found.close()


def _vector(path: Path) -> object:
    found = likeness._read(path)
    return None if found is None else found.shape
