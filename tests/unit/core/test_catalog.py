from __future__ import annotations

import dataclasses
import json

import pytest

from labeltool.core.catalog import IGNORE, ClassCatalog, FullError
from labeltool.core.errors import BadInputError


def test_names_get_values_from_one_and_a_background_at_zero():
    catalog = ClassCatalog.read("nucleus, cell")
    assert [(c.value, c.name) for c in catalog.classes] == [(0, "background"), (1, "nucleus"), (2, "cell")]
    assert catalog.background == 0
    assert catalog.unlabelled_value == 0


def test_a_list_of_names_may_be_longer_than_the_name_of_any_file() -> None:
    names = [f"a rather long name of class {number}" for number in range(200)]
    assert [each.name for each in ClassCatalog.read(", ".join(names)).foreground] == names


def test_a_file_without_background_has_none_and_unlabelled_is_ignore(tmp_path):
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({"classes": [{"value": 0, "name": "Sky"}, {"value": 1, "name": "Road"}]}))
    catalog = ClassCatalog.read(str(path))
    assert catalog.background is None
    assert catalog.unlabelled_value == IGNORE
    assert [c.name for c in catalog.foreground] == ["Sky", "Road"]


def test_json_there_and_back_is_the_same():
    catalog = ClassCatalog.from_names(["a", "b"], "x")
    assert ClassCatalog.from_json(json.loads(json.dumps(catalog.to_json()))) == catalog


def test_locks_are_kept_by_json_and_by_every_change_and_are_not_written_where_there_are_none():
    catalog = ClassCatalog.from_names(["a", "b"]).lock(2, True)
    assert ClassCatalog.from_json(json.loads(json.dumps(catalog.to_json()))).locked == {2}
    assert catalog.edit(1, name="c").add("d").locked == {2}
    assert "locked" not in catalog.lock(2, False).to_json()


def test_a_lock_of_a_class_that_is_not_there_is_dropped():
    data = {"classes": [{"value": 1, "name": "a"}], "locked": [1, 7]}
    assert ClassCatalog.from_json(data).locked == {1}


def test_the_background_is_kept_by_json_and_by_every_change_and_is_written_where_its_name_does_not_say_it():
    catalog = ClassCatalog.from_names(["a"])
    renamed = catalog.edit(0, name="ground").add("b").lock(1, True)
    assert renamed.background == 0 and [c.name for c in renamed.foreground] == ["a", "b"]
    assert ClassCatalog.from_json(json.loads(json.dumps(renamed.to_json()))) == renamed
    assert "background" not in catalog.to_json()
    assert "background" not in renamed.edit(0, name="background").to_json()


def test_the_background_cannot_be_taken_off_the_list():
    catalog = ClassCatalog.from_names(["a"])
    with pytest.raises(BadInputError, match="stays on the list"):
        dataclasses.replace(catalog, classes=catalog.classes[1:])


def test_a_value_is_never_given_twice():
    catalog = ClassCatalog.from_names(["a"])
    retired = ClassCatalog(catalog.classes, retired=(2,))
    assert retired.add("b").by_name("b").value == 3


@pytest.mark.parametrize("number", [254, 300])
def test_more_classes_than_fit_are_refused_with_their_number(number: int) -> None:
    names = [f"k{each}" for each in range(number)]
    with pytest.raises(FullError, match=f"^{number + 1} classes: at most 254 fit"):
        ClassCatalog.from_names(names)
    listed = {"classes": [{"value": value, "name": str(value)} for value in range(number + 1)]}
    with pytest.raises(BadInputError, match=f"{number + 1} classes: at most 254 fit") as caught:
        ClassCatalog.from_json(listed, file="classes.json")
    assert caught.value.file == "classes.json" and caught.value.hint


def test_a_full_catalog_takes_no_class_more_and_room_says_how_many_fit() -> None:
    catalog = ClassCatalog.from_names([f"k{each}" for each in range(252)])
    assert catalog.room == 1
    full = catalog.add("last")
    assert (len(full.classes), full.room) == (254, 0)
    with pytest.raises(FullError, match="at most 254 fit"):
        full.add("one more")
    worn = ClassCatalog.from_names(["a"]).classes
    assert ClassCatalog(worn, retired=tuple(range(2, 253))).room == 2


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"classes": []},
        {"classes": [{"value": 1}]},
        {"classes": [{"value": "x", "name": "a"}]},
        {"classes": [{"value": 255, "name": "a"}]},
        {"classes": [{"value": 1, "name": "a"}, {"value": 1, "name": "b"}]},
        {"classes": [{"value": 1, "name": "a"}, {"value": 2, "name": "a"}]},
        {"classes": [{"value": 1, "name": "a", "color": [1, 2]}]},
        {"classes": [{"value": 1, "name": "a", "color": [1, 2, 300]}]},
        {"classes": [{"value": 1, "name": "\x00"}]},
        {"classes": [{"value": 1, "name": "a"}], "ignore_value": 0},
        {"classes": [{"value": 0, "name": "a"}, {"value": 1, "name": "b"}], "background": 1},
        {"classes": [{"value": 1, "name": "a"}], "background": 0},
        {"classes": [{"value": 0, "name": "a"}], "background": "a"},
        {"classes": [{"value": 0, "name": "a"}], "background": [0]},
    ],
)
def test_nonsense_is_refused_with_the_file_named(data):
    with pytest.raises(BadInputError) as caught:
        ClassCatalog.from_json(data, file="classes.json")
    assert caught.value.file == "classes.json"


def test_a_missing_file_of_classes_is_named(tmp_path):
    with pytest.raises(BadInputError, match="no such file"):
        ClassCatalog.read(str(tmp_path / "classes.json"))
