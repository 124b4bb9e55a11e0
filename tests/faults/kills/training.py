"""kill -9 of a training: what was learnt goes on to the same bits, and no half of a model is ever one."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from labeltool.app.runs import begin, read_run
from labeltool.inference.run import BEST, STATE_TENSORS, is_at_work
from labeltool.inference.training_options import TrainingOptions
from labeltool.nn.checkpoint import read_state as read_weights
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.faults.kills.deeds import PATIENCE_S, Blow, Reference, Toll
from tests.faults.kills.scene import Scene, digests, state_of
from tests.faults.kills.victims import ROOT, Victims

OPTIONS = TrainingOptions(
    name="m", encoder="tu-mobilenetv3_small_050", crop=64, batch=2, device="cpu", steps=6, evaluations=3
)
SMALL = ["--encoder", OPTIONS.encoder, "--crop", "64", "--batch", "2", "--device", "cpu", "--steps", "6"]


def losses(run: Path) -> list[tuple[int, float]]:
    """What the run has written of its steps."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [(row["step"], row["loss"]) for row in lines if "loss" in row]


class Gymnasium:
    """A project with a run that has not begun; ``run`` forks a process that trains for each kill."""

    def __init__(self, scene: Scene, run: Victims) -> None:
        self.scene, self.run = scene, run
        self.folder = scene.project / "runs" / "m"
        scene.set_up("labelled")
        with ProjectStore.open(scene.project, write=False) as store:
            begin(store, OPTIONS)
        self._new = scene.root / "new run"
        shutil.copytree(self.folder, self._new)
        began_s = time.monotonic()
        ended = run.run([self.folder], under=[self.folder])
        assert ended.code == 0, run.said
        files = {path.name for path in self.folder.rglob("*") if "tfevents" not in path.name}
        self.reference = Reference({}, {}, files, {}, ended.changes, time.monotonic() - began_s)
        self.expected, self.losses = self._best(), losses(self.folder)

    def _best(self) -> str:
        return str(json.loads((self.folder / BEST / "card.json").read_text())["sha256"])

    def kill(self, blow: Blow) -> Toll:
        """Kill a training once, let it go on, and compare with the one that nobody killed."""
        shutil.rmtree(self.folder)
        shutil.copytree(self._new, self.folder)
        before = digests(self.scene.project / "masks")
        death = self.run.run(
            [self.folder], under=[self.folder], at=blow.at, torn=blow.torn, after_s=blow.after_s
        )
        toll = Toll(kills=int(death.killed), ended=int(not death.killed))
        broken = [*self._after(toll), *self._gone_on_with()]
        if digests(self.scene.project / "masks") != before:
            broken.append("the annotation was changed")
        toll.lost = [f"train {blow}: {what}" for what in broken]
        return toll

    def _after(self, toll: Toll) -> Iterator[str]:
        found = read_run(self.folder)
        if found.state.state not in ("finished",) and not found.can_go_on:
            yield f"it cannot go on: {found.state}"
        if (self.folder / BEST).exists():
            toll.left["good weights"] += 1
            card = json.loads((self.folder / BEST / "card.json").read_text())
            read_weights(self.folder / BEST / "weights.safetensors", card["sha256"])
        toll.left["a state to go on from" if (self.folder / STATE_TENSORS).exists() else "the beginning"] += 1
        if list((self.scene.project / "models").glob("[!.]*/")):
            yield "a model was made of it"

    def _gone_on_with(self) -> Iterator[str]:
        again = self.run.run([self.folder])
        if again.code:
            yield f"it does not go on: {self.run.said[-400:]}"
        elif self._best() != self.expected:
            yield "other weights came of it than without a kill"
        elif losses(self.folder) != self.losses:
            yield "other losses were written than without a kill"
        files = {path.name for path in self.folder.rglob("*") if "tfevents" not in path.name}
        if files - self.reference.files:
            yield f"files are left that nobody needs: {sorted(files - self.reference.files)}"


