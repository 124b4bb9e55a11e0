"""Every network through every engine: the same pipeline, so the same answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from labeltool import plugins
from labeltool.core.errors import ModelError
from labeltool.core.extras import CPU, INT8, ONNX
from labeltool.inference.options import FROM_ONE_ANSWER, InferenceOptions
from labeltool.nn.checkpoint import load_network, save_network
from labeltool.nn.engines.choose import graphs_of, load_segmenter
from labeltool.nn.engines.eager import TorchSegmenter
from labeltool.nn.pipeline import Pipeline

from .conftest import CARD, ENCODER

ARCHITECTURES = plugins.names("labeltool.architectures")
ENCODERS = {"deeplabv1": "tu-vgg11_bn", "segformer": "mit_b0"}
FIELDS = {"deeplabv2": {"window": 5, "iterations": 2}}
QUICK = ("segformer",)
needs_openvino = pytest.mark.skipif(bool(CPU.missing), reason="OpenVINO is not installed")
needs_nncf = pytest.mark.skipif(bool(INT8.missing), reason="NNCF is not installed")
needs_onnx = pytest.mark.skipif(bool(ONNX.missing), reason="onnx is not installed")


def scene(height: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Bright blocks on noise, and where they are."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 60, (height, width, 3)).astype(np.uint8)
    label = np.zeros((height, width), np.uint8)
    for _ in range(6):
        y, x = int(rng.integers(0, height - 24)), int(rng.integers(0, width - 24))
        label[y : y + 24, x : x + 24] = 1
    pixels[label == 1] += 150
    return pixels, label


def taught(folder: Path, steps: int = 12, **changes: object) -> Path:
    """A model that has learnt for a few steps, so that it is sure of most pixels."""
    torch.manual_seed(0)
    card = replace(CARD, tile=128, **changes)  # type: ignore[arg-type]
    network = plugins.load("labeltool.architectures", card.arch)(card).train()
    optimiser = torch.optim.AdamW(network.parameters(), 3e-3)
    mean, std = (255 * torch.tensor(v).view(1, -1, 1, 1) for v in (card.mean, card.std))
    for step in range(steps):
        pairs = [scene(96, 96, 2 * step + k) for k in range(2)]
        pixels = torch.from_numpy(np.stack([p for p, _ in pairs])).permute(0, 3, 1, 2)
        labels = torch.from_numpy(np.stack([label for _, label in pairs])).long()
        loss = functional.cross_entropy(network((pixels - mean) / std), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    save_network(folder, card, network)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return taught(tmp_path_factory.mktemp("model"), context=64)


@pytest.fixture(
    scope="module",
    params=[pytest.param(n, marks=[] if n in QUICK else [pytest.mark.slow]) for n in ARCHITECTURES],
)
def each_model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    arch: str = request.param
    return taught(
        tmp_path_factory.mktemp(arch), arch=arch, encoder=ENCODERS.get(arch, ENCODER), crf=FIELDS.get(arch)
    )


def on_torch(folder: Path, how: InferenceOptions | None = None) -> TorchSegmenter:
    return TorchSegmenter(*load_network(folder), "cpu", how or InferenceOptions(doubts=("margin",)))


def assert_agree(found: object, wanted: object, share: float = 0.999) -> None:
    """Where the classes are not as likely as each other, as many pixels as are to agree do."""
    sure = wanted.margin > 12  # type: ignore[attr-defined]
    assert sure.mean() > 0.5
    assert (found.label == wanted.label)[sure].mean() >= share  # type: ignore[attr-defined]


@needs_openvino
def test_every_architecture_answers_in_openvino_as_in_torch(each_model: Path) -> None:
    segmenter = load_segmenter(each_model, InferenceOptions("cpu", "openvino", doubts=("margin",)))
    assert segmenter.engine.startswith("openvino") and segmenter.device == "cpu"
    reference = on_torch(each_model)
    for sides in ((128, 128), (96, 160)):
        windows = scene(*sides, seed=99)[0][None]
        samples = [scene(*sides, seed=k)[0] for k in range(2)]
        context = reference.survey(samples)
        assert_agree(segmenter.predict(windows), reference.predict(windows))
        assert_agree(segmenter.predict(windows, context), reference.predict(windows, context))
    if context is not None:
        found = segmenter.survey(samples)
        assert found is not None and np.allclose(found, context, rtol=0.05, atol=0.05)


@needs_onnx
@pytest.mark.slow
def test_every_architecture_is_exported_and_answers_as_in_torch(each_model: Path, tmp_path: Path) -> None:
    exported(each_model, tmp_path / "model.onnx")


def exported(folder: Path, out: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    from labeltool.nn.engines.onnx import export

    card, network = load_network(folder)
    told = export(Pipeline(card, network), out)
    assert told["any_size"] and told["agreement"] >= 0.999
    session = onnxruntime.InferenceSession(out)
    meta = session.get_modelmeta().custom_metadata_map
    assert json.loads(meta["classes"]) == {"0": "background", "1": "disc"}
    assert json.loads(meta["card"])["sha256"] == card.sha256
    assert tuple(json.loads(meta["mean"])) == card.mean
    windows = np.stack([scene(320, 256, seed=k)[0] for k in range(2)])
    label, _ = session.run(None, {"pixels": windows})
    wanted = on_torch(folder).predict(windows)
    assert (label == wanted.label)[wanted.margin > 2].all()


@needs_openvino
def test_doubts_flips_and_scales_are_those_of_torch(model: Path) -> None:
    windows = scene(128, 96, seed=7)[0][None]
    how = InferenceOptions("cpu", "openvino", flips=True, scales=(1.0, 1.5), doubts=FROM_ONE_ANSWER)
    found, wanted = load_segmenter(model, how).predict(windows), on_torch(model, how).predict(windows)
    assert_agree(found, wanted)
    for name in ("confidence", "margin", "entropy"):
        assert np.abs(getattr(found, name).astype(int) - getattr(wanted, name)).mean() < 4


def test_torch_takes_no_more_threads_than_the_environment_allows(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    torch.set_num_threads(2)
    try:
        load_segmenter(model, InferenceOptions("cpu", "torch"))
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


@needs_openvino
def test_a_graph_that_is_kept_needs_no_torch_and_answers_the_same(model: Path, tmp_path: Path) -> None:
    code = (
        "import sys, numpy; from pathlib import Path\n"
        "from labeltool.inference.options import InferenceOptions\n"
        "from labeltool.nn.engines.choose import load_segmenter\n"
        f"segmenter = load_segmenter(Path({str(model)!r}), InferenceOptions('cpu'))\n"
        "windows = numpy.arange(128 * 128 * 3, dtype=numpy.uint8).reshape(1, 128, 128, 3)\n"
        "label, confidence, *_ = segmenter.predict(windows)\n"
        "import hashlib; print(hashlib.sha256(label.tobytes() + confidence.tobytes()).hexdigest())\n"
        "print('torch' in sys.modules, 'openvino_telemetry' in sys.modules and sys.modules['openvino_telemetry'])"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
        )
        for _ in range(2)
    ]
    (first, *words), (second, *again) = (run.stdout.splitlines() for run in runs)
    assert first == second
    assert words == ["True None"] and again == ["False None"]


@pytest.mark.slow
@needs_openvino
def test_a_kept_graph_that_is_cut_off_is_made_again(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    windows = scene(128, 128)[0][None]
    label = load_segmenter(model, InferenceOptions("cpu")).predict(windows).label
    (file,) = tmp_path.rglob("graph.xml")
    file.write_bytes(file.read_bytes()[:1000])
    assert np.array_equal(load_segmenter(model, InferenceOptions("cpu")).predict(windows).label, label)
    assert file.stat().st_size > 1000


@needs_openvino
def test_weights_that_changed_get_another_graph(model: Path, tmp_path: Path) -> None:
    card, network = load_network(model)
    with torch.no_grad():
        network.get_parameter("segmentation_head.0.bias").copy_(torch.tensor([100.0, -100.0]))
    save_network(tmp_path, card, network)
    assert not load_segmenter(tmp_path, InferenceOptions("cpu")).predict(scene(64, 64)[0][None]).label.any()


@needs_openvino
def test_weights_that_the_card_does_not_describe_are_refused_by_every_engine(
    model: Path, tmp_path: Path
) -> None:
    card, network = load_network(model)
    save_network(tmp_path, card, network)
    data = json.loads((tmp_path / "card.json").read_text())
    (tmp_path / "card.json").write_text(json.dumps({**data, "sha256": "0" * 64}))
    for engine in ("openvino", "torch"):
        with pytest.raises(ModelError, match="SHA-256"):
            load_segmenter(tmp_path, InferenceOptions("cpu", engine))


@needs_nncf
@pytest.mark.slow
def test_a_model_in_8_bits_agrees_and_is_refused_when_it_is_not_whole(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labeltool.nn.engines import int8
    from labeltool.nn.engines.int8 import quantize

    card, network = load_network(model)
    save_network(tmp_path, card, network)
    with pytest.raises(ModelError, match="no form in 8-bit"):
        load_segmenter(tmp_path, InferenceOptions("cpu", "int8"))
    card, digest, graphs = graphs_of(tmp_path, InferenceOptions("cpu"))
    windows = [(scene(128, 128, seed=k)[0], None) for k in range(6)]
    reference = on_torch(tmp_path)
    told = quantize(
        tmp_path, card, digest, graphs, windows, lambda w, c: reference.predict(w[None], c).label[0]
    )
    assert told["agreement"] > 0.97 and told["windows"] == 4 and told["compared_with"] == 2
    assert load_segmenter(tmp_path, InferenceOptions("cpu", "int8")).notices == [told["notice"]] * bool(
        told["notice"]
    )
    monkeypatch.setattr(int8, "GOOD", 1.1)  # nothing is good enough: it is tried again, and said
    again = quantize(
        tmp_path, card, digest, graphs, windows, lambda w, c: reference.predict(w[None], c).label[0]
    )
    assert again["agreement"] >= told["agreement"] - 0.001
    assert load_segmenter(tmp_path, InferenceOptions("cpu", "int8")).notices == [again["notice"]]
    assert "of the pixels only" in again["notice"] and "4 windows" in again["notice"]
    segmenter = load_segmenter(tmp_path, InferenceOptions("cpu", "int8", doubts=("entropy",)))
    assert "int8" in segmenter.engine
    answer = segmenter.predict(scene(128, 128, seed=50)[0][None])
    assert answer.entropy is not None and answer.margin is None
    assert_agree(answer, reference.predict(scene(128, 128, seed=50)[0][None]), 0.97)
    assert segmenter.predict(scene(64, 96)[0][None]).label.shape == (1, 64, 96)
    with pytest.raises(ModelError, match="without flips"):
        load_segmenter(tmp_path, InferenceOptions("cpu", "int8", flips=True))
    (tmp_path / "int8.bin").write_bytes(b"1234")
    with pytest.raises(ModelError, match="not whole"):
        load_segmenter(tmp_path, InferenceOptions("cpu", "int8"))


def test_an_engine_that_there_is_not_is_refused(model: Path) -> None:
    with pytest.raises(ModelError, match="no engine called 'tpu'"):
        load_segmenter(model, InferenceOptions("cpu", "tpu"))


def test_without_openvino_torch_runs_the_model_and_asking_for_it_names_the_extra(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeltool.core.extras.find_spec", lambda name: None)
    assert load_segmenter(model, InferenceOptions("cpu")).engine.startswith("torch")
    with pytest.raises(Exception, match="openvino, which is not installed") as caught:
        load_segmenter(model, InferenceOptions("cpu", "openvino"))
    assert "labeltool[cpu]" in caught.value.hint  # type: ignore[attr-defined]


@needs_openvino
def test_a_network_that_openvino_does_not_take_runs_in_torch_and_it_is_said(
    model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from labeltool.nn.engines import graphs

    def refuse(*args: object) -> None:
        raise ModelError("OpenVINO cannot take this network: no such operator")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(graphs, "convert", refuse)
    segmenter = load_segmenter(model, InferenceOptions("cpu"))
    assert segmenter.engine.startswith("torch") and "no such operator" in segmenter.notices[0]
    with pytest.raises(ModelError, match="no such operator"):
        load_segmenter(model, InferenceOptions("cpu", "openvino"))


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model card here"):
        load_segmenter(tmp_path, InferenceOptions("cpu"))
