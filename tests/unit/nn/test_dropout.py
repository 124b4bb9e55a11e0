"""BALD: the dropout behind the encoder, drawn again eight times; and embeddings of every architecture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from labeltool import plugins
from labeltool.core.errors import ModelError
from labeltool.core.extras import CPU
from labeltool.inference.options import InferenceOptions
from labeltool.nn.checkpoint import save_network
from labeltool.nn.dropout import disagreement, dropouts
from labeltool.nn.engines.choose import load_segmenter
from labeltool.nn.engines.eager import TorchSegmenter

from .conftest import CARD, ENCODER

QUICK = ("deeplabv3plus", "segformer")
ARCHITECTURES = [
    pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow])
    for name in plugins.names("labeltool.architectures")
]
ENCODERS = {"deeplabv1": "tu-vgg11_bn", "segformer": "mit_b0"}
BALD = InferenceOptions("cpu", doubts=("entropy", "bald"))


def network(
    arch: str = "deeplabv3plus", dropout: float = 0.5, *, loud: bool = True, **changes: object
) -> tuple[object, nn.Module]:
    torch.manual_seed(0)
    card = replace(CARD, arch=arch, encoder=ENCODERS.get(arch, ENCODER), dropout=dropout, **changes)
    made = plugins.load("labeltool.architectures", arch)(card).eval()
    if not loud:
        return card, made
    with torch.no_grad():
        # an untrained network says nearly the same of all pixels: its normalisations meet some, and its logits are
        # made large
        pixels = torch.randn(4, 3, 64, 64)
        for module in made.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        made.train()(pixels)
        made.eval().segmentation_head[0].weight.div_(made(pixels).std((2, 3)).mean().clamp(min=1e-9) / 3)
    return card, made


def windows(n: int = 1, side: int = 64) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, side, side, 3)).astype(np.uint8)


class Undecided(nn.Module):
    """Logits that are nothing but what dropout leaves of a pair of large features."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Dropout(0.9), nn.Identity())
        self.dropout = nn.Dropout(p)
        self.seen = 0

        def count(*given: object) -> None:
            self.seen += 1

        self.encoder[1].register_forward_hook(count)

    def forward(self, pixels: Tensor) -> Tensor:
        features = self.dropout(self.encoder(pixels)[:, :1])
        return torch.cat([8 * features, 8 - 8 * features], 1)


def test_an_undecided_network_has_bald_and_a_decided_one_has_none() -> None:
    pixels = torch.ones(1, 3, 8, 8)
    torn = disagreement(Undecided(0.5).eval(), pixels)
    assert torn.shape == (1, 8, 8) and torn.dtype == torch.float32
    # features are 0 or 2, and so the answer is one class or the other, each by chance half of the time
    assert torn.mean() > 0.6 and torn.max() <= 1
    assert disagreement(Undecided(0.0).eval(), pixels).eq(0).all()


def test_the_encoder_looks_once_and_its_own_dropout_stays_off() -> None:
    net = Undecided(0.5).eval()
    assert dropouts(net) == [net.dropout]
    disagreement(net, torch.ones(1, 3, 8, 8))
    assert net.seen == 1
    assert not any(module.training for module in net.modules())
    assert net(torch.ones(1, 3, 8, 8)).shape == (1, 2, 8, 8) and net.seen == 2  # it looks again now


def test_the_draws_are_the_same_each_time_and_the_number_of_passes_has_an_effect() -> None:
    net, pixels = Undecided(0.5).eval(), torch.ones(1, 3, 8, 8)
    before = torch.random.get_rng_state()
    assert torch.equal(disagreement(net, pixels), disagreement(net, pixels))
    assert torch.equal(torch.random.get_rng_state(), before)  # nobody else's draws are changed
    assert not torch.equal(disagreement(net, pixels, 3), disagreement(net, pixels, 8))
    assert disagreement(net, pixels, 1).abs().max() < 1e-6  # one answer alone does not differ from itself


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_architecture_has_bald_with_dropout_and_none_without(arch: str) -> None:
    card, net = network(arch)
    answer = TorchSegmenter(card, net, "cpu", BALD).predict(windows())  # type: ignore[arg-type]
    assert answer.bald is not None and answer.bald.shape == (1, 64, 64) and answer.bald.max() > 0
    assert answer.margin is None and answer.entropy is not None
    again = TorchSegmenter(card, net, "cpu", BALD).predict(windows())  # type: ignore[arg-type]
    assert again.bald is not None and np.array_equal(again.bald, answer.bald)
    plain = TorchSegmenter(card, net, "cpu").predict(windows())  # type: ignore[arg-type]
    assert np.array_equal(plain.label, answer.label) and np.array_equal(plain.confidence, answer.confidence)
    card, net = network(arch, dropout=0.0)
    silent = TorchSegmenter(card, net, "cpu", BALD).predict(windows())  # type: ignore[arg-type]
    assert silent.bald is not None and not silent.bald.any()


def test_bald_of_a_scaled_network_has_the_windows_size() -> None:
    card, net = network(scale=1.5)
    answer = TorchSegmenter(card, net, "cpu", BALD).predict(windows())  # type: ignore[arg-type]
    assert answer.bald is not None and answer.bald.shape == (1, 64, 64) and answer.bald.any()


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_architecture_embeds_an_image(arch: str) -> None:
    card, net = network(arch)
    segmenter = TorchSegmenter(card, net, "cpu")  # type: ignore[arg-type]
    one, other = windows(2)
    found = segmenter.embed([one])
    assert found.dtype == np.float32 and found.ndim == 1 and len(found) >= 16 and np.isfinite(found).all()
    assert np.allclose(segmenter.embed([one, other]), (found + segmenter.embed([other])) / 2, atol=1e-5)
    assert not np.allclose(found, segmenter.embed([np.zeros_like(one)]), atol=1e-3)


def test_a_model_that_is_to_draw_dropout_runs_in_torch_and_says_so_where_it_has_none(tmp_path: Path) -> None:
    for dropout, said in ((0.5, 0), (0.0, 1)):
        folder = tmp_path / str(dropout)
        save_network(folder, *network(dropout=dropout))  # type: ignore[arg-type]
        segmenter = load_segmenter(folder, BALD)
        assert segmenter.engine.startswith("torch")
        assert len(segmenter.notices) == said and all("no dropout" in text for text in segmenter.notices)
    with pytest.raises(ModelError, match="the engine openvino has no dropout"):
        load_segmenter(folder, replace(BALD, engine="openvino"))


@pytest.mark.skipif(bool(CPU.missing), reason="OpenVINO is not installed")
def test_openvino_embeds_as_torch_does(tmp_path: Path) -> None:
    card, net = network(loud=False)
    save_network(tmp_path, card, net)  # type: ignore[arg-type]
    for side in (64, 96):
        found = load_segmenter(tmp_path, InferenceOptions("cpu", "openvino")).embed(windows(side=side))
        wanted = TorchSegmenter(card, net, "cpu").embed(windows(side=side))  # type: ignore[arg-type]
        assert float(found @ wanted / np.linalg.norm(found) / np.linalg.norm(wanted)) > 0.995
