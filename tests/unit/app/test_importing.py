from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from labeltool import plugins
from labeltool.app.importing import _Told, import_labels, import_patch
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord, Skipped, Status
from labeltool.core.provenance import VERIFIED, Origin
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ImportedMask
from labeltool.store.project import ProjectStore

SHAPE = (60, 300)
SIZE = Size(300, 60)


def imported(
    image_id: str = "", known: np.ndarray | None = None, numbers: np.ndarray | None = None
) -> ImportedMask:
    return ImportedMask(image_id, "labels.png", np.ones(SHAPE, np.uint8), numbers, known, 4, ("a notice",))


def painted() -> LabelMask:
    """A human has numbered an object in the corner, a model has been beside it."""
    mask = LabelMask(SIZE)
    corner, beside = Box(0, 0, 10, 10), Box(10, 0, 20, 10)
    mask.apply(write(mask, corner, title="", kind="", label=2, object_id=7, origin=Origin.HUMAN))
    mask.apply(write(mask, beside, title="", kind="", label=2, origin=Origin.MODEL))
    return mask


def test_human_pixels_win_and_a_models_do_not() -> None:
    mask = painted()
    mask.apply(import_patch(mask, imported(), "png"))
    assert (mask.read("label", Box(0, 0, 10, 10)) == 2).all()
    assert (mask.read("origin", Box(0, 0, 10, 10)) == Origin.HUMAN).all()
    assert (mask.read("label", Box(10, 0, 300, 10)) == 1).all()
    assert (mask.read("origin", Box(10, 0, 300, 10)) == Origin.IMPORTED).all()


def test_only_what_the_file_knows_is_set() -> None:
    mask = LabelMask(SIZE)
    known = np.zeros(SHAPE, bool)
    known[:, :30] = True
    mask.apply(import_patch(mask, imported(known=known), "png"))
    assert (mask.read("origin") == np.where(known, Origin.IMPORTED, Origin.NOBODY)).all()
    assert (mask.read("label") == known).all()


def test_numbers_of_objects_never_meet_those_that_a_human_has_given() -> None:
    mask = painted()
    numbers = np.zeros(SHAPE, np.uint32)
    numbers[:, 100:200], numbers[:, 200:] = 7, 8
    mask.apply(import_patch(mask, imported(numbers=numbers), "png"))
    assert np.unique(mask.read("object")).tolist() == [0, 1, 7, 8], "8 is nobody's and stays"
    assert (mask.read("object", Box(0, 0, 10, 10)) == 7).all()
    assert (mask.read("object", Box(100, 0, 200, 60)) == 1).all()


def test_numbers_of_objects_stay_as_they_are_where_nobody_has_given_any() -> None:
    mask = LabelMask(SIZE)
    numbers = np.full(SHAPE, 70_000, np.uint32)
    mask.apply(import_patch(mask, imported(numbers=numbers), "png"))
    assert (mask.read("object") == 70_000).all()


class OneGoodOneBad:
    """An importer that fits the first image only."""

    Options = ImportOptions

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: ImportOptions
    ) -> Iterator[ImportedMask | Skipped]:
        yield Skipped("b.xml", "it has another size")
        yield imported(images[0].id)


def test_what_fits_is_committed_as_one_step_and_the_rest_is_reported(
    store: ProjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "load", lambda group, name: OneGoodOneBad)
    report = import_labels(store, tmp_path, "odd")
    assert (report.images, report.objects) == (1, 4)
    assert report.skipped == [Skipped("b.xml", "it has another size")]
    assert report.notices == ["a notice"]
    record = store.images()[0]
    assert record.status is Status.IN_WORK
    history = store.history(record.id)
    assert [step.title for step in history.undo] == ["import"]
    assert store.patch(record.id, 1).details == {"file": "labels.png", "format": "odd"}


def test_a_source_that_is_not_there_is_said(store: ProjectStore, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no such file"):
        import_labels(store, tmp_path / "nothing", "png")


class Both:
    """An importer that sets every pixel of every image to the class 1."""

    Options = ImportOptions
    label = 1
    notices: tuple[str, ...] = ("the same of each", "1 pixels lie in several objects")

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: ImportOptions
    ) -> Iterator[ImportedMask | Skipped]:
        label = np.full(SHAPE, self.label, np.uint8)
        for image in images:
            yield ImportedMask(image.id, "labels.png", label, None, None, 1, self.notices)


