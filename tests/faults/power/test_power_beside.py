"""Power cuts beside labelling: of backups, repairs, the trash, and work that could not be saved."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

pytest.importorskip("apsw", reason="the simulated disk needs apsw: pip install -e '.[dev]'")
if os.name == "nt":
    pytest.skip("the simulated disk knows the files of POSIX alone", allow_module_level=True)

from faults.power.disk import Tree, lost, some
from faults.power.laws import PROJECT, no_waiting
from faults.power.machine import Machine
from faults.power.work import IMAGES, Annotation, Annotator, annotation, record, start

from labeltool.app import rescuing
from labeltool.store import backups, fsck
from labeltool.store.commit import Operation
from labeltool.store.layout import INDEX, mask_path
from labeltool.store.mask_file import MaskFile
from labeltool.store.project import ProjectStore
from labeltool.store.repair import rebuild_index, repair
from labeltool.store.rescue import RescueFile, rescue_files

A, B = IMAGES[:2]
CUTS = 7
"""Of each piece of work, besides those right after it."""


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """An empty disk with a project, in which one image has three strokes and a backup, and another one stroke."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with no_waiting():
        start(folder / PROJECT).close()
        with ProjectStore.open(folder / PROJECT) as store:
            store.add_images([record(A), record(B)])
            who = Annotator(store, 3)
            for image in (A, A, B, A):
                who.stroke(image)
            store.add_event(A, "comment", {"text": "look"})
        backups.keep(folder / PROJECT)
    return folder


def cut_while(disk: Path, work: Callable[[], object], cuts: int = CUTS) -> Iterator[tuple[bool, Path]]:
    """Cut the power while ``work`` goes on, and once it is done: whether it is, and the project as it is then."""
    machine = Machine(disk)
    with machine.running():
        work()
    numbers, chance = count(), random.Random(1)
    ops = machine.ops
    assert len(ops) > cuts

    def left(tree: Tree) -> Path:
        folder = disk.with_name(f"cut-{next(numbers)}")
        folder.mkdir()
        tree.write_to(folder)
        return folder / PROJECT

    simulated = machine.disk()
    stops = [round(each * len(ops) / (cuts + 1)) for each in range(1, cuts + 1)]
    for number, op in enumerate(ops, 1):
        simulated.apply(op)
        if number in stops:
            yield False, left(simulated.cut((lost, some)[stops.index(number) % 2], chance))
    for fate in (lost, some):
        yield True, left(simulated.cut(fate, chance))


def errors(root: Path) -> list[str]:
    """What is wrong with a project."""
    return [str(each) for each in fsck.check(root) if each.severity == "error"]


def labels(root: Path, image: str) -> Annotation:
    """What a project holds of an image once it was opened, which ends what was cut off."""
    with no_waiting(), ProjectStore.open(root):
        return annotation(root, image)


def test_a_backup_that_was_made_is_whole_after_a_power_cut(disk: Path) -> None:
    root = disk / PROJECT
    with no_waiting(), ProjectStore.open(root) as store:
        Annotator(store, 4).stroke(A)
    before = [each.path.name for each in backups.of_image(root, A)]

    def work() -> None:
        assert len(backups.keep(root).made) == 2

    for done, left in cut_while(disk, work):
        newest, *others = backups.of_image(left, A)
        assert [each.path.name for each in (newest, *others)][-1:] == before
        assert bool(others) or not done
        for each in (newest, *others):
            MaskFile(each.path).load()
        assert errors(left) == []


def test_a_file_that_was_repaired_is_whole_after_a_power_cut_and_the_damaged_one_is_kept(disk: Path) -> None:
    root = disk / PROJECT
    wanted = annotation(root, A)
    path = mask_path(root, A)
    damaged = path.read_bytes()[:20000]
    path.write_bytes(damaged)

    def work() -> None:
        assert [each.mended for each in repair(root)] == [True]

    for done, left in cut_while(disk, work, 4):
        kept = [each for each in (left / "quarantine").iterdir() if not each.name.startswith(".")]
        assert all(each.read_bytes() == damaged for each in kept)
        if done:
            assert (len(kept), errors(left)) == (1, [])
        with no_waiting():
            repair(left)
        assert labels(left, A).pixels == wanted.pixels


