"""The menu Review: verdicts on what differs."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QT_TRANSLATE_NOOP

from labeltool.ui.actions.spec import ActionSpec, spec

_row = partial(spec, "Review")

ACTIONS: tuple[ActionSpec, ...] = (
    _row(
        "review_compare",
        QT_TRANSLATE_NOOP("Actions", "Compare again"),
        "F5",
        icon="ph.arrows-clockwise",
        needs="project",
        help=QT_TRANSLATE_NOOP(
            "Actions", "Hold the annotation against the layer; what has not changed is not looked at"
        ),
    ),
    _row(
        "model_right",
        QT_TRANSLATE_NOOP("Actions", "The other layer is right"),
        "",
        icon="ph.robot",
        needs="entry",
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "These pixels become what the other layer says (Enter)"),
    ),
    _row(
        "human_right",
        QT_TRANSLATE_NOOP("Actions", "The annotation is right"),
        "R",
        icon="ph.user",
        needs="entry",
        help=QT_TRANSLATE_NOOP("Actions", "These pixels stay as they are, and are not listed any more"),
    ),
    _row(
        "both_wrong",
        QT_TRANSLATE_NOOP("Actions", "Both are wrong"),
        "Shift+R",
        icon="ph.paint-brush",
        needs="entry",
        help=QT_TRANSLATE_NOOP("Actions", "These pixels are unlabelled again, to be painted now"),
    ),
    _row(
        "ignore_region",
        QT_TRANSLATE_NOOP("Actions", "Ignore these pixels"),
        "Shift+I",
        icon="ph.prohibit",
        needs="entry",
        help=QT_TRANSLATE_NOOP("Actions", "Nobody trains on them and nobody counts them"),
    ),
    _row(
        "label_errors",
        QT_TRANSLATE_NOOP("Actions", "Find label errors…"),
        icon="ph.magnifying-glass",
        needs="round",
        separated=True,
        help=QT_TRANSLATE_NOOP(
            "Actions", "List where models that have not seen an image contradict its labels"
        ),
    ),
    _row(
        "people_report",
        QT_TRANSLATE_NOOP("Actions", "Agreement and gold…"),
        icon="ph.users-three",
        needs="project",
        separated=True,
        help=QT_TRANSLATE_NOOP(
            "Actions", "How far annotators agree, and how well they label hidden gold images"
        ),
    ),
)
