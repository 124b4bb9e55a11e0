"""Markdown tables of all that was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tests.bench.annotator.arms import ARMS
from tests.bench.annotator.datasets import DataSet
from tests.bench.annotator.effort import ANCHORS_S, CONSTANTS, variations
from tests.bench.annotator.figures import (
    Interval,
    Run,
    area_between,
    conclusions,
    label_quality,
    mean,
    ratio,
    runs,
)
from tests.bench.annotator.loop import SCRATCH, effort_of
from tests.bench.annotator.rows import Row, Rows

NOT_YET = "–"
FOREGROUND = "foreground"
OURS = ("ours", "taught", "typical")
TOOLS = ("looking", "fill", "brush", "lasso", "around", "polygon", "offers", "take", "clearing")
"""What seconds are spent on."""


def report(rows: Rows, sets: Sequence[DataSet]) -> Iterator[str]:
    """Line by line: a section for each data set, then what the constants are."""
    for data in sets:
        scratch = {row["how"]: row for row in rows.all(row="scratch", data=data.name)}
        if "polygons" not in scratch:
            continue
        found = {arm: known for arm in ARMS if (known := runs(rows, data.name, arm))}
        yield from (f"## {data.name}: {len(data.pool)} images, {len(data.val)} of val", "")
        yield from _scratch_table(scratch, data)
        if found:
            yield from _main_table(found, data)
            yield from _aims_table(found)
            yield from _curve_table(found)
            yield from _tools_table(found)
            yield from _sensitivity(found)
    yield from _constants()


def _scratch_table(scratch: Mapping[str, Row], data: DataSet) -> Iterator[str]:
    yield from _head("without a model", "hours", "seconds an object", "IoU of the labels with the truth")
    for how, title in SCRATCH.items():
        if how in scratch:
            row = scratch[how]
            seconds = sum(effort_of(tools).seconds() for tools in row["efforts"].values())
            objects = sum(sum(faults.values()) for faults in row["faults"].values())
            quality = label_quality([row], data.values, list(data.catalog.values))
            yield _line(title, f"{seconds / 3600:.2f}", f"{seconds / objects:.1f}", f"{quality:.3f}")
    yield ""


def _main_table(found: Mapping[str, Mapping[int, Run]], data: DataSet) -> Iterator[str]:
    full = mean([run.full for run in next(iter(found.values())).values()])
    yield from (f"All true labels: mIoU {_said(full, 3)} on val.", "")
    yield from _head(
        "way",
        "seeds",
        "IoU of the labels",
        "hours for all",
        "times faster than polygons",
        "than the cheapest tools from scratch",
        "than random order",
        "95 % after, % of the polygons' hours",
        "mIoU above foreground-aware random",
    )
    for arm, by_seed in found.items():
        yield _line(*_arm_cells(arm, by_seed, found, data))
    yield from (
        "",
        "Brackets: 95 % intervals; of factors by drawing seeds and images anew, of the others Student's over seeds."
        " The last column is the mean over the same human seconds; ↓ and ↑ where its interval leaves out 0.",
        "",
    )


def _arm_cells(
    arm: str, by_seed: Mapping[int, Run], found: Mapping[str, Mapping[int, Run]], data: DataSet
) -> list[str]:
    mine = [run.images({}) for run in by_seed.values()]
    hand, tools = ([run.by_hand({}, how) for run in by_seed.values()] for how in ("polygons", "tools"))
    quality = [label_quality(run.rounds, data.values, list(data.catalog.values)) for run in by_seed.values()]
    shares = [run.share_to_enough({}) for run in by_seed.values()]
    known = [100 * share for share in shares if share is not None]
    never = len(shares) - len(known)
    return [
        ARMS[arm].title,
        str(len(by_seed)),
        f"{np.mean(quality):.3f}",
        _said(mean([sum(each.values()) / 3600 for each in mine]), 2),
        _said(ratio(hand, mine), 2),
        _said(ratio(tools, mine), 2),
        _factor(arm, found),
        (_said(mean(known), 1) if known else "") + (f" never in {never}" if never else ""),
        _ahead(arm, found),
    ]


def _factor(arm: str, found: Mapping[str, Mapping[int, Run]]) -> str:
    faster = _faster_than_random(arm, found)
    return NOT_YET if faster is None else _said(faster, 2)


def _faster_than_random(arm: str, found: Mapping[str, Mapping[int, Run]]) -> Interval | None:
    seeds = sorted(found[arm].keys() & found.get("random", {}).keys())
    if arm == "random" or not seeds:
        return None
    return ratio(*([found[which][seed].images({}) for seed in seeds] for which in ("random", arm)))


def _ahead(arm: str, found: Mapping[str, Mapping[int, Run]]) -> str:
    ahead = _above_foreground(arm, found)
    if ahead is None:
        return NOT_YET
    sign = " ↓" if ahead.high < 0 else " ↑" if ahead.low > 0 else ""
    return _said(ahead, 3) + sign


def _above_foreground(arm: str, found: Mapping[str, Mapping[int, Run]]) -> Interval | None:
    seeds = sorted(found[arm].keys() & found.get(FOREGROUND, {}).keys())
    if arm == FOREGROUND or not seeds:
        return None
    return mean([area_between(found[arm][seed], found[FOREGROUND][seed], {}) for seed in seeds])


def _aims_table(found: Mapping[str, Mapping[int, Run]]) -> Iterator[str]:
    """What the program is to reach, and whether it does: by the mean, and by all of the interval."""
    for arm in (arm for arm in OURS if arm in found):
        runs_ = list(found[arm].values())
        shares = [run.share_to_enough({}) for run in runs_]
        known = [100 * share for share in shares if share is not None]
        faster = ratio([run.by_hand({}) for run in runs_], [run.images({}) for run in runs_])
        aims = (
            (
                "95 % of full-label quality after at most 20 % of the polygons' seconds",
                mean(known) if len(known) == len(shares) else None,
                -20.0,
            ),
            ("the set finished at least 5 times faster than by polygons", faster, 5.0),
            (
                "at least 2 times faster than pre-labels in random order",
                _faster_than_random(arm, found),
                2.0,
            ),
            ("mIoU not significantly below foreground-aware random", _above_foreground(arm, found), None),
        )
        yield from _head(f"aim, {ARMS[arm].title}", "reached", "")
        for aim, reached, least in aims:
            yield _line(aim, NOT_YET if reached is None else _said(reached, 2), _verdict(reached, least))
        yield ""


def _verdict(reached: Interval | None, least: float | None) -> str:
    """``least`` is negative for what is to be at most so much, None for what is not to be below 0 for sure."""
    if reached is None:
        return "no"
    if least is None:
        return "no" if reached.high < 0 else "yes"
    mean_, low = (reached.mean, reached.low) if least > 0 else (-reached.mean, -reached.high)
    return ("yes" if low >= least else "yes, not for sure") if mean_ >= least else "no"


def _curve_table(found: Mapping[str, Mapping[int, Run]]) -> Iterator[str]:
    """How good the models are against what has been spent."""
    counts = np.cumsum(
        [len(row["efforts"]) for row in next(iter(next(iter(found.values())).values())).rounds]
    )
    yield from _head("mIoU on val (% of the polygons' seconds)", *(f"{count} images" for count in counts))
    for arm, by_seed in found.items():
        curves = [(run.curve({}), sum(run.by_hand({}).values())) for run in by_seed.values()]
        miou = np.mean([quality for (_, quality), _ in curves], axis=0)
        spent = np.mean([100 * seconds / hand for (seconds, _), hand in curves], axis=0)
        cells = (f"{m:.3f} ({s:.1f})" for m, s in zip(miou, spent, strict=True))
        yield _line(ARMS[arm].title, *cells)
    yield ""


def _tools_table(found: Mapping[str, Mapping[int, Run]]) -> Iterator[str]:
    """How the seconds fall to tools, and by what faults are mended."""
    yield from _head("% of the seconds (of the faults)", *TOOLS)
    for arm, by_seed in found.items():
        seconds, faults = dict.fromkeys(TOOLS, 0.0), dict.fromkeys(TOOLS, 0)
        for row in (row for run in by_seed.values() for row in run.rounds):
            for name, efforts in row["efforts"].items():
                for tool, counts in efforts.items():
                    seconds[tool] += effort_of({tool: counts}).seconds()
                for tool, count in row["faults"][name].items():
                    faults[tool] += count
        whole, all_faults = sum(seconds.values()), max(1, sum(faults.values()))
        yield _line(
            ARMS[arm].title,
            *(
                f"{100 * seconds[tool] / whole:.0f}"
                + (f" ({100 * faults[tool] / all_faults:.0f})" if faults[tool] else "")
                for tool in TOOLS
            ),
        )
    yield ""


def _sensitivity(found: Mapping[str, Mapping[int, Run]]) -> Iterator[str]:
    """Each conclusion of the program's own arms with each constant at half and at half more."""
    if not found.keys() & set(OURS):
        return
    yield from _head("with each constant x 0.5 and x 1.5, one at a time", "as it is", "least", "most")
    for arm in OURS:
        if arm not in found:
            continue
        for what, concluded in conclusions(arm).items():
            values = {name: concluded(found, factors) for name, factors in variations().items()}
            known = {name: value for name, value in values.items() if value is not None}
            if values["as it is"] is None or not known:
                yield _line(f"{ARMS[arm].title}: {what}", NOT_YET, NOT_YET, NOT_YET)
                continue
            least, most = min(known, key=lambda n: known[n]), max(known, key=lambda n: known[n])
            yield _line(
                f"{ARMS[arm].title}: {what}",
                f"{known['as it is']:.3f}",
                f"{known[least]:.3f} ({least})",
                f"{known[most]:.3f} ({most})",
            )
    yield from (
        "",
        "The tools were chosen with the constants as they are. All constants together by half change every time alike,"
        " and so no factor.",
        "",
    )


def _constants() -> Iterator[str]:
    yield from _head("constant", "seconds", "source")
    for name, constant in CONSTANTS.items():
        yield _line(name, f"{constant.seconds:.3f}", constant.source)
    yield from (
        "",
        f"For comparison: people were measured to take {ANCHORS_S[0]:.0f} to {ANCHORS_S[1]:.0f} s for the polygon of an"
        " object of a photo, of some 34 corners; with these constants it takes about 35 s.",
    )


def _head(*cells: str) -> Iterator[str]:
    yield _line(*cells)
    yield "|" + "|".join(["---"] + ["--:"] * (len(cells) - 1)) + "|"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _said(interval: Interval, digits: int) -> str:
    mean_, low, high = (f"{value:.{digits}f}" for value in interval)
    return mean_ if np.isnan(interval.low) else f"{mean_} [{low}, {high}]"
