"""A model card of a stranger: what no network could be built from is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.inference.card import CARD_NAME, ModelCard

CARD = ModelCard("nuclei", "deeplabv3plus", "resnet18", ClassCatalog.from_names(["cell"]), context=256)


def written(folder: Path, **changed: Any) -> Path:
    (folder / CARD_NAME).write_text(json.dumps({**CARD.to_json(), **changed}))
    return folder


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dropout", float("nan")),
        ("dropout", -0.1),
        ("dropout", 1.5),
        ("context", -8),
        ("context", 15),
        ("context", 1 << 40),
        ("output_stride", 0),
        ("output_stride", -16),
    ],
)
def test_figures_that_no_network_can_have_are_named(tmp_path: Path, name: str, value: float) -> None:
    with pytest.raises(ModelError, match=rf"not a model card: .*{'context' if name != 'dropout' else name}"):
        ModelCard.read(written(tmp_path, **{name: value}))


def test_the_edges_of_what_a_network_can_have_are_read(tmp_path: Path) -> None:
    for changed in ({"dropout": 0}, {"dropout": 1}, {"context": 0}, {"context": 16}):
        assert ModelCard.read(written(tmp_path, **changed)) == replace(CARD, **changed)