def forked(gymnasium: Gymnasium, kills: int, seed: int) -> Toll:
    """So many kills of the process that trains."""
    dice, toll = random.Random(seed), Toll()
    for _ in range(kills):
        toll.add(gymnasium.kill(Blow.of(dice, gymnasium.reference)))
    return toll


class Command:
    """``labeltool train``, both of its processes real; the command or its trainer is killed."""

    def __init__(self, scene: Scene, run: Victims, changes: int) -> None:
        """``changes`` is how many the trainer makes."""
        self.scene, self.run, self.changes = scene, run, changes
        scene.set_up("labelled")
        assert self._train([], {}) == 0, self.said
        self.expected = self._sha256()

    def _sha256(self) -> str:
        return str(json.loads((self.scene.project / "models" / "m" / "card.json").read_text())["sha256"])

    def _train(self, words: list[str], more: dict[str, str], after_s: float = 0.0) -> int:
        command = [
            sys.executable,
            "-m",
            "labeltool",
            "train",
            str(self.scene.project),
            *(words or [*SMALL, "--name", "m"]),
        ]
        with subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self.run.environment(TMPDIR=str(self.run.temp), **more),
            cwd=ROOT,
            text=True,
        ) as child:
            try:
                _, self.said = child.communicate(timeout=after_s or 120)
            except subprocess.TimeoutExpired:
                child.kill()
                _, self.said = child.communicate()
            return child.returncode

    def kill(self, dice: random.Random) -> Toll:
        """Kill the command or its trainer, at a change or at some moment; then do what people are told to do."""
        scene = self.scene
        scene.set_up("labelled")
        before = state_of(scene.project)
        who = dice.choice(("labeltool train", "training.worker"))
        at = dice.randint(1, self.changes if who == "training.worker" else 38)
        more = {"REAPER_UNDER": str(scene.stage), "REAPER_AT": str(at), "REAPER_ONLY": who}
        after_s = dice.uniform(0.5, 8.0) if dice.random() < 0.3 else 0.0
        code = self._train([], {} if after_s else more, after_s)
        toll = Toll(kills=int(code != 0), ended=int(code == 0))
        toll.left[f"killed: {'the command' if after_s or who == 'labeltool train' else 'the trainer'}"] += (
            int(code != 0)
        )
        toll.lost = [
            f"train command {who} at={at} after={after_s:.2f}: {what}" for what in self._judge(before, code)
        ]
        return toll

    def _judge(self, before: dict[str, object], code: int) -> Iterator[str]:
        project = self.scene.project
        folder = project / "runs" / "m"
        self._wait_for_the_trainer(folder)
        model = project / "models" / "m"
        if model.exists() and self._sha256() != self.expected:
            yield "a model is there that is not the best one"
        if code == 1 and "--resume m" not in self.said and folder.exists():
            yield f"nobody says how to go on: {self.said[-300:]}"
        if {k: v for k, v in state_of(project).items() if not k.startswith("model ")} != before:
            yield "the project was changed, or a model was put in use"
        words = ["--resume", "m"] if folder.exists() else [*SMALL, "--name", "m"]
        if self._train(words, {}) != 0:
            yield f"it does not go on: {self.said[-400:]}"
        elif self._sha256() != self.expected:
            yield "another model came of it than without a kill"
        yield from (str(finding) for finding in check(project))

    @staticmethod
    def _wait_for_the_trainer(folder: Path) -> None:
        ends_s = time.monotonic() + PATIENCE_S
        while folder.exists() and is_at_work(folder) and time.monotonic() < ends_s:
            time.sleep(0.05)


def real(command: Command, kills: int, seed: int) -> Toll:
    """So many kills of a whole training."""
    dice, toll = random.Random(seed), Toll()
    for _ in range(kills):
        toll.add(command.kill(dice))
    return toll
