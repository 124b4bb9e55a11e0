import os
from pathlib import Path

import pytest
from PIL import Image

from labeltool.app.project import add_images, chosen, chosen_by, source_problem, status
from labeltool.core.errors import BadInputError, CancelledError
from labeltool.core.geometry import Size
from labeltool.core.progress import CancelToken
from labeltool.store.project import ProjectStore


def test_a_record_describes_its_file(store: ProjectStore, images: Path) -> None:
    record = store.find(images / "a.png")
    assert record is not None
    assert record.size == Size(300, 60)
    assert record.kind == "png"
    assert record.file_bytes == (images / "a.png").stat().st_size
    assert source_problem(record) == ""


def test_files_that_are_known_are_not_added_again(store: ProjectStore, images: Path) -> None:
    Image.new("L", (5, 5)).save(images / "c.png")
    report = add_images(store, [images], split="val")
    assert [r.name for r in report.added] == ["c.png"]
    assert report.known == 2
    assert [(r.name, r.split) for r in store.images()] == [("a.png", ""), ("b.png", ""), ("c.png", "val")]


def test_an_image_that_was_replaced_by_another_is_noticed(store: ProjectStore) -> None:
    record = store.images()[0]
    size = record.path.stat().st_size
    record.path.write_bytes(os.urandom(size))
    assert "has changed" in source_problem(record)


def test_an_image_that_was_moved_is_found_again_by_its_bytes(store: ProjectStore, tmp_path: Path) -> None:
    Image.new("L", (300, 60), 9).save(store.images()[0].path)  # two images of equal bytes would be no proof
    first, second = store.images()
    moved = tmp_path / "elsewhere" / "renamed.png"
    moved.parent.mkdir()
    second.path.rename(moved)
    report = add_images(store, [moved.parent])
    assert [r.id for r in report.relinked] == [second.id]
    assert report.added == []
    assert store.image(second.id).path == moved
    assert [r.id for r in store.images()] == [first.id, second.id]


def test_a_stack_that_was_moved_and_the_one_in_its_place_are_two_series(
    store: ProjectStore, images: Path
) -> None:
    def stack(path: Path, grey: int) -> None:
        frames = [Image.new("L", (30, 20), grey + n) for n in range(3)]
        frames[0].save(path, save_all=True, append_images=frames[1:])

    stack(images / "scan.gif", 10)
    add_images(store, [images])
    (images / "scan.gif").rename(images / "old.gif")
    relinked = add_images(store, [images]).relinked
    stack(images / "scan.gif", 100)
    added = add_images(store, [images]).added
    assert (len(relinked), len(added)) == (3, 3)
    assert {r.series for r in relinked}.isdisjoint({r.series for r in added})


def test_a_cancel_keeps_nothing_half(store: ProjectStore, images: Path) -> None:
    Image.new("L", (5, 5)).save(images / "c.png")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        add_images(store, [images], cancel=cancel)
    assert len(store.images()) == 2


def test_a_search_for_images_is_told_of_and_ends_when_somebody_cancels_it(
    store: ProjectStore, tmp_path: Path
) -> None:
    for number in range(20):
        (tmp_path / "deep" / str(number)).mkdir(parents=True)
    cancel, told = CancelToken(), []

    def stop(done: float, total: float, text: str = "") -> None:
        told.append((total, text))
        if len(told) == 3:
            cancel.cancel()

    with pytest.raises(CancelledError):
        add_images(store, [tmp_path / "deep"], progress=stop, cancel=cancel)
    assert told == [(0, str(tmp_path / "deep" / name)) for name in ("", "0", "1")]


def test_a_cancel_before_the_start_is_none_of_a_folder_without_images(
    store: ProjectStore, tmp_path: Path
) -> None:
    cancel = CancelToken()
    cancel.cancel()
    (tmp_path / "nothing").mkdir()
    with pytest.raises(CancelledError):
        add_images(store, [tmp_path / "nothing"], cancel=cancel)


def test_files_whose_names_some_systems_take_for_one_are_named(store: ProjectStore, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("A.png", "é.png", "plain.png", "x.png"):
        Image.new("L", (5, 5)).save(folder / name)
    assert add_images(store, [folder]).alike == []
    for name in ("a.png", "e\u0301.png", "x.png."):
        Image.new("L", (5, 5)).save(folder / name, "PNG")
    if len(list(folder.iterdir())) != 7:
        pytest.skip("this file system takes some of the names for one")
    report = add_images(store, [folder])
    assert len(report.added) == 3
    assert {frozenset(path.name for path in each) for each in report.alike} == {
        frozenset({"A.png", "a.png"}),
        frozenset({"é.png", "e\u0301.png"}),
        frozenset({"x.png", "x.png."}),
    }


def test_half_a_jpeg_that_ends_as_a_whole_one_does_is_not_added(store: ProjectStore, tmp_path: Path) -> None:
    path = tmp_path / "half.jpg"
    Image.effect_noise((400, 300), 60).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + b"\xff\xd9")
    report = add_images(store, [path])
    assert report.added == []
    (left_out,) = report.skipped
    assert left_out.file == str(path)
    assert "cut off or damaged (premature end of data segment behind about " in left_out.reason


def test_images_are_chosen_by_split_and_by_a_pattern(store: ProjectStore, images: Path) -> None:
    Image.new("L", (5, 5)).save(images / "c.png")
    add_images(store, [images], split="val")
    assert [r.name for r in chosen(store, "val")] == ["c.png"]
    assert [r.name for r in chosen(store, pattern="[ab].png")] == ["a.png", "b.png"]
    assert [r.name for r in chosen(store, pattern=f"{images}/a*")] == ["a.png"]
    with pytest.raises(BadInputError, match="no image"):
        chosen(store, pattern="*.tiff")


def test_an_image_is_chosen_by_its_name_though_it_looks_like_a_pattern(
    store: ProjectStore, images: Path
) -> None:
    Image.new("L", (5, 5)).save(images / "a[1].png")
    add_images(store, [images])
    assert [r.name for r in chosen(store, pattern="a[1].png")] == ["a[1].png"]
    assert [r.name for r in chosen_by(store, ["a*", "a.png"])] == ["a.png", "a[1].png"]
    with pytest.raises(BadInputError, match="no image"):
        chosen_by(store, ["a.png", "z.png"])


def test_status_names_images_that_are_gone(store: ProjectStore, images: Path) -> None:
    (images / "b.png").unlink()
    found = status(store)
    assert found["images"] == 2
    assert found["missing"] == [str(images / "b.png")]
    assert found["status"] == {"new": 2}
