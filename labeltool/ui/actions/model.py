"""The menu Model: trainings and models."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QT_TRANSLATE_NOOP

from labeltool.ui.actions.spec import ActionSpec, spec

_row = partial(spec, "Model")

ACTIONS: tuple[ActionSpec, ...] = (
    *(
        _row(id_, text, keys, needs=needs, icon=icon, separated=separated, help=about)
        for id_, text, keys, needs, icon, separated, about in (
            (
                "train_new",
                QT_TRANSLATE_NOOP("Actions", "New training…"),
                "Ctrl+T",
                "editable",
                "ph.plus",
                False,
                QT_TRANSLATE_NOOP("Actions", "Train a network on what people have labelled"),
            ),
            (
                "train_round",
                QT_TRANSLATE_NOOP("Actions", "Start a round"),
                "Ctrl+Shift+T",
                "round",
                "ph.arrows-clockwise",
                False,
                QT_TRANSLATE_NOOP(
                    "Actions",
                    "Train on what is labelled, compare on the test images, and use the new model unless it is worse",
                ),
            ),
            (
                "round_settings",
                QT_TRANSLATE_NOOP("Actions", "Settings of rounds…"),
                "",
                "editable",
                "ph.sliders-horizontal",
                False,
                QT_TRANSLATE_NOOP("Actions", "When a round begins by itself, and how it trains"),
            ),
            (
                "train_stop",
                QT_TRANSLATE_NOOP("Actions", "Stop the training"),
                "",
                "training",
                "ph.stop",
                False,
                QT_TRANSLATE_NOOP("Actions", "The best weights so far are kept, and it can go on later"),
            ),
            (
                "train_go_on",
                QT_TRANSLATE_NOOP("Actions", "Go on with the training"),
                "",
                "stopped",
                "ph.play",
                False,
                QT_TRANSLATE_NOOP("Actions", "From where it stopped, as if it had never been stopped"),
            ),
            (
                "model_use",
                QT_TRANSLATE_NOOP("Actions", "Use this model"),
                "",
                "unused",
                "ph.check-circle",
                True,
                QT_TRANSLATE_NOOP("Actions", "It pre-labels from now on, here and on the command line"),
            ),
            (
                "model_roll_back",
                QT_TRANSLATE_NOOP("Actions", "Back to the model used before"),
                "",
                "promoted",
                "ph.arrow-u-up-left",
                False,
                "",
            ),
            (
                "model_compare",
                QT_TRANSLATE_NOOP("Actions", "Compare two models…"),
                "",
                "project",
                "ph.scales",
                False,
                QT_TRANSLATE_NOOP("Actions", "Both on the same images, class by class and image by image"),
            ),
            (
                "model_prelabel",
                QT_TRANSLATE_NOOP("Actions", "Pre-label the image at hand with it"),
                "",
                "model",
                "",
                False,
                "",
            ),
            (
                "model_prelabel_all",
                QT_TRANSLATE_NOOP("Actions", "Pre-label all images with it"),
                "",
                "model",
                "",
                False,
                "",
            ),
            (
                "model_add",
                QT_TRANSLATE_NOOP("Actions", "Add a model from a file…"),
                "",
                "editable",
                "ph.download-simple",
                True,
                QT_TRANSLATE_NOOP("Actions", "Copies weights (safetensors) with their card into the project"),
            ),
            (
                "model_export",
                QT_TRANSLATE_NOOP("Actions", "Export the model as ONNX…"),
                "",
                "any_model",
                "ph.export",
                False,
                QT_TRANSLATE_NOOP(
                    "Actions", "One file for other programs: pixels in, classes and confidence out"
                ),
            ),
            (
                "model_remove",
                QT_TRANSLATE_NOOP("Actions", "Delete the training or model…"),
                "",
                "owned",
                "ph.trash",
                False,
                "",
            ),
        )
    ),
)
