"""Texts that are written in English at one place and translated at another: of the table of actions, and of the layers
below, which know of no translation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

if TYPE_CHECKING:
    from labeltool.app.tables import Column

CONTEXT = "Actions"
MINUTE_S, HOUR_S = 60, 3600


def translated(text: object) -> str:
    """Such a text in the user's language."""
    return QCoreApplication.translate(CONTEXT, str(text))


def heading(column: Column) -> str:
    """The heading of a column in the user's language; a class or a channel may follow its first word."""
    name = QCoreApplication.translate("Tables", column.name)
    if name == column.name:
        what, space, of = name.partition(" ")
        name = QCoreApplication.translate("Tables", what) + space + of
    return column._replace(name=name).header


def plural(number: int, one: str, many: str) -> str:
    """The text of the two that suits a number, which is put in the place of {n}."""
    return (one if number == 1 else many).replace("{n}", f"{number:,}")


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds < 1.5 * MINUTE_S:
        return QCoreApplication.translate("Words", "{n} s").format(n=max(0, round(seconds)))
    if seconds < 1.5 * HOUR_S:
        return QCoreApplication.translate("Words", "{n} min").format(n=round(seconds / MINUTE_S))
    return QCoreApplication.translate("Words", "{n} h").format(n=f"{seconds / HOUR_S:.1f}")


