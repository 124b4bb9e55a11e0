"""The menu Image: the image at hand and the others of its project."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QT_TRANSLATE_NOOP

from labeltool.ui.actions.spec import ActionSpec, spec

_row = partial(spec, "Image")

ACTIONS: tuple[ActionSpec, ...] = (
    _row(
        "next_image",
        QT_TRANSLATE_NOOP("Actions", "Next image"),
        "D",
        icon="ph.caret-right",
        needs="annotate",
        repeats=True,
    ),
    _row(
        "previous_image",
        QT_TRANSLATE_NOOP("Actions", "Previous image"),
        "A",
        icon="ph.caret-left",
        needs="annotate",
        repeats=True,
    ),
    _row(
        "next_suggestion",
        QT_TRANSLATE_NOOP("Actions", "Next suggestion"),
        "Shift+D",
        icon="ph.caret-double-right",
        needs="suggestion",
        repeats=True,
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "The next entry of the queue that is not done"),
    ),
    _row(
        "previous_suggestion",
        QT_TRANSLATE_NOOP("Actions", "Previous suggestion"),
        "Shift+A",
        icon="ph.caret-double-left",
        needs="suggestion",
        repeats=True,
        help=QT_TRANSLATE_NOOP("Actions", "The entry of the queue before this one that is not done"),
    ),
    _row(
        "rank",
        QT_TRANSLATE_NOOP("Actions", "Rank what to label next…"),
        "Ctrl+Shift+D",
        icon="ph.list-numbers",
        needs="editable",
        help=QT_TRANSLATE_NOOP(
            "Actions", "Puts images in the order in which labelling them teaches a model most"
        ),
    ),
    _row(
        "next_page",
        QT_TRANSLATE_NOOP("Actions", "Next page or slice"),
        "PgDown",
        needs="series",
        repeats=True,
        separated=True,
    ),
    _row(
        "previous_page",
        QT_TRANSLATE_NOOP("Actions", "Previous page or slice"),
        "PgUp",
        needs="series",
        repeats=True,
    ),
    _row(
        "next_spot",
        QT_TRANSLATE_NOOP("Actions", "Next doubtful spot or error"),
        "N",
        needs="doubt",
        repeats=True,
        separated=True,
        help=QT_TRANSLATE_NOOP(
            "Actions",
            "Where the model is less sure than the slider says and nobody has looked, most doubt first",
        ),
    ),
    _row(
        "previous_spot",
        QT_TRANSLATE_NOOP("Actions", "Previous doubtful spot or error"),
        "Shift+N",
        needs="doubt",
        repeats=True,
    ),
    _row(
        "next_unlooked",
        QT_TRANSLATE_NOOP("Actions", "Next part never looked at"),
        "Shift+L",
        repeats=True,
        help=QT_TRANSLATE_NOOP("Actions", "At 100 % or more, as large as the canvas has room for"),
    ),
    _row(
        "list_images",
        QT_TRANSLATE_NOOP("Actions", "Go to the list of images"),
        "Ctrl+L",
        needs="annotate",
        separated=True,
        help=QT_TRANSLATE_NOOP(
            "Actions",
            "The arrow keys choose one, Enter opens it, Del removes it, Esc goes back to the canvas",
        ),
    ),
    _row(
        "splits",
        QT_TRANSLATE_NOOP("Actions", "Train, val and test…"),
        needs="project",
    ),
    _row(
        "remove_images",
        QT_TRANSLATE_NOOP("Actions", "Remove from the project…"),
        icon="ph.minus-circle",
        needs="editable",
        help=QT_TRANSLATE_NOOP(
            "Actions",
            "The images that are marked in the list, as Del does there; Removed images… brings them back",
        ),
    ),
    _row(
        "removed_images",
        QT_TRANSLATE_NOOP("Actions", "Removed images…"),
        icon="ph.trash",
        needs="project",
        help=QT_TRANSLATE_NOOP(
            "Actions", "Images taken out of the project; brings them back with their labels"
        ),
    ),
    _row(
        "measures",
        QT_TRANSLATE_NOOP("Actions", "Measures…"),
        icon="ph.ruler",
        needs="project",
        help=QT_TRANSLATE_NOOP("Actions", "Areas and lengths of objects and classes as a table"),
    ),
    _row(
        "prelabel",
        QT_TRANSLATE_NOOP("Actions", "Pre-label this image"),
        "Ctrl+P",
        icon="ph.sparkle",
        needs="edit_image",
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "A model draws the mask; pixels set by a human never change"),
    ),
    _row(
        "prelabel_all",
        QT_TRANSLATE_NOOP("Actions", "Pre-label all images"),
        "Ctrl+Shift+P",
        icon="ph.stack",
        needs="editable",
    ),
    _row(
        "done",
        QT_TRANSLATE_NOOP("Actions", "Done"),
        "Ctrl+D",
        icon="ph.flag",
        needs="edit_image",
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "Whoever labels this image says that it is finished"),
    ),
    _row(
        "approve",
        QT_TRANSLATE_NOOP("Actions", "Approve"),
        "Ctrl+Return",
        icon="ph.check",
        needs="edit_image",
        help=QT_TRANSLATE_NOOP("Actions", "Mark this image as finished; any edit takes that back"),
    ),
    _row(
        "reject",
        QT_TRANSLATE_NOOP("Actions", "Reject…"),
        "Ctrl+R",
        icon="ph.x-circle",
        needs="edit_image",
        help=QT_TRANSLATE_NOOP("Actions", "Say what is to be changed; whoever opens the image reads it"),
    ),
    _row(
        "in_work",
        QT_TRANSLATE_NOOP("Actions", "In work again"),
        icon="ph.arrow-u-up-left",
        needs="decided",
        help=QT_TRANSLATE_NOOP("Actions", "Takes back what was decided on this image"),
    ),
    _row(
        "comment",
        QT_TRANSLATE_NOOP("Actions", "Comment here…"),
        "Shift+K",
        icon="ph.chat-circle-dots",
        needs="edit_image",
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "Pins a comment to the place under the pointer"),
    ),
    _row(
        "next_comment",
        QT_TRANSLATE_NOOP("Actions", "Next comment"),
        "Shift+J",
        needs="comments",
        repeats=True,
        help=QT_TRANSLATE_NOOP("Actions", "Of those that the panel Comments lists"),
    ),
    _row(
        "previous_comment",
        QT_TRANSLATE_NOOP("Actions", "Previous comment"),
        "Ctrl+Shift+J",
        needs="comments",
        repeats=True,
    ),
    _row(
        "history",
        QT_TRANSLATE_NOOP("Actions", "History"),
        "Ctrl+Shift+H",
        icon="ph.clock-counter-clockwise",
        needs="project",
        separated=True,
        help=QT_TRANSLATE_NOOP(
            "Actions", "What was done to this image; shows its mask as it was then, and brings that back"
        ),
    ),
    _row(
        "references",
        QT_TRANSLATE_NOOP("Actions", "Other annotators' layers…"),
        icon="ph.users",
        needs="image",
        separated=True,
        help=QT_TRANSLATE_NOOP(
            "Actions",
            "Keep this annotation as a layer beside it, so that somebody else can label the image blind",
        ),
    ),
)
