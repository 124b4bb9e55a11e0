"""The card beside a model's weights: what it is, what it was trained on, and how to feed it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import ModelError

CARD_NAME = "card.json"
WEIGHTS_NAME = "weights.safetensors"
INT8_NAME = "int8.json"
"""What a model's form in 8-bit integers is made of, and the digests of its files."""


@dataclass(frozen=True)
class ModelCard:
    """A model as people and programs need to know it.

    ``scale`` is the factor by which an image is enlarged before the network sees it, ``context`` the side of the
    square, in pixels of the enlarged image, over which the pooling branch averages (0: all of a window).
    ``tile`` and ``halo`` are in pixels of the image, ``mean`` and ``std`` in 0..1, one for each channel. ``bands`` are
    the file's channels that the network sees, counted from 0; none means red, green and blue as the file's header has
    them. ``atrous_rates`` are those of the architecture's article, for the output stride, where none are given.
    ``dropout`` is the network's in training, ``crf`` the conditional random field after it (None: there is none), as
    :class:`labeltool.nn.crf.CrfSettings` takes it. ``stretch`` gives the two percentiles of an image's values that
    become 0 and 255 before anything else; None leaves them. ``values`` are the two values of a file that become 0 and
    255 before that (for CT in Hounsfield units, say); None takes 8 bits as they are and scales anything else by its
    percentiles.
    ``figures`` holds what was measured, ``training`` how to make it again (command, seed, steps, seconds),
    ``data`` and ``licence`` are for people.
    """

    name: str
    arch: str
    encoder: str
    catalog: ClassCatalog
    version: str = "1"
    segmenter: str = "smp"
    decoder_channels: int = 64
    output_stride: int = 16
    context: int = 0
    atrous_rates: tuple[int, ...] = ()
    scale: float = 1.0
    tile: int = 768
    halo: int = 64
    bands: tuple[int, ...] = ()
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    dropout: float = 0.1
    crf: dict[str, float] | None = None
    stretch: tuple[float, float] | None = None
    values: tuple[float, float] | None = None
    sha256: str = ""
    data: str = ""
    licence: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def channels(self) -> int:
        """How many channels the network sees."""
        return len(self.bands) or 3

    @property
    def key(self) -> str:
        """Names this very version of the weights in projects: ``nuclei@1-0f3a9c2d``."""
        return f"{self.name}@{self.version}-{self.sha256[:8]}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "catalog": self.catalog.to_json()}

    @classmethod
    def read(cls, folder: Path) -> ModelCard:
        """Read ``card.json`` in a model's folder; ModelError names what is wrong."""
        path = folder / CARD_NAME
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            catalog = ClassCatalog.from_json(data.pop("catalog"), file=path)
            for name in ("atrous_rates", "bands", "mean", "std", "stretch", "values"):
                if data.get(name) is not None:
                    data[name] = tuple(data[name])
            _check_kinds(data)
            return cls(catalog=catalog, **data)
        except FileNotFoundError as error:
            raise ModelError(
                "no model card here",
                file=path,
                hint="A model is a folder with card.json and weights.safetensors",
            ) from error
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ModelError(f"not a model card: {error}", file=path) from error


def _check_kinds(data: dict[str, Any]) -> None:
    """TypeError where a stranger's card holds something else than the program will take it for."""
    for kind, what, names in (
        (str, "a text", ("name", "version", "arch", "encoder", "segmenter", "sha256", "data", "licence")),
        (int, "a whole number", ("decoder_channels", "output_stride", "context", "tile", "halo")),
        (dict, "a table", ("training", "figures")),
    ):
        for name in names:
            if name in data and not isinstance(data[name], kind):
                raise TypeError(f"{name} is not {what}")
