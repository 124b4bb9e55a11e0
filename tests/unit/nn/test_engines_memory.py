"""What a segmenter does when a device has no room, and what CUDA's engine decides, on devices that are played."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest
import torch

from labeltool.core.geometry import Box
from labeltool.imaging.windows import Window
from labeltool.inference.cutting import Network
from labeltool.inference.options import InferenceOptions
from labeltool.nn.architectures.deeplabv3plus import build
from labeltool.nn.engines.cuda import Buckets, Shape
from labeltool.nn.engines.eager import TorchSegmenter, memory_errors
from labeltool.nn.engines.folding import folded
from labeltool.nn.engines.segmenter import EngineSegmenter

from .conftest import CARD


class Small:
    """A device with room for so many pixels at once. The label is the window's first value, the confidence its last."""

    takes_context = True

    def __init__(self, pixels: int, device: str = "cuda", batch: int = 8) -> None:
        self.name, self.device, self.batch, self.pixels = f"played {device}", device, batch, pixels
        self.sizes: list[int] = []

    def planes(self, windows: np.ndarray, context: np.ndarray | None, batch: int) -> tuple[np.ndarray, ...]:
        self.sizes.append(len(windows))
        if windows[..., 0].size > self.pixels:
            raise MemoryError("no room")
        return windows[..., 0], windows[..., -1]

    def averages(self, windows: np.ndarray) -> np.ndarray:
        return windows.reshape(len(windows), -1)[:, :2].astype(np.float32)


def windows(count: int, side: int = 4) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), np.uint8)


def test_where_memory_runs_out_fewer_windows_go_together_and_it_is_said() -> None:
    device = Small(2 * 16)
    segmenter = EngineSegmenter(CARD, device)
    given = windows(7)
    answer = segmenter.predict(given)
    assert np.array_equal(answer.label, given[..., 0]) and np.array_equal(answer.confidence, given[..., 2])
    assert segmenter.batch == 2 and device.sizes == [7, 4, 2, 2, 2, 1]
    assert len(segmenter.notices) == 2 and "2 windows" in segmenter.notices[-1]
    segmenter.predict(given)
    assert len(segmenter.notices) == 2


def test_a_window_that_is_too_large_alone_is_the_callers_to_make_smaller() -> None:
    segmenter = EngineSegmenter(CARD, Small(16))
    with pytest.raises(MemoryError):
        segmenter.predict(windows(2, side=8))
    assert segmenter.predict(windows(2)).label.shape == (2, 4, 4)


def test_falling_back_goes_on_on_the_cpu_once() -> None:
    spare = Small(10**6, "cpu", batch=1)
    segmenter = EngineSegmenter(CARD, Small(1), spare=lambda: spare)
    assert segmenter.fall_back() and segmenter.device == "cpu" and segmenter.engine == "played cpu"
    assert segmenter.predict(windows(3, side=8)).label.shape == (3, 8, 8)
    assert "on the CPU" in segmenter.notices[-1] and not segmenter.fall_back()


def test_falling_back_hands_the_cards_memory_back_once_nothing_holds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Card(Small):
        def planes(
            self, windows: np.ndarray, context: np.ndarray | None, batch: int
        ) -> tuple[np.ndarray, ...]:
            with memory_errors():
                raise torch.OutOfMemoryError("CUDA out of memory")

    card = Card(1)
    held, freed = weakref.ref(card), list[bool]()
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: freed.append(held() is None))
    segmenter = EngineSegmenter(CARD, card, spare=lambda: Small(10**6, "cpu", batch=1))
    del card
    box = Box(0, 0, 64, 64)
    found = Network(segmenter, None).predict([Window(box, box)], windows(1, 64))
    assert [each.box for each in found] == [box] and segmenter.device == "cpu"
    assert freed == [True]


def test_a_cpu_has_nothing_to_fall_back_to() -> None:
    assert not EngineSegmenter(CARD, Small(1, "cpu")).fall_back()


def test_the_context_is_the_mean_over_samples_and_none_are_looked_at_where_there_is_none() -> None:
    device = Small(10**6)
    given = windows(3)
    context = EngineSegmenter(CARD, device).survey(iter(given))
    assert context is not None and context.dtype == np.float32
    assert np.allclose(context, given.reshape(3, -1)[:, :2].mean(0))
    device.takes_context = False
    assert EngineSegmenter(CARD, device).survey(1 / 0 for _ in range(1)) is None


@pytest.mark.parametrize(
    "message", ["[enforce fail] DefaultCPUAllocator: can't allocate memory", "CUDA out of memory. Tried ..."]
)
def test_what_torch_says_of_memory_is_a_memory_error(message: str) -> None:
    with pytest.raises(MemoryError), memory_errors():
        raise RuntimeError(message)
    for kind in (torch.OutOfMemoryError, torch.cuda.OutOfMemoryError):
        with pytest.raises(MemoryError), memory_errors():
            raise kind("the words of another version")
    with pytest.raises(RuntimeError, match="another"), memory_errors():
        raise RuntimeError("another thing")


SHAPES = [Shape(8, side, side, False) for side in (512, 256, 128)]


