"""The light head itself: logistic regression on what a network sees, from the network's own answer on.

What is painted on an image teaches a change of the logits, and the change is largest where the network sees the like,
and near: it is a sum over a few painted pixels, the *centres*, each weighing by

    k(pixel, centre) = exp(-|features - features'|^2 / (2 alike^2 m) - |place - place'|^2 / (2 reach^2))

with m features made of the network's by a principal component analysis of the image, each of variance 1 (about: noise
is not made as large as what matters). The weights of the centres minimise

    pixels' cross entropy, weighed as ``_evidence`` says, + pull / 2 * (the change's norm in the kernel's space)^2

which is convex; without anything painted, and far from all that is, the change is 0. A layer that is linear in the
network's features themselves changes all of the image, and was measured to make it worse after one stroke.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_FARTHEST = -30.0
"""The logarithm of what weighs nothing; numbers that are smaller still would be slow."""


@dataclass(frozen=True)
class HeadSettings:
    """What was found best on nuclei and street scenes by ``tests/bench/bench_light_head.py``. A reach of 100 teaches a
    little more with ten strokes, and after one makes some images worse.

    ``components`` of the features are looked at; ``alike`` and ``reach`` are those of the kernel, ``reach`` in pixels
    of the network; at most ``pixels`` are learnt from, ``centres`` of them weigh. ``pull`` holds the change back;
    what speaks for it is ``evidence`` times the square root of the painted pixels.
    """

    components: int = 32
    alike: float = 0.7
    reach: float = 60.0
    pixels: int = 600
    centres: int = 128
    pull: float = 1.0
    evidence: float = 1.0
    steps: int = 40


@dataclass(frozen=True)
class Basis:
    """How features float [n, d] become the kernel's, [n, m]: less ``mean`` [d], times ``axes`` [d, m]."""

    mean: Tensor
    axes: Tensor

    @classmethod
    def of(cls, features: Tensor, components: int) -> Basis:
        """The largest ``components`` principal axes of an image's features, float32 [n, d]."""
        mean = features.mean(0)
        centred = features - mean
        values, vectors = torch.linalg.eigh(centred.T @ centred / len(features))
        values, vectors = values[-components:], vectors[:, -components:]
        noise = 0.01 * values[-1].clamp(min=1e-6)
        return cls(mean, vectors / torch.sqrt(values.clamp(min=0) + noise))

    def __call__(self, features: Tensor) -> Tensor:
        """Float32 [n, m]."""
        return (features.float() - self.mean) @ self.axes


@dataclass(frozen=True)
class Lesson:
    """Painted pixels: the kernel's features and places as :func:`placed` has them, float32 [n, m + 2], what the
    network's last convolution says of them, [n, classes], and their classes by index, int64 [n]. ``painted`` is how
    many pixels these are a sample of."""

    seen: Tensor
    logits: Tensor
    classes: Tensor
    painted: int


@dataclass(frozen=True)
class LightHead:
    """The change of the logits that a lesson teaches: ``centres`` float32 [c, m + 2], ``weights`` [c, classes]."""

    centres: Tensor
    weights: Tensor

    @classmethod
    def of(cls, lesson: Lesson, settings: HeadSettings) -> LightHead:
        """Learn; the same lesson gives the same head. Pixels come in the order of their rank: the first are centres."""
        centres = lesson.seen[: settings.centres]
        root = _inverse_root(_kernel(centres, centres))
        known = _kernel(lesson.seen, centres) @ root
        weights = _fitted(known, lesson, settings)
        return cls(centres, root @ weights)

    def change(self, seen: Tensor) -> Tensor:
        """Of cells float32 [n, m + 2] the change of their logits, float32 [n, classes]."""
        changed: Tensor = _kernel(seen, self.centres) @ self.weights
        return changed


def placed(components: Tensor, places: Tensor, settings: HeadSettings, scale: float) -> Tensor:
    """Components [n, m] and places [n, 2] (pixels of the image, from somewhere near) side by side, float32 [n, m + 2],
    so that half the square of a distance is what the kernel takes. ``scale`` is by how much the network enlarges."""
    alike = settings.alike * math.sqrt(components.shape[1])
    return torch.cat([components / alike, places * (scale / settings.reach)], 1).contiguous()


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    """exp(-|a - b|^2 / 2) for all pairs: float32 [n, k]."""
    norms = -0.5 * (b * b).sum(1)[None] - 0.5 * (a * a).sum(1)[:, None]
    return torch.addmm(norms, a, b.T).clamp_(_FARTHEST, 0).exp_()


def _inverse_root(kernel: Tensor) -> Tensor:
    """R with R R^T = the kernel's inverse, as far as the kernel says anything: float32 [c, c]."""
    values, vectors = torch.linalg.eigh(kernel.double())
    root: Tensor = vectors / torch.sqrt(values.clamp(min=1e-4))
    return root.float()


def _fitted(known: Tensor, lesson: Lesson, settings: HeadSettings) -> Tensor:
    """The weights of the columns of ``known`` (float32 [n, c]) for each class: float32 [c, classes]."""
    evidence = _evidence(lesson, settings)
    weights = torch.zeros(known.shape[1], lesson.logits.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weights], max_iter=settings.steps, history_size=10, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        said = lesson.logits + known @ weights
        wrong = functional.cross_entropy(said, lesson.classes, reduction="none")
        total = (evidence * wrong).sum() + settings.pull / 2 * weights.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return weights.detach()


def _evidence(lesson: Lesson, settings: HeadSettings) -> Tensor:
    """What each pixel weighs, float32 [n]: every class that was painted the same, and all together as the square root
    of the painted pixels, because neighbours say nearly the same."""
    counts = torch.bincount(lesson.classes)
    share = 1 / (counts[lesson.classes] * (counts > 0).sum())
    return share * (settings.evidence * math.sqrt(lesson.painted))
