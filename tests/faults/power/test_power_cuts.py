"""Power cuts while somebody labels: nothing that was acknowledged is lost, nothing is torn, everything can be read."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("apsw", reason="the simulated disk needs apsw: pip install -e '.[dev]'")
if os.name == "nt":
    pytest.skip("the simulated disk knows the files of POSIX alone", allow_module_level=True)

from faults.power import laws
from faults.power.disk import FATES, Disk, Fate, Flush, FlushNames, Link, Rename, Write, lost, torn
from faults.power.machine import Machine
from faults.power.work import CLASSES, IMAGES, SIZE, record

from labeltool.app.models.adding import new_folder
from labeltool.core import atomic, lines
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.formats.export import export
from labeltool.formats.png import PngExporter
from labeltool.formats.protocol import LabelledImage
from labeltool.store.spool import Spool, about

QUICK = 40
"""Cuts of a short day; the long run has thousands."""


@pytest.fixture(scope="module")
def short_day(tmp_path_factory: pytest.TempPathFactory) -> laws.Recording:
    return laws.record_day(tmp_path_factory.mktemp("day"), seed=1, strokes=2)


def test_the_simulated_disk_holds_what_the_real_folder_holds(short_day: laws.Recording) -> None:
    root = short_day.machine.root
    real = {path.relative_to(root): path.read_bytes() if path.is_file() else None for path in root.rglob("*")}
    assert dict(short_day.machine.now().paths()) == real
    assert len(real) > 10 and len(short_day.ops) > 1000


def test_a_power_cut_takes_nothing_that_was_acknowledged(short_day: laws.Recording) -> None:
    verdict = laws.judge(short_day, QUICK)
    assert (verdict.cuts, verdict.notes) == (QUICK, [])
    assert verdict.harm == 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_power_cuts_take_nothing_that_was_acknowledged(tmp_path: Path, seed: int) -> None:
    verdict = laws.judge(laws.record_day(tmp_path, seed), 1000, seed)
    assert verdict.notes == []
    assert (verdict.cuts, verdict.harm) == (1000, 0)


@pytest.mark.parametrize("mode", ["FULL", "OFF"])
def test_the_simulator_bites_where_less_is_synced(tmp_path: Path, mode: str) -> None:
    """SQLite's own choice loses strokes that were acknowledged; without any syncing files are torn as well."""
    verdict = laws.judge(laws.record_day(tmp_path, seed=1, strokes=0, mode=mode), 18)
    assert verdict.lost > 0
    assert mode == "FULL" or verdict.unreadable + verdict.torn + verdict.unsound > 0


def test_the_simulator_bites_where_the_folder_of_a_new_mask_file_is_not_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeltool.store.mask_file.make_folder", lambda path: path.mkdir(exist_ok=True))
    verdict = laws.judge(laws.record_day(tmp_path, seed=1, strokes=0), 10)
    assert verdict.lost > 0


# ---- files that are written whole, and files that only grow


def cut_everywhere(
    folder: Path, work: Callable[[], Iterator[object]]
) -> Iterator[tuple[int, int, Machine, Path]]:
    """Cut at every operation in every way while ``work`` goes on, which yields after each call: how many calls were
    over, how many had begun, and the folder as it is then."""
    machine = Machine(folder)
    ends = [0]
    with machine.running():
        for _ in work():
            ends.append(len(machine.ops))
    disk = machine.disk()
    for number, op in enumerate([None, *machine.ops]):
        if op is not None:
            disk.apply(op)
        over = sum(end <= number for end in ends) - 1
        for name, fate in FATES.items():
            left = folder.with_name(f"{folder.name}-{number}-{name.replace(' ', '-')}")
            left.mkdir()
            disk.cut(fate, random.Random(f"{number} {name}")).write_to(left)
            yield over, min(over + 1, len(ends) - 1), machine, left


def replaced(folder: Path) -> Callable[[], Iterator[object]]:
    def work() -> Iterator[object]:
        for number in range(4):
            atomic.write_bytes(folder / "queue.json", _content(number))
            yield number

    return work


def _content(number: int) -> bytes:
    return bytes([65 + number]) * (3000 + 2000 * number)


def torn_or_lost(folder: Path) -> set[str]:
    found = set()
    for over, begun, _, left in cut_everywhere(folder, replaced(folder)):
        path = left / "queue.json"
        content = path.read_bytes() if path.exists() else None
        steps = [None, *(_content(number) for number in range(4))]
        if content not in steps:
            found.add("torn")
        elif content not in (steps[over], steps[begun]):
            found.add("lost")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "disk"
    made.mkdir()
    return made


def test_a_file_that_is_replaced_is_the_old_one_or_the_new_one(folder: Path) -> None:
    assert torn_or_lost(folder) == set()


@pytest.mark.parametrize(("unsynced", "harm"), [("sync_file", "torn"), ("sync_folder", "lost")])
def test_the_simulator_bites_where_a_replaced_file_or_its_folder_is_not_synced(
    folder: Path, monkeypatch: pytest.MonkeyPatch, unsynced: str, harm: str
) -> None:
    monkeypatch.setattr(atomic, unsynced, lambda path: None)
    assert harm in torn_or_lost(folder)


