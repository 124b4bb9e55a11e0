"""The program's own files: icons, style, translations, embedded models, sample data."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def resource(*parts: str) -> Path:
    """The path of one of the program's own files or folders, which need not exist.

    They lie inside the package in a wheel and beside it, in ``resources/``, in a checkout.
    """
    packed = _PACKAGE / "_resources"
    root = packed if packed.is_dir() else _PACKAGE.parent / "resources"
    return root.joinpath(*parts)
