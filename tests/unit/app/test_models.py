import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labeltool.app.models import (
    Model,
    add_model,
    adding,
    broken_models,
    class_mapping,
    find_model,
    finding,
    free_name,
    model_folder,
    new_folder,
    project_models,
    read_model,
    seen,
    subsets,
    suitable_models,
)
from labeltool.core.catalog import ClassCatalog, ClassDef
from labeltool.core.errors import ModelError
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME
from labeltool.inference.run import MANIFEST, METRICS
from tests.unit.app.runs import trained_on

MakeModel = Callable[..., Model]
NUCLEI = ClassCatalog.from_names(["nucleus"])


@pytest.fixture
def embedded(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> Model:
    model = make_model(name="nuclei")
    monkeypatch.setattr(finding, "embedded_models", lambda: [model])
    return model


def test_classes_are_the_same_by_name_whatever_their_values(make_model: MakeModel) -> None:
    project = ClassCatalog(
        (
            ClassDef(0, "Background", (0, 0, 0)),
            ClassDef(3, "nucleus ", (1, 1, 1)),
            ClassDef(9, "cell", (2, 2, 2)),
        )
    )
    assert class_mapping(make_model().card, project) == {0: 0, 1: 3}


def test_a_class_that_the_project_lacks_is_named_with_those_it_has(make_model: MakeModel) -> None:
    with pytest.raises(ModelError) as caught:
        class_mapping(make_model("nucleus", "road").card, NUCLEI)
    assert "road" in caught.value.message
    assert "nucleus" in str(caught.value.hint)


def test_classes_whose_names_differ_only_in_case_are_two(make_model: MakeModel) -> None:
    card = make_model("Cell", "cell").card
    assert class_mapping(card, card.catalog) == {0: 0, 1: 1, 2: 2}
    assert class_mapping(card, ClassCatalog.from_names(["cell", "nucleus", "Cell"])) == {0: 0, 1: 3, 2: 1}


@pytest.mark.parametrize(
    ("of_model", "of_project"),
    [
        (("Cell", "cell"), ("cell",)),
        (("Cell", "cell"), ("CELL",)),
        (("CELL",), ("Cell", "cell")),
        (("cell", "Cell"), ("cell", "CELL")),
    ],
)
def test_where_case_alone_leaves_it_open_which_class_is_meant_the_model_is_refused(
    make_model: MakeModel, of_model: tuple[str, ...], of_project: tuple[str, ...]
) -> None:
    with pytest.raises(ModelError, match="differ only in case") as caught:
        class_mapping(make_model(*of_model).card, ClassCatalog.from_names(list(of_project)))
    assert all(repr(name) in caught.value.message for name in of_project[-1:])
    assert "very name" in str(caught.value.hint)


def test_what_a_training_leaves_is_not_taken_before_it_is_promoted(
    tmp_path: Path, make_model: MakeModel, embedded: Model
) -> None:
    make_model(name="own", folder=tmp_path / "models" / "own")
    assert find_model(None, NUCLEI, tmp_path) == embedded
    assert [m.card.name for m in suitable_models(NUCLEI, tmp_path)] == [embedded.card.name, "own"]


def test_where_no_embedded_model_fits_the_projects_first_one_stays(
    tmp_path: Path, make_model: MakeModel, embedded: Model
) -> None:
    roads = ClassCatalog.from_names(["road"])
    for age, name in enumerate(("new", "newer", "first")):
        folder = make_model("road", name=name, folder=tmp_path / "models" / name).folder
        os.utime(folder / CARD_NAME, (1_700_000_000 - age, 1_700_000_000 - age))
    assert find_model(None, roads, tmp_path).card.name == "first"
    assert [m.card.name for m in project_models(tmp_path)] == ["new", "newer", "first"]
    assert [m.card.name for m in suitable_models(roads, tmp_path)] == ["first", "new", "newer"]


def test_a_model_of_the_project_whose_classes_do_not_fit_is_passed_over(
    tmp_path: Path, make_model: MakeModel, embedded: Model
) -> None:
    make_model("road", name="roads", folder=tmp_path / "models" / "roads")
    assert find_model(None, NUCLEI, tmp_path) == embedded


def test_without_a_fitting_model_the_error_says_what_to_do(tmp_path: Path, embedded: Model) -> None:
    with pytest.raises(ModelError, match="no model knows") as caught:
        find_model(None, ClassCatalog.from_names(["road"]), tmp_path)
    assert "labeltool train" in str(caught.value.hint)
    assert "nuclei" in str(caught.value.hint)


def test_a_model_is_found_by_name_by_folder_and_by_file(
    tmp_path: Path, make_model: MakeModel, embedded: Model
) -> None:
    own = make_model(name="own", folder=tmp_path / "models" / "own")
    far = make_model(name="far", folder=tmp_path / "far")
    assert find_model("nuclei", NUCLEI, tmp_path) == embedded
    assert find_model("own", NUCLEI, tmp_path).source == "project"
    assert find_model(str(own.folder), NUCLEI, tmp_path).key == own.key
    assert find_model(str(far.folder / WEIGHTS_NAME), NUCLEI, tmp_path).key == far.key


def test_weights_without_a_card_are_refused(tmp_path: Path, embedded: Model) -> None:
    (tmp_path / "alone.pth").write_bytes(b"weights")
    with pytest.raises(ModelError, match="weights alone"):
        find_model(str(tmp_path / "alone.pth"), NUCLEI, tmp_path)


def test_the_key_changes_with_the_weights_where_the_card_is_silent(make_model: MakeModel) -> None:
    model = make_model()
    (model.folder / WEIGHTS_NAME).write_bytes(b"others")
    assert read_model(model.folder).key != model.key


def test_a_broken_model_is_listed_apart_with_its_reason(tmp_path: Path, make_model: MakeModel) -> None:
    folders = {
        n: make_model(name=n, folder=tmp_path / "models" / n).folder for n in ("broken", "bare", "well")
    }
    (folders["broken"] / CARD_NAME).write_text("{", encoding="utf-8")
    (folders["bare"] / WEIGHTS_NAME).unlink()
    (tmp_path / "models" / "empty").mkdir()
    (tmp_path / "models" / ".half.partial").mkdir()
    assert [m.card.name for m in project_models(tmp_path)] == ["well"]
    reasons = {found.name: found.reason for found in broken_models(tmp_path)}
    assert "not a model card" in reasons["broken"]
    assert "no model card here" in reasons["empty"]
    assert sorted(reasons) == ["bare", "broken", "empty"]
    with pytest.raises(ModelError, match="not a model card"):
        find_model("broken", NUCLEI, tmp_path)


@pytest.mark.parametrize("wrong", [{"sha256": 7}, {"name": None}, {"tile": "768"}, {"training": []}])
def test_a_card_that_holds_something_else_is_broken_and_the_others_are_listed(
    tmp_path: Path, make_model: MakeModel, wrong: dict[str, object]
) -> None:
    folders = {n: make_model(name=n, folder=tmp_path / "models" / n).folder for n in ("odd", "well")}
    card = json.loads((folders["odd"] / CARD_NAME).read_text())
    (folders["odd"] / CARD_NAME).write_text(json.dumps({**card, **wrong}))
    assert [m.card.name for m in project_models(tmp_path)] == ["well"]
    (broken,) = broken_models(tmp_path)
    assert next(iter(wrong)) in broken.reason


@pytest.mark.usefixtures("runs")
def test_adding_copies_card_and_weights(tmp_path: Path, make_model: MakeModel) -> None:
    source = make_model()
    added = add_model(tmp_path, source.folder)
    assert added.folder == tmp_path / "models" / "thresholds"
    assert added.key == source.key
    assert json.loads((added.folder / CARD_NAME).read_text())["sha256"] == added.card.sha256
    assert sorted(p.name for p in added.folder.parent.iterdir()) == ["thresholds"]
    with pytest.raises(ModelError, match="already"):
        add_model(tmp_path, source.folder)


@pytest.mark.usefixtures("runs")
def test_what_a_model_was_trained_on_is_known_where_it_is_added_too(tmp_path: Path, model: Model) -> None:
    trained_on(model, train=["1" * 64], val=["2" * 64], unlabelled=["3" * 64])
    (model.folder / METRICS).write_text('{"step": 1}\n')
    added = add_model(tmp_path, model.folder)
    assert seen(added.folder) == seen(model.folder) == {"1" * 64, "3" * 64}
    assert subsets(added.folder) == subsets(model.folder)
    assert (added.folder / METRICS).read_text() == '{"step": 1}\n'
    assert "nowhere" in (model.folder / MANIFEST).read_text()
    assert not re.search("nowhere|image.png", (added.folder / MANIFEST).read_text())


@pytest.mark.usefixtures("runs")
def test_a_model_with_a_damaged_manifest_is_not_added(tmp_path: Path, model: Model) -> None:
    (model.folder / MANIFEST).write_text("{")
    with pytest.raises(ModelError, match="manifest"):
        add_model(tmp_path, model.folder)
    assert not (tmp_path / "models").exists()


def test_a_model_is_found_by_its_key(tmp_path: Path, make_model: MakeModel, embedded: Model) -> None:
    own = make_model(name="own", folder=tmp_path / "models" / "own")
    assert find_model(own.key, NUCLEI, tmp_path).path == own.path
    assert find_model(embedded.key, NUCLEI, tmp_path) == embedded


@pytest.mark.parametrize("figures", [{}, [], "good", {"per_class": None}, {"per_class": {"nucleus": 1}}])
def test_a_card_without_figures_has_no_score(model: Model, figures: Any) -> None:
    assert replace(model, card=replace(model.card, figures=figures)).score is None


def test_the_score_is_the_mean_over_the_classes_but_the_background(make_model: MakeModel) -> None:
    model = make_model("nucleus", "cell", "never")
    ious = {"background": 0.99, "nucleus": 0.8, "cell": 0.6, "never": None}
    figures = {"per_class": {name: {"iou": iou} for name, iou in ious.items()}}
    assert replace(model, card=replace(model.card, figures=figures)).to_json()["score"] == pytest.approx(0.7)


def test_a_model_that_does_not_load_is_not_added(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(model: Model, device: str) -> None:
        raise ModelError("it does not fit")

    monkeypatch.setattr(adding, "try_out", refuse)
    with pytest.raises(ModelError, match="does not fit"):
        add_model(tmp_path, model.folder)
    assert not (tmp_path / "models").exists()


def test_a_folder_that_failed_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_folder(tmp_path / "model") as folder:
        (folder / "half").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../evil", "", "a/b", ".hidden", "x" * 65, "a b", "dot."])
def test_a_name_that_cannot_name_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="cannot name"):
        model_folder(tmp_path, name)


def test_the_next_model_gets_the_next_number(tmp_path: Path) -> None:
    (tmp_path / "models" / "my-cells-1").mkdir(parents=True)
    assert free_name(tmp_path, "my cells!") == "my-cells-2"


@pytest.mark.parametrize(
    "changed", [{"scale": 2.0}, {"stretch": (0.0, 99.0)}, {"values": (0.0, 9.0)}, {"bands": (2, 1, 0)}]
)
def test_weights_that_are_fed_otherwise_have_another_key(embedded: Model, changed: dict[str, Any]) -> None:
    assert embedded.key == f"{embedded.card.name}@1-{embedded.card.sha256[:8]}"  # as in projects of old
    bare = replace(embedded.card, training={})
    for card in (embedded.card, bare):
        other = replace(card, **changed)
        assert other.key.startswith(f"{embedded.key}-")
        assert other.key != card.key
    assert replace(embedded.card, licence="", figures={}).key == embedded.key
