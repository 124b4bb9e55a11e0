"""What the models know, in words: which one fits the classes of a project, and which names would make one fit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from labeltool.app.models import Model, embedded_models, project_models, suitable_models
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError, ModelError

translate = QCoreApplication.translate


def no_model_fits(catalog: ClassCatalog, root: Path) -> LabeltoolError:
    """Why nothing can be pre-labelled: the models there are, and the class names each of them would need."""
    there_are = _knowledge([*project_models(root), *embedded_models()])
    return ModelError(
        translate("Models", "no model knows the classes of this project ({classes})").format(
            classes=", ".join(each.name for each in catalog.foreground)
        ),
        hint=translate(
            "Models",
            "There are: {models}. Add or rename classes so that they bear these names, "
            "or label a few images and run `labeltool train`",
        ).format(models=there_are or translate("Models", "none")),
    )


def who_fits(catalog: ClassCatalog, root: Path) -> str:
    """Which model pre-labels a project of these classes, or what the embedded ones know instead."""
    models = embedded_models()
    fitting = suitable_models(catalog, root)
    if fitting:
        return translate("Models", "The model {name} will pre-label these.").format(name=fitting[0].card.name)
    return (
        translate("Models", "No model knows these classes; {models}.").format(models=_knowledge(models))
        if models
        else ""
    )


def _knowledge(models: Iterable[Model]) -> str:
    return "; ".join(
        translate("Models", "{name} knows: {classes}").format(
            name=model.card.name, classes=", ".join(each.name for each in model.card.catalog.foreground)
        )
        for model in models
    )
