"""Which models there are, and which one is in use."""

from __future__ import annotations

from pathlib import Path

from labeltool.app.models.journal import JOURNAL, MODELS, line_of_use, promotions
from labeltool.app.models.model import Model, class_mapping, read_model
from labeltool.app.project import reason
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.core.project import Skipped
from labeltool.core.regular import NO_DATA, no_file
from labeltool.core.resources import resource
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard


def embedded_models() -> list[Model]:
    """The models that come with the program."""
    folders = _folders(resource(MODELS))
    return [read_model(folder, "embedded") for folder in folders if (folder / CARD_NAME).is_file()]


def project_models(root: Path) -> list[Model]:
    """The models of a project, the newest first. A broken one is left out: choosing it by name says why."""
    return _own(root)[0]


def broken_models(root: Path) -> list[Skipped]:
    """The folders among a project's models that cannot be used, and why."""
    return _own(root)[1]


def suitable_models(catalog: ClassCatalog, root: Path) -> list[Model]:
    """The models whose classes the project knows: the one that is taken where nobody names one, then its own, the
    newest first, then the others.

    Taken is the one in use. Where nobody has promoted any, it is an embedded one, or else the project's first, so that
    a training never changes what draws the masks: only promoting does.
    """
    line = line_of_use(promotions(root))
    fitting = [model for model in _known(root) if _fits(model.card, catalog)]
    taken = (
        [model for model in fitting if [model.key] == line[-1:]]
        or [model for model in fitting if model.source == "embedded"]
        or fitting[-1:]
    )
    return sorted(fitting, key=lambda model: model not in taken[:1])


def in_use(root: Path, catalog: ClassCatalog) -> Model | None:
    """The model that was promoted last and not rolled back; None where none ever was.

    ModelError when it is gone, when its classes are not the project's any more, or when the journal is damaged: no
    other model takes its place before somebody says which.
    """
    line = line_of_use(promotions(root))
    if not line:
        return None
    if not line[-1]:
        raise ModelError(
            "the journal of promotions is damaged, and nobody knows which model is in use",
            file=root / MODELS / JOURNAL,
            hint="Promote one: labeltool models DIR promote NAME",
        )
    model = model_with_key(root, line[-1])
    class_mapping(model.card, catalog)
    return model


def find_model(wanted: str | None, catalog: ClassCatalog, root: Path) -> Model:
    """The model a person means, or the one in use; its classes are known to fit.

    ``wanted`` is the name of an embedded model or of one in the project, a folder, or a file of weights with
    its card beside it. Where nobody has promoted one, it is the first of :func:`suitable_models`. ModelError says
    what there is.
    """
    if wanted is None:
        return in_use(root, catalog) or _suitable(catalog, root)
    model = _named(wanted, root)
    class_mapping(model.card, catalog)
    return model


def model_with_key(root: Path, key: str) -> Model:
    """The very version of a model that a key names. ModelError when the project has it no more."""
    known = _known(root)
    for model in known:
        if model.key == key:
            return model
    for model in known:
        if model.card.weights_key == key:  # promoted before keys said how weights are fed
            return model
    raise ModelError(
        f"the model {key}, which was promoted, is not there any more",
        file=root / MODELS,
        hint=f"There are: {_list(_known(root))}. Promote one of them, or bring its folder back",
    )


WEIGHTS = ("", ".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".tar", ".onnx")
"""What files of weights end with."""


def model_at(path: Path) -> Model:
    """The model in a folder or of a file of weights, wherever it lies. ModelError where there is none."""
    if not path.exists():
        raise ModelError("there is no such file or folder", file=path)
    if no_file(path) == NO_DATA:
        raise ModelError(NO_DATA, file=path, hint=f"A model is a folder with {CARD_NAME} and {WEIGHTS_NAME}")
    if path.is_dir() or (path.parent / CARD_NAME).is_file():
        return read_model(path)
    if path.suffix.lower() not in WEIGHTS:
        raise ModelError(
            "this is no file of weights",
            file=path,
            hint=f"A model is a folder with {CARD_NAME} and {WEIGHTS_NAME}",
        )
    raise ModelError(
        "weights alone say neither classes nor network", file=path, hint=f"Put their {CARD_NAME} beside them"
    )


def _folders(parent: Path) -> list[Path]:
    """The folders of models, whole or broken; what is being written or deleted is hidden."""
    return sorted(p for p in parent.glob("[!.]*") if p.is_dir()) if parent.is_dir() else []


def _own(root: Path) -> tuple[list[Model], list[Skipped]]:
    found, broken = [], []
    for folder in _folders(root / MODELS):
        try:
            model = read_model(folder, "project")
            if not model.weights.is_file():
                raise ModelError(f"the weights are missing ({WEIGHTS_NAME})")
            found.append((folder.joinpath(CARD_NAME).stat().st_mtime_ns, model))
        except (ModelError, OSError) as error:
            broken.append(Skipped(str(folder), reason(error)))
    return [model for _, model in sorted(found, key=lambda pair: -pair[0])], broken


def _known(root: Path) -> list[Model]:
    return [*project_models(root), *embedded_models()]


def _suitable(catalog: ClassCatalog, root: Path) -> Model:
    for model in suitable_models(catalog, root):
        return model
    raise ModelError(
        f"no model knows the classes of this project ({', '.join(c.name for c in catalog.classes)})",
        hint=f"There are: {_list(_known(root))}. Choose one with --model, "
        "or label a few images and run `labeltool train`",
    )


def _fits(card: ModelCard, catalog: ClassCatalog) -> bool:
    try:
        return bool(class_mapping(card, catalog))
    except ModelError:
        return False


def _named(wanted: str, root: Path) -> Model:
    own = root / MODELS / wanted
    if own.parent == root / MODELS and own.is_dir():
        return read_model(own, "project")
    for model in _known(root):
        if wanted in (model.card.name, model.key):
            return model
    if Path(wanted).exists():
        return model_at(Path(wanted))
    raise ModelError(f"there is no model called {wanted!r}", hint=f"There are: {_list(_known(root))}")


def _list(models: list[Model]) -> str:
    return ", ".join(m.card.name for m in models) or "none"
