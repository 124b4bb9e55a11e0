"""Plays mutated files, thousands of them, and says what went wrong: ``python tests/fuzz/run.py --format coco``.

``--format`` names an importer or a target of ``targets.py`` (``--list`` shows them all); all of them by default. Each
runs in processes of its own. One that hangs or dies is ended, its case is a finding, and a new one goes on behind it.
``--only N`` runs one case again in this process and shows what it is. With ``--grow`` mutants that show something new
are kept and mutated further (``corpus.py``); ``--replay FILE`` shows one of those that were kept. Every line of
``regressions.txt`` is a case that was a finding once: ``--regressions`` plays them all.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzz import corpus
from fuzz.bench import Bench, Event, FileBench, Mutant
from fuzz.imports import ImportBench
from fuzz.targets import TARGETS, target

from labeltool import plugins

PATIENCE_S = 60.0
"""Without a word for so long a process is ended: the 5 seconds of a case are kept by the process itself."""
BEGIN_S = 180.0
"""The same before the first case: a bench makes its files, and what it reads them with may be heavy."""
TOLD, TOLD_OF_SIGNALS = 300, 4_000
"""Characters at the end of what a process said that are shown; one that a signal ended says where each thread was."""
REGRESSIONS = Path(__file__).with_name("regressions.txt")


def names() -> list[str]:
    """All that can be played."""
    return [*plugins.names("labeltool.importers"), *TARGETS]


def bench_of(name: str, root: Path) -> Bench:
    """The bench of an importer or a target."""
    if name in TARGETS:
        return FileBench(name, root, target(name))
    return ImportBench(name, root)


class Regression(NamedTuple):
    """A case that was a finding once."""

    name: str
    seed: int
    number: int


def regressions() -> Iterator[Regression]:
    """What ``regressions.txt`` lists: a name, a seed, a number, and behind a # what it was."""
    for line in REGRESSIONS.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words:
            yield Regression(words[0], int(words[1]), int(words[2]))


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

    def note(self, event: Event) -> None:
        """Count one case."""
        self.cases += 1
        whole = event["came_in"] > 0 and not (self.format in TARGETS and event["messages"])
        self.came_in += whole
        self.refused += not whole
        if not event["came_in"] and not event["messages"]:
            self.silent.append(event["case"])
        if event["seconds"] > self.slowest_s:
            self.slowest_s, self.slowest = event["seconds"], f"#{event['case']} {event['what']}"
        for each in event["wrong"]:
            self.findings.setdefault(each, []).append(event["case"])


@dataclass(frozen=True)
class Plan:
    """What is played: a name, the seed, and the folder of the corpus (None: none is kept and none is used)."""

    name: str
    seed: int
    grow: Path | None = None


def worker(plan: Plan, first: int, last: int, root: Path) -> None:
    """Play cases and say so, a line of JSON each."""
    bench = bench_of(plan.name, root)
    kept = None if plan.grow is None else corpus.Corpus(bench, plan.grow)
    for number in range(first, last):
        path = None if kept is None else kept.base(number, plan.seed)
        base = None if path is None else corpus.read_entry(bench, path)
        print(json.dumps({"case": number, "base": str(path) if base else ""}), flush=True)
        event = bench.play(number, plan.seed, base)
        if kept is not None and (event["wrong"] or event["traits"]):
            kept.consider(bench.case(number, plan.seed, base), event)
        print(json.dumps(event), flush=True)


def run(
    name: str, seed: int, count: int, first: int = 0, grow: Path | None = None, tally: Tally | None = None
) -> Tally:
    """Play ``count`` cases of a format in other processes, and count them in ``tally``."""
    tally, at = tally or Tally(name), first
    while at < first + count:
        with tempfile.TemporaryDirectory(prefix="labeltool-fuzz-", ignore_cleanup_errors=True) as folder:
            at = _chunk(tally, Plan(name, seed, grow), at, first + count, Path(folder))
    return tally


def _chunk(tally: Tally, plan: Plan, first: int, last: int, root: Path) -> int:
    """Play cases until the end or until the process does; the next case."""
    command = [sys.executable, "-X", "faulthandler", __file__, "--worker", str(root), "--format", plan.name]
    command += ["--seed", str(plan.seed), "--first", str(first), "--count", str(last - first)]
    command += [] if plan.grow is None else ["--grow", str(plan.grow)]
    errors = root.with_suffix(".err")
    with errors.open("w") as log:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert child.stdout is not None
    current, ended, base = first - 1, False, ""

    def stop(*_: object) -> None:
        child.kill()

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, BEGIN_S)
    for line in child.stdout:
        signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
        event = json.loads(line)
        current = event["case"]
        ended = "wrong" in event
        base = event.get("base", base)
        if ended:
            tally.note(event)
    signal.setitimer(signal.ITIMER_REAL, 0)
    with child:
        code = child.wait()
    told = errors.read_text(errors="replace").strip()[-(TOLD_OF_SIGNALS if code < 0 else TOLD) :]
    errors.unlink()
    if code == 0:
        return last
    if current < first:
        raise RuntimeError(f"{tally.format}: the process did not begin: {told}")
    if ended:  # between two cases: none of them is to blame
        tally.findings.setdefault(f"the process ended with {code}: {told}", []).append(current)
    else:
        tally.note(
            {
                "case": current,
                "what": f"of {base}" if base else "",
                "came_in": 0,
                "messages": [],
                "seconds": PATIENCE_S if code == -signal.SIGKILL else 0.0,
                "wrong": [f"the process ended with {code}: {told}{f' (of {base})' if base else ''}"],
            }
        )
    return current + 1


