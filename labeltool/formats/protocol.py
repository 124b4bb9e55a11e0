"""What an export format and an import format are to the rest of the program.

A format is a class behind an entry point (``labeltool.exporters``, ``labeltool.importers``) that is made without
arguments. To run an export call :func:`labeltool.formats.export.export`, never ``write`` alone: it works in a
folder of its own, reads everything back and only then gives the folder its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.options import ExportOptions, ImportOptions


@dataclass(frozen=True)
class LabelledImage:
    """An image and a snapshot of its mask at ``record.revision``."""

    record: ImageRecord
    mask: LabelMask

    @property
    def root(self) -> str:
        """What the mask's pixels are known by, for the manifest; empty where nobody knows."""
        return ""


class LabelledImages(Protocol):
    """Images to export, perhaps 10,000: gone through several times. An image's mask is asked for when it is needed, on
    any thread, so that few are in memory at a time; BadInputError from it leaves the image out.

    A list will do. Every pass must give the same images in the same order; an image whose revision differs
    from pass to pass makes the export fail, because it cannot be verified.
    """

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[LabelledImage]: ...


@dataclass(frozen=True)
class ExportPlan:
    """What an export would do, found without writing anything.

    ``problems`` refuse the export, each a sentence that names its file; ``notices`` say what will be converted or
    lost; ``nbytes`` estimates the disk space from above; ``folders`` hold source images. ``ids`` are those of the
    images that will be written, ``images`` in number.
    """

    images: int
    objects: int
    nbytes: int
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    folders: frozenset[Path] = frozenset()
    ids: frozenset[str] = frozenset()


@dataclass
class Planned:
    """What a plan adds up, image by image."""

    skipped: list[Skipped] = field(default_factory=list)
    objects: int = 0
    nbytes: int = 0
    ids: set[str] = field(default_factory=set)
    folders: set[Path] = field(default_factory=set)

    def add(self, ids: Iterable[str], files: Iterable[Path], nbytes: int, objects: int = 0) -> None:
        """These images, whose sources lie there, will be written."""
        self.ids.update(ids)
        self.folders.update(path.parent for path in files)
        self.nbytes += nbytes
        self.objects += objects

    def plan(self, problems: tuple[str, ...], notices: tuple[str, ...]) -> ExportPlan:
        """All of it."""
        return ExportPlan(
            len(self.ids),
            self.objects,
            self.nbytes,
            problems,
            notices,
            tuple(self.skipped),
            frozenset(self.folders),
            frozenset(self.ids),
        )


@dataclass(frozen=True)
class ExportReport:
    """What an export has done. ``names`` gives every exported image's name in the export (no suffix) by image id."""

    format: str
    images: int
    objects: int
    files: int
    notices: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


class Exporter(Protocol):
    """Writes the annotation of images in one format. ``options`` is always an instance of ``Options``."""

    name: ClassVar[str]
    title: ClassVar[str]
    Options: ClassVar[type[ExportOptions]]

    def plan(self, images: LabelledImages, catalog: ClassCatalog, options: Any) -> ExportPlan:
        """What would be written, and why it must not be."""
        ...

    def write(
        self,
        images: LabelledImages,
        catalog: ClassCatalog,
        out: Path,
        options: Any,
        progress: Progress,
        cancel: CancelToken,
    ) -> ExportReport:
        """Write into the existing, empty folder ``out``; an image that cannot be written is reported as skipped."""
        ...

    def verify(
        self,
        images: LabelledImages,
        catalog: ClassCatalog,
        out: Path,
        options: Any,
        progress: Progress,
        cancel: CancelToken,
    ) -> None:
        """Read everything back from disk and compare it with the masks, pixel by pixel.

        ``images`` are those that were written; their names are read from the manifest in ``out``.
        Raises LabeltoolError at the first difference and names the file.
        """
        ...


@dataclass(frozen=True)
class ImportedMask:
    """The annotation of one image of the project, to be written into its mask by the app.

    ``file`` is where it came from, ``label`` uint8 [h, w] in values of the project's catalog (255 = ignore),
    ``object`` uint32 [h, w] (0 = connected region; None = all 0), ``known`` bool [h, w] is false where the file says
    nothing, so that the pixel stays as it is (None = every pixel is set). ``objects`` counts objects. ``split`` is
    train, val or test where the file says so; it counts for images that have none.
    """

    image_id: str
    file: str
    label: NDArray[np.uint8]
    object: NDArray[np.uint32] | None
    known: NDArray[np.bool_] | None
    objects: int
    notices: tuple[str, ...] = ()
    split: str = ""


class ForeignClass(NamedTuple):
    """A class as a file names it; ``color`` is None where the file gives none, ``value`` where it has no number."""

    name: str
    color: tuple[int, int, int] | None = None
    value: int | None = None


class Importer(Protocol):
    """Reads other people's annotation for images that are already in the project. ``options`` is always an instance of
    ``Options``."""

    name: ClassVar[str]
    title: ClassVar[str]
    Options: ClassVar[type[ImportOptions]]

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The classes of the labels, in the file's order, each once, without background and ignore.

        What cannot be read is passed over here: :meth:`read` reports it.
        """
        ...

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Yield image by image what fits, and the reason for everything that does not; nothing is guessed.

        Raises BadInputError only where ``src`` as a whole is not of this format.
        """
        ...
