"""Mutants that showed something new: kept and mutated further, a way into corners that one mutation does not reach.

New is a mutant whose answer nobody has given before: a message of another form, from another line of ours. A corpus is
a folder for each bench, by default in the user's cache; it grows from run to run. Each entry is a zip of files, with
what was done to them. Findings are kept as well, in ``findings``.
"""

from __future__ import annotations

import hashlib
import json
import random
import zipfile
from pathlib import Path
from typing import Final

from fuzz.bench import Bench, Event, Mutant
from platformdirs import user_cache_path

FOLDER: Final = user_cache_path("labeltool-fuzz")
MOST_BYTES: Final = 4 << 20
"""A mutant that has grown beyond is not mutated further."""
_ABOUT: Final = ".about.json"


class Corpus:
    """The mutants of one bench."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.folder = folder / bench.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self._traits = self.folder / "traits.txt"
        self.seen = set(self._traits.read_text().splitlines()) if self._traits.exists() else set()
        self.entries = sorted(self.folder.glob("*.zip"))

    def base(self, number: int, seed: int) -> Path | None:
        """The entry that a case goes on from; None for every other one, which begins with a specimen."""
        rng = random.Random(f"corpus {seed} {number}")
        return rng.choice(self.entries) if self.entries and rng.random() < 0.5 else None

    def consider(self, mutant: Mutant, event: Event) -> None:
        """Keep a mutant if its answer is new, or wrong."""
        new = set(event["traits"]) - self.seen
        if event["wrong"]:
            self._keep(mutant, event, self.folder / "findings")
        elif new and sum(map(len, mutant.files.values())) <= MOST_BYTES:
            self.entries.append(self._keep(mutant, event, self.folder))
        if new:
            self.seen |= new
            with self._traits.open("a") as file:
                file.writelines(f"{each}\n" for each in sorted(new))

    def _keep(self, mutant: Mutant, event: Event, folder: Path) -> Path:
        """Only what differs from the specimen is kept."""
        specimen = self.bench.specimens[mutant.place]
        changed = {n: d for n, d in mutant.files.items() if specimen.files.get(n) != d}
        gone = sorted(specimen.files.keys() - mutant.files.keys())
        about = {"called": specimen.called, "what": mutant.what, "gone": gone, "wrong": event["wrong"]}
        digest = hashlib.sha256(repr(sorted(changed.items())).encode() + repr(gone).encode()).hexdigest()
        folder.mkdir(exist_ok=True)
        path = folder / f"{digest[:16]}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(_ABOUT, json.dumps(about))
            for name, data in changed.items():
                file.writestr(name, data)
        return path


def read_entry(bench: Bench, path: Path) -> Mutant | None:
    """A mutant that was kept; None where it is of a specimen that there is no more."""
    with zipfile.ZipFile(path) as file:
        about = json.loads(file.read(_ABOUT))
        changed = {name: file.read(name) for name in file.namelist() if name != _ABOUT}
    for place, specimen in enumerate(bench.specimens):
        if specimen.called == about["called"]:
            left = {n: d for n, d in specimen.files.items() if n not in about["gone"]}
            return Mutant(place, {**left, **changed}, about["what"])
    return None
