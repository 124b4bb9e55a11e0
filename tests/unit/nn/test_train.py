"""Training: a few steps on a few drawn images."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeltool.core.errors import BadInputError, CancelledError, ModelError
from labeltool.core.progress import CancelToken, silent
from labeltool.inference.options import InferenceOptions
from labeltool.inference.training import TrainingSet
from labeltool.inference.training_options import Augmentation
from labeltool.nn.engines.eager import load_segmenter
from labeltool.nn.training.data import CropSampler, Examples, digest
from labeltool.nn.training.learner import Learner, one_cycle
from labeltool.nn.training.loop import train

from .conftest import CATALOG, drawn, options


def sampler(data: TrainingSet, **changes: object) -> CropSampler:
    examples = Examples(data.train, data.catalog, None)
    return CropSampler(examples, data.catalog, options(**changes), cancel=CancelToken(), progress=silent)


def test_a_training_leaves_a_model_that_loads_with_its_figures(discs: TrainingSet, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = []
    card = train(discs, options(seed=3, command="labeltool train x"), tmp_path / "out", log=rows.append)
    assert load_segmenter(tmp_path / "out", InferenceOptions("cpu")).card == card
    assert card.training["seed"] == 3 and card.training["steps"] == 3
    assert card.training["command"] == "labeltool train x"
    assert set(card.figures["per_class"]) == {"background", "disc"}
    assert "disc" in card.figures["groups"]["drawn"]
    lines = (tmp_path / "out" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_the_same_seed_gives_the_same_weights(discs: TrainingSet, tmp_path: Path) -> None:
    runs = [train(discs, options(seed=seed, steps=2), tmp_path / str(i)) for i, seed in enumerate((1, 1, 2))]
    assert runs[0].sha256 == runs[1].sha256
    assert runs[0].sha256 != runs[2].sha256


def test_without_images_to_choose_on_the_last_weights_are_kept(discs: TrainingSet, tmp_path: Path) -> None:
    card = train(replace(discs, val=()), options(evaluations=2), tmp_path / "out")
    assert card.training["steps"] == 3
    assert card.figures == {}


def test_cancelling_keeps_the_best_so_far(discs: TrainingSet, tmp_path: Path) -> None:
    cancel = CancelToken()

    def log(row: dict[str, Any]) -> None:
        if "score" in row:
            cancel.cancel()

    card = train(discs, options(steps=50, evaluations=25), tmp_path / "out", cancel=cancel, log=log)
    assert card.training["steps"] < 50
    assert load_segmenter(tmp_path / "out", InferenceOptions("cpu")).card == card


def test_cancelling_before_anything_was_learnt_says_so(discs: TrainingSet, tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        train(discs, options(), tmp_path / "out", cancel=cancel)


def test_a_loss_that_is_not_a_number_stops_with_the_last_good_weights(
    discs: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Learner.step

    def step(self: Learner, pixels: Any, labels: Any, share: float) -> float:
        return whole(self, pixels, labels, share) if share < 0.5 else math.nan

    monkeypatch.setattr(Learner, "step", step)
    card = train(discs, options(steps=8, evaluations=8), tmp_path / "out")
    assert 0 < card.training["steps"] <= 4
    monkeypatch.setattr(Learner, "step", lambda *_: math.nan)
    with pytest.raises(ModelError, match="not a number"):
        train(discs, options(), tmp_path / "again")


def test_without_images_there_is_nothing_to_learn(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no labelled images"):
        train(TrainingSet((), (), CATALOG), options(), tmp_path / "out")


def test_crops_hold_only_values_of_the_label(discs: TrainingSet) -> None:
    batches = sampler(discs, augmentation=Augmentation(zoom=(0.3, 3.0))).batches()
    pixels, labels = next(batches)
    batches.close()
    assert pixels.shape == (2, 64, 64, 3) and labels.shape == (2, 64, 64)
    assert set(np.unique(labels)) <= {0, 1, 255}


def test_pixels_and_labels_of_a_crop_stay_together(discs: TrainingSet) -> None:
    plain = Augmentation(
        zoom=(0.5, 2.0), brightness=0, contrast=0, gamma=0, invert=0, colour=0, shade=0, blur=0, noise=0
    )
    batches = sampler(discs, augmentation=plain, batch=16).batches()
    pixels, labels = next(batches)
    batches.close()
    counted = labels != 255
    agreement = ((pixels[..., 1] > 130) == (labels == 1))[counted].mean()
    assert (labels == 1).any() and agreement > 0.98


def test_a_label_of_another_size_or_value_names_the_image(tmp_path: Path) -> None:
    good = drawn(tmp_path, "good", 0)
    odd = replace(good, load_label=lambda: np.zeros((3, 3), np.uint8))
    for image, words in ((odd, "its label"), (drawn(tmp_path, "odd", 1, value=9), "value 9")):
        with pytest.raises(BadInputError, match=words) as caught:
            Examples([image], CATALOG, None)[0]
        assert caught.value.file == str(image.path)


def test_the_digest_of_data_does_not_depend_on_order(discs: TrainingSet) -> None:
    forward = digest(discs.train, CancelToken())
    assert forward == digest(discs.train[::-1], CancelToken())
    assert forward != digest(discs.train[:2], CancelToken())


def test_the_learning_rate_rises_and_falls_to_nothing() -> None:
    rates = [one_cycle(share / 100) for share in range(101)]
    assert max(rates) == pytest.approx(1, abs=0.01) and rates[-1] == pytest.approx(0)
    assert rates.index(max(rates)) <= 11
