"""Imports mutated files, thousands of them, and says what went wrong: ``python tests/fuzz/run.py --format coco``.

Each format runs in processes of its own. One that hangs or dies is ended, its case is a finding, and a new one goes
on behind it. ``--only N`` runs one case again in this process and shows what it is.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzz.corpora import Case, cases
from fuzz.guarded import Watched, answer
from fuzz.mutations import mutated
from fuzz.samples import Files

from labeltool import plugins
from labeltool.app.importing import import_labels
from labeltool.core.errors import BadInputError
from labeltool.store.project import ProjectStore

PATIENCE_S = 60.0
"""Without a word for so long a process is ended: the 5 seconds of a case are kept by the process itself."""
INTO_A_PROJECT = 100
"""Every so-and-so-manieth case goes through a project as well."""


@dataclass
class Tally:
    """What came of many cases."""

    format: str
    cases: int = 0
    came_in: int = 0
    refused: int = 0
    silent: list[int] = field(default_factory=list)
    slowest_s: float = 0.0
    slowest: str = ""
    findings: dict[str, list[int]] = field(default_factory=dict)

    def note(self, event: dict[str, Any]) -> None:
        """Count one case."""
        self.cases += 1
        self.came_in += event["came_in"] > 0
        self.refused += event["came_in"] == 0
        if not event["came_in"] and not event["messages"]:
            self.silent.append(event["case"])
        if event["seconds"] > self.slowest_s:
            self.slowest_s, self.slowest = event["seconds"], f"#{event['case']} {event['what']}"
        for each in event["wrong"]:
            self.findings.setdefault(each, []).append(event["case"])


class Bench:
    """A folder in which one format's cases are imported, with canaries around it."""

    def __init__(self, name: str, root: Path) -> None:
        self.name, self.root = name, root
        self.cases = cases(name, root / "photos")
        self.bait = root / "bait"
        self.bait.mkdir()
        (self.bait / "secret.json").write_text("{}")
        self.watched = Watched(str(self.bait))
        self.stores: dict[int, ProjectStore] = {}
        for number, case in enumerate(self.cases):
            src = case.sample.write(self.work(number))
            found = answer(name, src, case.catalog, case.images, case.sample.options)
            assert found.masks and not found.wrong, (name, case.called, found.messages, found.wrong)
        self.before = self._snapshot()

    def work(self, number: int) -> Path:
        """The folder of a data set, some folders deep, so that ../../.. stays below the root."""
        return self.root / "work" / "a" / "b" / str(number)

    def play(self, number: int, seed: int) -> dict[str, Any]:
        """Mutate and import one case; the answer as an event."""
        case, place, files, what = self.case(number, seed)
        folder = self.work(place)
        self._put(folder, case.sample.files, files)
        self.watched.strays.clear()
        start = time.perf_counter()
        self.watched.on = True
        found = answer(
            self.name,
            folder / case.sample.src,
            case.catalog,
            case.images,
            case.sample.options,
            add_classes=number % 2 == 0,
        )
        self.watched.on = False
        seconds = time.perf_counter() - start
        wrong = list(found.wrong) + self.watched.strays
        if number % INTO_A_PROJECT == 0:
            wrong += self._into_a_project(place, case, folder / case.sample.src)
        self._put(folder, files, case.sample.files)
        if number % INTO_A_PROJECT == 0 and self._snapshot() != self.before:
            wrong.append("files outside the target have changed")
            self.before = self._snapshot()
        return {
            "case": number,
            "what": f"{case.called}: {what}",
            "came_in": len(found.masks),
            "wrong": wrong,
            "seconds": seconds,
            "messages": found.messages,
        }

    def case(self, number: int, seed: int) -> tuple[Case, int, Files, str]:
        """The data set of a case, its place, the mutated files, and what was done to them."""
        rng = random.Random(f"{self.name} {seed} {number}")
        place = rng.randrange(len(self.cases))
        files, what = mutated(self.cases[place].sample.files, rng)
        return self.cases[place], place, files, what

    def _put(self, folder: Path, old: Files, new: Files) -> None:
        """Bring the folder from the one state to the other."""
        for name in old.keys() - new.keys():
            (folder / name).unlink(missing_ok=True)
        for name, data in new.items():
            if old.get(name) is not data:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)

    def _into_a_project(self, place: int, case: Case, src: Path) -> list[str]:
        """The whole way, with a commit; the project must be well afterwards."""
        if place not in self.stores:
            self.stores[place] = ProjectStore.create(
                self.root / "projects" / str(place), "fuzz", case.catalog
            )
            self.stores[place].add_images(case.images)
        importer = plugins.load("labeltool.importers", self.name)()
        options = importer.Options(**case.sample.options, add_classes=True)
        try:
            import_labels(self.stores[place], src, self.name, options)
        except BadInputError:
            return []
        except Exception as error:
            return [f"import_labels: {type(error).__name__}: {str(error)[:200]!a}"]
        return []

    def _snapshot(self) -> dict[str, tuple[int, int] | bytes]:
        """Everything outside the target, the images by their bytes."""
        found: dict[str, tuple[int, int] | bytes] = {}
        for top in (self.root / "photos", self.bait):
            found.update((str(p), p.read_bytes()) for p in top.rglob("*") if p.is_file())
        for folder in (self.root, self.root / "work", self.root / "work/a", self.root / "work/a/b"):
            found[str(folder)] = b"\n".join(
                sorted(os.fsencode(p) for p in folder.iterdir() if p.name != "projects")
            )
        return found