class OtherBoth(Both):
    """One that sets them to background."""

    label = 0
    notices = ()


def test_a_notice_is_given_once_with_its_numbers_summed(
    store: ProjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "load", lambda group, name: Both)
    assert import_labels(store, tmp_path, "odd").notices == [
        "the same of each (in 2 images)",
        "2 pixels lie in several objects (in 2 images)",
    ]


def test_what_an_import_takes_from_an_earlier_one_is_told(
    store: ProjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "load", lambda group, name: Both)
    import_labels(store, tmp_path, "odd")
    assert not any("earlier" in notice for notice in import_labels(store, tmp_path, "odd").notices)
    first = store.images()[0]
    corner = write(
        store.load_mask(first.id), Box(0, 0, 10, 10), title="", kind="", label=1, origin=Origin.HUMAN
    )
    store.commit(first.id, corner, expected=first.revision, status=Status.IN_WORK)
    monkeypatch.setattr(plugins, "load", lambda group, name: OtherBoth)
    assert import_labels(store, tmp_path, "odd").notices == [
        "100 pixels stay as set by people (in a.png)",
        "35,900 pixels of an earlier import got another class or object (in a.png, b.png)",
    ]


def test_pixels_that_people_or_a_locked_class_hold_are_counted_and_the_step_of_undo_leaves_them(
    store: ProjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.images()[0]
    for box, label, origin in (
        (Box(0, 0, 10, 10), 0, Origin.HUMAN),
        (Box(20, 0, 30, 5), 0, Origin.REVIEWER),
        (Box(260, 0, 270, 1), 1, Origin.MODEL),
        (Box(299, 59, 300, 60), 0, Origin.MODEL),
    ):
        mask, revision = store.load_mask(first.id), store.image(first.id).revision
        painted = write(mask, box, title="", kind="", label=label, origin=origin)
        store.commit(first.id, painted, expected=revision)
    before = store.load_mask(first.id)
    store.set_catalog(store.catalog.lock(1, True))
    monkeypatch.setattr(plugins, "load", lambda group, name: OtherBoth)
    report = import_labels(store, tmp_path, "odd")
    assert report.notices == [
        "150 pixels stay as set by people (in a.png)",
        "10 pixels stay unchanged, because a class is locked (in a.png)",
    ]
    after = store.load_mask(first.id)
    kept = np.isin(before.read("origin"), VERIFIED) | (before.read("label") == 1)
    assert np.count_nonzero(kept) == 160
    for plane in ("label", "origin"):
        assert np.array_equal(after.read(plane)[kept], before.read(plane)[kept])
    assert (after.read("origin")[~kept] == Origin.IMPORTED).all()
    after.apply(store.patch(first.id, store.image(first.id).revision).inverse())
    assert np.array_equal(after.read("origin"), before.read("origin"))


def test_an_image_that_is_wholly_a_persons_is_told_as_one_that_did_not_change(
    store: ProjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for image in store.images():
        mask = store.load_mask(image.id)
        painted = write(mask, mask.size.box, title="", kind="", label=0, origin=Origin.HUMAN)
        store.commit(image.id, painted, expected=0)
    monkeypatch.setattr(plugins, "load", lambda group, name: Both)
    report = import_labels(store, tmp_path, "odd")
    assert "36,000 pixels stay as set by people (in a.png, b.png)" in report.notices
    assert [image.revision for image in store.images()] == [1, 1]


def test_of_many_images_the_first_are_named() -> None:
    told = _Told()
    for number in range(7):
        told.add("1 pixels stay as set by people", f"{number}.png")
    told.add("1 pixels stay unchanged, because a class is locked", "x.png")
    assert told.lines() == [
        "7 pixels stay as set by people (in 0.png, 1.png, 2.png, 3.png, 4.png and 2 more)",
        "1 pixel stays unchanged, because a class is locked (in x.png)",
    ]
