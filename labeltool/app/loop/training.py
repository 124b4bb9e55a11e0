"""How a round trains: as the model in use was trained, beginning with its weights."""

from __future__ import annotations

from dataclasses import replace

from labeltool.app.loop.settings import LoopSettings, read_settings
from labeltool.app.models import Model, in_use, suitable_models
from labeltool.app.runs import new_name
from labeltool.inference.card import ModelCard
from labeltool.inference.run import MANIFEST, Manifest
from labeltool.inference.training_options import TrainingOptions, preset
from labeltool.store.project import ProjectStore

_NETWORK = (
    "arch",
    "encoder",
    "decoder_channels",
    "output_stride",
    "atrous_rates",
    "dropout",
    "crf",
    "bands",
    "scale",
    "stretch",
    "values",
    "tile",
    "halo",
)
"""What a card says of how a network is built and fed, as training options call it."""
_SAME = ("arch", "encoder", "decoder_channels", "output_stride")
"""With these the weights of one network fit another."""


def model_in_use(store: ProjectStore, but: str = "") -> Model | None:
    """The model whose masks people correct: the one in use, else the one that is taken where nobody has promoted any.
    ``but`` is the key of one that does not count, because it has only just been trained. ModelError as
    :func:`~labeltool.app.models.in_use`."""
    used = in_use(store.root, store.catalog)
    if used is not None:
        return used
    return next((each for each in suitable_models(store.catalog, store.root) if each.key != but), None)


def round_options(store: ProjectStore, settings: LoopSettings | None = None) -> TrainingOptions:
    """The options of the next round, under a new name. Without a model in use they are a preset's; whether they learn
    from verified pixels alone the settings say. The weights to begin with come with :func:`beginning`. ModelError or
    BadInputError where model or settings are damaged."""
    settings = settings or read_settings(store.root)
    model = model_in_use(store)
    options = options_of(model) if model is not None else TrainingOptions()
    if model is None and settings.preset:
        options = preset(settings.preset)
    name = new_name(store.root, store.name)
    return replace(options, name=name, minutes=settings.minutes, verified_only=settings.verified)


def options_of(model: Model) -> TrainingOptions:
    """How a model was trained, as far as anybody wrote it down; the network is its card's."""
    card, options = model.card, TrainingOptions()
    if (model.folder / MANIFEST).is_file():
        options = Manifest.read(model.folder).options
    elif card.context:
        options = replace(options, crop=card.context)
    options = replace(options, **{name: getattr(card, name) for name in _NETWORK})
    return replace(options, weights="", frozen_encoder=False, encoder_rate=1.0, command="", data="")


def beginning(options: TrainingOptions, model: Model | None, *, fresh: bool = False) -> TrainingOptions:
    """The same with the weights of ``model`` to begin with, unless they are of another network, somebody has named
    others, or they are to be random (``fresh``)."""
    if model is None or fresh or options.weights or not _fits(options, model.card):
        return options
    return replace(options, weights=str(model.weights), data=f"labels of this project, after {model.key}")


def _fits(options: TrainingOptions, card: ModelCard) -> bool:
    channels = len(options.bands) or 3
    return channels == card.channels and all(getattr(options, name) == getattr(card, name) for name in _SAME)
