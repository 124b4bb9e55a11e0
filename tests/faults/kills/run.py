"""Kills the program again and again and holds what is left against what was promised: a table, a row a kind.

    python tests/faults/kills/run.py --kills 500 --seed 1
    python tests/faults/kills/run.py --kills 60 --seed 2 --only window
    python tests/faults/kills/run.py --kills 40 --only prelabel,export

Ends with 1 when anything was lost. Needs Linux and a C compiler.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.faults.kills.deeds import Blow, Deed, Toll, deeds, refer, slay
from tests.faults.kills.scene import Scene, build, plugged_in
from tests.faults.kills.training import Command, Gymnasium, forked, real
from tests.faults.kills.victims import Victims, victims
from tests.faults.kills.window import Desk, massacre

SHARES = {"window": 0.36, "train": 0.05, "train command": 0.03}
"""Of all kills; the rest is divided among the commands."""


class Row(NamedTuple):
    """What came of one kind. ``process`` says whether whole processes were killed or forks of a warmed-up one."""

    kind: str
    process: str
    toll: Toll
    seconds: float


def built(folder: Path) -> Scene:
    """The scene, without what its commands say."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return build(folder)


def numbers(kills: int, kinds: list[str]) -> dict[str, int]:
    """How many kills each kind gets: its share, or a part of what is left, and at least one."""
    shares = {kind: SHARES[kind] for kind in kinds if kind in SHARES}
    if len(shares) == len(kinds):
        return {kind: max(1, round(kills * share / sum(shares.values()))) for kind, share in shares.items()}
    others = (1 - sum(shares.values())) / (len(kinds) - len(shares))
    return {kind: max(1, round(kills * shares.get(kind, others))) for kind in kinds}


def rows(folder: Path, wanted: dict[str, int], seed: int) -> Iterator[Row]:
    """Kill so many of each kind."""
    scene = built(folder / "scene")
    os.environ.update(plugged_in(scene))
    with victims(folder / "victims") as run:
        for deed in deeds():
            if deed.kind in wanted:
                began_s = time.monotonic()
                toll = killed(scene, deed, run, wanted[deed.kind], seed)
                yield Row(
                    deed.kind, "fork, real child" if deed.child else "fork", toll, time.monotonic() - began_s
                )
        if "window" in wanted:
            began_s = time.monotonic()
            toll = massacre(Desk(folder / "desk", run), wanted["window"], seed)
            yield Row("window", "real", toll, time.monotonic() - began_s)
    if {"train", "train command"} & wanted.keys():
        yield from trainings(folder, scene, wanted, seed)


def killed(scene: Scene, deed: Deed, run: Victims, kills: int, seed: int) -> Toll:
    """Kill one command so many times; a victim that had ended before it could be killed is not one of them."""
    dice, toll = random.Random(f"{seed} {deed.kind}"), Toll()
    reference = refer(scene, deed, run)
    while toll.kills < kills and toll.ended < 3 * kills + 9:
        toll.add(slay(scene, deed, reference, run, Blow.of(dice, reference)))
    return toll


def trainings(folder: Path, scene: Scene, wanted: dict[str, int], seed: int) -> Iterator[Row]:
    """Kill processes that train, and whole trainings."""
    with victims(folder / "trainers", "trainer") as run:
        began_s = time.monotonic()
        gymnasium = Gymnasium(scene, run)
        if "train" in wanted:
            toll = forked(gymnasium, wanted["train"], seed)
            yield Row("train", "fork", toll, time.monotonic() - began_s)
        if "train command" in wanted:
            began_s = time.monotonic()
            command = Command(scene, run, gymnasium.reference.changes)
            yield Row(
                "train command",
                "real",
                real(command, wanted["train command"], seed),
                time.monotonic() - began_s,
            )


def line(kind: str, process: str, toll: Toll, seconds: float) -> str:
    left = ", ".join(f"{what} {n}" for what, n in sorted(toll.left.items()))
    return f"| {kind} | {process} | {toll.kills} | {toll.ended} | {left} | {len(toll.lost)} | {seconds:.0f} |"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="kinds, or beginnings of their names, with commas")
    given = parser.parse_args()
    kinds = ["window", "train", "train command", *(deed.kind for deed in deeds())]
    only = [name for name in given.only.split(",") if name]
    kinds = [
        kind
        for kind in kinds
        if not only or any(kind == name or kind.startswith(f"{name} ") for name in only)
    ]
    total, lost, seconds = Toll(), [], 0.0
    print("| what is killed | process | kills | ended by itself | left by the kill | lost | s |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(Path(folder), numbers(given.kills, kinds), given.seed):
            print(line(*row), flush=True)
            total.add(Toll(row.toll.kills, row.toll.ended, Counter()))
            lost += row.toll.lost
            seconds += row.seconds
    print(line("all", "", total, seconds))
    for each in lost:
        print(f"LOST {each}")
    return int(bool(lost))


if __name__ == "__main__":
    raise SystemExit(main())
