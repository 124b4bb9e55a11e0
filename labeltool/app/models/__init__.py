"""Models as versions: finding, adding, promoting, rolling back, and what each has seen."""

from labeltool.app.models.adding import add_model, free_name, model_folder, new_folder, try_out
from labeltool.app.models.finding import (
    broken_models,
    embedded_models,
    find_model,
    in_use,
    project_models,
    suitable_models,
)
from labeltool.app.models.journal import Promotion, line_of_use, promotions
from labeltool.app.models.model import Model, class_mapping, read_model
from labeltool.app.models.promoting import promote, remove_model, rollback
from labeltool.app.models.seen import digest_of, is_recorded, seen, subsets

__all__ = [
    "Model",
    "Promotion",
    "add_model",
    "broken_models",
    "class_mapping",
    "digest_of",
    "embedded_models",
    "find_model",
    "free_name",
    "in_use",
    "is_recorded",
    "line_of_use",
    "model_folder",
    "new_folder",
    "project_models",
    "promote",
    "promotions",
    "read_model",
    "remove_model",
    "rollback",
    "seen",
    "subsets",
    "suitable_models",
    "try_out",
]
