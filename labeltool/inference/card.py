"""The card beside a model's weights: what it is, what it was trained on, and how to feed it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import NOT_AS_EXPECTED, BadInputError, ModelError
from labeltool.core.geometry import MOST_SIDE
from labeltool.core.regular import no_file

CARD_NAME = "card.json"
WEIGHTS_NAME = "weights.safetensors"
INT8_NAME = "int8.json"
"""What a model's form in 8-bit integers is made of, and the digests of its files."""

_FEEDING = (
    "output_stride",
    "context",
    "atrous_rates",
    "scale",
    "tile",
    "halo",
    "bands",
    "mean",
    "std",
    "crf",
    "stretch",
    "values",
)
"""The fields that make the same weights answer otherwise."""

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_GREY_MEAN, _GREY_STD = 0.449, 0.226


def usual_statistics(channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel in 0..1: ImageNet's of red, green and blue; channels of another
    number are taken as grey ones."""
    return (_MEAN, _STD) if channels == 3 else ((_GREY_MEAN,) * channels, (_GREY_STD,) * channels)


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
    mean: tuple[float, ...] = _MEAN
    std: tuple[float, ...] = _STD
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
        """Names this very version in projects: ``nuclei@1-0f3a9c2d`` after its weights. Where somebody has changed in
        the card how they are fed, that is named, too: ``nuclei@1-0f3a9c2d-77aa01bc``."""
        fed = json.dumps({name: getattr(self, name) for name in _FEEDING}, sort_keys=True)
        changed = json.loads(fed) != json.loads(json.dumps(self._as_trained()))
        return self.weights_key + (f"-{hashlib.sha256(fed.encode()).hexdigest()[:8]}" if changed else "")

    @property
    def weights_key(self) -> str:
        """Names the weights, however they are fed."""
        return f"{self.name}@{self.version}-{self.sha256[:8]}"

    def _as_trained(self) -> dict[str, Any]:
        """How the training says that the weights are fed; where it says nothing, as cards do that say nothing."""
        usual = {each.name: each.default for each in fields(self) if each.name in _FEEDING}
        options = self.training.get("options")
        if not isinstance(options, dict):
            return usual
        mean, std = usual_statistics(self.channels)
        context = 0 if options.get("image_pooling") else options.get("crop", 0)
        said = {name: options[name] for name in _FEEDING if name in options}
        return {**usual, "mean": mean, "std": std, "context": context, **said}

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "catalog": self.catalog.to_json()}

    @classmethod
    def read(cls, folder: Path) -> ModelCard:
        """Read ``card.json`` in a model's folder; ModelError names what is wrong."""
        path = folder / CARD_NAME
        try:
            if path.exists() and (what := no_file(path)):
                raise BadInputError(what)
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
        except BadInputError as error:
            raise ModelError(f"not a model card: {error.message}", file=path, hint=error.hint) from error
        except NOT_AS_EXPECTED as error:
            raise ModelError(f"not a model card: {error}", file=path) from error


def _check_kinds(data: dict[str, Any]) -> None:
    """TypeError where a stranger's card holds something else than the program will take it for."""
    kinds: tuple[tuple[Any, str, tuple[str, ...]], ...] = (
        (str, "a text", ("name", "version", "arch", "encoder", "segmenter", "sha256", "data", "licence")),
        (int, "a whole number", ("decoder_channels", "output_stride", "context", "tile", "halo")),
        (dict, "a table", ("training", "figures")),
        ((int, float), "a number", ("scale", "dropout")),
    )
    for kind, what, names in kinds:
        for name in names:
            if name in data and (not isinstance(data[name], kind) or isinstance(data[name], bool)):
                raise TypeError(f"{name} is not {what}")
    for name in ("atrous_rates", "bands", "mean", "std", "stretch", "values"):
        if any(isinstance(each, bool) or not isinstance(each, int | float) for each in data.get(name) or ()):
            raise TypeError(f"{name} are not numbers")
    for name in ("stretch", "values"):
        if data.get(name) is not None and len(data[name]) != 2:
            raise TypeError(f"{name} are not two numbers")
    if not 0 <= data.get("dropout", 0) <= 1:
        raise ValueError("dropout is not between 0 and 1")
    context, stride = data.get("context", 0), data.get("output_stride", 16)
    if context and not 0 < stride <= context <= MOST_SIDE:
        raise ValueError(f"a context of {context} pixels is none of cells of {stride} pixels")
    crf = data.get("crf")
    if crf is not None and not (isinstance(crf, dict) and all(type(v) in (int, float) for v in crf.values())):
        raise TypeError("crf is not a table of numbers")
