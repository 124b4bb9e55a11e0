"""Before the first step: the network, and how long its steps take."""

from __future__ import annotations

import copy
import time
from contextlib import closing
from pathlib import Path

import torch
from torch import nn

from labeltool import plugins
from labeltool.core.progress import CancelToken
from labeltool.inference.card import ModelCard
from labeltool.inference.training import TrainingSet
from labeltool.inference.training_options import TrainingOptions
from labeltool.nn.checkpoint import load_pretrained
from labeltool.nn.engines.eager import TorchSegmenter
from labeltool.nn.training.calibrate import MOST_IMAGES
from labeltool.nn.training.data import CropSampler
from labeltool.nn.training.distributed import lowest
from labeltool.nn.training.evaluate import evaluate
from labeltool.nn.training.learner import Learner
from labeltool.nn.training.pace import Pace

_WARM_UP, _LEAST_STEPS, _LEAST_S = 2, 3, 2.0
_PROBED = 3


def first_network(card: ModelCard, options: TrainingOptions) -> tuple[nn.Module, str]:
    """The network that the seed gives, with the weights of the file that ``options`` name; what was taken of it."""
    torch.manual_seed(options.seed)
    network: nn.Module = plugins.load("labeltool.architectures", options.arch)(card)
    return network, str(load_pretrained(network, Path(options.weights))) if options.weights else ""


def measured(
    learner: Learner, sampler: CropSampler, data: TrainingSet, segmenter: TorchSegmenter, limit_s: float
) -> Pace:
    """Learn for a moment to see how long it takes, and undo it. ``segmenter`` is asked about a few images."""
    step_s = _seconds_a_step(learner, sampler)
    probed = data.val[:: max(1, len(data.val) // _PROBED)][:_PROBED]
    began_s = time.monotonic()
    evaluate(probed, segmenter, CancelToken())
    image_s = (time.monotonic() - began_s) / max(1, len(probed))
    evaluation_s = image_s * len(data.val)
    calibration_s = image_s * min(len(data.train), MOST_IMAGES) + evaluation_s
    return Pace(limit_s, step_s, evaluation_s, calibration_s)


def _seconds_a_step(learner: Learner, sampler: CropSampler) -> float:
    before = copy.deepcopy(learner.state())
    with closing(sampler.batches()) as batches:
        for step in range(_WARM_UP):
            learner.step(next(batches), 0.5, step)
        began_s, steps = time.monotonic(), 0
        while lowest([steps < _LEAST_STEPS or time.monotonic() - began_s < _LEAST_S])[0]:
            learner.step(next(batches), 0.5, _WARM_UP + steps)
            steps += 1
        taken_s = time.monotonic() - began_s
    learner.restore(before)
    return taken_s / steps
