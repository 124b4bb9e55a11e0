"""Work on drives with the file systems of other computers, really mounted: exFAT as on sticks, NTFS as on drives from
Windows, the same where upper and lower case do not count, XFS and btrfs (rows 6, 7, 10, 37)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QLabel

from labeltool.__main__ import main
from labeltool.core.errors import LabeltoolError
from labeltool.store import backups, reserve
from labeltool.store.fsck import check
from labeltool.store.layout import mask_path
from labeltool.store.project import ProjectLockedError, ProjectStore
from tests.e2e.pause import pause_ms
from tests.faults.drives.drive import EXFAT, KINDS, MEGABYTE, NTFS, NTFS_FOLDED, Drive, drive
from tests.faults.saving_scene import Hand, make_project, press
from tests.faults.sharing_scene import held_elsewhere, paint

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

FOREIGN = (EXFAT, NTFS, NTFS_FOLDED)
FOLDING = (EXFAT, NTFS_FOLDED)
FORMATS = ("voc", "coco", "png", "yolo", "labelme", "cityscapes", "panoptic", "cvat")
WIDTH, HEIGHT = 96, 64


@pytest.fixture
def drv(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Drive]:
    """The drive that a test is given, by its kind."""
    with drive(request.param, tmp_path / "drives") as made:
        yield made


def on(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("drv", kinds, indirect=True)


def pictures(folder: Path, *names: str) -> Path:
    """Images of one size, each of other pixels."""
    folder.mkdir(parents=True)
    for number, name in enumerate(names):
        pixels = np.full((HEIGHT, WIDTH, 3), 30 + number, np.uint8)
        pixels[:, WIDTH // 2 :] = 200 - number
        Image.fromarray(pixels).save(folder / name, "PNG")
    return folder


def labelled(root: Path, images: Path, classes: str = "cell,nucleus") -> dict[str, bytes]:
    """A project with a stroke of its own on each image; what the label plane of each holds, by its name."""
    assert main(["new", str(root), "--classes", classes]) == 0
    assert main(["add", str(root), str(images)]) == 0
    with ProjectStore.open(root) as store:
        for number, record in enumerate(store.images()):
            paint(store, record, x=number, label=1 + number % 2)
    return planes(root)


def planes(root: Path) -> dict[str, bytes]:
    """The label plane of each image, as it is on the drive."""
    with ProjectStore.open(root, write=False) as store:
        return {str(r.path): store.load_mask(r.id).read("label").tobytes() for r in store.images()}


def wrong(root: Path) -> list[str]:
    """What ``fsck`` finds, but for copies that were being made when the drive went."""
    return [
        str(found) for found in check(root) if found.severity == "error" or ".partial" not in found.file.name
    ]


def number_of(root: Path) -> tuple[int, int]:
    """How many mask files there are, and how many copies of them."""
    return len(list(root.glob("masks/*/*.ltm"))), len(list(root.glob("backups/masks/*/*.ltm")))


# ---- a day


@on(*KINDS)
def test_a_day_of_work_on_the_drive_is_there_when_it_is_plugged_in_again(drv: Drive, tmp_path: Path) -> None:
    root = drv.at / "project"
    before = labelled(root, pictures(drv.at / "Images", "A.png", "Bild.PNG", "ünï.png", "细胞.png"))
    assert len(before) == 4
    assert main(["split", str(root), "--train", "50", "--val", "25", "--test", "25"]) == 0
    assert main(["decide", str(root), "done", "*"]) == 0
    assert main(["remove", str(root), "ünï.png"]) == 0
    assert main(["remove", str(root), "--back", "ünï.png"]) == 0
    assert main(["export", str(root), str(drv.at / "out"), "--format", "coco"]) == 0
    assert main(["import", str(root), str(drv.at / "out"), "--format", "coco", "--as", "anna"]) == 0
    assert wrong(root) == []
    drv.eject()
    assert list(drv.at.iterdir()) == []
    drv.plug_in()
    assert planes(root) == before
    assert wrong(root) == []
    copy = shutil.copytree(root, tmp_path / "copy")  # onto this computer's own disk
    assert planes(copy) == before
    assert wrong(copy) == []


@on(*FOREIGN)
def test_copies_of_labels_are_few_and_repair_what_is_damaged(drv: Drive) -> None:
    root = drv.at / "project"
    before = labelled(root, pictures(drv.at / "images", "a.png", "b.png"))
    for split in ("train", "val", "test", "train"):
        assert main(["split", str(root), "--to", split]) == 0
    masks, copies = number_of(root)
    assert masks == 2 and copies <= 2 * backups.NEWEST, "each closing makes a copy of what has not changed"
    with ProjectStore.open(root, write=False) as store:
        first, second = (mask_path(root, record.id) for record in store.images())
    os.truncate(first, first.stat().st_size // 2)
    second.write_bytes(b"\0" * 5000)
    (root / "project.db").write_bytes(b"x" * 5000)
    assert main(["fsck", str(root)]) == 1
    assert main(["fsck", str(root), "--repair"]) == 0
    assert wrong(root) == []
    assert planes(root) == before
    assert len(list((root / "quarantine").iterdir())) == 3


@on(*FOREIGN)
def test_one_process_writes_and_the_next_is_told_who(drv: Drive) -> None:
    root = drv.at / "project"
    labelled(root, pictures(drv.at / "images", "a.png"))
    with held_elsewhere(root):
        with pytest.raises(ProjectLockedError, match="is being edited by"):
            ProjectStore.open(root)
        with ProjectStore.open(root, write=False) as store:
            assert len(store.images()) == 1
    ProjectStore.open(root).close()  # the holder was killed: nobody has it
    assert wrong(root) == []


# ---- names


@on(*FOLDING)
def test_an_image_is_one_image_under_every_spelling_of_its_name(
    drv: Drive, capsys: pytest.CaptureFixture[str]
) -> None:
    images, root = pictures(drv.at / "Images", "A.png", "b.png"), drv.at / "project"
    labelled(root, images)
    for spelled in ("IMAGES", "images/a.PNG", "Images/A.PNG", "iMAGES/B.png"):
        assert (drv.at / spelled).exists()
        assert main(["add", str(root), str(drv.at / spelled)]) == 0
        assert "0 images added" in capsys.readouterr().out
    assert len(planes(root)) == 2
    assert main(["add", str(drv.at / "PROJECT"), str(images), str(drv.at / "IMAGES")]) == 0
    assert len(planes(root)) == 2


ODD = (
    *("A.png", "a.png", 'a:b?"c.png', 'A:B?"C.png', "end..png", "blank .png", "behind.png ", "CON.png"),
    *(
        "n" * 240 + ".png",
        "é" * 120 + ".png",
        "😀" * 60 + ".png",
        "line\nbreak.png",
        "straße.png",
        "STRASSE.png",
    ),
)
"""As ext4 has them: two that are one elsewhere, such as no other system takes, and long ones."""


@on(*FOREIGN)
@pytest.mark.parametrize("name", FORMATS)
def test_images_of_any_name_are_exported_onto_the_drive_and_come_back(
    drv: Drive, tmp_path: Path, name: str
) -> None:
    root, out = drv.at / "project", drv.at / "Out"
    before = labelled(root, pictures(tmp_path / "here", *ODD), "Cell,cell")
    assert len(before) == len(ODD)
    lower = drv.kind == KINDS[NTFS_FOLDED]
    """It gives every name back in lower case: what cannot be told apart then is left out by name, and not mixed up."""
    done = main(["export", str(root), str(out), "--format", name])
    if lower and name == "yolo":  # it finds its pictures by their names
        assert done == 1 and not out.exists(), "refused whole when it is read back"
        return
    assert done == 0
    assert main(["export", str(root), str(drv.at / "Out"), "--format", name]) == 1, "nothing is overwritten"
    again = drv.at / "again"
    assert main(["new", str(again), "--classes", "Cell,cell"]) == 0
    assert main(["add", str(again), str(tmp_path / "here")]) == 0
    assert main(["import", str(again), str(out), "--format", name]) in ((0, 1) if lower else (0,))
    for path, plane in planes(again).items():
        labels, wanted = (np.frombuffer(each, np.uint8) for each in (plane, before[path]))
        is_same = np.array_equal(labels * (labels != 255), wanted * (wanted != 255))
        assert is_same or (lower and np.all(labels == labels[0])), path
    assert wrong(again) == []


# ---- the drive is pulled while somebody draws


@pytest.fixture
def waiting(failing_saves: None, tmp_path: Path) -> Path:
    """Where a window keeps what it cannot save."""
    return tmp_path / "unsaved"


ROWS = tuple(range(20, 260, 12))
PULLED_AT = 8


def drawn_while_pulled(hand: Hand, drv: Drive, how: str) -> None:
    """Strokes, and one undo, in the midst of which the drive goes."""
    for number, y in enumerate(ROWS):
        hand.draw(y)
        if number == 4:
            hand.saved()
        if number == PULLED_AT:
            drv.pull() if how == "pulled" else drv.kill_server()
    hand.window.actions_["undo"].trigger()
    hand.until(lambda: hand.status().startswith("not saved: ") and "kept in" in hand.status())
    assert hand.session.revision == len(ROWS) + 1


def drawn_on(root: Path) -> list[int]:
    """The classes of the rows in the first image, as they are on the drive."""
    with ProjectStore.open(root) as store:
        label = store.load_mask(store.images()[0].id).read("label")
    return [int(label[y, 100]) for y in ROWS]


@on(*FOREIGN)
@pytest.mark.parametrize("how", ["pulled", "its server killed"])
def test_a_drive_that_is_pulled_in_the_midst_of_strokes_costs_none(
    drv: Drive, how: str, waiting: Path, tmp_path: Path
) -> None:
    root = make_project(drv.at / "project", drv.at / "images")
    hand = Hand(root)
    drawn_while_pulled(hand, drv, how)
    said = "the project's folder cannot be reached" if how == "pulled" else "the disk failed"
    assert hand.status().startswith(f"not saved: {said}")
    assert len(list(waiting.glob("*.unsaved"))) == 1
    hand.window.actions_["next_image"].trigger()
    hand.until(lambda: hand.window.annotate.image is None)
    pause_ms(300)
    title = hand.window.findChild(QLabel, "unopened.title").text()
    assert title == ("b.png is missing" if how == "pulled" else "b.png cannot be read")
    if how == "pulled":
        assert list(drv.at.iterdir()) == [], "it would be in the way of the drive"
    drv.put_back()
    hand.until(lambda: not hand.window.bench.saver.waiting and not list(waiting.glob("*.unsaved")))
    hand.window.actions_["previous_image"].trigger()
    hand.until(lambda: hand.window.annotate.image is not None)
    hand.draw(280)
    hand.saved()
    assert hand.session.revision == len(ROWS) + 2
    hand.window.close()
    assert drawn_on(root) == [1] * (len(ROWS) - 1) + [0]
    assert wrong(root) == []
    drv.eject()
    drv.plug_in()
    assert drawn_on(root) == [1] * (len(ROWS) - 1) + [0]
    assert wrong(root) == []


@on(EXFAT)
@pytest.mark.parametrize("folder", ["project", "."])
def test_nothing_is_made_where_a_drive_was_and_no_labels_are_called_damaged(
    drv: Drive, folder: str, waiting: Path, tmp_path: Path
) -> None:
    root = make_project(drv.at / folder, tmp_path / "images", "abc")  # the images are not on the drive
    hand = Hand(root)
    hand.draw(40)
    hand.saved()
    hand.window.actions_["next_image"].trigger()
    hand.until(
        lambda: hand.window.annotate.image is not None and hand.window.annotate.image.record.name == "b.png"
    )
    hand.draw(40)
    hand.saved()
    drv.pull()
    hand.draw(100)
    hand.failing()
    texts: list[str] = []
    hand.window._restoring.damaged.connect(texts.append)
    for name in (
        "previous_image",
        "workspace_review",
        "workspace_annotate",
        "next_image",
        "next_image",
        "done",
    ):
        hand.window.actions_[name].trigger()
        pause_ms(200)
    hand.window._sharing.recheck()
    pause_ms(300)
    assert (texts, list(drv.at.rglob("*"))) == ([], [])
    drv.put_back()
    hand.until(lambda: not hand.window.bench.saver.waiting)
    hand.window.close()
    with ProjectStore.open(root) as store:
        assert [r.revision for r in store.images()] == [1, 2, 0]
    assert wrong(root) == []


@on(*FOLDING)
def test_strokes_that_waited_come_back_to_the_project_under_another_spelling(
    drv: Drive, waiting: Path
) -> None:
    root = make_project(drv.at / "project", drv.at / "images")
    hand = Hand(root)
    drawn_while_pulled(hand, drv, "pulled")
    hand.in_dialog(lambda dialog: press(dialog, "leave"))
    hand.window.close()
    assert len(list(waiting.glob("*.unsaved"))) == 1
    drv.put_back()
    again = Hand(drv.at / "PROJECT")
    assert "that could not be saved before are saved now" in again.banner()
    again.window.close()
    assert drawn_on(root) == [1] * (len(ROWS) - 1) + [0]
    assert list(waiting.glob("*.unsaved")) == []
    assert wrong(root) == []


# ---- the drive is full


def fill(drv: Drive) -> Path:
    """A file that takes all room of the drive."""
    filler = drv.at / "filler"
    handle = os.open(filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for piece in (MEGABYTE, 4096, 1):
            with suppress(OSError):
                while True:
                    os.write(handle, b"\0" * piece)
    finally:
        with suppress(OSError):
            os.close(handle)
    return filler


@on(*FOREIGN)
def test_a_full_drive_keeps_strokes_until_there_is_room(drv: Drive, waiting: Path) -> None:
    root = make_project(drv.at / "project", drv.at / "images")
    hand = Hand(root)
    hand.draw(20)
    hand.saved()
    hand.until((root / reserve.RESERVE).exists)
    filler = fill(drv)
    drawn = 0
    for drawn, y in enumerate(range(32, 290, 2), start=1):
        hand.draw(y, 20 + drawn, 350 - drawn)
        hand.until(lambda: hand.is_saved() or hand.status().startswith("not saved: "))
        if not hand.is_saved():
            break
        fill(drv)
    assert hand.status().startswith("not saved: disk full"), "the reserve was given up, and then it was full"
    assert str(waiting) in hand.status()
    filler.unlink()
    hand.saved()
    assert hand.session.revision == 1 + drawn
    hand.window.close()
    with ProjectStore.open(root) as store:
        assert store.images()[0].revision == 1 + drawn
    assert wrong(root) == []


@on(*FOREIGN)
def test_an_export_onto_a_full_drive_leaves_nothing_half_done(
    drv: Drive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = drv.at / "project"
    before = labelled(root, pictures(drv.at / "images", "a.png", "b.png"))
    filler = fill(drv)
    capsys.readouterr()
    assert main(["export", str(root), str(drv.at / "out"), "--format", "voc"]) == 1
    assert "free" in capsys.readouterr().err
    with pytest.raises(LabeltoolError), ProjectStore.open(root) as store:
        for x in range(2000):
            paint(store, store.image(store.images()[0].id), x % 60, 1 + x % 2)
    assert wrong(root) == []
    filler.unlink()
    assert not [path for path in drv.at.rglob("*") if "partial" in path.name]
    assert list(planes(root)) == list(before)
    assert main(["export", str(root), str(drv.at / "out"), "--format", "voc"]) == 0
    assert wrong(root) == []
