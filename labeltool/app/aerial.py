"""Towns from the air whose truth is known, because we drew them.

What an orthophoto from a drone shows at a decimetre or two a pixel: ground between green and bare, streets, rows of
roofs of concrete, sheet metal and tiles, their shadows, trees that hang over them, and cars.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from labeltool.core.geometry import Size

Light = NDArray[np.float32]
"""float32 [h, w, 3] RGB, 0..255."""

Colour = tuple[float, float, float]

GRASS, SOIL, STREET, LEAVES = (92, 104, 66), (160, 146, 122), (156, 150, 142), (50, 70, 38)
CONCRETE = ((176, 170, 160), (150, 146, 140), (196, 190, 178), (134, 128, 120))
METAL = ((66, 118, 172), (150, 156, 162), (122, 76, 60), (176, 66, 62), (200, 204, 208), (98, 132, 116))
TILES = ((152, 80, 64), (134, 72, 60))
CARS = ((230, 230, 230), (40, 42, 46), (160, 30, 30), (60, 90, 150))

STREET_M, LANE_M, LONGEST_SHADOW_M = 7.0, 3.0, 4.0
SUN = np.array([0.55, 0.83])
"""Where shadows fall, (x, y) of length 1."""


@dataclass(frozen=True)
class Town:
    """``image`` uint8 [h, w, 3] RGB; ``instances`` uint32 [h, w], 0 outside and 1.. one number a building."""

    image: NDArray[np.uint8]
    instances: NDArray[np.uint32]


class Plot(NamedTuple):
    """A rectangle in metres in the frame of the streets, (0, 0) in the middle of the picture."""

    x: float
    y: float
    width: float
    depth: float

    def inner(self, margin: float) -> Plot:
        """Without a margin on all sides."""
        return Plot(self.x + margin, self.y + margin, self.width - 2 * margin, self.depth - 2 * margin)


def town(size: Size, seed: int, *, pixel_m: float = 0.13, density: float = 0.75) -> Town:
    """A part of a town; ``density`` is the share of the plots that have a building. Equal seeds give equal pixels."""
    scene = _Scene(size, pixel_m, np.random.default_rng(seed))
    blocks = scene.lay_streets()
    for plot in (plot for block in blocks for plot in scene.divide(block)):
        if scene.rng.random() < density:
            scene.build(plot)
    scene.plant(round(size.pixels * pixel_m**2 / 120))
    return Town(scene.photograph(), scene.instances)


class _Scene:
    """What has been drawn so far. The streets' frame is turned by ``angle``."""

    def __init__(self, size: Size, pixel_m: float, rng: Generator) -> None:
        self.rng = rng
        self.shape = (size.height, size.width)
        self.instances = np.zeros(self.shape, np.uint32)
        self._pixel_m = pixel_m
        self._reach_m = float(np.hypot(*self.shape)) * pixel_m / 2
        angle = rng.uniform(-0.5, 0.5)
        self._turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        green = (1 / (1 + np.exp(-5 * self._noise(6.0) - 1)))[..., None]
        self._light: Light = (
            green * np.array(GRASS, np.float32) + (1 - green) * np.array(SOIL, np.float32)
        ).astype(np.float32)
        self._roughen(np.ones(self.shape, bool), (0.15, 0.12), (0.15, 0.7))

    # ---- what there is

    def lay_streets(self) -> list[Plot]:
        """Draw them, and give the blocks between."""
        columns, rows = self._lengths(), self._lengths()
        blocks = [Plot(x, y, width, depth) for x, width in columns for y, depth in rows]
        paved = np.ones(self.shape, np.uint8)
        for block in blocks:
            cv2.fillPoly(paved, [self._pixels(block)], 0)
        inside = cv2.GaussianBlur(paved.astype(np.float32), (0, 0), 0.35 / self._pixel_m)[..., None]
        self._light += inside * (np.array(STREET, np.float32) - self._light) * np.float32(0.85)
        for block in blocks:
            if self.rng.random() < 0.5:
                self._park(block)
        return blocks

    def divide(self, block: Plot) -> list[Plot]:
        """Two rows of plots, back to back."""
        plots = []
        for row in range(2):
            x, end = block.x, block.x + block.width
            while end - x > 5:
                width = min(float(self.rng.uniform(7, 14)), end - x)
                plots.append(Plot(x, block.y + row * block.depth / 2, width, block.depth / 2))
                x += width
        return plots

    def build(self, plot: Plot) -> None:
        """One building and its shadow, most often as wide as its plot."""
        margin = float(self.rng.choice((0.3, 0.3, 1.2)))
        depth = float(self.rng.uniform(0.55, 0.95)) * plot.depth
        back = float(self.rng.uniform(0, plot.depth - depth))
        site = Plot(plot.x, plot.y + back, plot.width, depth).inner(margin)
        if min(site.width, site.depth) < 3:
            return
        roof = np.zeros(self.shape, np.uint8)
        cv2.fillPoly(roof, [self._pixels(site)], 1)
        if self.rng.random() < 0.3:  # a corner is left out
            cut = Plot(
                site.x,
                site.y,
                site.width * self.rng.uniform(0.2, 0.5),
                site.depth * self.rng.uniform(0.2, 0.5),
            )
            cv2.fillPoly(roof, [self._pixels(cut)], 0)
        inside = (roof > 0) & (self.instances == 0)
        if inside.sum() * self._pixel_m**2 < 9:
            return
        self._shade(inside, float(self.rng.uniform(0.2, 1)) * LONGEST_SHADOW_M)
        self.instances[inside] = self.instances.max() + 1
        kind = self.rng.choice(3, p=(0.5, 0.35, 0.15))
        (self._concrete, self._metal, self._tiles)[kind](inside, site)

    def plant(self, count: int) -> None:
        """Trees beside the buildings, one of which may hang over a roof a little; the truth is the roof."""
        height, width = self.shape
        for x, y in self.rng.uniform((0, 0), (width, height), (count, 2)):
            radius = float(self.rng.uniform(0.8, 3.0)) / self._pixel_m
            crown = np.zeros(self.shape, np.uint8)
            for dx, dy in self.rng.normal(0, radius / 2, (7, 2)):
                cv2.circle(crown, (int(x + dx), int(y + dy)), max(2, int(radius * 0.6)), 1, -1)
            inside = crown > 0
            if (self.instances[inside] > 0).mean() > 0.15:
                continue
            self._shade(inside, 1.2)
            self._paint(inside, LEAVES, 0.12)
            self._roughen(inside, (0.3, 0.25), (0.2, 0.8))

    def photograph(self) -> NDArray[np.uint8]:
        """Uneven light, the lens, and the noise of the camera."""
        light = self._light * (1 + 0.04 * self._noise(20.0))[..., None]
        light = cv2.GaussianBlur(light, (0, 0), 0.7)
        noisy = light + 2.5 * self.rng.standard_normal(light.shape, np.float32)
        return np.asarray(np.clip(np.rint(noisy), 0, 255), np.uint8)

    # ---- roofs

    def _concrete(self, inside: NDArray[np.bool_], site: Plot) -> None:
        """Flat, stained, with a parapet, and perhaps a stairwell or a water tank."""
        self._paint(inside, CONCRETE[self.rng.integers(len(CONCRETE))], 0.06)
        self._roughen(inside, (0.06, 0.12), (0.3, 1.8))
        rim = inside & (cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0)
        self._light[rim] *= np.float32(self.rng.uniform(1.1, 1.25))
        for _ in range(self.rng.integers(0, 4)):
            side = float(self.rng.uniform(0.8, 2.5))
            x = site.x + self.rng.uniform(0.5, max(0.6, site.width - side))
            y = site.y + self.rng.uniform(0.5, max(0.6, site.depth - side))
            part = np.zeros(self.shape, np.uint8)
            cv2.fillPoly(part, [self._pixels(Plot(x, y, side, side))], 1)
            here = (part > 0) & inside
            self._shade(here, 0.7)
            self._paint(here, (CONCRETE + CARS[:2])[self.rng.integers(6)], 0.1)

    def _metal(self, inside: NDArray[np.bool_], site: Plot) -> None:
        """Sheets in stripes, a little rusty."""
        self._paint(inside, METAL[self.rng.integers(len(METAL))], 0.05)
        across = self._along(0 if site.width > site.depth else 1)
        stripes = (
            1 + 0.04 * np.sin(2 * np.pi * across / 0.5) + 0.05 * np.sign(np.sin(2 * np.pi * across / 3.1))
        )
        self._light[inside] *= np.asarray(stripes, np.float32)[inside, None]
        self._roughen(inside, (0.03, 0.08), (0.3, 2.5))

    def _tiles(self, inside: NDArray[np.bool_], site: Plot) -> None:
        """Two slopes, one in the sun."""
        self._paint(inside, TILES[self.rng.integers(len(TILES))], 0.08)
        axis = 1 if site.width > site.depth else 0
        middle = site.y + site.depth / 2 if axis else site.x + site.width / 2
        sunny = self._along(axis) < middle
        self._light[inside & sunny] *= np.float32(1.18)
        self._light[inside & ~sunny] *= np.float32(0.8)
        self._roughen(inside, (0.1, 0.06), (0.15, 1.0))

    # ---- paint

    def _paint(self, inside: NDArray[np.bool_], colour: Colour, scatter: float) -> None:
        brightness, tint = self.rng.lognormal(0, scatter), self.rng.lognormal(0, scatter / 3, 3)
        self._light[inside] = np.array(colour) * brightness * tint

    def _roughen(
        self, inside: NDArray[np.bool_], strengths: tuple[float, float], lengths_m: tuple[float, float]
    ) -> None:
        for strength, length_m in zip(strengths, lengths_m, strict=True):
            noise = 1 + strength * self._noise(length_m)
            self._light[inside] *= np.clip(noise, 0.3, 1.9)[inside, None]

    def _shade(self, inside: NDArray[np.bool_], length_m: float) -> None:
        """Darken where the shadow of something falls that is ``length_m`` long."""
        steps = max(1, round(length_m / self._pixel_m))
        cast = np.zeros(self.shape, bool)
        for step in np.linspace(0, steps, min(steps + 1, 12)):
            matrix = np.array([[1, 0, SUN[0] * step], [0, 1, SUN[1] * step]])
            cast |= cv2.warpAffine(inside.astype(np.uint8), matrix, self.shape[::-1]) > 0
        self._light[cast & ~inside] *= np.float32(0.62)

    def _park(self, block: Plot) -> None:
        """A car along the block."""
        car = np.zeros(self.shape, np.uint8)
        at = Plot(block.x + self.rng.uniform(0, block.width), block.y - 2.2, 4.2, 1.8)
        cv2.fillPoly(car, [self._pixels(at)], 1)
        self._shade(car > 0, 0.8)
        self._paint(car > 0, CARS[self.rng.integers(len(CARS))], 0.1)

    def _noise(self, length_m: float) -> NDArray[np.float32]:
        """Smooth noise of this correlation length, float32 [h, w], mean 0, deviation 1."""
        sigma = max(length_m / self._pixel_m, 0.5)
        step = max(1, int(sigma / 2))
        height, width = (-(-side // step) + 8 for side in self.shape)
        noise = cv2.GaussianBlur(
            self.rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), sigma / step
        )
        noise = (noise - noise.mean()) / noise.std()
        return np.asarray(cv2.resize(noise, self.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)

    # ---- frames

    def _lengths(self) -> list[tuple[float, float]]:
        """Where blocks begin along one direction and how long they are, in metres."""
        blocks, at = [], -self._reach_m - float(self.rng.uniform(0, 20))
        while at < self._reach_m:
            length = float(self.rng.uniform(18, 34))
            blocks.append((at, length))
            at += length + (STREET_M if self.rng.random() < 0.4 else LANE_M)
        return blocks

    def _pixels(self, plot: Plot) -> NDArray[np.int32]:
        """The corners of a plot, int32 [4, (x, y)] in pixels of the picture."""
        x, y, width, depth = plot
        corners = np.array([(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)])
        middle = np.array(self.shape[::-1]) / 2
        return np.asarray(np.rint(corners @ self._turn.T / self._pixel_m + middle), np.int32)

    def _along(self, axis: int) -> NDArray[np.float64]:
        """The coordinate of each pixel in the streets' frame in metres, float64 [h, w]: x for axis 0, y for 1."""
        y, x = np.mgrid[: self.shape[0], : self.shape[1]].astype(np.float64)
        x, y = x - self.shape[1] / 2, y - self.shape[0] / 2
        return np.asarray((x * self._turn[0, axis] + y * self._turn[1, axis]) * self._pixel_m)
