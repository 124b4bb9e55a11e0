"""What is said of an image file that is not whole: the same words for every kind, in one place."""

from __future__ import annotations

from pathlib import Path

from labeltool.core.errors import BadInputError

AGAIN = "Copy or download the file again, or export it again from where it came"

_MOST_WORDS = 200


def damaged(what: str, why: object, path: Path) -> BadInputError:
    """``what`` is the file as people call it ("DICOM file"), ``why`` our words or what a library raised."""
    return BadInputError(f"the {what} is cut off or damaged ({one_line(why)})", file=path, hint=AGAIN)


def one_line(why: object) -> str:
    """Somebody else's words on one line, without what cannot be printed; the name of an error that says nothing."""
    text = "".join(each if each.isprintable() else " " for each in str(why))
    return " ".join(text.split())[:_MOST_WORDS] or type(why).__name__