# What the layers below say: the steps of undo, and the headings of tables. What tools, strategies and formats say is
# collected from themselves, by packaging/translations.py.
_STEPS = (
    QT_TRANSLATE_NOOP("Actions", "brush stroke"),
    QT_TRANSLATE_NOOP("Actions", "eraser stroke"),
    QT_TRANSLATE_NOOP("Actions", "polygon"),
    QT_TRANSLATE_NOOP("Actions", "lasso"),
    QT_TRANSLATE_NOOP("Actions", "fill"),
    QT_TRANSLATE_NOOP("Actions", "magic wand"),
    QT_TRANSLATE_NOOP("Actions", "superpixels"),
    QT_TRANSLATE_NOOP("Actions", "threshold"),
    QT_TRANSLATE_NOOP("Actions", "GrabCut"),
    QT_TRANSLATE_NOOP("Actions", "refinement"),
    QT_TRANSLATE_NOOP("Actions", "outline"),
    QT_TRANSLATE_NOOP("Actions", "moved region"),
    QT_TRANSLATE_NOOP("Actions", "cut region"),
    QT_TRANSLATE_NOOP("Actions", "joined regions"),
    QT_TRANSLATE_NOOP("Actions", "merge objects"),
    QT_TRANSLATE_NOOP("Actions", "painting"),
    QT_TRANSLATE_NOOP("Actions", "pre-label"),
    QT_TRANSLATE_NOOP("Actions", "import"),
    QT_TRANSLATE_NOOP("Actions", "begin afresh"),
    QT_TRANSLATE_NOOP("Actions", "grow"),
    QT_TRANSLATE_NOOP("Actions", "shrink"),
    QT_TRANSLATE_NOOP("Actions", "smooth"),
    QT_TRANSLATE_NOOP("Actions", "fill holes"),
    QT_TRANSLATE_NOOP("Actions", "remove islands"),
    QT_TRANSLATE_NOOP("Actions", "keep largest"),
    QT_TRANSLATE_NOOP("Actions", "split objects"),
    QT_TRANSLATE_NOOP("Actions", "model's answer"),
    QT_TRANSLATE_NOOP("Actions", "taught region"),
    QT_TRANSLATE_NOOP("Actions", "taught mask"),
    QT_TRANSLATE_NOOP("Actions", "copy of the previous image"),
    QT_TRANSLATE_NOOP("Actions", "verdict: model right"),
    QT_TRANSLATE_NOOP("Actions", "verdict: human right"),
    QT_TRANSLATE_NOOP("Actions", "verdict: both wrong"),
    QT_TRANSLATE_NOOP("Actions", "verdict: ignore"),
)
_HEADINGS = (
    QT_TRANSLATE_NOOP("Tables", "image"),
    QT_TRANSLATE_NOOP("Tables", "page"),
    QT_TRANSLATE_NOOP("Tables", "split"),
    QT_TRANSLATE_NOOP("Tables", "class"),
    QT_TRANSLATE_NOOP("Tables", "number"),
    QT_TRANSLATE_NOOP("Tables", "object id"),
    QT_TRANSLATE_NOOP("Tables", "pixels"),
    QT_TRANSLATE_NOOP("Tables", "area"),
    QT_TRANSLATE_NOOP("Tables", "perimeter"),
    QT_TRANSLATE_NOOP("Tables", "longest caliper"),
    QT_TRANSLATE_NOOP("Tables", "shortest caliper"),
    QT_TRANSLATE_NOOP("Tables", "equivalent diameter"),
    QT_TRANSLATE_NOOP("Tables", "regions"),
    QT_TRANSLATE_NOOP("Tables", "holes"),
    QT_TRANSLATE_NOOP("Tables", "centroid x"),
    QT_TRANSLATE_NOOP("Tables", "centroid y"),
    QT_TRANSLATE_NOOP("Tables", "left"),
    QT_TRANSLATE_NOOP("Tables", "top"),
    QT_TRANSLATE_NOOP("Tables", "right"),
    QT_TRANSLATE_NOOP("Tables", "bottom"),
    QT_TRANSLATE_NOOP("Tables", "folder"),
    QT_TRANSLATE_NOOP("Tables", "series"),
    QT_TRANSLATE_NOOP("Tables", "images"),
    QT_TRANSLATE_NOOP("Tables", "pages"),
    QT_TRANSLATE_NOOP("Tables", "objects"),
    QT_TRANSLATE_NOOP("Tables", "volume"),
    QT_TRANSLATE_NOOP("Tables", "share of labelled"),
    QT_TRANSLATE_NOOP("Tables", "share of all"),
    QT_TRANSLATE_NOOP("Tables", "map x"),
    QT_TRANSLATE_NOOP("Tables", "map y"),
    QT_TRANSLATE_NOOP("Tables", "map left"),
    QT_TRANSLATE_NOOP("Tables", "map bottom"),
    QT_TRANSLATE_NOOP("Tables", "map right"),
    QT_TRANSLATE_NOOP("Tables", "map top"),
    QT_TRANSLATE_NOOP("Tables", "map"),
    QT_TRANSLATE_NOOP("Tables", "mean"),
    QT_TRANSLATE_NOOP("Tables", "sd"),
    QT_TRANSLATE_NOOP("Tables", "min"),
    QT_TRANSLATE_NOOP("Tables", "max"),
    QT_TRANSLATE_NOOP("Tables", "layer"),
    QT_TRANSLATE_NOOP("Tables", "other layer"),
    QT_TRANSLATE_NOOP("Tables", "kappa"),
    QT_TRANSLATE_NOOP("Tables", "pixel agreement"),
    QT_TRANSLATE_NOOP("Tables", "mIoU"),
    QT_TRANSLATE_NOOP("Tables", "IoU"),
    QT_TRANSLATE_NOOP("Tables", "Dice"),
    QT_TRANSLATE_NOOP("Tables", "precision"),
    QT_TRANSLATE_NOOP("Tables", "recall"),
    QT_TRANSLATE_NOOP("Tables", "only in the first"),
    QT_TRANSLATE_NOOP("Tables", "only in the other"),
    QT_TRANSLATE_NOOP("Tables", "annotator"),
    QT_TRANSLATE_NOOP("Tables", "when (UTC)"),
    QT_TRANSLATE_NOOP("Tables", "status"),
    QT_TRANSLATE_NOOP("Tables", "pixels right"),
    QT_TRANSLATE_NOOP("Tables", "not labelled"),
)
