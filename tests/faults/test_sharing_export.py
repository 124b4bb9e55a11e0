"""Exports and decisions while somebody goes on drawing, and targets that are refused (rows 71, 74, 75)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app.exporting import StoredImages, export_images, plan_export, refuse_export
from labeltool.app.people.deciding import decide, decided, state
from labeltool.app.project import add_images
from labeltool.core.errors import BadInputError, ConflictError
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.project import Status
from labeltool.formats.protocol import ExportPlan
from labeltool.store import database, index
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.faults.sharing_scene import WIDTH, make_images, make_project


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    return make_images(tmp_path / "images")


@pytest.fixture
def project(tmp_path: Path, images: list[Path]) -> Path:
    return make_project(tmp_path / "project", images)


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about order, not about power cuts: more strokes come in the same time."""
    for module in (database, index):
        monkeypatch.setattr(module, "DURABLE", ("PRAGMA synchronous=OFF",))


class Painter(threading.Thread):
    """Draws on all images until it is stopped, undoing some, and knows the root of every revision."""

    def __init__(self, store: ProjectStore) -> None:
        super().__init__()
        self.store, self.stop = store, CancelToken()
        self.ids = [record.id for record in store.images()]
        self.masks = {i: store.load_mask(i) for i in self.ids}
        self.roots = {(i, store.history(i).revision): store.root_hash(i) for i in self.ids}
        self.failed: list[BaseException] = []

    def run(self) -> None:
        dice = np.random.default_rng(7)
        try:
            while not self.stop.cancelled:
                image, mask = self.ids[int(dice.integers(len(self.ids)))], None
                mask = self.masks[image]
                x, label = int(dice.integers(WIDTH - 30)), int(dice.integers(3))
                patch = write(mask, Box(x, 20, x + 30, 60), title="s", kind="brush", label=label, origin=2)
                if not patch:
                    continue
                mask.apply(patch)
                revision = self.store.commit(
                    image, patch, expected=self.store.history(image).revision, status=Status.IN_WORK
                )
                self.roots[image, revision] = self.store.root_hash(image)
        except BaseException as error:
            self.failed.append(error)

    def __enter__(self) -> Painter:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.cancel()
        self.join()
        assert not self.failed, self.failed


def exports(format_name: str) -> Iterator[object]:
    yield pytest.param(format_name, marks=() if format_name == "png" else pytest.mark.slow)


FORMATS = [
    each for name in ("png", "coco", "voc", "cityscapes", "panoptic", "origin") for each in exports(name)
]


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_export_while_somebody_draws_is_a_snapshot_that_cites_its_roots(
    project: Path, tmp_path: Path, format_name: str
) -> None:
    with ProjectStore.open(project) as store:
        first = {record.id: store.history(record.id).revision for record in store.images()}
        with Painter(store) as painter:
            for number in range(2):
                report = export_images(store, tmp_path / f"out{number}", format_name)
                assert report.images == 3
        moved = sum(store.history(i).revision - revision for i, revision in first.items())
        assert moved > 10, "nobody drew meanwhile"
        for number in range(2):
            manifest = json.loads((tmp_path / f"out{number}" / "manifest.json").read_text())
            assert len(manifest["sources"]) == 3
            for source in manifest["sources"]:
                assert source["root"] == painter.roots[source["id"], source["revision"]]
                if format_name == "png":
                    file = next((tmp_path / f"out{number}").glob(f"**/labels/{source['name']}.png"))
                    with Image.open(file) as picture:
                        exported = np.asarray(picture)
                    then = store.mask_at(source["id"], source["revision"])
                    assert (exported == then.read("label")).all()
    assert check(project) == []


def test_a_snapshot_stays_what_it_was_when_it_was_first_looked_at(project: Path) -> None:
    with ProjectStore.open(project) as store:
        images = StoredImages(store, store.images())
        before = [(each.record.revision, each.root, each.mask.read("label").copy()) for each in images]
        painter = Painter(store)
        painter.start()
        while len(painter.roots) < 20 and not painter.failed:
            pass
        painter.stop.cancel()
        painter.join()
        for each, (revision, root, label) in zip(images, before, strict=True):
            assert (each.record.revision, each.root) == (revision, root)
            assert (each.mask.read("label") == label).all()
        for (image, revision), root in painter.roots.items():
            assert store.root_hash_at(image, revision) == root


