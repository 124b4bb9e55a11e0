"""Names that are one where upper and lower case do not count: one file under two of them is still one file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path


def folded(name: str) -> str:
    """The same for names that some file system takes for one: upper and lower case, the coding of accents, and a dot or
    blank at the end do not count."""
    return unicodedata.normalize("NFC", name.rstrip(". ")).casefold()


class Spellings:
    """Absolute paths under the spelling by which each was met first. What folders hold is asked once."""

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._met: dict[str, dict[Path, None]] = {}
        self._listed: dict[Path, frozenset[str]] = {}
        for path in paths:
            self._met.setdefault(folded(str(path)), {})[path] = None

    def first(self, path: Path) -> Path:
        """The spelling under which the same file was met before; ``path`` itself where it was not."""
        met = self._met.setdefault(folded(str(path)), {})
        if path not in met:
            known = next((each for each in met if self.is_one(each, path)), None)
            if known is not None:
                return known
            met[path] = None
        return path

    def is_one(self, one: Path, other: Path) -> bool:
        """Whether two paths lead to one file because their file system does not mind the case: both do, and wherever
        they differ the folder knows but one of the names. Some systems give one file two numbers then, so that these
        say nothing."""
        if folded(str(one)) != folded(str(other)) or len(one.parts) != len(other.parts):
            return False
        differ = [
            depth
            for depth, names in enumerate(zip(one.parts, other.parts, strict=True))
            if names[0] != names[1]
        ]
        try:
            return (
                one.exists()
                and other.exists()
                and not any(
                    {one.parts[depth], other.parts[depth]} <= self._names(Path(*one.parts[:depth]))
                    for depth in differ
                )
            )
        except OSError:
            return False

    def _names(self, folder: Path) -> frozenset[str]:
        if folder not in self._listed:
            self._listed[folder] = frozenset(path.name for path in folder.iterdir())
        return self._listed[folder]
