"""Label, learn, pre-label, mend, and again, until the pool is labelled; every round is a row."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from labeltool.core.catalog import IGNORE
from tests.bench.annotator.arms import ARMS, Measured, chosen, portions
from tests.bench.annotator.datasets import DataSet
from tests.bench.annotator.effort import Effort, total
from tests.bench.annotator.eye import Eye, Plane8
from tests.bench.annotator.hand import ALL_TOOLS, Teach, Worked, corrected, drawn
from tests.bench.annotator.models import Head, agreement, answers, quality, taught
from tests.bench.annotator.rows import Row, Rows
from tests.bench.annotator.tools import polygon

SCRATCH = {
    "polygons": "polygons from scratch",
    "objects": "the same, objects that touch told apart",
    "tools": "from scratch with the cheapest tool",
}
"""What it costs without a model; the first is what everything is compared with."""


class Desk:
    """An annotator and the images of a data set; what does not depend on a model is worked out once."""

    def __init__(self, data: DataSet) -> None:
        self.data = data
        self.eye = lru_cache(None)(self._eye)
        self.anew = lru_cache(None)(self._anew)

    def scratch(self, how: str, name: str) -> Worked | None:
        """An image drawn from nothing; None where the set cannot say."""
        if how != "objects":
            return self.anew(name, how)
        objects = self.data.objects(name)
        return None if objects is None else drawn(Eye(objects, self.data.tolerance_px), 0)

    def mended(self, name: str, label: Plane8, teach: Teach | None = None) -> Worked:
        """A pre-label, corrected, with a light head's help where there is one."""
        return corrected(label, self.eye(name), self.anew(name, "tools"), teach)

    def _eye(self, name: str) -> Eye:
        return Eye(self.data.truth(name), self.data.tolerance_px)

    def _anew(self, name: str, how: str) -> Worked:
        tools = ALL_TOOLS if how == "tools" else (polygon,)
        return drawn(self.eye(name), self.data.catalog.background, tools)