def test_a_decision_is_about_the_pixels_that_were_seen_whoever_draws_meanwhile(project: Path) -> None:
    """A reviewer approves what is on the screen while the annotator draws: either those very pixels, or a refusal."""
    approved = set()
    with ProjectStore.open(project) as store, Painter(store) as painter:
        while len(painter.roots) < 60 and not painter.failed:
            for image in painter.ids:
                seen = store.history(image).revision
                with suppress(ConflictError):
                    decide(store, image, Status.APPROVED, expected=seen)
                    approved.add((image, seen))
        painter.stop.cancel()
        painter.join()
        for image in painter.ids:
            for each in decided(store, image):
                assert (image, each.revision) in approved
                assert each.root_hash == painter.roots[image, each.revision]
            now = state(store, image)
            holds = now.decision is not None and now.decision.root_hash == store.root_hash(image)
            assert (now.status is Status.APPROVED) == holds
            assert holds or now.stale is not None
        assert approved
    assert check(project) == []


SLOW = [pytest.param(each, marks=pytest.mark.slow) for each in ("images", "project", "a link to images")]


@pytest.mark.parametrize("where", ["below images", "below project", *SLOW])
def test_an_export_among_images_or_into_the_project_is_refused(
    project: Path, images: list[Path], tmp_path: Path, where: str
) -> None:
    link = tmp_path / "link"
    link.symlink_to(images[0].parent)
    target = {
        "images": images[0].parent,
        "below images": images[0].parent / "new" / "out",
        "project": project,
        "below project": project / "masks" / "out",
        "a link to images": link / "out",
    }[where]
    before = {path: path.read_bytes() for path in images}
    with ProjectStore.open(project) as store:
        listed = sorted(project.rglob("*"))
        for call in (export_images, plan_export):
            with pytest.raises(BadInputError, match=r"inside|not empty"):
                call(store, target, "png")
        assert sorted(project.rglob("*")) == listed
    assert {path: path.read_bytes() for path in images} == before
    assert sorted(images[0].parent.iterdir()) == sorted(images)


def test_an_export_among_images_that_it_does_not_write_is_refused(project: Path, tmp_path: Path) -> None:
    """Whoever adds that folder again would get the masks as images."""
    other = make_images(tmp_path / "others")
    with ProjectStore.open(project) as store:
        add_images(store, other, split="val")
        for record in store.images():
            if not record.split:
                store.put_into(record.id, "train")
        for call in (export_images, plan_export):
            with pytest.raises(BadInputError, match="holds source images"):
                call(store, tmp_path / "others" / "new" / "out", "png", split="train")
        with pytest.raises(BadInputError, match="holds source images"):
            refuse_export(store, ExportPlan(0, 0, 0), tmp_path / "others" / "out")
        assert sorted((tmp_path / "others").iterdir()) == sorted(other)
        assert export_images(store, tmp_path / "out", "png", split="train").images == 3


def test_an_export_into_another_project_is_refused(project: Path, images: list[Path], tmp_path: Path) -> None:
    other = make_project(tmp_path / "another", images)
    listed = sorted(other.rglob("*"))
    with ProjectStore.open(project) as store:
        for target in (other / "masks" / "out", other / "new" / "deep"):
            for call in (export_images, plan_export):
                with pytest.raises(BadInputError, match="inside the project another"):
                    call(store, target, "png")
    assert sorted(other.rglob("*")) == listed


def test_an_export_that_lies_among_images_is_passed_over_when_they_are_added_again(
    project: Path, tmp_path: Path
) -> None:
    """Others may have put it there, or somebody moved it; masks of this project are no images of it."""
    folder = tmp_path / "images"
    with ProjectStore.open(project) as store:
        export_images(store, tmp_path / "out", "png")
        (tmp_path / "out").rename(folder / "out")
        report = add_images(store, [folder])
        assert (report.added, report.known) == ([], 3)
        ((skipped, reason),) = ((each.file, each.reason) for each in report.skipped)
        assert skipped == str(folder / "out")
        assert "labeltool has exported this" in reason
        (folder / "out" / "manifest.json").write_text("somebody else's")
        assert len(add_images(store, [folder]).added) == 6, "labels and object ids"


def test_an_export_over_data_that_is_there_is_refused_and_changes_no_byte(
    project: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with ProjectStore.open(project) as store:
        export_images(store, out, "png")
        before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
        with pytest.raises(BadInputError, match="not empty; nothing is overwritten"):
            export_images(store, out, "coco")
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