def worker(name: str, seed: int, first: int, last: int, root: Path) -> None:
    """Play cases and say so, a line of JSON each."""
    bench = Bench(name, root)
    for number in range(first, last):
        print(json.dumps({"case": number}), flush=True)
        print(json.dumps(bench.play(number, seed)), flush=True)


def run(name: str, seed: int, count: int, first: int = 0) -> Tally:
    """Play ``count`` cases of a format in other processes."""
    tally, at = Tally(name), first
    while at < first + count:
        with tempfile.TemporaryDirectory(prefix="labeltool-fuzz-") as folder:
            at = _chunk(tally, seed, at, first + count, Path(folder))
    return tally


def _chunk(tally: Tally, seed: int, first: int, last: int, root: Path) -> int:
    """Play cases until the end or until the process does; the next case."""
    command = [sys.executable, __file__, "--worker", str(root), "--format", tally.format]
    command += ["--seed", str(seed), "--first", str(first), "--count", str(last - first)]
    errors = root.with_suffix(".err")
    with errors.open("w") as log:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert child.stdout is not None
    current, ended = first - 1, False

    def stop(*_: object) -> None:
        child.kill()

    signal.signal(signal.SIGALRM, stop)
    for line in child.stdout:
        signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
        event = json.loads(line)
        current = event["case"]
        ended = "wrong" in event
        if ended:
            tally.note(event)
    signal.setitimer(signal.ITIMER_REAL, 0)
    code = child.wait()
    told = errors.read_text(errors="replace").strip()
    errors.unlink()
    if code == 0:
        return last
    if current < first:
        raise RuntimeError(f"{tally.format}: the process did not begin: {told[-2000:]}")
    if ended:  # between two cases: none of them is to blame
        tally.findings.setdefault(f"the process ended with {code}: {told[-300:]}", []).append(current)
    else:
        tally.note(
            {
                "case": current,
                "what": "",
                "came_in": 0,
                "messages": [],
                "seconds": PATIENCE_S,
                "wrong": [f"the process ended with {code}: {told[-300:]}"],
            }
        )
    return current + 1


def show(name: str, seed: int, number: int, root: Path) -> None:
    """Play one case and show what it is."""
    bench = Bench(name, root)
    case, _, files, what = bench.case(number, seed)
    print(f"{case.called}: {what}")
    for path, data in files.items():
        if case.sample.files.get(path) is not data:
            print(f"--- {path} ({len(data)} bytes)\n{data[:1500]!r}")
    event = bench.play(number, seed)
    print(json.dumps(event, indent=1, ensure_ascii=True))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = plugins.names("labeltool.importers")
    parser.add_argument(
        "--format", action="append", choices=names, help="the importers; all of them by default"
    )
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", type=int, metavar="N", help="play this case here and show it")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    chosen = args.format or names
    if args.worker is not None:
        worker(chosen[0], args.seed, args.first, args.first + args.count, args.worker)
        return 0
    if args.only is not None:
        with tempfile.TemporaryDirectory(prefix="labeltool-fuzz-") as folder:
            show(chosen[0], args.seed, args.only, Path(folder))
        return 0
    bad = 0
    for name in chosen:
        start = time.perf_counter()
        tally = run(name, args.seed, args.count, args.first)
        seconds = time.perf_counter() - start
        print(
            f"{name}: {tally.cases:,} cases in {seconds:,.0f} s, {tally.came_in:,} came in, {tally.refused:,} refused "
            f"({len(tally.silent)} held nothing: {tally.silent[:5]}), "
            f"slowest {tally.slowest_s:.2f} s ({tally.slowest})",
            flush=True,
        )
        for finding, found in Counter({k: len(v) for k, v in tally.findings.items()}).most_common():
            print(f"  {found:,} x {finding}  (cases {tally.findings[finding][:5]})", flush=True)
        bad += len(tally.findings)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