def test_the_first_two_shapes_that_come_again_are_compiled_and_the_others_are_not() -> None:
    compiled: list[tuple[int, ...]] = []

    def compile_(examples: tuple[torch.Tensor, ...]):  # type: ignore[no-untyped-def]
        compiled.append(tuple(examples[0].shape))
        return lambda: lambda inputs: (inputs[0] + 1,)

    buckets = Buckets(compile_, wait=False)
    for shape in [SHAPES[0], SHAPES[1], SHAPES[0], SHAPES[2], SHAPES[1], SHAPES[2], SHAPES[2]]:
        buckets.find(shape, (torch.zeros(shape[:3]),))
        if buckets._busy:
            buckets._busy.join()
    assert compiled == [(8, 512, 512), (8, 256, 256)]
    run = buckets.find(SHAPES[0], (torch.zeros(1),))
    assert run is not None and run((torch.zeros(1),))[0].item() == 1
    assert buckets.find(SHAPES[2], (torch.zeros(1),)) is None


def test_the_pipeline_serves_while_it_is_being_compiled() -> None:
    go_on = threading.Event()

    def compile_(examples: object):  # type: ignore[no-untyped-def]
        go_on.wait(10)
        return lambda: lambda inputs: inputs

    buckets, inputs = Buckets(compile_), (torch.zeros(1),)
    assert [buckets.find(SHAPES[0], inputs) for _ in range(4)] == [None] * 4
    go_on.set()
    assert buckets._busy is not None
    buckets._busy.join()
    assert buckets.find(SHAPES[0], inputs) is not None


def test_a_shape_that_cannot_be_compiled_runs_as_it_is() -> None:
    said: list[str] = []
    buckets = Buckets(lambda examples: 1 / 0, wait=True, say=said.append)  # type: ignore[arg-type,return-value]
    assert [buckets.find(SHAPES[0], (torch.zeros(1),)) for _ in range(3)] == [None] * 3
    assert said == ["The network could not be compiled, and runs more slowly: division by zero"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 1, 0)])
def test_what_is_compiled_at_once_does_not_depend_on_the_shapes_met_before(order: tuple[int, ...]) -> None:
    buckets = Buckets(
        lambda examples: lambda: lambda inputs: inputs, wait=True, wanted=lambda shape: shape.height == 256
    )
    found = {SHAPES[k]: buckets.find(SHAPES[k], (torch.zeros(1),)) for k in order}
    assert {shape for shape, run in found.items() if run is not None} == {SHAPES[1]}


def test_folding_leaves_no_normalisation_behind_a_convolution_and_changes_no_answer() -> None:
    torch.manual_seed(0)
    network = build(CARD)
    for module in network.modules():  # statistics of a network that has seen something
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_var, 0.5, 2)  # type: ignore[arg-type]
            torch.nn.init.normal_(module.running_mean)  # type: ignore[arg-type]
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    copy, pixels = folded(network, 3), torch.randn(1, 3, 64, 96)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in copy.modules())
    with torch.no_grad():
        assert torch.allclose(copy(pixels), network.eval()(pixels), rtol=1e-3, atol=1e-3)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_a_convolution_whose_result_is_used_twice_is_not_folded() -> None:
    class Twice(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4)
            torch.nn.init.constant_(self.norm.weight, 3.0)

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            cells = self.conv(pixels)
            return self.norm(cells) + cells

    network, pixels = Twice().eval(), torch.randn(1, 3, 8, 8)
    assert torch.equal(folded(network, 3)(pixels), network(pixels))


def test_doubt_is_largest_where_all_classes_are_as_likely_and_least_where_one_is_certain() -> None:
    torch.manual_seed(0)
    network = build(CARD)
    head = (
        network.get_parameter("segmentation_head.0.weight"),
        network.get_parameter("segmentation_head.0.bias"),
    )
    how = InferenceOptions(doubts=("entropy", "margin"))
    for bias, margin, entropy in ((0.0, 0, 255), (50.0, 255, 0)):
        with torch.no_grad():
            head[0].zero_()
            head[1].copy_(torch.tensor([bias, 0.0]))
        answer = TorchSegmenter(CARD, network, "cpu", how).predict(windows(1, 32))
        assert answer.margin is not None and answer.entropy is not None
        assert (answer.margin == margin).all() and (answer.entropy == entropy).all()


def test_flips_make_an_answer_that_mirrors_with_its_image() -> None:
    torch.manual_seed(0)
    segmenter = TorchSegmenter(CARD, build(CARD), "cpu", InferenceOptions(flips=True))
    plain = TorchSegmenter(CARD, build(CARD), "cpu")
    given = windows(1, 64)
    straight, mirrored = (segmenter.predict(w).confidence for w in (given, given[:, :, ::-1].copy()))
    assert np.abs(straight.astype(int) - mirrored[:, :, ::-1]).max() <= 1
    one, other = (plain.predict(w).confidence for w in (given, given[:, :, ::-1].copy()))
    assert np.abs(one.astype(int) - other[:, :, ::-1]).max() > 1
