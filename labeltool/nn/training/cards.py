"""The card of a model: before anything is learnt, and with what was learnt and how."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from labeltool.core.catalog import ClassCatalog
from labeltool.core.digest import file_hash
from labeltool.inference.card import ModelCard
from labeltool.inference.run import MANIFEST, Manifest
from labeltool.inference.run_data import data_digest
from labeltool.inference.training_options import TrainingOptions
from labeltool.nn.training.ranks import ranks
from labeltool.nn.training.state import Reached

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_GREY_MEAN, _GREY_STD = 0.449, 0.226


def first_card(catalog: ClassCatalog, options: TrainingOptions) -> ModelCard:
    """The card before anything is learnt. Channels other than red, green and blue are normalised as grey ones."""
    channels = len(options.bands) or 3
    return ModelCard(
        name=options.name,
        version=options.version,
        arch=options.arch,
        encoder=options.encoder,
        catalog=catalog,
        decoder_channels=options.decoder_channels,
        output_stride=options.output_stride,
        context=0 if options.image_pooling else options.crop,
        atrous_rates=options.atrous_rates,
        scale=options.scale,
        tile=options.tile,
        halo=options.halo,
        bands=options.bands,
        mean=_MEAN if channels == 3 else (_GREY_MEAN,) * channels,
        std=_STD if channels == 3 else (_GREY_STD,) * channels,
        dropout=options.dropout,
        crf=options.crf,
        stretch=options.stretch,
        values=options.values,
        data=options.data,
        licence=options.licence,
    )


def learnt_card(
    card: ModelCard, folder: Path, manifest: Manifest, reached: Reached, device: str, figures: dict[str, Any]
) -> ModelCard:
    """The card of what a run has learnt so far: how to make it again, and what was measured."""
    training = {
        "command": manifest.options.command,
        "seed": manifest.options.seed,
        "steps": reached.step,
        "seconds": round(reached.seconds, 1),
        "device": device,
        "threads": reached.threads,
        "processes": ranks(),
        "torch": torch.__version__,
        "images": len(manifest.of("train")),
        "unlabelled": len(manifest.of("unlabelled")),
        "data_sha256": data_digest(manifest.of("train")),
        "manifest_sha256": file_hash(folder / MANIFEST),
        "chosen_on": "validation images" if figures else "nothing: the last weights",
        "options": manifest.to_json()["options"],
    }
    return replace(card, training=training, figures=figures)
