"""Fluorescence fields whose truth is known, because we drew them.

The order of a microscope: nuclei that scatter in size, shape, brightness and texture, some of them touching;
debris; an uneven background; the blur of the optics; photons that arrive by chance; noise of the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from labeltool.core.geometry import Box, Size

Photons = NDArray[np.float32]

CROWDED = 0.15
"""A nucleus that would hide more of its neighbours than this share of itself is placed elsewhere."""


@dataclass(frozen=True)
class FieldOfView:
    """``image`` uint8 [h, w]; ``instances`` uint32 [h, w], 0 outside and 1.. one number a nucleus."""

    image: NDArray[np.uint8]
    instances: NDArray[np.uint32]

    @property
    def label(self) -> NDArray[np.uint8]:
        """uint8 [h, w]: 1 where a nucleus is."""
        return (self.instances > 0).astype(np.uint8)


@dataclass(frozen=True)
class Optics:
    """What the microscope adds. ``photons`` is what a nucleus of usual brightness gives a pixel."""

    photons: float = 160.0
    background: float = 18.0
    blur_px: float = 1.3
    read_noise: float = 3.0


def fluorescence(
    size: Size, seed: int, *, nuclei: int = 40, radius_px: float = 11.0, optics: Optics | None = None
) -> FieldOfView:
    """A field with up to ``nuclei`` nuclei (fewer where there is no room); equal seeds give equal pixels."""
    rng = np.random.default_rng(seed)
    optics = optics or Optics()
    light = _background(size, optics, rng)
    instances = np.zeros((size.height, size.width), np.uint32)
    placed = 0
    for _ in range(nuclei * 4):
        if placed < nuclei and _add_nucleus(light, instances, placed + 1, radius_px, optics, rng):
            placed += 1
    _add_debris(light, max(3, nuclei // 4), optics, rng)
    return FieldOfView(_expose(light, optics, rng), instances)


def _background(size: Size, optics: Optics, rng: Generator) -> Photons:
    """A ramp in a random direction and a vignette."""
    y, x = np.mgrid[-1 : 1 : size.height * 1j, -1 : 1 : size.width * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    ramp = 1 + 0.45 * (x * np.cos(angle) + y * np.sin(angle))
    return np.asarray(optics.background * ramp * (1 - 0.2 * (x * x + y * y)), np.float32)


def _add_nucleus(
    light: Photons,
    instances: NDArray[np.uint32],
    number: int,
    radius_px: float,
    optics: Optics,
    rng: Generator,
) -> bool:
    """Place one nucleus at random; False where it would hide too much of the others."""
    height, width = instances.shape
    shape = _outline(radius_px * rng.lognormal(0, 0.22), rng)
    corner = rng.uniform((0, 0), (width, height)).astype(int) - np.array(shape.shape[::-1]) // 2
    box = Box(corner[0], corner[1], corner[0] + shape.shape[1], corner[1] + shape.shape[0])
    visible = box.intersect(Size(width, height).box)
    inside = shape[visible.slices(box)]
    there = instances[visible.slices()]
    if not inside.any() or (inside & (there > 0)).sum() > CROWDED * inside.sum():
        return False
    there[inside] = number
    brightness = optics.photons * rng.lognormal(0, 0.35)
    light[visible.slices()] += np.where(inside, brightness * _texture(inside.shape, rng), 0)
    return True


def _outline(radius_px: float, rng: Generator) -> NDArray[np.bool_]:
    """An ellipse whose rim wavers a little, in an array just large enough."""
    reach = int(radius_px * 1.6) + 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    turn, stretch = rng.uniform(0, np.pi), rng.uniform(1.0, 1.5)
    u = (x * np.cos(turn) + y * np.sin(turn)) / stretch
    v = (y * np.cos(turn) - x * np.sin(turn)) * stretch**0.5
    angle = np.arctan2(v, u)
    rim = radius_px * np.ones_like(angle)
    for wave in (2, 3, 4):
        rim += radius_px * rng.normal(0, 0.05) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    return np.asarray(np.hypot(u, v) <= rim)


def _texture(shape: tuple[int, ...], rng: Generator) -> Photons:
    """Chromatin: smooth noise around 1."""
    noise = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), 2.0)
    return np.asarray(np.clip(1 + 0.8 * noise, 0.4, 1.6), np.float32)


def _add_debris(light: Photons, count: int, optics: Optics, rng: Generator) -> None:
    """Specks too small and too dim to be nuclei; the truth leaves them out."""
    height, width = light.shape
    for x, y in rng.uniform((0, 0), (width, height), (count, 2)).astype(int):
        speck = np.zeros_like(light)
        cv2.circle(speck, (int(x), int(y)), int(rng.integers(1, 3)), 1.0, -1)
        light += speck * np.float32(optics.photons * rng.uniform(0.2, 0.6))


def _expose(light: Photons, optics: Optics, rng: Generator) -> NDArray[np.uint8]:
    """Blur, photon noise, read noise and a gain that uses the range of 8 bits."""
    arriving = cv2.GaussianBlur(light, (0, 0), optics.blur_px)
    counted = rng.poisson(np.maximum(arriving, 0)) + rng.normal(0, optics.read_noise, light.shape)
    white = np.quantile(counted, 0.999) * 1.1
    return np.asarray(np.clip(np.rint(counted * (255 / white)), 0, 255), np.uint8)
