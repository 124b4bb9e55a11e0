"""Which image of the project a file of an import belongs to."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import TypeVar

from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.manifest import Manifest

T = TypeVar("T")


class Matcher:
    """Finds images by name, or by what the manifest of one of our own exports says of a name."""

    def __init__(self, images: Sequence[ImageRecord], manifest: Manifest | None) -> None:
        self._by_stem: dict[str, list[ImageRecord]] = defaultdict(list)
        for record in images:
            self._by_stem[_key(record.stem)].append(record)
        by_id = {record.id: record for record in images}
        by_hash: dict[str, list[ImageRecord]] = defaultdict(list)
        for record in images:
            by_hash[record.sha256].append(record)
        self._exported: dict[str, ImageRecord] = {}
        self._folded: dict[str, ImageRecord] = {}
        """The same where names come back in another case: an export of ours has no two that are one then."""
        for source in manifest.sources if manifest else ():
            same = by_hash[source.sha256]
            found = by_id.get(source.id) or (same[0] if len(same) == 1 else None)
            if found is not None and found.sha256 == source.sha256:
                self._exported[_key(source.name)] = found
                self._folded[_key(source.name).casefold()] = found

    def find(self, path: PurePath, *, suffix_counts: bool = False) -> ImageRecord | str:
        """The image for a file's path, or why there is none.

        Its stem must be the image's; folders of the same names tell two apart, and so does the suffix if it counts.
        """
        name = _key(path.stem)
        exported = self._exported.get(name)
        if exported is not None:
            return exported
        found, folded = self._by_stem.get(name, []), self._folded.get(name.casefold())
        if folded is not None and any(record.id != folded.id for record in found):
            return (
                f"but for upper and lower case this is what was exported of {folded.name}, and another image is"
                f" called {path.stem}, so it is not clear which is meant"
            )
        if folded is not None:
            return folded
        if len(found) > 1 and suffix_counts:
            found = [r for r in found if r.path.suffix == path.suffix] or found
        if len(found) > 1:
            found = _nearest(found, path)
        if not found:
            return f"no image of the project is called {path.stem}"
        if len(found) > 1:
            return f"{len(found)} images of the project are called {path.stem}, so it is not clear which is meant"
        return found[0]


def one_each(
    found: Iterable[tuple[T, str, ImageRecord | str]],
) -> tuple[list[tuple[T, ImageRecord]], list[Skipped]]:
    """Split (entry, file, image or reason) into entries with an image of their own and files with a reason.

    Two entries for one image are both refused: nobody knows which is right.
    """
    skipped = []
    by_image: dict[str, list[tuple[T, str, ImageRecord]]] = defaultdict(list)
    for entry, file, match in found:
        if isinstance(match, str):
            skipped.append(Skipped(file, match))
        else:
            by_image[match.id].append((entry, file, match))
    for group in by_image.values():
        if len(group) > 1:
            files = ", ".join(file for _, file, _ in group[:5]) + (" and others" if len(group) > 5 else "")
            reason = f"several masks fit the image {group[0][2].name} ({files}); remove all but one"
            skipped += [Skipped(file, reason) for _, file, _ in group]
    return [(g[0][0], g[0][2]) for g in by_image.values() if len(g) == 1], skipped


def _nearest(records: list[ImageRecord], path: PurePath) -> list[ImageRecord]:
    """Those whose folders agree longest with the folders of ``path``; all when none agrees at all."""
    scores = [_common_folders(record.path, path) for record in records]
    best = max(scores)
    return [record for record, score in zip(records, scores, strict=True) if score == best]


def _common_folders(a: PurePath, b: PurePath) -> int:
    count = 0
    for one, other in zip(reversed(a.parts[:-1]), reversed(b.parts[:-1]), strict=False):
        if _key(one) != _key(other):
            break
        count += 1
    return count


def _key(name: str) -> str:
    """Names that differ only in how their accents are coded are one name (macOS decomposes them)."""
    return unicodedata.normalize("NFC", name)
