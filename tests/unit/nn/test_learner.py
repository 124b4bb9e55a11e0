"""Steps of learning: what they depend on, what learns and how fast, and what images without labels teach."""

from __future__ import annotations

import copy
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from labeltool.core.errors import BadInputError, ModelError
from labeltool.inference.training_options import PRESETS, Augmentation, TrainingOptions, preset
from labeltool.nn.architectures.deeplabv3plus import build
from labeltool.nn.checkpoint import save_network
from labeltool.nn.training.cards import first_card
from labeltool.nn.training.data import Batch
from labeltool.nn.training.learner import Learner
from labeltool.nn.training.losses import UNLABELLED
from labeltool.nn.training.schedule import one_cycle, poly, ramp
from labeltool.nn.training.semi import Views, agreement, own_labels, paste_box, pasted
from labeltool.nn.training.starting import first_network

from .conftest import CARD, CATALOG, options


def learner(**changes: object) -> Learner:
    torch.manual_seed(0)
    return Learner(build(CARD), CARD, options(**changes), "cpu")


def batch(seed: int, *, unlabelled: bool = False, label: int | None = None) -> Batch:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (3, 2, 4, 4, 3), np.uint8)
    pixels, weak, strong = coarse.repeat(16, 2).repeat(16, 3)
    labels = (
        (pixels[..., 0] > 127).astype(np.uint8) if label is None else np.full((2, 64, 64), label, np.uint8)
    )
    boxes = np.array([[8, 8, 24, 40], [0, 0, 0, 0]])
    return Batch(pixels, labels, Views(weak, strong, boxes) if unlabelled else None)


def taught(learner: Learner, steps: range, **how: Any) -> list[dict[str, float]]:
    return [learner.step(batch(step, **how), step / 6, step) for step in steps]


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(
        torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        pytest.param({"optimiser": "sgd"}, marks=pytest.mark.slow),
        {"unlabelled": 1.0, "certain": 0.5, "dropout": 0.5},
    ],
)
def test_a_state_that_was_saved_goes_on_with_the_same_result(changes: dict[str, Any]) -> None:
    how = {"unlabelled": "unlabelled" in changes}
    whole, begun, later = (learner(**changes) for _ in range(3))
    rows = taught(whole, range(6), **how)
    taught(begun, range(3), **how)
    kept = BytesIO()
    torch.save(begun.state(), kept)
    kept.seek(0)
    torch.rand(7)  # chance elsewhere changes nothing
    later.restore(torch.load(kept, weights_only=True))
    assert taught(later, range(3, 6), **how) == rows[3:]
    assert same(later.network, whole.network) and same(later.averaged, whole.averaged)


def test_a_step_says_what_its_loss_is_made_of() -> None:
    early, late = (learner().step(batch(0), share, 0) for share in (0.2, 0.9))
    assert set(early) == {"loss", "cross_entropy", "dice", "learning_rate"}
    assert set(late) == {"loss", "cross_entropy", "lovasz", "learning_rate"}
    assert early["loss"] == pytest.approx(early["cross_entropy"] + early["dice"])


@pytest.mark.parametrize(
    "losses", [("focal",), ("cross_entropy", "lovasz"), ("dice", "focal", "cross_entropy")]
)
def test_losses_are_added_up_as_asked(losses: tuple[str, ...]) -> None:
    row = learner(losses=losses, class_weights=True).step(batch(0), 0.5, 0)
    assert set(row) == {"loss", "learning_rate", *losses}
    assert row["loss"] == pytest.approx(sum(row[name] for name in losses))


def test_crops_without_labels_teach_nothing() -> None:
    one = learner(weight_decay=0.0)
    before = {name: p.clone() for name, p in one.network.named_parameters()}
    row = one.step(batch(0, label=255), 0.5, 0)
    assert row["loss"] == 0
    assert all(torch.equal(before[name], p) for name, p in one.network.named_parameters())


