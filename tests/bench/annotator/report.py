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
OURS = ("ours", "typical")


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
        "times faster than random order",
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
    hand = [run.by_hand({}) for run in by_seed.values()]
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
        _paired_factor(arm, found),
        (_said(mean(known), 0) if known else "") + (f" never in {never}" if never else ""),
        _ahead(arm, found),
    ]


def _paired_factor(arm: str, found: Mapping[str, Mapping[int, Run]]) -> str:
    seeds = sorted(found[arm].keys() & found.get("random", {}).keys())
    if arm == "random" or not seeds:
        return NOT_YET
    return _said(ratio(*([found[which][seed].images({}) for seed in seeds] for which in ("random", arm))), 2)


def _ahead(arm: str, found: Mapping[str, Mapping[int, Run]]) -> str:
    seeds = sorted(found[arm].keys() & found.get(FOREGROUND, {}).keys())
    if arm == FOREGROUND or not seeds:
        return NOT_YET
    ahead = mean([area_between(found[arm][seed], found[FOREGROUND][seed], {}) for seed in seeds])
    sign = " ↓" if ahead.high < 0 else " ↑" if ahead.low > 0 else ""
    return _said(ahead, 3) + sign


def _tools_table(found: Mapping[str, Mapping[int, Run]]) -> Iterator[str]:
    """How the seconds fall to tools, and by what faults are mended."""
    tools = ("looking", "fill", "brush", "polygon", "take", "clearing")
    yield from _head("% of the seconds (of the faults)", *tools)
    for arm, by_seed in found.items():
        seconds, faults = dict.fromkeys(tools, 0.0), dict.fromkeys(tools, 0)
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
                for tool in tools
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