class Loop:
    """The runs of one data set with one seed. ``work`` holds labels and models between the rounds."""

    def __init__(self, desk: Desk, seed: int, rows: Rows, work: Path, first: int) -> None:
        self._desk, self._data, self._seed, self._rows = desk, desk.data, seed, rows
        self._work, self._where = work, {"data": desk.data.name, "seed": seed}
        self.portions = portions(len(self._data.pool), first)

    def full(self) -> None:
        """What the network learns of all true labels, in as many steps as all rounds of an arm take together."""
        if self._rows.first(row="full", **self._where) is None:
            folder = self._work / "models" / self._data.name / f"full-{self._seed}"
            images = self._data.images(self._data.pool, self._data.truth)
            taught(self._data, images, self._seed, folder, times=len(self.portions))
            self._rows.add(row="full", **self._where, miou=quality(self._data, folder))
            shutil.rmtree(folder)

    def rounds(self, arm: str) -> list[Row]:
        """Those of an arm that are done."""
        return self._rows.all(row="round", arm=arm, **self._where)

    def next_round(self, arm: str) -> Row:
        """Choose a portion, draw or mend it, and learn of all that is labelled then."""
        if ARMS[arm].of:
            return self._again(arm)
        done = self.rounds(arm)
        labelled = [name for row in done for name in row["efforts"]]
        model = self._model(arm, done) if done else None
        portion = chosen(
            ARMS[arm].then if done else ARMS[arm].start,
            self._data,
            labelled,
            self.portions[len(done)] - len(labelled),
            np.random.default_rng([self._seed, len(done)]),  # the same for all arms
            model,
            _measured(done),
        )
        works: dict[str, Worked] = {}
        for name in portion.names:
            said = portion.answers.get(name)
            works[name] = (
                self._desk.anew(name, "tools") if said is None else self._desk.mended(name, said.label)
            )
            self._keep(arm, name, works[name].label)
        key, reached = self._learnt(arm, done, labelled + portion.names)
        self._rows.add(
            row="round",
            **self._where,
            arm=arm,
            round=len(done),
            model=key,
            miou=reached,
            predicted=portion.efforts,
            **told(self._data, works),
        )
        if len(done) + 1 == len(self.portions):
            shutil.rmtree(self._models / key, ignore_errors=True)  # nothing is left to pre-label
        return self.rounds(arm)[-1]

    def _again(self, arm: str) -> Row:
        """The next round of the arm that this one is like, mended with the help of a light head. Its labels differ from
        the other's by less than a hand's tolerance: nothing is learnt anew of them."""
        of, number = ARMS[arm].of, len(self.rounds(arm))
        while len(self.rounds(of)) <= number:
            self.next_round(of)
        before, row = self.rounds(of)[:number], self.rounds(of)[number]
        names = list(row["efforts"])
        if before:
            model, images = self._model(of, before), self._data.images(names, self._data.truth)
            head, said = Head(model), answers(model, images)
            works = {
                image.id: self._desk.mended(image.id, answer.label, head.of(image))
                for image, answer in zip(images, said, strict=True)
            }
        else:
            works = {name: self._desk.anew(name, "tools") for name in names}
        same = {what: row[what] for what in ("round", "model", "miou", "predicted")}
        self._rows.add(row="round", **self._where, arm=arm, **same, **told(self._data, works))
        return self.rounds(arm)[-1]

    @property
    def _models(self) -> Path:
        return self._work / "models" / self._data.name

    def _model(self, arm: str, done: Sequence[Row]) -> Path:
        """The folder of the model that the last of these rounds has left, made again where it is gone."""
        folder: Path = self._models / done[-1]["model"]
        if not (folder / "card.json").is_file():
            self._learnt(arm, done[:-1], [name for row in done for name in row["efforts"]])
        return folder

    def _learnt(self, arm: str, before: Sequence[Row], names: Sequence[str]) -> tuple[str, float]:
        """Go on from the model of the rounds before with all labels there are, and measure; gives the model's key,
        which says what it was made from. What was done for another arm is not done again."""
        names = sorted(names)
        begun = before[-1]["model"] if before else ""
        options = json.dumps(self._data.options.to_json(), sort_keys=True)
        digest = hashlib.sha256(f"{self._data.name} {self._seed} {begun} {options}".encode())
        for name in names:
            digest.update(name.encode() + self._label(arm, name).tobytes())
        key = digest.hexdigest()[:16]
        known = self._rows.first(row="model", key=key, **self._where)
        if known is None or not (self._models / key / "card.json").is_file():
            images = self._data.images(names, lambda name: self._label(arm, name))
            begin = self._model(arm, before) if before else None
            taught(self._data, images, self._seed, self._models / key, begin)
        if known is None:
            known = {"miou": quality(self._data, self._models / key)}
            self._rows.add(row="model", key=key, **self._where, **known)
        return key, float(known["miou"])

    def _file(self, arm: str, name: str) -> Path:
        return self._work / "labels" / self._data.name / str(self._seed) / arm / f"{name}.png"

    def _keep(self, arm: str, name: str, label: Plane8) -> None:
        self._file(arm, name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(label).save(self._file(arm, name))

    def _label(self, arm: str, name: str) -> Plane8:
        return np.array(Image.open(self._file(arm, name)))


def scratch(desk: Desk, rows: Rows) -> None:
    """What labelling costs without a model, a row for each way."""
    for how in SCRATCH:
        if rows.first(row="scratch", data=desk.data.name, how=how) is None:
            works = {name: desk.scratch(how, name) for name in desk.data.pool}
            there = {name: worked for name, worked in works.items() if worked is not None}
            if there:
                rows.add(row="scratch", data=desk.data.name, how=how, **told(desk.data, there))


def told(data: DataSet, works: dict[str, Worked]) -> dict[str, Any]:
    """Of each image what it cost by tool and how many faults were mended; of all together their labels against the
    truth, pixels [class, class]."""
    values = list(data.catalog.values)
    matrix = agreement([(data.truth(name), _binary(data, worked.label)) for name, worked in works.items()])
    return {
        "efforts": {
            name: {tool: _short(each) for tool, each in worked.efforts.items()}
            for name, worked in works.items()
        },
        "faults": {name: dict(worked.faults) for name, worked in works.items()},
        "pixels": matrix.counts[np.ix_(values, values)].tolist(),
    }


def effort_of(tools: dict[str, dict[str, float]]) -> Effort:
    """Of an image, all tools together."""
    return total(Effort(counts) for counts in tools.values())


def _short(effort: Effort) -> dict[str, float]:
    return {name: round(count, 3) for name, count in effort.counts.items()}


def _binary(data: DataSet, label: Plane8) -> Plane8:
    """Objects that are told apart are all of the only class."""
    if len(data.values) > 1:
        return label
    return np.where((label > 0) & (label != IGNORE), np.uint8(data.values[0]), label)


def _measured(done: Sequence[Row]) -> Measured:
    """Of the images that were pre-labelled and mended."""
    pairs = [
        (predicted, effort_of(row["efforts"][name]).seconds())
        for row in done
        for name, predicted in row["predicted"].items()
    ]
    efforts = np.array([predicted for predicted, _ in pairs], np.float64)
    return Measured(efforts, np.array([seconds for _, seconds in pairs], np.float64))
