"""A training that begins with the weights of a local file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from labeltool import plugins
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.inference.card import ModelCard
from labeltool.nn.checkpoint import load_pretrained, save_network
from labeltool.nn.torchvision_ops import declare_missing_operators

from .conftest import CARD

declare_missing_operators()
timm = pytest.importorskip("timm")


def network(card: ModelCard = CARD, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    built: nn.Module = plugins.load("labeltool.architectures", card.arch)(card)
    return built


def classifier(name: str, path: Path) -> dict[str, Tensor]:
    """A whole classifier as timm makes and names it, in a file."""
    torch.manual_seed(9)
    if name.startswith("vgg"):  # whose classifier has half a gigabyte
        features = timm.create_model(name, pretrained=False, features_only=True).state_dict()
        state = {key.replace("features_", "features."): tensor for key, tensor in features.items()}
        state["head.fc.weight"] = torch.zeros(2, 2)
    else:
        state = timm.create_model(name, pretrained=False).state_dict()
    if path.suffix == ".pth":
        torch.save({"state_dict": {f"module.{key}": tensor for key, tensor in state.items()}}, path)
    else:
        save_file(state, path)
    return state


def encoder_of(model: nn.Module) -> dict[str, Tensor]:
    return model.get_submodule("encoder").state_dict()


@pytest.mark.parametrize(
    ("arch", "name", "suffix"),
    [
        ("deeplabv3plus", "resnet10t", ".safetensors"),
        ("deeplabv2", "mobilenetv3_small_050", ".pth"),
        ("deeplabv1", "vgg11_bn", ".safetensors"),
        ("unet", "convnext_atto", ".pth"),
        ("segformer", "pvt_v2_b0", ".safetensors"),
    ],
)
def test_an_encoder_is_taken_under_the_names_that_timm_gives_it(
    arch: str, name: str, suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"classifier{suffix}"
    state = classifier(name, path)
    model = network(replace(CARD, arch=arch, encoder=f"tu-{name}"))
    head = model.get_parameter("segmentation_head.0.weight").detach().clone()
    taken = load_pretrained(model, path)
    reference = timm.create_model(name, pretrained=False, features_only=True)
    reference_names = {key.replace(".", "_"): key for key in state}
    for key in reference.state_dict():
        mine = encoder_of(model).get(f"model.{key}")
        assert mine is not None and torch.equal(mine, state[reference_names[key.replace(".", "_")]])
    assert taken.encoder == len(encoder_of(model)) and taken.others == 0 and taken.channels == 0
    assert taken.left and all("encoder" not in each for each in taken.untouched)
    assert "segmentation_head.0.weight" in taken.untouched
    assert torch.equal(model.get_parameter("segmentation_head.0.weight"), head)
    assert f"{taken.encoder} tensors of the encoder" in str(taken)


@pytest.mark.parametrize("channels", [1, 2, 4, 6])
def test_a_first_layer_for_colours_is_adapted_as_timm_does_it(channels: int, tmp_path: Path) -> None:
    state = classifier("resnet10t", tmp_path / "a.safetensors")
    model = network(replace(CARD, encoder="tu-resnet10t", bands=tuple(range(channels))))
    taken = load_pretrained(model, tmp_path / "a.safetensors")
    kernel = state["conv1.0.weight"]
    expected = (
        kernel.sum(1, keepdim=True)
        if channels == 1
        else kernel.repeat(1, 2, 1, 1)[:, :channels] * 3 / channels
    )
    assert torch.allclose(encoder_of(model)["model.conv1.0.weight"], expected, atol=1e-6)
    assert taken.channels == 3 and "adapted from 3 channels" in str(taken)


def test_a_model_of_ours_is_taken_whole(tmp_path: Path) -> None:
    save_network(tmp_path, CARD, network(seed=1))
    for path in (tmp_path, tmp_path / "weights.safetensors"):
        model = network()
        taken = load_pretrained(model, path)
        assert taken.untouched == taken.left == () and taken.others > 10
        for name, tensor in network(seed=1).state_dict().items():
            assert torch.allclose(model.state_dict()[name].float(), tensor.float(), atol=1e-3)


def test_a_model_of_other_classes_keeps_its_decoder_and_one_of_another_kind_its_encoder(
    tmp_path: Path,
) -> None:
    save_network(tmp_path, CARD, network(seed=1))
    classes = network(replace(CARD, catalog=ClassCatalog.from_names(["a", "b"])))
    taken = load_pretrained(classes, tmp_path)
    assert (
        set(taken.untouched) == {"segmentation_head.0.weight", "segmentation_head.0.bias"} == set(taken.left)
    )
    kind = network(replace(CARD, arch="unet"))
    taken = load_pretrained(kind, tmp_path)
    assert taken.encoder == len(encoder_of(kind))
    assert any(name.startswith("decoder") for name in taken.left)
    assert "random as before: decoder" in str(taken)


def test_weights_of_another_encoder_are_refused_and_change_nothing(tmp_path: Path) -> None:
    model = network()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    classifier("resnet10t", tmp_path / "other.safetensors")
    save_file({"a": torch.zeros(3)}, tmp_path / "nothing.safetensors")
    state = classifier("mobilenetv3_small_050", tmp_path / "whole.safetensors")
    save_file({k: t for k, t in state.items() if "blocks.3" not in k}, tmp_path / "part.safetensors")
    wide = {**state, "conv_stem.weight": torch.zeros(16, 5, 3, 3)}
    save_file(wide, tmp_path / "five.safetensors")
    for name, words in (
        ("other", "another network"),
        ("nothing", "missing"),
        ("part", "blocks.3"),
        ("five", "images of 5 channels, not 3"),
    ):
        with pytest.raises(ModelError, match=words) as caught:
            load_pretrained(model, tmp_path / f"{name}.safetensors")
        assert caught.value.hint and caught.value.file == str(tmp_path / f"{name}.safetensors")
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_file_that_is_no_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_text("<!DOCTYPE html>")
    with pytest.raises(ModelError, match="web page"):
        load_pretrained(network(), tmp_path / "a.safetensors")
    with pytest.raises(ModelError, match="cannot be read"):
        load_pretrained(network(), tmp_path / "none.safetensors")
