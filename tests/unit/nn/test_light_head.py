"""The light head: what a few painted pixels teach a network, and what they leave alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from labeltool import plugins
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.core.geometry import Box
from labeltool.inference.card import ModelCard
from labeltool.inference.feeding import open_fed
from labeltool.inference.segmenter import Prediction
from labeltool.inference.teaching import GROUP, Painted
from labeltool.inference.teaching_process import TeachingProcess, View
from labeltool.inference.tiled import segment
from labeltool.nn.checkpoint import save_network
from labeltool.nn.engines.eager import TorchSegmenter
from labeltool.nn.heads.light import HeadSettings, Lesson, LightHead
from labeltool.nn.heads.sample import sampled_pixels
from labeltool.nn.heads.teachable import TeachableNetwork, load_teachable
from labeltool.nn.pipeline import Pipeline
from tests.laws.examples import law

from .test_architectures import ARCHITECTURES, CATALOG, card, network

WHOLE = Box(0, 0, 160, 128)
PLACES = [(30, 30), (80, 34), (132, 28), (34, 92), (128, 96)]
"""The centres of the blobs."""


class Seeing(nn.Module):
    """A network whose features are the colours at stride 4, and that takes everything for background."""

    def __init__(self) -> None:
        super().__init__()
        last = nn.Conv2d(3, 2, 1)
        nn.init.zeros_(last.weight)
        last.bias = nn.Parameter(torch.tensor([1.0, -1.0]))
        self.segmentation_head = nn.Sequential(last, nn.Upsample(scale_factor=4, mode="bilinear"))

    def forward(self, pixels: Tensor) -> Tensor:
        answer: Tensor = self.segmentation_head(functional.avg_pool2d(pixels, 4))
        return answer


def blobs(folder: Path, size: tuple[int, int] = (128, 160)) -> Path:
    """Five green blobs on red noise, and a blue one."""
    pixels = np.random.default_rng(0).integers(0, 40, (*size, 3), np.uint8)
    pixels[..., 0] += 90
    for centre in PLACES:
        cv2.circle(pixels, centre, 14, (20, 220, 30), -1)
    cv2.circle(pixels, (80, 90), 14, (20, 30, 220), -1)
    Image.fromarray(pixels).save(folder / "blobs.png")
    return folder / "blobs.png"


def seeing(settings: HeadSettings | None = None, **changes: object) -> TeachableNetwork:
    small = replace(ModelCard("seeing", "none", "none", CATALOG, tile=96, halo=32), **changes)  # type: ignore[arg-type]
    return TeachableNetwork(Pipeline(small, Seeing()), settings=settings)


def look(teachable: TeachableNetwork, path: Path, box: Box = WHOLE) -> Box | None:
    with open_fed(path, "", teachable.card.values, teachable.card.bands) as reader:
        return teachable.look(reader, box)


def dot(x: int, y: int, value: int, radius: int = 4) -> Painted:
    box = Box(x - radius, y - radius, x + radius + 1, y + radius + 1)
    label = np.full((box.height, box.width), IGNORE, np.uint8)
    cv2.circle(label, (radius, radius), radius, value, -1)
    return Painted(box, label)


def same(a: Prediction, b: Prediction) -> bool:
    return a.box == b.box and all(np.array_equal(a.planes[name], b.planes[name]) for name in a.planes)


@pytest.mark.parametrize("scale", [1.0, pytest.param(1.3, marks=pytest.mark.slow)])
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_without_a_stroke_every_architecture_answers_as_it_does_by_itself(
    arch: str, scale: float, tmp_path: Path
) -> None:
    small, box = card(arch, scale=scale), Box(0, 0, 150, 70)
    pixels = np.random.default_rng(1).integers(0, 256, (70, 150, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    net = network(arch)
    teachable = TeachableNetwork(Pipeline(small, net))
    assert look(teachable, tmp_path / "noise.png", box) == box
    answer = teachable.taught([])
    with open_fed(tmp_path / "noise.png", "") as reader:
        for part in segment(reader, TorchSegmenter(small, net, "cpu")):
            there = part.box.slices()
            assert np.array_equal(answer.label[there], part.label)
            assert np.array_equal(answer.confidence[there], part.confidence)
    value = 1 - int(np.bincount(answer.label.ravel()).argmax())
    taught = teachable.taught([dot(40, 30, value)])
    assert np.mean(taught.label[28:33, 38:43] == value) > np.mean(answer.label[28:33, 38:43] == value)


@pytest.mark.parametrize(
    "size", [(1, 1), *(pytest.param(each, marks=pytest.mark.slow) for each in [(7, 3), (33, 40)])]
)
def test_tiny_images_are_taught_too(size: tuple[int, int], tmp_path: Path) -> None:
    Image.fromarray(np.zeros((*size, 3), np.uint8)).save(tmp_path / "tiny.png")
    teachable = TeachableNetwork(Pipeline(card("deeplabv3plus"), network("deeplabv3plus")))
    box = look(teachable, tmp_path / "tiny.png", Box(0, 0, 99, 99))
    assert box is not None
    for value in (0, 1):
        answer = teachable.taught([Painted(box, np.full((box.height, box.width), value, np.uint8))])
        assert (answer.label == value).all()


def test_a_stroke_of_the_right_class_corrects_what_is_alike_and_leaves_the_rest(tmp_path: Path) -> None:
    teachable = seeing(HeadSettings(reach=1000.0))
    look(teachable, blobs(tmp_path))
    assert not teachable.taught([]).label.any()
    label = teachable.taught([dot(80, 34, 1), dot(55, 60, 0)]).label
    assert all((label[y - 6 : y + 7, x - 6 : x + 7] == 1).all() for x, y in PLACES)
    assert not label[84:97, 74:87].any()  # what is blue
    assert label.mean() < 1.3 * 5 * np.pi * 14**2 / label.size


def test_far_from_all_strokes_nothing_changes(tmp_path: Path) -> None:
    teachable = seeing(HeadSettings(reach=6.0))
    look(teachable, blobs(tmp_path))
    own, taught = teachable.taught([]), teachable.taught([dot(30, 30, 1)])
    assert taught.label[30, 30] == 1
    assert np.array_equal(taught.label[:, 90:], own.label[:, 90:])
    assert np.array_equal(taught.confidence[:, 90:], own.confidence[:, 90:])


def test_the_same_strokes_give_the_same_bits(tmp_path: Path) -> None:
    path, strokes = blobs(tmp_path), [dot(30, 30, 1), dot(60, 60, 0)]
    first, second = seeing(), seeing()
    look(first, path)
    look(second, path)
    answer = first.taught(strokes)
    first.taught([dot(80, 90, 1)])
    assert same(first.taught(strokes), answer)
    assert same(second.taught(strokes), answer)


def test_a_part_of_an_image_is_taught_as_the_whole_is(tmp_path: Path) -> None:
    path, box = blobs(tmp_path), Box(20, 16, 150, 100)
    teachable = seeing()
    look(teachable, path)
    own = teachable.taught([])
    assert look(teachable, path, box) == box
    part = teachable.taught([])
    assert np.array_equal(part.confidence, own.confidence[box.slices()])
    outside = [dot(10, 10, 1), dot(30, 30, 1)]
    assert same(teachable.taught(outside), teachable.taught(outside[1:]))


def test_classes_that_the_model_does_not_know_teach_nothing(tmp_path: Path) -> None:
    teachable = seeing()
    look(teachable, blobs(tmp_path))
    assert same(teachable.taught([dot(30, 30, 77)]), teachable.taught([]))


def test_class_values_need_not_begin_at_zero(tmp_path: Path) -> None:
    data = ClassCatalog.from_names(["cell"]).to_json()
    for entry, value in zip(data["classes"], (4, 9), strict=True):
        entry["value"] = value
    teachable = seeing(catalog=ClassCatalog.from_json(data))
    look(teachable, blobs(tmp_path))
    label = teachable.taught([dot(30, 30, 9)]).label
    assert set(np.unique(label)) == {4, 9}
    assert label[30, 30] == 9


def test_a_model_that_has_seen_nothing_says_so(tmp_path: Path) -> None:
    teachable = seeing()
    with pytest.raises(ModelError, match="looked"):
        teachable.taught([])
    with open_fed(blobs(tmp_path), "") as reader:
        assert teachable.look(reader, WHOLE, lambda: False) is None
    with pytest.raises(ModelError, match="looked"):
        teachable.taught([])


def test_the_more_is_painted_the_more_it_counts() -> None:
    seen, logits = torch.zeros(1, 4), torch.tensor([[1.0, -1.0]])
    lesson = Lesson(seen, logits, torch.tensor([1]), 1)
    few, many = (
        LightHead.of(replace(lesson, painted=painted), HeadSettings()).change(seen)[0] for painted in (1, 900)
    )
    assert 0 < few[1] - few[0] < many[1] - many[0]
    held = LightHead.of(lesson, HeadSettings(pull=1e6)).change(seen)
    assert held.abs().max() < 1e-4


labels = st.integers(0, 2**16).map(
    lambda seed: np.random.default_rng(seed).choice(
        np.array([0, 1, 7, IGNORE], np.uint8), (23, 31), p=[0.2, 0.03, 0.07, 0.7]
    )
)


@law(30)
@given(labels, st.integers(1, 300))
def test_a_sample_is_of_painted_pixels_and_of_every_class(label: np.ndarray, most: int) -> None:
    rows, cols = sampled_pixels(label, most)
    assert len(rows) <= most + 3
    assert len({*zip(rows.tolist(), cols.tolist(), strict=True)}) == len(rows)
    assert set(label[rows, cols].tolist()) == set(np.unique(label).tolist()) - {IGNORE}


@law(30)
@given(labels)
def test_another_stroke_brings_no_other_pixels_of_those_before(label: np.ndarray) -> None:
    before = {*zip(*(axis.tolist() for axis in sampled_pixels(label, 60)), strict=True)}
    more = label.copy()
    more[:5][label[:5] == IGNORE] = 9
    rows, cols = sampled_pixels(more, 60)
    old = more[rows, cols] != 9
    assert {*zip(rows[old].tolist(), cols[old].tolist(), strict=True)} <= before


def test_the_process_teaches_a_model_in_files_as_it_is_taught_here(tmp_path: Path) -> None:
    save_network(tmp_path / "model", card("deeplabv3plus"), network("deeplabv3plus"))
    path, view = blobs(tmp_path), View(tmp_path / "blobs.png", "", WHOLE)
    here = load_teachable(tmp_path / "model")
    look(here, path)
    strokes = [dot(30, 30, 1), dot(60, 60, 0)]
    with TeachingProcess(tmp_path / "model") as process:
        found = process.teach(view, strokes)
    assert found.box == WHOLE
    assert np.mean(found.label == here.taught(strokes).label) > 0.999


def test_the_built_in_networks_are_teachable() -> None:
    assert plugins.load(GROUP, "smp") is load_teachable
