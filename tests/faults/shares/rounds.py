"""What is done again and again on a share of two computers, and what was lost of it: nothing, or a sentence each."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from labeltool.store.fsck import check
from tests.faults.shares.scene import REPOSITORY, Ward, until
from tests.faults.shares.talk import State, Talk, editor

MAKE = """
import sys
from pathlib import Path
from tests.faults.sharing_scene import make_images, make_project
root = Path(sys.argv[1])
make_project(root, make_images(root.with_name(f"images of {root.name}")))
"""


@dataclass
class Toll:
    """How often it was done, what came of it, and what must not have come of it."""

    times: int = 0
    came: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)


def make(ward: Ward, name: str) -> Path:
    """A project of three images on the share, with a stroke on each."""
    root = ward.share / name
    ward.computer.run(sys.executable, "-c", MAKE, root, env=ward.environment, cwd=REPOSITORY)
    return root


def findings(ward: Ward, root: Path) -> list[str]:
    """What fsck has to say of a project, looked at where it lies, but for notices."""
    found = check(ward.server.served / root.relative_to(ward.share))
    return [str(each) for each in found if each.severity != "notice"]


def races(one: Ward, other: Ward, root: Path, times: int) -> Toll:
    """Both open a project for editing in the same moment; exactly one of them may, and works."""
    toll = Toll()
    with editor(one) as here, editor(other) as there:
        for number in range(times):
            both = (here, there)
            for each in both:
                each.say("open", str(root))
            answers = [each.hear() for each in both]
            editors = [each for each, answer in zip(both, answers, strict=True) if "done" in answer]
            toll.times += 1
            toll.came[f"{len(editors)} editing"] += 1
            if len(editors) != 1:
                toll.lost.append(f"{number}: {len(editors)} are editing: {answers}")
            if any(answer.get("kind", "ProjectLockedError") != "ProjectLockedError" for answer in answers):
                toll.lost.append(f"{number}: who may not edit is not told who does: {answers}")
            for each in editors:
                each.ask("paint", 0, 10 + number % 200)
            for each in both:
                each.done("close")
    toll.lost += findings(one, root)
    return toll


def sleepers(one: Ward, other: Ward, times: int, seed: int) -> Toll:
    """A computer is cut off while it draws without a pause. The other takes the project over and draws on the same
    image; the first wakes meanwhile, and ends what it was at."""
    toll, dice = Toll(), random.Random(seed)
    for number in range(times):
        root = make(one, f"asleep {seed} {number}")
        with editor(one) as sleeper, editor(other) as heir:
            sleeper.done("open", str(root))
            sleeper.say("work", 0)
            time.sleep(dice.uniform(0.3, 1.3))
            one.unplug()
            time.sleep(1.5)  # what is under way arrives
            try:
                toll.lost += [f"{number}: {what}" for what in _inherit(one, root, sleeper, heir, toll)]
            finally:
                one.plug()
        toll.times += 1
    return toll


def _inherit(one: Ward, root: Path, sleeper: Talk, heir: Talk, toll: Toll) -> list[str]:
    broken = []
    heir.done("take", str(root))
    found, _ = heir.done("look", 0)
    drawn = [heir.ask("paint", 0, 100), heir.ask("paint", 0, 110)]
    one.plug()
    drawn += [heir.ask("paint", 0, 120 + 5 * step) for step in range(15)]
    saved, kind, words = sleeper.hear(90)["done"]
    toll.came[f"the sleeper was told {kind}"] += 1
    if saved > found:
        broken.append(f"the sleeper was told that r{saved} is saved, and r{found} was found")
    last = _revision(heir)
    done = sum("done" in each for each in drawn)
    if last < found + done:
        broken.append(f"of {done} strokes on r{found} the file has r{last}")
    if kind != "LockLostError" and "LockLostError" not in str(sleeper.ask("paint", 1, 50)):
        broken.append(f"the sleeper may go on: {words}")
    heir.done("close")
    return broken + findings(one, root)


def _revision(heir: Talk) -> int:
    """Of the image, once it can be read: the sleeper takes a journal away that SQLite has just seen, and what fails of
    that is tried again, as the window does."""
    answers: list[State] = []

    def is_read() -> bool:
        answers.append(heir.ask("look", 0))
        return "done" in answers[-1]

    until(is_read, "the image can be read")
    return int(answers[-1]["done"][0])
