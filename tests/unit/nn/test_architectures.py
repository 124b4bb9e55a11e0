"""Every architecture of the entry-point group obeys the same laws: one card in, the same kind of network out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from labeltool import plugins
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.core.resources import resource
from labeltool.inference.card import ModelCard
from labeltool.inference.feeding import open_fed
from labeltool.inference.tiled import segment
from labeltool.nn.architectures.pooling import ImageAverage, LocalAverage, averages, with_context
from labeltool.nn.checkpoint import load_network, read_state, save_network
from labeltool.nn.engines.eager import TorchSegmenter

from .conftest import CATALOG, ENCODER

ARCHITECTURES = sorted(plugins.names("labeltool.architectures"))
DILATED = ["deeplabv1", "deeplabv2", "deeplabv3", "deeplabv3plus"]
ENCODERS = {"deeplabv1": "tu-vgg11_bn", "segformer": "mit_b0"}
ELEVEN = ClassCatalog.from_names([f"class {number}" for number in range(10)])

every_architecture = pytest.mark.parametrize("arch", ARCHITECTURES)


def card(arch: str, **changes: object) -> ModelCard:
    small = ModelCard(
        "tiny", arch, ENCODERS.get(arch, ENCODER), CATALOG, decoder_channels=16, tile=64, halo=0
    )
    return replace(small, **changes)  # type: ignore[arg-type]


def network(arch: str, **changes: object) -> nn.Module:
    torch.manual_seed(0)
    built: nn.Module = plugins.load("labeltool.architectures", arch)(card(arch, **changes))
    return built


def shared(arch: str, output_stride: int = 16, catalog: ClassCatalog = CATALOG) -> nn.Module:
    """A network that several tests look at and none changes: to make one takes up to a second."""
    return _made_once(arch, output_stride, catalog)


@cache
def _made_once(arch: str, output_stride: int, catalog: ClassCatalog) -> nn.Module:
    return network(arch, output_stride=output_stride, catalog=catalog).eval()


@pytest.fixture(scope="module", autouse=True)
def _made_no_longer() -> Iterator[None]:
    yield
    _made_once.cache_clear()


def test_the_family_and_its_rivals_are_there() -> None:
    assert set(ARCHITECTURES) >= {*DILATED, "fcn", "unet", "segformer"}


KINDS = [(8, (0,), CATALOG), (16, (), ELEVEN), (16, (0, 1, 2, 3), CATALOG), (8, tuple(range(6)), ELEVEN)]
"""Output stride, bands and classes."""


@pytest.mark.parametrize(
    ("arch", "stride", "bands", "catalog"),
    [
        pytest.param(
            arch, *kind, marks=pytest.mark.slow if arch == "deeplabv1" and len(kind[1]) > 1 else ()
        )  # its VGG takes a second to make
        for arch in ARCHITECTURES
        for kind in KINDS
    ],
)
def test_pixels_of_any_channels_become_logits_of_any_classes(
    arch: str, stride: int, bands: tuple[int, ...], catalog: ClassCatalog
) -> None:
    built = (
        network(arch, output_stride=stride, bands=bands, catalog=catalog).eval()
        if bands
        else shared(arch, stride, catalog)
    )
    with torch.inference_mode():
        logits = built(torch.randn(2, len(bands) or 3, 64, 96))
    assert logits.shape == (2, len(catalog.classes), 64, 96)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("arch", DILATED)
@pytest.mark.parametrize("stride", [8, 16])
def test_the_deepest_features_have_the_output_stride(arch: str, stride: int) -> None:
    built = shared(arch, stride)
    with torch.inference_mode():
        assert built.encoder(torch.zeros(1, 3, 64, 64))[-1].shape[2:] == (64 // stride, 64 // stride)


@pytest.mark.parametrize(
    ("arch", "stride", "rates"),
    [
        ("deeplabv1", 16, {6}),
        ("deeplabv2", 8, {6, 12, 18, 24}),
        ("deeplabv3", 8, {12, 24, 36}),
        ("deeplabv3", 16, {6, 12, 18}),
        ("deeplabv3plus", 16, {6, 12, 18}),
    ],
)
def test_the_rates_are_the_articles_and_follow_the_output_stride(
    arch: str, stride: int, rates: set[int]
) -> None:
    def dilations(module: nn.Module) -> set[int]:
        return {m.dilation[0] for m in module.modules() if isinstance(m, nn.Conv2d)} - {1}

    built = shared(arch, stride)
    assert dilations(built.decoder) | dilations(built.segmentation_head) == rates
    own = tuple(rate + 1 for rate in sorted(rates))
    assert set(own) <= dilations(network(arch, output_stride=stride, atrous_rates=own))


def test_the_rates_of_deeplab_v2_are_summed() -> None:
    last = shared("deeplabv2", 8).segmentation_head[0]
    feature = torch.randn(1, last.in_channels, 30, 40)
    with torch.no_grad():
        parts = [
            functional.conv2d(feature, conv.weight, padding=rate, dilation=rate)
            for conv, rate in zip([last, *last.others], (6, 12, 18, 24), strict=True)
        ]
        assert torch.allclose(last(feature), sum(parts) + last.bias.view(1, -1, 1, 1), atol=1e-4)


def test_deeplab_v1_has_the_holes_of_the_article_and_takes_the_weights_of_the_plain_vgg() -> None:
    plain, holes = (network(arch, encoder="tu-vgg11") for arch in ("fcn", "deeplabv1"))
    assert {n: t.shape for n, t in plain.encoder.state_dict().items()} == {
        n: t.shape for n, t in holes.encoder.state_dict().items()
    }
    layers = [*network("deeplabv1", encoder="tu-vgg11", output_stride=8).encoder.model.children()]
    assert [m.stride for m in layers if isinstance(m, nn.MaxPool2d)] == [2, 2, 2, 1, 1]
    assert [m.dilation[0] for m in layers if isinstance(m, nn.Conv2d)] == [1, 1, 1, 1, 1, 1, 2, 2]


def test_fcn_adds_the_finer_features_to_the_deepest() -> None:
    built = shared("fcn")
    with torch.inference_mode():
        features = built.encoder(torch.randn(1, 3, 64, 64))
        whole = built.decoder(features)
        for level in (3, 4, 5):
            without = [f * (k != level) for k, f in enumerate(features)]
            assert not torch.allclose(whole, built.decoder(without))
    assert whole.shape[2:] == (8, 8)


@every_architecture
def test_the_last_layer_is_a_convolution_with_a_bias_and_no_corners_are_aligned(arch: str) -> None:
    built = shared(arch, catalog=ELEVEN)
    last = built.segmentation_head[0]
    assert isinstance(last, nn.Conv2d) and last.bias is not None and last.out_channels == 11
    assert built.get_parameter("segmentation_head.0.bias") is last.bias
    assert sum(p.numel() for p in built.encoder.parameters()) > 0
    assert not any(m.align_corners for m in built.modules() if isinstance(m, nn.Upsample))


@every_architecture
def test_a_step_of_training_changes_every_parameter(arch: str) -> None:
    built = network(arch, dropout=0.0).train()
    before = {name: p.detach().clone() for name, p in built.named_parameters()}
    optimiser = torch.optim.Adam(built.parameters(), 1e-3)
    loss = functional.cross_entropy(built(torch.randn(2, 3, 64, 64)), torch.randint(0, 2, (2, 64, 64)))
    loss.backward()
    optimiser.step()
    unchanged = [name for name, p in built.named_parameters() if torch.equal(p, before[name])]
    assert unchanged == []


@every_architecture
def test_dropout_is_the_cards(arch: str) -> None:
    rates = {m.p for m in network(arch, dropout=0.35).modules() if isinstance(m, nn.Dropout | nn.Dropout2d)}
    assert 0.35 in rates


@every_architecture
def test_a_model_is_loaded_as_it_was_saved_and_runs_through_tiles(arch: str, tmp_path: Path) -> None:
    built = network(arch, bands=(0, 1, 2)).eval()
    save_network(tmp_path / "model", card(arch), built)
    loaded_card, loaded = load_network(tmp_path / "model")
    pixels = np.random.default_rng(0).integers(0, 256, (100, 150, 3), np.uint8)
    window = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(built(window), loaded.eval()(window), atol=0.02)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    seen = np.zeros((100, 150), int)
    with open_fed(tmp_path / "image.png") as reader:
        for part in segment(reader, TorchSegmenter(loaded_card, loaded, "cpu")):
            seen[part.box.slices()] += 1
            assert part.confidence.min() >= 127
    assert (seen == 1).all()


@pytest.mark.parametrize("arch", sorted({*ARCHITECTURES} - {"deeplabv1"}))  # whose VGG takes seconds
def test_the_random_weights_follow_the_seed(arch: str) -> None:
    first, again = (network(arch).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)


@pytest.mark.parametrize("arch", ["deeplabv3", "deeplabv3plus"])
def test_image_wide_pooling_is_local_or_the_whole_images(arch: str) -> None:
    local, whole = network(arch, context=64).eval(), shared(arch)
    assert averages(local) == [] and any(isinstance(m, LocalAverage) for m in local.modules())
    assert len(averages(whole)) == 1 and isinstance(averages(whole)[0], ImageAverage)
    with torch.inference_mode():
        window = torch.randn(1, 3, 64, 64)
        alone = whole(window)
        with with_context(whole, averages(whole)[0].seen[:, :, 0, 0]):
            assert torch.allclose(whole(window), alone, atol=1e-5)
        with with_context(whole, averages(whole)[0].seen[:, :, 0, 0] + 1):
            assert not torch.allclose(whole(window), alone, atol=1e-5)


@pytest.mark.parametrize("arch", ["deeplabv2", "fcn", "unet", "segformer"])
def test_networks_without_image_wide_pooling_need_no_context(arch: str) -> None:
    assert averages(shared(arch)) == []


@pytest.mark.parametrize(
    ("arch", "changes", "words"),
    [
        ("deeplabv3", {"encoder": "tu-vgg11"}, "cannot be dilated"),
        ("deeplabv3plus", {"encoder": "tu-densenet121"}, "tu-densenet121"),
        ("deeplabv1", {"encoder": "tu-resnet18"}, "VGG"),
        ("deeplabv1", {"encoder": "tu-repvgg_a0"}, "VGG"),
        ("deeplabv2", {"output_stride": 4}, "output stride 4"),
        ("deeplabv3", {"output_stride": 32}, "output stride 32"),
        ("deeplabv2", {"atrous_rates": (6, 12, 18)}, "takes 4 atrous rates"),
        ("deeplabv3", {"atrous_rates": (6, 12)}, "takes 3 atrous rates"),
        ("unet", {"encoder": "tu-no_such_network"}, "tu-no_such_network"),
        ("segformer", {"encoder": "mit_b9"}, "mit_b9"),
        ("segformer", {"encoder": "tu-vit_tiny_patch16_224"}, "SegFormer"),
    ],
)
def test_a_combination_that_cannot_be_is_refused_with_a_hint(
    arch: str, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        network(arch, **changes)
    assert caught.value.hint and len(caught.value.message) < 300


def test_a_name_without_tu_is_timms() -> None:
    bare, named = (
        network("unet", encoder=name).state_dict() for name in (ENCODER.removeprefix("tu-"), ENCODER)
    )
    assert list(bare) == list(named)


@every_architecture
def test_nothing_is_downloaded(arch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a network was asked for")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    network(arch)


def test_the_weights_of_the_embedded_model_still_fit_to_the_bit() -> None:
    folder = resource("models") / "nuclei"
    _, loaded = load_network(folder)
    state = read_state(folder / "weights.safetensors")
    assert set(loaded.state_dict()) == set(state)
    assert all(torch.equal(tensor, state[name]) for name, tensor in loaded.state_dict().items())


@pytest.mark.slow
@pytest.mark.timeout(1800)
@every_architecture
def test_eight_small_images_are_learnt_by_heart(arch: str) -> None:
    """A network whose layers are joined as they should can learn any few images; IoU over the very same pixels."""
    pixels, labels = _drawings(8)
    built = network(arch, output_stride=8, decoder_channels=32, dropout=0.0, context=64).train()
    optimiser = torch.optim.Adam(built.parameters(), 2e-3)
    images, truth = (
        torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 128 - 1,
        torch.from_numpy(labels).long(),
    )
    steps = 200
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 20, 2 * (1 - step / steps))
        optimiser.zero_grad()
        functional.cross_entropy(built(images), truth).backward()
        nn.utils.clip_grad_norm_(built.parameters(), 5)
        optimiser.step()
    with torch.inference_mode():
        found = built.eval()(images).argmax(1)
    overlap = ((found == 1) & (truth == 1)).sum() / ((found == 1) | (truth == 1)).sum()
    assert overlap > 0.95


def _drawings(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a dark ellipse and a bright one, which is to be found: uint8 [n, 96, 96, 3] and [n, 96, 96]."""
    rng = np.random.default_rng(5)
    pixels, labels = rng.integers(60, 140, (count, 96, 96, 3), np.uint8), np.zeros((count, 96, 96), np.uint8)
    for image, label in zip(pixels, labels, strict=True):
        for grey, value in ((20, 0), (220, 1)):
            centre, axes = rng.integers(25, 70, 2).tolist(), rng.integers(14, 24, 2).tolist()
            angle = float(rng.integers(180))
            cv2.ellipse(image, centre, axes, angle, 0, 360, (grey, grey, grey), -1)
            cv2.ellipse(label, centre, axes, angle, 0, 360, value, -1)
    return pixels, labels
