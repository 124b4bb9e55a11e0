"""A model: its card, where it is, and whether its classes are those of the project."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labeltool.core.catalog import ClassCatalog
from labeltool.core.compare import mean
from labeltool.core.digest import file_hash
from labeltool.core.errors import ModelError
from labeltool.core.regular import no_file
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
    if weights.exists() and (what := no_file(weights)):
        raise ModelError(what, file=weights, hint=f"A model is a folder with {CARD_NAME} and {WEIGHTS_NAME}")
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
    """Model value -> project value, by name, and of the background however it is called. No two are mapped to one.

    A name that is the same but for its case counts where no other class is meant. ModelError when the project lacks a
    class of the model, or when it is not plain which one is meant.
    """
    own, names = catalog.meanings, card.catalog.meanings
    alike = {value: _called(name, own) for value, name in names.items()}
    missing = [names[value] for value, found in alike.items() if not found]
    if missing:
        raise ModelError(
            f"the model {card.name!r} knows classes that the project lacks: {', '.join(missing)}",
            hint=f"The project has: {', '.join(c.name for c in catalog.classes)}. "
            "Add or rename classes, or choose another model with --model",
        )
    mapping: dict[int, int] = {}
    for value, found in alike.items():
        twins = [names[other] for other, target in mapping.items() if target in found]
        if len(found) > 1 or twins:
            raise _not_plain(card, [*twins, names[value]], [own[target] for target in found])
        mapping[value] = found[0]
    return mapping


def _called(name: str, own: Mapping[int, str]) -> list[int]:
    """The values of the classes that a name may mean: of the very name, or else of all that differ in case only."""
    exact = [value for value, each in own.items() if each == name]
    folded = name.strip().casefold()
    return exact[:1] or [value for value, each in own.items() if each.strip().casefold() == folded]


def _not_plain(card: ModelCard, theirs: Sequence[str], own: Sequence[str]) -> ModelError:
    return ModelError(
        f"the model {card.name!r} knows {_quoted(theirs)}, the project {_quoted(own)}: names that differ only in case,"
        " so that it is not plain which class is which",
        hint="Give each of them in the project the very name that it has in the model, "
        "or choose another model with --model",
    )


def _quoted(names: Sequence[str]) -> str:
    return " and ".join(repr(name) for name in names)
