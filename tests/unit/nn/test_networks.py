"""The network and its segmenter."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from labeltool.core.catalog import ClassCatalog, ClassDef
from labeltool.core.errors import ModelError
from labeltool.nn import torchvision_ops
from labeltool.nn.architectures.deeplabv3plus import build
from labeltool.nn.architectures.pooling import LocalAverage
from labeltool.nn.engines.eager import TorchSegmenter, chosen_device

from .conftest import CARD


def segmenter(**changes: object) -> TorchSegmenter:
    torch.manual_seed(0)
    card = replace(CARD, **changes)  # type: ignore[arg-type]
    return TorchSegmenter(card, build(card), "cpu")


def windows(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)


def test_the_rates_are_the_cards_and_no_corners_are_aligned() -> None:
    network = build(CARD)
    rates = {m.dilation[0] for m in network.decoder.aspp.modules() if isinstance(m, torch.nn.Conv2d)}
    assert rates == {1, 6, 12, 18}
    upsampling = [m for m in network.modules() if isinstance(m, torch.nn.Upsample)]
    assert len(upsampling) == 2 and not any(m.align_corners for m in upsampling)


def test_the_pooling_branch_averages_over_the_context_and_not_over_the_window() -> None:
    cells = torch.randn(1, 2, 9, 12, generator=torch.Generator().manual_seed(0))
    means = LocalAverage(4)(cells)
    assert means.shape == cells.shape
    assert torch.allclose(means[:, :, 3, 5], cells[:, :, 2:6, 4:8].mean((2, 3)), atol=1e-6)
    assert torch.allclose(
        LocalAverage(12)(cells[..., :9]), cells[..., :9].mean((2, 3), keepdim=True), atol=1e-6
    )


def test_a_window_of_the_context_sees_what_it_saw_in_training() -> None:
    torch.manual_seed(0)
    whole, local = build(CARD).eval(), build(replace(CARD, context=64)).eval()
    local.load_state_dict(whole.state_dict())
    window = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(whole(window), local(window), atol=1e-5)


@pytest.mark.parametrize("encoder", ["tu-no_such_network", "tu-vgg11"])
def test_an_encoder_that_does_not_serve_is_refused_by_name(encoder: str) -> None:
    with pytest.raises(ModelError, match=encoder):
        build(replace(CARD, encoder=encoder))


@pytest.mark.parametrize(
    ("height", "width", "scale"),
    [
        (1, 1, 1.0),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in [(64, 64, 0.5), (33, 40, 2.0)]),
        (7, 65, 1.5),
    ],
)
def test_windows_of_any_size_give_planes_of_that_size(height: int, width: int, scale: float) -> None:
    label, confidence, *_ = segmenter(scale=scale).predict(windows(2, height, width))
    assert label.shape == confidence.shape == (2, height, width)
    assert label.dtype == confidence.dtype == np.uint8


def test_labels_are_class_values_and_not_channels() -> None:
    catalog = ClassCatalog((ClassDef(7, "a", (0, 0, 0)), ClassDef(200, "b", (1, 1, 1))))
    label, *_ = segmenter(catalog=catalog).predict(windows(1, 64, 64))
    assert set(np.unique(label)) <= {7, 200}


def test_confidence_is_that_of_the_chosen_class() -> None:
    _, confidence, *_ = segmenter().predict(windows(1, 64, 64))
    assert confidence.min() >= 127  # the larger of two probabilities


def test_the_same_window_gives_the_same_planes_in_any_batch() -> None:
    one, many = windows(1, 64, 64), np.concatenate([windows(1, 64, 64)] * 3)
    network = segmenter()
    for single, several in zip(network.predict(one)[:2], network.predict(many)[:2], strict=True):
        assert np.array_equal(np.repeat(single, 3, axis=0), several)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none_is_refused_with_a_hint() -> None:
    assert chosen_device("auto") == "cpu"
    with pytest.raises(ModelError, match="no CUDA device") as caught:
        chosen_device("cuda")
    assert caught.value.hint
    with pytest.raises(ModelError, match="tpu"):
        chosen_device("tpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_cuda_agrees_with_the_cpu() -> None:
    torch.manual_seed(0)
    network = build(CARD)
    here, *_ = TorchSegmenter(CARD, network, "cpu").predict(windows(2, 64, 64))
    there, *_ = TorchSegmenter(CARD, network, "cuda").predict(windows(2, 64, 64))
    assert (here == there).mean() > 0.9


def test_torchvision_imports_and_its_operators_are_declared_only_once() -> None:
    code = (
        "from labeltool.nn.torchvision_ops import declare_missing_operators as declare\n"
        "assert declare() is declare()\n"
        "import torch, torchvision; torch.ops.torchvision.nms"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


def test_operators_that_load_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision_ops, "_compiled_operators_load", lambda: True)
    assert torchvision_ops.declare_missing_operators.__wrapped__() is None
