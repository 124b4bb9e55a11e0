"""The card of a model: before anything is learnt, and with what was learnt and how."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from labeltool.core.catalog import ClassCatalog
from labeltool.core.digest import file_hash
from labeltool.inference.card import ModelCard, usual_statistics
from labeltool.inference.run import MANIFEST, Manifest
from labeltool.inference.run_data import data_digest
from labeltool.inference.training_options import TrainingOptions
from labeltool.inference.travelling import travelling_options
from labeltool.nn.training.ranks import ranks
from labeltool.nn.training.state import Reached


def first_card(catalog: ClassCatalog, options: TrainingOptions) -> ModelCard:
    """The card before anything is learnt."""
    mean, std = usual_statistics(len(options.bands) or 3)
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
        mean=mean,
        std=std,
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
    options = travelling_options(manifest.options)
    training = {
        "command": options.command,
        "seed": options.seed,
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
        "options": options.to_json(),
    }
    return replace(card, training=training, figures=figures)