def test_the_old_list_of_images_is_kept_whole_when_a_new_one_takes_its_place(disk: Path) -> None:
    root = disk / PROJECT
    old = (root / INDEX).read_bytes()

    def work() -> None:
        rebuild_index(root)

    for done, left in cut_while(disk, work):
        kept = [each for each in (left / "quarantine").iterdir() if not each.name.startswith(".")]
        assert all(each.read_bytes() == old for each in kept)
        assert len(kept) == 1 or not done
        assert (left / INDEX).read_bytes() == old or kept
        assert errors(left) == []


def test_a_mask_file_that_is_put_where_it_belongs_is_never_nowhere(disk: Path) -> None:
    root = disk / PROJECT
    wanted = annotation(root, B)
    with no_waiting():
        shutil.rmtree(root / "backups")
        mask_path(root, B).replace(mask_path(root, A).with_name("zz.ltm"))
        mask_path(root, B).parent.rmdir()

    def work() -> None:
        assert all(each.mended for each in repair(root))

    for done, left in cut_while(disk, work):
        assert not done or errors(left) == []
        with no_waiting():
            repair(left)
        assert labels(left, B) == wanted


def test_an_image_that_was_removed_and_brought_back_keeps_its_labels_through_a_power_cut(disk: Path) -> None:
    root = disk / PROJECT
    wanted = annotation(root, A)

    def work() -> None:
        with ProjectStore.open(root) as store:
            store.remove_images([A])
            mask_path(root, A).parent.rmdir()  # as programs do that copy no empty folders
            store.bring_back([A])

    for done, left in cut_while(disk, work):
        with no_waiting(), ProjectStore.open(left) as store:
            there = [each.id for each in store.images()]
            removed = [each.record.id for each in store.removed_images()]
            assert (A in there) != (A in removed)
            assert not done or A in there
            if A in removed:
                store.bring_back([A])
        assert annotation(left, A) == wanted
        assert errors(left) == []


def test_what_is_said_to_be_kept_elsewhere_is_there_after_a_power_cut(disk: Path) -> None:
    """The folder of unsaved work is made when it is needed first, and so are those above it."""
    root, folder = disk / PROJECT, disk / "share" / "labeltool" / "unsaved"
    with no_waiting(), ProjectStore.open(root) as store:
        who = Annotator(store, 5)
        who.hold = True
        for _ in range(2):
            who.stroke(A)
        operations = [
            Operation(each.patch, each.revision - 1, each.kind, each.target) for _, each in who.waiting
        ]
        description = store.description(A)

    def work() -> None:
        file = RescueFile.create(folder, description, root)
        for each in operations:
            file.append([each])

    for done, left in cut_while(disk, work):
        files = rescue_files(left.parent / folder.relative_to(disk))
        assert len(files) == 1 or not done
        for file in map(RescueFile, files):
            found = file.operations()
            assert [each.expected for each in found] == [each.expected for each in operations][: len(found)]
            assert [{*each.after} for each in found] == [{*each.patch.deltas} for each in operations][
                : len(found)
            ]
            assert len(found) == len(operations) or not done
            file.settle()
            assert [each.after_hashes for each in file.operations()] == [each.after_hashes for each in found]
            assert [*file.path.parent.iterdir()] == [file.path]


def test_the_copy_of_work_that_is_kept_beside_somebody_elses_is_whole_after_a_power_cut(disk: Path) -> None:
    content, folder = bytes(range(256)) * 40, disk / PROJECT / "quarantine"
    file = disk / "a.unsaved"
    file.write_bytes(content)

    for done, left in cut_while(disk, lambda: rescuing._copy(file, folder), 2):
        found = [each.read_bytes() for each in (left / "quarantine").iterdir()]
        assert found == [content] or not done