def test_a_journal_of_lines_keeps_every_line_that_was_acknowledged(folder: Path) -> None:
    wanted = [{"number": number, "text": "ä" * 150 * number} for number in range(5)]

    def work() -> Iterator[object]:
        for line in wanted:
            lines.append(folder / "models" / "log.jsonl", line)
            yield line

    for over, begun, _, left in cut_everywhere(folder, work):
        path = left / "models" / "log.jsonl"
        assert lines.read(path) in (wanted[:over], wanted[:begun])
        lines.append(path, {"one": "more"})
        assert lines.read(path) in ([*wanted[:over], {"one": "more"}], [*wanted[:begun], {"one": "more"}])


def test_a_line_that_could_not_be_written_spoils_none_that_is_added_later(folder: Path) -> None:
    """The system forgets what it could not flush, and leaves zeros: the next line comes behind them."""
    path = folder / "log.jsonl"
    lines.append(path, {"a": 1})
    before = path.read_bytes()
    path.write_bytes(before + bytes(40) + b'{"b": 2}\n' + bytes(10) + b'l": 3}\n')
    assert lines.read(path) == [{"a": 1}, {"b": 2}]


def test_windows_of_a_prediction_are_there_once_it_is_whole(folder: Path) -> None:
    def work() -> Iterator[object]:
        with Spool(folder / "windows" / "image.spool", {"image": "a"}) as spool:
            spool.end()
        yield None

    for over, _, _, left in cut_everywhere(folder, work):
        path = left / "windows" / "image.spool"
        assert about(path) == {"image": "a"} if over else about(path) in (None, {"image": "a"})


def folders_whole_or_not(folder: Path, name: str, work: Callable[[], Iterator[object]]) -> None:
    """The folder ``name`` is not there, or holds all that it holds in the end; and that once it is acknowledged."""
    last = [(over, left) for over, _, _, left in cut_everywhere(folder, work)]
    whole = _held(folder / name)
    assert len(whole) > 2
    for over, left in last:
        assert _held(left / name) == whole or (not over and not (left / name).exists())


def _held(folder: Path) -> dict[Path, bytes | None]:
    return {
        path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def test_the_folder_of_a_model_or_of_a_training_run_appears_whole_or_not_at_all(folder: Path) -> None:
    def work() -> Iterator[object]:
        with new_folder(folder / "runs" / "run-1") as made:
            (made / "labels").mkdir()
            (made / "labels" / "a.png").write_bytes(bytes(range(200)) * 50)
            (made / "manifest.json").write_text('{"images": []}', encoding="utf-8")
        yield None

    folders_whole_or_not(folder, "runs/run-1", work)


def test_an_export_appears_whole_or_not_at_all(folder: Path) -> None:
    mask = LabelMask(SIZE)
    mask.apply(write(mask, Box(10, 10, 200, 100), title="", kind="", label=1, origin=2))
    images = [LabelledImage(record(IMAGES[0]), mask)]

    def work() -> Iterator[object]:
        export(PngExporter(), images, CLASSES, folder / "out" / "png")
        yield None

    folders_whole_or_not(folder, "out/png", work)


# ---- the disk itself


def test_a_write_is_sure_once_its_file_is_flushed_and_a_name_once_its_folder_is() -> None:
    disk, chance = Disk(), random.Random(1)
    for op in (Link(0, "a", 1), Write(1, 0, b"old"), Flush(1)):
        disk.apply(op)
    assert dict(disk.cut(lost, chance).paths()) == {}
    disk.apply(FlushNames(0))
    for op in (Write(1, 0, b"new"), Rename(0, "a", 0, "b", 1)):
        disk.apply(op)
    assert dict(disk.cut(lost, chance).paths()) == {Path("a"): b"old"}
    disk.apply(Flush(1))
    assert dict(disk.cut(lost, chance).paths()) == {Path("a"): b"new"}
    disk.apply(FlushNames(0))
    assert dict(disk.cut(lost, chance).paths()) == {Path("b"): b"new"}


@pytest.mark.parametrize("fate", [torn(512), torn(4096)])
def test_a_torn_write_leaves_whole_sectors(fate: Fate) -> None:
    disk = Disk()
    for op in (
        Link(0, "a", 1),
        Write(1, 0, b"o" * 8192),
        Flush(1),
        FlushNames(0),
        Write(1, 100, b"n" * 8000),
    ):
        disk.apply(op)
    found = set()
    for seed in range(40):
        (content,) = (data for _, data in disk.cut(fate, random.Random(seed)).paths() if data is not None)
        assert content[:100] == b"o" * 100
        assert all(len(set(content[at : at + 512])) == 1 for at in range(512, 7680, 512))
        found.add(content)
    assert len(found) > 2


def test_a_manifest_of_the_disk_can_be_made_from_a_folder_that_is_there(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "a.json").write_text(json.dumps([1]))
    machine = Machine(folder)
    with machine.running():
        (folder / "sub" / "a.json").write_text("[2]")
    assert dict(machine.disk().now.paths())[Path("sub/a.json")] == b"[1]"
    assert dict(machine.now().paths())[Path("sub/a.json")] == b"[2]"
