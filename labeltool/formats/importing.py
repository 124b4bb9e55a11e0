"""What the importers of mask files have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.regions import regions
from labeltool.formats.match import one_each
from labeltool.formats.protocol import ImportedMask
from labeltool.formats.untrusted import found_below, left_out, stays_inside

_OTHER_PICTURES: Final = (".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif")


class Finder(Protocol):
    """Finds images as :class:`labeltool.formats.match.Matcher` does."""

    def find(self, path: Path) -> ImageRecord | str:
        """The image for a file's path, or why there is none."""
        ...


def masks(
    files: Iterable[Path], src: Path, matcher: Finder, read: Callable[[Path, ImageRecord], ImportedMask]
) -> Iterator[ImportedMask | Skipped]:
    """Read each file for its image; those without one, with several, or that lead out of ``src`` are reported."""
    entries, skipped = one_each((file, str(file), _match(file, src, matcher)) for file in files)
    yield from skipped
    for file, record in entries:
        try:
            yield read(file, record)
        except BadInputError as error:
            yield left_out(error, file)


def png_below(
    root: Path, is_mask: Callable[[Path], bool] = lambda path: True
) -> tuple[list[Path], list[Skipped]]:
    """PNG files in ``root`` and below, and why every other picture there is no mask; those that are none for
    ``is_mask`` are in neither."""
    files, skipped = found_below(root, (".png", *_OTHER_PICTURES))
    reason = "this is not a PNG file; masks are 8-bit PNG"
    png: list[Path] = []
    for path in filter(is_mask, files):
        if path.suffix.lower() == ".png":
            png.append(path)
        else:
            skipped.append(Skipped(str(path), reason))
    return png, skipped


def mask_of(
    record: ImageRecord,
    file: Path,
    label: NDArray[np.uint8],
    ids: NDArray[np.uint32] | None,
    catalog: ClassCatalog,
) -> ImportedMask:
    """A mask that sets every pixel; object ids count only where ``label`` has a class that has objects."""
    if ids is None:
        count = len(regions(label, np.zeros(label.shape, np.uint32), catalog))
        return ImportedMask(record.id, str(file), label, None, None, count)
    outside = ~np.isin(label, [c.value for c in catalog.foreground]) & (ids > 0)
    lost = int(np.count_nonzero(outside))
    notices = (f"{lost:,} pixels have an object id and no class; the id is left out",) if lost else ()
    kept = np.where(outside, np.uint32(0), ids)
    return ImportedMask(record.id, str(file), label, kept, None, len(regions(label, kept, catalog)), notices)


def _match(file: Path, src: Path, matcher: Finder) -> ImageRecord | str:
    if not stays_inside(file, src):
        return "the file is a link that leads out of the folder"
    return matcher.find(file)
