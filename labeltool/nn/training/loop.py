"""Training: crops in, the best weights and their card out."""

from __future__ import annotations

import copy
import json
import math
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from labeltool import plugins
from labeltool.core.errors import BadInputError, CancelledError, ModelError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.inference.card import ModelCard
from labeltool.inference.training import TrainingSet
from labeltool.inference.training_options import TrainingOptions
from labeltool.nn.checkpoint import load_network, save_network
from labeltool.nn.engines.eager import TorchSegmenter, chosen_device
from labeltool.nn.training.calibrate import offsets, shift
from labeltool.nn.training.data import CropSampler, Examples, digest
from labeltool.nn.training.evaluate import evaluate, score
from labeltool.nn.training.learner import Learner

METRICS_NAME = "metrics.jsonl"

Log = Callable[[dict[str, Any]], None]

_LOG_EVERY = 20


def train(
    data: TrainingSet,
    options: TrainingOptions,
    out: Path,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
    log: Log = lambda row: None,
) -> ModelCard:
    """Train from scratch; leaves ``card.json``, ``weights.safetensors`` and ``metrics.jsonl`` in ``out``.

    The best weights on ``data.val`` so far are always there, whole. Cancelling keeps them; CancelledError when
    there are none yet. ModelError when the loss stops being a number before there are any.
    """
    if not data.train:
        raise BadInputError("there are no labelled images to learn from", hint="Label some, or import masks")
    cancel = cancel or CancelToken()
    out.mkdir(parents=True, exist_ok=True)
    with (out / METRICS_NAME).open("w", encoding="utf-8") as file:

        def record(row: dict[str, Any]) -> None:
            file.write(json.dumps(row) + "\n")
            file.flush()
            log(row)

        return _Training(data, options, out, cancel, progress, record).run()


class _Training:
    def __init__(
        self,
        data: TrainingSet,
        options: TrainingOptions,
        out: Path,
        cancel: CancelToken,
        progress: Progress,
        record: Log,
    ) -> None:
        torch.manual_seed(options.seed)
        torch.set_num_threads(os.cpu_count() or 1)
        self._data, self._options, self._out = data, options, out
        self._cancel, self._progress, self._record = cancel, progress, record
        self._device = chosen_device(options.device)
        self._card = first_card(data, options)
        network = plugins.load("labeltool.architectures", options.arch)(self._card)
        self._learner = Learner(network, self._card, options, self._device)
        self._best: ModelCard | None = None
        self._best_score = -1.0
        self._began_s = time.monotonic()

    def run(self) -> ModelCard:
        """Learn until the schedule ends, somebody cancels, or the loss is not a number."""
        try:
            examples = Examples(
                self._data.train, self._data.catalog, self._options.stretch, self._options.values
            )
            sampler = CropSampler(
                examples, self._data.catalog, self._options, cancel=self._cancel, progress=self._progress
            )
            self._digest = digest(self._data.train, self._cancel)
            self._began_s = time.monotonic()
            self._learn(sampler)
            self._calibrate()
        except CancelledError:
            if self._best is None:
                raise
            self._record({"event": "cancelled"})
        if self._best is None:
            raise ModelError(
                "the loss was not a number before anything was learnt", hint="Lower --learning-rate"
            )
        return self._best

    def _learn(self, sampler: CropSampler) -> None:
        milestones = _milestones(self._options.evaluations)
        with closing(sampler.batches()) as batches:
            for step, (pixels, labels) in enumerate(batches):
                self._cancel.check()
                share = self._share(step)
                loss = self._learner.step(pixels, labels, share)
                if not math.isfinite(loss):
                    self._record({"event": "loss is not a number", "step": step})
                    return
                if step % _LOG_EVERY == 0:
                    self._record({"step": step, "loss": round(loss, 4), "seconds": self._seconds()})
                    self._progress(share, 1.0, f"step {step}, loss {loss:.3f}")
                after = self._share(step + 1)
                if after >= milestones[0]:
                    self._evaluate(step + 1)
                    milestones = [m for m in milestones if m > after]
                if not milestones:
                    return

    def _share(self, step: int) -> float:
        """How much of the schedule is over, 0..1: by steps or by time, whichever is further."""
        by_time = self._seconds() / (60 * self._options.minutes) if self._options.minutes else 0.0
        return min(1.0, max(step / self._options.steps, by_time))

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began_s, 1)

    def _evaluate(self, step: int) -> None:
        segmenter = TorchSegmenter(self._card, self._learner.averaged_copy(), self._device)
        figures = evaluate(self._data.val, segmenter, self._cancel) if self._data.val else {}
        reached = self._score(figures) if figures else float(step)
        self._record({"step": step, "seconds": self._seconds(), "score": reached, "val": figures})
        if reached > self._best_score:
            self._best_score = reached
            self._best = save_network(self._out, self._finished_card(step, figures), self._learner.averaged)

    def _calibrate(self) -> None:
        """Undo the bias of chosen crops, on whole training images; kept unless validation says it does harm."""
        if self._best is None:
            return
        card, network = load_network(self._out)
        by = offsets(self._data.train, TorchSegmenter(card, network, self._device), self._cancel)
        shift(network, by)
        segmenter = TorchSegmenter(card, copy.deepcopy(network), self._device)
        figures = evaluate(self._data.val, segmenter, self._cancel) if self._data.val else {}
        reached = self._score(figures) if figures else self._best_score
        better = reached >= self._best_score
        self._record({"event": "calibrated", "offsets": by, "score": reached, "kept": better, "val": figures})
        if better:
            training = {**card.training, "offsets": by}
            self._best = save_network(
                self._out, replace(card, training=training, figures=figures), network.cpu()
            )

    def _score(self, figures: dict[str, Any]) -> float:
        return score(figures, [c.name for c in self._data.catalog.foreground])

    def _finished_card(self, step: int, figures: dict[str, Any]) -> ModelCard:
        training = {
            "command": self._options.command,
            "seed": self._options.seed,
            "steps": step,
            "seconds": self._seconds(),
            "device": self._device,
            "torch": torch.__version__,
            "images": len(self._data.train),
            "data_sha256": self._digest,
            "chosen_on": "validation images" if figures else "nothing: the last weights",
            "options": json.loads(json.dumps(asdict(self._options))),  # as it will be read
        }
        return replace(self._card, training=training, figures=figures)


def first_card(data: TrainingSet, options: TrainingOptions) -> ModelCard:
    """The card before anything is learnt."""
    return ModelCard(
        name=options.name,
        version=options.version,
        arch=options.arch,
        encoder=options.encoder,
        catalog=data.catalog,
        decoder_channels=options.decoder_channels,
        output_stride=options.output_stride,
        context=options.crop,
        atrous_rates=options.atrous_rates,
        scale=options.scale,
        stretch=options.stretch,
        values=options.values,
        tile=options.tile,
        halo=options.halo,
        data=options.data,
        licence=options.licence,
    )


def _milestones(evaluations: int) -> list[float]:
    """Shares of the schedule at which weights are evaluated: more often towards the end, and at the end."""
    return [1 - (1 - (k + 1) / evaluations) ** 1.5 for k in range(evaluations)]
