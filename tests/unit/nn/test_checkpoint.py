"""Weights in files: what fits is loaded, everything else is refused with a reason, and nothing in it runs."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.inference.card import ModelCard
from labeltool.inference.options import InferenceOptions
from labeltool.nn.architectures.deeplabv3plus import build
from labeltool.nn.checkpoint import load_network, save_network
from labeltool.nn.engines.choose import load_segmenter

from .conftest import CARD


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return build(CARD).state_dict()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole model."""
    torch.manual_seed(0)
    save_network(tmp_path / "tiny", CARD, build(CARD))
    return tmp_path / "tiny"


def refusal(path: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        load_network(path)
    assert caught.value.file and caught.value.hint
    return caught.value


def test_a_model_is_loaded_as_it_was_saved(folder: Path, state: dict[str, torch.Tensor]) -> None:
    card, network = load_network(folder)
    assert card == ModelCard.read(folder) and len(card.sha256) == 64
    for name, tensor in network.state_dict().items():
        assert torch.allclose(tensor.float(), state[name].float(), atol=1e-3)
    label, *_ = load_segmenter(folder, InferenceOptions("cpu")).predict(np.zeros((1, 32, 32, 3), np.uint8))
    assert label.shape == (1, 32, 32)


@pytest.mark.parametrize("name", ["other.safetensors", "other.pth"])
def test_a_file_beside_a_card_is_loaded(folder: Path, state: dict[str, torch.Tensor], name: str) -> None:
    if name.endswith(".pth"):
        torch.save({"state_dict": {f"module.{k}": v for k, v in state.items()}}, folder / name)
    else:
        save_file(state, folder / name)
    _, network = load_network(folder / name)
    assert torch.equal(
        network.state_dict()["segmentation_head.0.weight"], state["segmentation_head.0.weight"]
    )


@pytest.mark.parametrize("name", ["weights.safetensors", "page.pth"])
def test_a_web_page_is_recognised(folder: Path, name: str) -> None:
    (folder / name).write_text("\n<!DOCTYPE html><html>Sign in</html>")
    assert "web page" in refusal(folder / name).message


class Evil:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.marker),)


def test_a_pickle_that_runs_code_is_refused_and_runs_nothing(folder: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    for name in ("evil.pth", "evil.safetensors"):
        (folder / name).write_bytes(pickle.dumps(Evil(marker)))
        assert "can run code" in refusal(folder / name).message
    torch.save({"weights": Evil(marker)}, folder / "evil.pth")
    assert "can run code" in refusal(folder / "evil.pth").message
    assert not marker.exists()


@pytest.mark.parametrize("content", [{"a": 1}, [1, 2], {}])
def test_a_file_without_tensors_is_refused(folder: Path, content: object) -> None:
    torch.save(content, folder / "plain.pth")
    assert "no table of named tensors" in refusal(folder / "plain.pth").message


@pytest.mark.parametrize("keep", [0, 5, 3000])
def test_a_file_that_is_cut_off_is_refused(folder: Path, state: dict[str, torch.Tensor], keep: int) -> None:
    torch.save(state, folder / "cut.pth")
    for path in (folder / "cut.pth", folder / "weights.safetensors"):
        path.write_bytes(path.read_bytes()[:keep])
        assert refusal(path).message


def test_weights_that_the_card_does_not_describe_are_refused(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "sha256": "0" * 64}))
    assert "SHA-256" in refusal(folder).message


def test_another_number_of_classes_is_named(folder: Path) -> None:
    card = replace(ModelCard.read(folder), catalog=ClassCatalog.from_names(["a", "b", "c"]))
    (folder / "card.json").write_text(json.dumps(card.to_json()))
    assert "for 2 classes, the card has 4" in refusal(folder).message


def test_another_number_of_channels_is_named(folder: Path, state: dict[str, torch.Tensor]) -> None:
    first = next(name for name, tensor in state.items() if tensor.ndim == 4)
    save_file({**state, first: state[first][:, :1].contiguous()}, folder / "grey.safetensors")
    assert "images of 1 channels, not 3" in refusal(folder / "grey.safetensors").message


def test_another_architecture_is_told_by_its_tensors(folder: Path, state: dict[str, torch.Tensor]) -> None:
    other = {("body." + name if "encoder" in name else name): tensor for name, tensor in state.items()}
    save_file(other, folder / "other.safetensors")
    message = refusal(folder / "other.safetensors").message
    assert "missing" in message and "unexpected (body.encoder" in message and "more" in message
    assert len(message) < 800


def test_weights_that_are_not_numbers_are_refused(folder: Path, state: dict[str, torch.Tensor]) -> None:
    broken = {name: tensor.clone() for name, tensor in state.items()}
    broken["segmentation_head.0.bias"][0] = float("nan")
    save_file(broken, folder / "nan.safetensors")
    assert "segmentation_head.0.bias" in refusal(folder / "nan.safetensors").message


def test_missing_weights_are_named(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()
    assert refusal(folder).file == str(folder / "weights.safetensors")