def test_a_loss_that_is_not_a_number_changes_no_weight() -> None:
    one = learner()
    with torch.no_grad():
        one.network.get_parameter("segmentation_head.0.bias").fill_(torch.nan)
    encoder = copy.deepcopy(list(one.network.get_submodule("encoder").parameters()))
    assert not np.isfinite(one.step(batch(0), 0.5, 0)["loss"])
    assert all(map(torch.equal, encoder, one.network.get_submodule("encoder").parameters()))


@pytest.mark.parametrize("optimiser", ["adamw", pytest.param("sgd", marks=pytest.mark.slow)])
def test_what_is_learnt_again_and_again_is_known(optimiser: str) -> None:
    one = learner(optimiser=optimiser, learning_rate=0.003 if optimiser == "adamw" else 0.05)
    losses = [one.step(batch(0), 0.3, step)["loss"] for step in range(25)]
    assert losses[-1] < 0.8 * losses[0]


def test_a_frozen_encoder_stays_as_it_is_with_its_statistics() -> None:
    one = learner(frozen_encoder=True)
    before = copy.deepcopy(one.network)
    taught(one, range(2))
    assert same(before.get_submodule("encoder"), one.network.get_submodule("encoder"))
    assert not same(before.get_submodule("decoder"), one.network.get_submodule("decoder"))


def test_the_encoder_learns_at_its_own_rate_and_only_kernels_decay() -> None:
    one = learner(encoder_rate=0.1, weight_decay=0.5, learning_rate=0.01, warm_up=0.0, schedule="poly")
    one.step(batch(0), 0.0, 0)
    groups = one.state()["optimiser"]["param_groups"]
    assert sorted((round(g["lr"], 6), g["weight_decay"]) for g in groups) == [
        (0.001, 0.0),
        (0.001, 0.5),
        (0.01, 0.0),
        (0.01, 0.5),
    ]


def test_the_average_warms_up_and_without_one_the_last_weights_are_used() -> None:
    averaged, last = learner(averaging=0.999), learner(averaging=0.0)
    for each in (averaged, last):
        taught(each, range(3))
    assert same(last.network, last.averaged)
    assert not same(averaged.network, averaged.averaged)
    untaught = learner()
    name = "segmentation_head.0.weight"
    moved = (averaged.averaged.get_parameter(name) - untaught.network.get_parameter(name)).abs().sum()
    whole = (averaged.network.get_parameter(name) - untaught.network.get_parameter(name)).abs().sum()
    assert moved > 0.3 * whole  # an average that did not warm up would have moved by three thousandths


def test_unlabelled_views_are_learnt_from_as_far_as_the_average_is_certain() -> None:
    row = learner(unlabelled=1.0, certain=0.0).step(batch(0, unlabelled=True), 1.0, 0)
    assert row["certain"] == 1
    assert row["loss"] == pytest.approx(row["cross_entropy"] + row["lovasz"] + row["unlabelled"])
    none = learner(unlabelled=1.0, certain=1.0).step(batch(0, unlabelled=True), 1.0, 0)
    assert none["certain"] == none["unlabelled"] == 0


def test_own_labels_are_the_certain_ones() -> None:
    logits = torch.tensor([[3.0, 0.1], [0.0, 0.0]]).view(1, 2, 1, 2)  # 0.95 and 0.52 for the first class
    assert own_labels(logits, 0.9).tolist() == [[[0, UNLABELLED]]]
    assert own_labels(logits, 0.5).tolist() == [[[0, 0]]]


def test_agreement_is_a_mean_over_all_pixels_certain_or_not() -> None:
    logits, target = torch.zeros(1, 2, 1, 4), torch.tensor([[[0, UNLABELLED, UNLABELLED, 1]]])
    assert agreement(logits, target).item() == pytest.approx(np.log(2) / 2)
    assert agreement(logits, torch.full_like(target, UNLABELLED)).item() == 0


