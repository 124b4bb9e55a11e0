"""Which layers of a project's images the annotation can be held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from labeltool.app.leaving_out import left_out
from labeltool.app.models import embedded_models, in_use, project_models
from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord
from labeltool.store.predictions import OUT_OF_FOLD, reference_key
from labeltool.store.project import ProjectStore


class Layer(NamedTuple):
    """What is kept beside the annotation of ``images`` images: predictions of a model, called as its card or, where it
    is not there any more, as its key; or what another annotator has made (``is_reference``)."""

    key: str
    name: str
    images: int
    is_reference: bool = False

    @property
    def is_out_of_fold(self) -> bool:
        """Whether it is there to find label errors, which have an order of their own."""
        return self.key.startswith(OUT_OF_FOLD)


def kept_layers(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> list[Layer]:
    """The layers that any of the images has: references, then predictions, those of most images first, at last
    out-of-fold predictions. Mask files that are damaged or cannot be read are passed over. Looks into each
    file: for a job."""
    predicted: Counter[str] = Counter()
    referred: Counter[str] = Counter()
    for number, record in enumerate(records):
        progress(number, len(records), record.name)
        if cancel is not None:
            cancel.check()
        with left_out():
            predicted.update(store.prediction_keys(record.id))
            referred.update(store.references(record.id))
    names = {model.key: model.card.name for model in [*embedded_models(), *project_models(store.root)]}
    references = [Layer(reference_key(name), name, count, True) for name, count in referred.most_common()]
    models = [Layer(key, layer_name(key, names), count) for key, count in predicted.most_common()]
    return sorted(references + models, key=lambda layer: layer.is_out_of_fold)


def layer_name(key: str, names: Mapping[str, str]) -> str:
    """What a layer of predictions is called, how the model was run included; ``names`` are those of models by key."""
    known = max((each for each in names if key.startswith(each)), key=len, default="")
    return f"{names[known]}{key[len(known) :]}" if known else key


def beginning_with(store: ProjectStore, layers: Sequence[Layer]) -> str:
    """The key of the layer that is held against the annotation before anybody has chosen: the one of the model in use,
    or of the newest that has one, before any reference; empty where there is none."""
    try:
        used = in_use(store.root, store.catalog)
    except LabeltoolError:
        used = None  # whoever pre-labels is told why
    predicted = [each.key for each in layers if not each.is_reference and not each.is_out_of_fold]
    newest_first = [*([] if used is None else [used]), *project_models(store.root)]
    of_models = [key for model in newest_first for key in predicted if key.startswith(model.key)]
    return next(iter([*of_models, *predicted, *(each.key for each in layers)]), "")
