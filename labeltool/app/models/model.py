"""A model: its card, where it is, and whether its classes are those of the project."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labeltool.core.catalog import ClassCatalog
from labeltool.core.compare import mean
from labeltool.core.digest import file_hash
from labeltool.core.errors import ModelError
from labeltool.inference.card import CARD_NAME, INT8_NAME, WEIGHTS_NAME, ModelCard
from labeltool.inference.options import InferenceOptions


@dataclass(frozen=True)
class Model:
    """A model's card and where it is. ``path`` is the folder, or one file of weights; ``source`` is embedded,
    project or path."""

    path: Path
    card: ModelCard
    source: str

    @property
    def folder(self) -> Path:
        """Where the card is."""
        return self.path if self.path.is_dir() else self.path.parent

    @property
    def key(self) -> str:
        """Names this very version of the weights."""
        return self.card.key

    def prediction_key(self, how: InferenceOptions) -> str:
        """Names the predictions that these weights make when they are run in this way. A model may be quantized
        again: its 8-bit integers are named, too."""
        return self.key + how.suffix + (_digest_of_int8(self.folder) if how.engine == "int8" else "")

    @property
    def weights(self) -> Path:
        """The file of weights."""
        return self.path / WEIGHTS_NAME if self.path.is_dir() else self.path

    @property
    def score(self) -> float | None:
        """What the card says that it reached on validation images: the mean IoU of the classes but the background."""
        try:
            per_class = self.card.figures["per_class"]
            return mean(per_class[c.name]["iou"] for c in self.card.catalog.foreground)
        except (KeyError, TypeError):
            return None

    @property
    def date(self) -> str:
        """When its card was written, in UTC and ISO 8601: of a project's own model, when it was trained or added."""
        changed = (self.folder / CARD_NAME).stat().st_mtime
        return datetime.fromtimestamp(changed, UTC).isoformat(timespec="seconds")

    def to_json(self) -> dict[str, Any]:
        """What lists show."""
        card = self.card
        return {
            "name": card.name,
            "key": card.key,
            "source": self.source,
            "folder": str(self.folder),
            "arch": card.arch,
            "encoder": card.encoder,
            "classes": [c.name for c in card.catalog.classes],
            "licence": card.licence,
            "score": self.score,
            "date": self.date,
            "figures": card.figures,
        }


def read_model(path: Path, source: str = "path") -> Model:
    """Read a model's card; a card that does not say the hash of its weights gets it.

    ``path`` is a model's folder, or a file of weights with the card beside it. ModelError names what is wrong.
    """
    card = ModelCard.read(path if path.is_dir() else path.parent)
    weights = path / WEIGHTS_NAME if path.is_dir() else path
    if not path.is_dir() or (not card.sha256 and weights.is_file()):
        card = replace(card, sha256=file_hash(weights))
    return Model(path, card, source)


def _digest_of_int8(folder: Path) -> str:
    """Of the files of a model in 8-bit integers, as "-1a2b3c4d"; empty where there are none, and nothing runs."""
    try:
        files = json.loads((folder / INT8_NAME).read_text(encoding="utf-8"))["files_sha256"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return "-" + hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:8]


def class_mapping(card: ModelCard, catalog: ClassCatalog) -> dict[int, int]:
    """Model value -> project value, by name. ModelError when the project lacks a class of the model."""
    known = {c.name.strip().casefold(): c.value for c in catalog.classes}
    names = {c.value: c.name for c in card.catalog.classes}
    missing = [name for name in names.values() if name.strip().casefold() not in known]
    if missing:
        raise ModelError(
            f"the model {card.name!r} knows classes that the project lacks: {', '.join(missing)}",
            hint=f"The project has: {', '.join(c.name for c in catalog.classes)}. "
            "Add or rename classes, or choose another model with --model",
        )
    return {value: known[name.strip().casefold()] for value, name in names.items()}