def test_pixels_and_own_labels_are_pasted_alike() -> None:
    planes: Tensor = torch.arange(3).view(3, 1, 1, 1).expand(3, 2, 8, 8)
    boxes = np.array([[1, 2, 4, 8], [0, 0, 0, 0], [0, 0, 8, 8]])
    mixed = pasted(planes, boxes)
    assert (mixed[0, :, 1:4, 2:8] == 1).all() and mixed[0].sum() == 2 * 18
    assert (mixed[1] == 1).all() and (mixed[2] == 0).all()
    assert torch.equal(pasted(planes[:, 0], boxes), mixed[:, 0])


def test_every_second_crop_takes_a_box_of_another() -> None:
    boxes = np.array([paste_box(64, np.random.default_rng(seed)) for seed in range(400)])
    height, width = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    assert boxes.min() == 0 and boxes.max() <= 64
    assert 150 < (height > 0).sum() < 250
    shares = (height * width)[height > 0] / 64**2
    assert shares.min() > 0.015 and shares.max() < 0.42


@pytest.mark.parametrize("schedule", [one_cycle, poly])
def test_the_learning_rate_rises_and_falls_to_nothing(schedule: Any) -> None:
    rates = [schedule(share / 100, 0.1) for share in range(101)]
    assert 0 < rates[0] < 0.2
    assert max(rates) == pytest.approx(1, abs=0.01) and rates[-1] == pytest.approx(0)
    assert 9 <= rates.index(max(rates)) <= 11
    assert schedule(0.0, 0.0) == 1 and poly(0.5, 0.0) == pytest.approx(0.5**0.9)


def test_the_weight_of_unlabelled_images_grows_to_one() -> None:
    weights = [ramp(share / 10) for share in range(11)]
    assert weights == sorted(weights) and weights[0] < 0.01 and weights[3:] == [1.0] * 8


def test_a_network_begins_with_random_weights_of_its_seed_or_with_those_of_a_file(tmp_path: Path) -> None:
    one, nothing = first_network(CARD, options())
    again, _ = first_network(CARD, options())
    other, _ = first_network(CARD, options(seed=2))
    assert same(one, again) and not same(one, other) and nothing == ""
    save_network(tmp_path / "model", CARD, one.half().float())
    taken, words = first_network(CARD, options(seed=2, weights=str(tmp_path / "model")))
    assert same(taken, one) and "were taken" in words
    with pytest.raises(ModelError, match="cannot be read"):
        first_network(CARD, options(weights=str(tmp_path / "gone.safetensors")))


def test_presets_are_sound_and_survive_json() -> None:
    for name in PRESETS:
        chosen = preset(name)
        assert chosen.preset == name and TrainingOptions.from_json(chosen.to_json()) == chosen
        if name == "pretrained":
            with pytest.raises(BadInputError, match="no weights"):
                chosen.check()
        else:
            chosen.check()


@pytest.mark.parametrize("name", PRESETS)
def test_the_network_of_every_preset_can_be_built(name: str) -> None:
    chosen = replace(preset(name), weights="")
    network, _ = first_network(first_card(CATALOG, chosen), chosen)
    assert network.eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 2, 64, 64)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"optimiser": "adagrad"}, "adagrad"),
        ({"losses": ("hinge",)}, "hinge"),
        ({"losses": ()}, "none"),
        ({"crop": 100}, "100"),
        ({"tile": 128, "halo": 64}, "between halos"),
        ({"steps": 0}, "steps"),
        ({"minutes": 0.0}, "0 minutes"),
        ({"minutes": -3.0}, "-3 minutes"),
        ({"augmentation": Augmentation(tilt=200)}, "200 degrees"),
        ({"augmentation": Augmentation(zoom=(2, 1))}, "from 2 to 1"),
        ({"certain": 1.5}, "certain"),
        ({"seed": -1}, "seed"),
        ({"frozen_encoder": True}, "no weights"),
    ],
)
def test_options_that_cannot_be_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        options(**changes).check()
