"""Take a trained model into the program: ``python packaging/embed.py PROJECT/models/NAME [--name NAME] [--data ..]``.

Copies card and weights into ``resources/models`` and of the manifest the digests of images, without their names and
places, so that everybody's figures can leave out what the model has seen.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path

from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard
from labeltool.inference.run import MANIFEST, Manifest
from labeltool.inference.travelling import travelling

MODELS = Path(__file__).parents[1] / "resources" / "models"


def embed(model: Path, **words: str) -> Path:
    """Copy a model's folder, with other ``words`` in its card (name, data, licence); the new folder takes the place
    of an embedded model of the same name."""
    card = replace(ModelCard.read(model), **words)
    manifest = travelling(Manifest.read(model))
    target = MODELS / card.name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copyfile(model / WEIGHTS_NAME, target / WEIGHTS_NAME)
    for name, content in ((CARD_NAME, card.to_json()), (MANIFEST, manifest.to_json())):
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (target / name).write_text(text + "\n", encoding="utf-8")
    return target


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    for word in ("name", "data", "licence"):
        parser.add_argument(f"--{word}")
    typed = vars(parser.parse_args())
    print(embed(typed.pop("model"), **{k: v for k, v in typed.items() if v}))  # noqa: T201
