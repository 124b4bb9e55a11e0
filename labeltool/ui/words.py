"""Texts that are written in English at one place and translated at another: of the table of actions, and of the layers
below, which know of no translation."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

CONTEXT = "Actions"


def translated(text: object) -> str:
    """Such a text in the user's language."""
    return QCoreApplication.translate(CONTEXT, str(text))


# What the layers below say: steps of undo, and the built-in tools.
_TITLES = (
    QT_TRANSLATE_NOOP("Actions", "brush stroke"),
    QT_TRANSLATE_NOOP("Actions", "eraser stroke"),
    QT_TRANSLATE_NOOP("Actions", "polygon"),
    QT_TRANSLATE_NOOP("Actions", "pre-label"),
    QT_TRANSLATE_NOOP("Actions", "import"),
    QT_TRANSLATE_NOOP("Actions", "begin afresh"),
    QT_TRANSLATE_NOOP("Actions", "Brush"),
    QT_TRANSLATE_NOOP("Actions", "Eraser"),
    QT_TRANSLATE_NOOP("Actions", "Polygon"),
    QT_TRANSLATE_NOOP("Actions", "fill"),
    QT_TRANSLATE_NOOP("Actions", "grow"),
    QT_TRANSLATE_NOOP("Actions", "shrink"),
    QT_TRANSLATE_NOOP("Actions", "smooth"),
    QT_TRANSLATE_NOOP("Actions", "fill holes"),
    QT_TRANSLATE_NOOP("Actions", "remove islands"),
    QT_TRANSLATE_NOOP("Actions", "keep largest"),
    QT_TRANSLATE_NOOP("Actions", "split objects"),
    QT_TRANSLATE_NOOP("Actions", "merge objects"),
    QT_TRANSLATE_NOOP("Actions", "model's answer"),
    QT_TRANSLATE_NOOP("Actions", "copy of the previous image"),
    QT_TRANSLATE_NOOP("Actions", "Fill"),
    QT_TRANSLATE_NOOP("Actions", "Merge objects"),
    QT_TRANSLATE_NOOP("Actions", "Ruler"),
    QT_TRANSLATE_NOOP("Actions", "magic wand"),
    QT_TRANSLATE_NOOP("Actions", "superpixels"),
    QT_TRANSLATE_NOOP("Actions", "threshold"),
    QT_TRANSLATE_NOOP("Actions", "refinement"),
    QT_TRANSLATE_NOOP("Actions", "Magic wand"),
    QT_TRANSLATE_NOOP("Actions", "Superpixels"),
    QT_TRANSLATE_NOOP("Actions", "Threshold"),
    QT_TRANSLATE_NOOP("Actions", "GrabCut"),
    QT_TRANSLATE_NOOP("Actions", "Refine edge"),
    QT_TRANSLATE_NOOP("Actions", "Tip"),
    QT_TRANSLATE_NOOP("Actions", "round"),
    QT_TRANSLATE_NOOP("Actions", "square"),
    QT_TRANSLATE_NOOP("Actions", "Tolerance"),
    QT_TRANSLATE_NOOP("Actions", "Contiguous"),
    QT_TRANSLATE_NOOP("Actions", "Smooth edge"),
    QT_TRANSLATE_NOOP("Actions", "Size"),
    QT_TRANSLATE_NOOP("Actions", "Compactness"),
    QT_TRANSLATE_NOOP("Actions", "Select"),
    QT_TRANSLATE_NOOP("Actions", "bright (Otsu)"),
    QT_TRANSLATE_NOOP("Actions", "dark (Otsu)"),
    QT_TRANSLATE_NOOP("Actions", "between"),
    QT_TRANSLATE_NOOP("Actions", "Low"),
    QT_TRANSLATE_NOOP("Actions", "High"),
    QT_TRANSLATE_NOOP("Actions", "At least"),
    QT_TRANSLATE_NOOP("Actions", "Iterations"),
    QT_TRANSLATE_NOOP("Actions", "Labels inside are sure"),
    QT_TRANSLATE_NOOP("Actions", "Reach"),
    QT_TRANSLATE_NOOP("Actions", "Contrast"),
    QT_TRANSLATE_NOOP(
        "Actions", "Click a colour; drag right for more, left for less; the right button erases"
    ),
    QT_TRANSLATE_NOOP("Actions", "Drag over the pieces; the right button erases"),
    QT_TRANSLATE_NOOP("Actions", "Drag a box around objects; right-drag erases"),
    QT_TRANSLATE_NOOP("Actions", "Drag a box around an object; the right button erases"),
    QT_TRANSLATE_NOOP("Actions", "Paint along a ragged edge of the class; it moves to the edge in the image"),
)
