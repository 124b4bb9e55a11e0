"""Models as versions, from the command line alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from labeltool.app.models import read_model
from labeltool.core.catalog import ClassCatalog
from labeltool.core.digest import image_digest
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard
from labeltool.store.project import ProjectStore
from tests.e2e.conftest import Run
from tests.unit.app.runs import trained_on


@pytest.fixture
def two(project: Path, threshold_model: Path, labeltool: Run) -> dict[str, str]:
    """The keys of two models that were added to the project, the older one first."""
    keys = {}
    for name in ("first", "second"):
        folder = threshold_model.with_name(name)
        shutil.copytree(threshold_model, folder)
        card = json.loads((folder / CARD_NAME).read_text())
        (folder / CARD_NAME).write_text(json.dumps({**card, "name": name}))
        (folder / WEIGHTS_NAME).write_bytes(name.encode())
        keys[name] = labeltool("models", project, "add", folder, "--json").json["added"]["key"]
    return keys


def test_promoting_rolling_back_and_removing(project: Path, two: dict[str, str], labeltool: Run) -> None:
    def used() -> str:
        return str(labeltool("prelabel", project, "--predict-only", "--json").json["model"])

    before = used()
    assert before not in two.values()  # what is added or trained is not taken before it is promoted
    listed = labeltool("models", project, "--json").json
    assert (listed["in_use"], [m["key"] for m in listed["models"] if m["default"]]) == (None, [before])
    assert "by default" in labeltool("models", project).out
    promoted = labeltool("models", project, "promote", "first", "--json").json
    assert promoted == {"in_use": two["first"], "before": before}
    assert used() == two["first"]
    listed = labeltool("models", project, "--json").json
    assert listed["in_use"] == two["first"]
    assert [m["name"] for m in listed["models"] if m["in_use"]] == ["first"]
    refused = labeltool("models", project, "remove", "first")
    assert (refused.code, "in use" in refused.err) == (1, True)
    assert labeltool("models", project, "rollback", "--json").json == {"in_use": before}
    assert used() == before
    assert labeltool("models", project, "remove", "first", "--json").json == {"removed": "first"}
    assert labeltool("models", project, "rollback").code == 1
    assert labeltool("models", project, "--json").json["models"][0]["name"] == "second"


def test_two_models_are_compared_in_words_and_in_numbers(
    project: Path, masks: Path, two: dict[str, str], labeltool: Run
) -> None:
    labeltool("import", project, masks, "--format", "png")
    found = labeltool("models", project, "compare", "first", "second", "--json").json
    assert (found["a"], found["b"]) == (two["first"], two["second"])
    assert found["unseen"]["better"] == {"a": 0, "b": 0, "same": 3}
    assert found["unseen"]["per_class"]["nucleus"]["iou"] == {"a": 1.0, "b": 1.0, "difference": 0.0}
    ended = labeltool("models", project, "compare", "first", "second")
    assert ended.code == 0
    assert "On 3 images that neither is known to have been trained on" in ended.out
    assert "the same on 3" in ended.out
    assert "+0.000" in ended.out
    assert labeltool("models", project, "compare", "first", "second", "--split", "val").code == 1


def test_images_that_a_model_was_trained_on_are_told(
    project: Path, images: Path, masks: Path, two: dict[str, str], labeltool: Run
) -> None:
    labeltool("import", project, masks, "--format", "png")
    first = read_model(project / "models" / "first")
    trained_on(first, train=[image_digest(images / "a.png")])  # all three files have these bytes
    told = labeltool("evaluate", project, "--model", "first")
    assert "THE MODEL WAS TRAINED ON 3 OF THESE 3 IMAGES" in told.out
    assert labeltool("evaluate", project, "--model", "first", "--unseen").code == 1
    compared = labeltool("models", project, "compare", "first", "second").out
    assert "On 3 IMAGES THAT ONE OF THEM WAS TRAINED ON" in compared
    assert "do not say which is better" in compared
    assert "a: train" in compared


@pytest.mark.parametrize("action", ["promote", "remove", "compare first", "quantize"])
def test_an_unknown_name_is_said_with_what_there_is(
    project: Path, two: dict[str, str], labeltool: Run, action: str
) -> None:
    ended = labeltool("models", project, *action.split(), "nobody")
    assert ended.code == 1
    assert "nobody" in ended.err
    assert not (project / "models" / "promotions.jsonl").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["promot", "a"],
        ["promote"],
        ["compare", "a"],
        ["rollback", "a"],
        ["add"],
        ["list", "x"],
        ["quantize"],
        ["export", "a"],
    ],
)
def test_what_is_not_understood_ends_with_two_and_the_right_words(
    project: Path, labeltool: Run, words: list[str]
) -> None:
    ended = labeltool("models", project, *words)
    assert ended.code == 2
    assert ("promote" if words[0].startswith("promot") else words[0]) in ended.err


def test_without_a_project_only_the_list_makes_sense(labeltool: Run) -> None:
    assert labeltool("models", "--json").json["models"][0]["source"] == "embedded"
    assert labeltool("models", "rollback").code == 2


def test_the_list_survives_broken_models_and_a_broken_journal(
    project: Path, two: dict[str, str], labeltool: Run
) -> None:
    (project / "models" / "second" / CARD_NAME).write_text("{")
    (project / "models" / "promotions.jsonl").write_text("rubbish\n")
    ended = labeltool("models", project)
    assert ended.code == 0
    assert "first" in ended.out
    assert "not a model card" in ended.err
    assert "damaged" in ended.err
    found = labeltool("models", project, "--json").json
    assert [Path(each["file"]).name for each in found["broken"]] == ["second"]
    assert found["in_use"] is None
    assert labeltool("prelabel", project).code == 1
    assert labeltool("models", project, "promote", "first").code == 0
    assert labeltool("prelabel", project).code == 0


@pytest.mark.slow
def test_after_a_rollback_a_networks_predictions_have_equal_bytes(
    tmp_path: Path, project: Path, labeltool: Run
) -> None:
    import torch

    from labeltool import plugins
    from labeltool.nn.checkpoint import save_network

    catalog = ClassCatalog.from_names(["nucleus"])
    for seed, name in enumerate(("one", "two")):
        torch.manual_seed(seed)
        card = ModelCard(
            name, "deeplabv3plus", "tu-mobilenetv3_small_050", catalog, decoder_channels=16, tile=128, halo=0
        )
        save_network(tmp_path / name, card, plugins.load("labeltool.architectures", card.arch)(card))
        assert labeltool("models", project, "add", tmp_path / name, "--device", "cpu").code == 0

    def predicted() -> list[bytes]:
        words = ("prelabel", project, "--predict-only", "--again", "--device", "cpu", "--json")
        key = labeltool(*words).json["model"]
        with ProjectStore.open(project) as store:
            planes = [store.prediction(record.id, key) for record in store.images()]
        return [plane.dense().tobytes() for each in planes if each for plane in (each.label, each.confidence)]

    assert labeltool("models", project, "promote", "one").code == 0
    before = predicted()
    assert len(before) == 6
    assert labeltool("models", project, "promote", "two").code == 0
    assert predicted() != before
    assert labeltool("models", project, "rollback").code == 0
    assert predicted() == before
