"""What a network learns of some labels, what it says of images, and how good it is: through the program's own parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.compare import ConfusionMatrix
from labeltool.core.progress import CancelToken, silent
from labeltool.inference.feeding import open_fed
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Answer, Prediction
from labeltool.inference.teaching import Painted
from labeltool.inference.tiled import segment
from labeltool.inference.training import TrainingImage
from labeltool.nn.checkpoint import load_network, save_network
from labeltool.nn.engines.eager import TorchSegmenter
from labeltool.nn.heads.teachable import TeachableNetwork
from labeltool.nn.pipeline import Pipeline
from labeltool.nn.training.calibrate import offsets, shift
from labeltool.nn.training.cards import first_card
from labeltool.nn.training.data import CropSampler, Examples
from labeltool.nn.training.learner import Learner
from labeltool.nn.training.starting import first_network
from tests.bench.annotator.datasets import DataSet
from tests.bench.annotator.eye import Plane8

DEVICE = "cpu"


def taught(
    data: DataSet,
    images: Sequence[TrainingImage],
    seed: int,
    folder: Path,
    begin: Path | None = None,
    times: int = 1,
) -> None:
    """Train ``times`` the steps of the set's options, from the weights of a model or from random ones, take off the
    bias of chosen crops as every run of the program does, and save."""
    options = replace(data.options, seed=seed, device=DEVICE, weights="" if begin is None else str(begin))
    card = first_card(data.catalog, options)
    network, _ = first_network(card, options)
    learner = Learner(network, card, options, DEVICE)
    sampler = CropSampler(Examples(images, card), options, cancel=CancelToken(), progress=silent)
    steps = times * options.steps
    with closing(sampler.batches()) as batches:
        for step, batch in enumerate(islice(batches, steps)):
            learner.step(batch, step / steps, step)
    shift(learner.averaged, offsets(images, TorchSegmenter(card, learner.averaged, DEVICE), CancelToken()))
    save_network(folder, card, learner.averaged)


def answers(folder: Path, images: Sequence[TrainingImage]) -> Iterator[Answer]:
    """Of whole images: class, confidence and entropy, uint8 [h, w]."""
    card, network = load_network(folder)
    segmenter = TorchSegmenter(card, network, DEVICE, InferenceOptions(doubts=("entropy",)))
    for image in images:
        with open_fed(image.path, image.page, card.values, card.bands) as reader:
            size = reader.info.size
            label, confidence, entropy = (np.zeros((size.height, size.width), np.uint8) for _ in range(3))
            for part in segment(reader, segmenter):
                here = part.box.slices()
                label[here], confidence[here] = part.label, part.confidence
                if part.entropy is not None:
                    entropy[here] = part.entropy
        yield Answer(label, confidence, entropy=entropy)


def quality(data: DataSet, folder: Path) -> float:
    """Mean IoU over the classes but the background, of all val pixels together."""
    matrix = ConfusionMatrix()
    images = data.images(data.val, data.truth)
    for image, answer in zip(images, answers(folder, images), strict=True):
        matrix.add(image.load_label(), answer.label)
    return matrix.miou(data.values) or 0.0


def agreement(pairs: Sequence[tuple[Plane8, Plane8]]) -> ConfusionMatrix:
    """Of truths and labels."""
    matrix = ConfusionMatrix()
    for truth, label in pairs:
        matrix.add(truth, label)
    return matrix


class Head:
    """A light head of a model, as the program's teaching has it."""

    def __init__(self, folder: Path) -> None:
        self._network = TeachableNetwork(Pipeline(*load_network(folder)), DEVICE)

    def of(self, image: TrainingImage) -> Callable[[Plane8, NDArray[np.bool_]], Prediction]:
        """The network looks at an image; then it may be taught the pixels of a label that somebody has set."""
        card = self._network.card
        with open_fed(image.path, image.page, card.values, card.bands) as reader:
            box = reader.info.size.box
            self._network.look(reader, box)

        def teach(label: Plane8, by_hand: NDArray[np.bool_]) -> Prediction:
            painted = np.where(by_hand, label, np.uint8(IGNORE))
            return self._network.taught([Painted(box, painted)])

        return teach