def show(name: str, seed: int, number: int, base: Path | None, root: Path) -> None:
    """Play one case, or one that was kept as it is, and show what it is."""
    bench = bench_of(name, root)
    kept = None if base is None else corpus.read_entry(bench, base)
    mutant = bench.case(number, seed, kept) if number >= 0 or kept is None else kept
    _show_files(bench, mutant)
    print(json.dumps(bench.judge(mutant, number), indent=1, ensure_ascii=True))


def _show_files(bench: Bench, mutant: Mutant) -> None:
    specimen = bench.specimens[mutant.place]
    print(f"{specimen.called}: {mutant.what}")
    for path, data in mutant.files.items():
        if specimen.files.get(path) != data:
            print(f"--- {path} ({len(data)} bytes)\n{data[:1500]!r}")


def replay(found: list[Regression], root: Path) -> dict[Regression, list[str]]:
    """What is wrong with cases of one name, played in this process."""
    bench = bench_of(found[0].name, root)
    return {each: bench.play(each.number, each.seed)["wrong"] for each in found}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--format", action="append", choices=names(), help="what is played; all by default")
    parser.add_argument("--list", action="store_true", help="what there is")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", type=int, metavar="N", help="play this case here and show it")
    parser.add_argument(
        "--grow",
        type=Path,
        nargs="?",
        const=corpus.FOLDER,
        metavar="DIR",
        help=f"keep what is new ({corpus.FOLDER})",
    )
    parser.add_argument(
        "--replay", type=Path, metavar="FILE", help="one that was kept; with --only a mutant of it"
    )
    parser.add_argument("--regressions", action="store_true", help="play what was a finding once")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """The command line."""
    args = _arguments()
    chosen = args.format or names()
    if args.list:
        print("\n".join(names()))
        return 0
    if args.worker is not None:
        plan = Plan(chosen[0], args.seed, args.grow)
        worker(plan, args.first, args.first + args.count, args.worker)
        return 0
    if args.only is not None or args.replay is not None:
        with tempfile.TemporaryDirectory(prefix="labeltool-fuzz-") as folder:
            show(chosen[0], args.seed, -1 if args.only is None else args.only, args.replay, Path(folder))
        return 0
    if args.regressions:
        return _regressions(args.format)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what came of it so far is told
    return sum(_told(name, args) for name in chosen) and 1


def _regressions(wanted: list[str] | None) -> int:
    found: dict[str, list[Regression]] = {}
    for each in regressions():
        if wanted is None or each.name in wanted:
            found.setdefault(each.name, []).append(each)
    bad = 0
    for cases in found.values():
        with tempfile.TemporaryDirectory(prefix="labeltool-fuzz-") as folder:
            for each, wrong in replay(cases, Path(folder)).items():
                print(f"{each.name} {each.seed} {each.number}: {wrong or 'well'}", flush=True)
                bad += bool(wrong)
    return int(bad > 0)


def _told(name: str, args: argparse.Namespace) -> int:
    """Play a format and say what came of it; how many kinds of findings there are."""
    start = time.perf_counter()
    tally, ended = Tally(name), ""
    try:
        run(name, args.seed, args.count, args.first, args.grow, tally)
    except KeyboardInterrupt:
        ended = " (interrupted)"
    seconds = time.perf_counter() - start
    print(
        f"{name}: {tally.cases:,} cases{ended} in {seconds:,.0f} s, "
        f"{tally.came_in:,} came in, {tally.refused:,} refused ({len(tally.silent)} held nothing: {tally.silent[:5]}), "
        f"slowest {tally.slowest_s:.2f} s ({tally.slowest[:200]})",
        flush=True,
    )
    for finding, found in Counter({k: len(v) for k, v in tally.findings.items()}).most_common():
        print(f"  {found:,} x {finding}  (cases {tally.findings[finding][:5]})", flush=True)
    if ended:
        raise SystemExit(130)
    return len(tally.findings)


if __name__ == "__main__":
    sys.exit(main())
