"""What the exporters have in common: the passes over the images, the checks, the comparison at the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.runs import STRIP, Runs
from labeltool.formats import pictures
from labeltool.formats.items import Item, Kept, Known, Names, Tally, Watched
from labeltool.formats.manifest import own_manifest
from labeltool.formats.options import ExportOptions
from labeltool.formats.protocol import ExportPlan, ExportReport, LabelledImage, LabelledImages, Planned
from labeltool.formats.room import refuse_too_large
from labeltool.formats.untrusted import left_out
from labeltool.formats.workers import in_order, workers
from labeltool.imaging.open import probe
from labeltool.imaging.reader import ImageInfo

UNLABELLED = "nobody has labelled it yet"
"""Why an image without a single labelled pixel is left out."""


class Findings(NamedTuple):
    """What planning collects; a problem refuses the whole export."""

    problems: Tally
    notices: Tally


E = TypeVar("E", Item, Item | Skipped)
R = TypeVar("R")

LARGE = 1 << 27
"""Images of more pixels are worked on one at a time."""


class Writer(Protocol):
    """Takes the annotation of one image after the other."""

    def add(self, item: Item) -> Callable[[], None] | None:
        """Write one image; BadInputError leaves it out of the export, with nothing of it written.

        A ``parallel`` exporter's is called for several images at a time. What has to happen in the order of the images
        (numbers, lists) it gives back as a function, which is then called in that order.
        """
        ...


class DatasetExporter(ABC):
    """An exporter that treats every image alike; a format says how one image is judged, written and checked."""

    name: ClassVar[str]
    title: ClassVar[str]
    Options: ClassVar[type[ExportOptions]] = ExportOptions
    jpeg_only: ClassVar[bool] = False
    png_only: ClassVar[bool] = False
    with_pictures: ClassVar[bool] = True
    parallel: ClassVar[bool] = False
    """True where ``add`` and ``compare`` may run for several images at a time."""
    naming: ClassVar[type[Names]] = Names
    bytes_a_pixel: ClassVar[int] = 20
    """The most memory that writing an image or comparing it takes, measured; pictures that are converted included."""
    none_fits: ClassVar[str] = ""
    """Why no image can be exported, where a format refuses labelled images for one reason only."""

    @abstractmethod
    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Add what is wrong or worth knowing about one image; returns the bytes it takes without its picture.
        BadInputError where the image will be left out, for the reason that :meth:`Writer.add` would give."""

    @abstractmethod
    def writer(self, out: Path, catalog: ClassCatalog, options: Any) -> AbstractContextManager[Writer]:
        """What writes the images; files about all of them are complete when the context ends."""

    @abstractmethod
    def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Checker:
        """What reads one image back and compares."""

    def plan(self, images: LabelledImages, catalog: ClassCatalog, options: Any) -> ExportPlan:
        """What would be written: one pass over the masks."""
        found, planned = Findings(Tally(), Tally()), Planned()
        for entry in self._entries(images, catalog, options):
            if isinstance(entry, Skipped):
                planned.skipped.append(entry)
                continue
            record = entry.record
            try:
                picture = self._judge_picture(entry, found) if self.with_pictures else 0
                nbytes = self.judge(entry, options, found) + picture
            except BadInputError as error:
                planned.skipped.append(left_out(error, record.path))
                continue
            planned.add([record.id], [record.path], nbytes, len(entry.objects.extents))
            if entry.strange_values:
                values = ", ".join(map(str, entry.strange_values))
                found.problems.add(
                    f"The mask holds the value {values}, which is no class of the project", record.name
                )
            if entry.runs.unlabelled.any():
                found.notices.add(self.about_unlabelled(catalog), record.name)
        problems = found.problems.lines() if planned.ids else self._why_nothing(planned.skipped)
        return planned.plan(problems, found.notices.lines())

    def write(
        self,
        images: LabelledImages,
        catalog: ClassCatalog,
        out: Path,
        options: Any,
        progress: Progress,
        cancel: CancelToken,
    ) -> ExportReport:
        """Write every image that is fit for it; the others are in the report, with the reason."""
        skipped: list[Skipped] = []
        names: dict[str, str] = {}
        objects = 0
        watched = Watched(images, progress, cancel, "writing")
        with self.writer(out, catalog, options) as writer, workers() as pool:
            entries = self._items(pool, watched, catalog, options)
            for entry, finish in self._each(pool, partial(self._add, writer), entries):
                if isinstance(entry, Skipped):
                    skipped.append(entry)
                    continue
                if isinstance(finish, Skipped):
                    skipped.append(finish)
                    continue
                if finish is not None:
                    finish()
                names[entry.record.id] = entry.name
                objects += len(entry.objects.extents)
        files = sum(1 for path in out.rglob("*") if path.is_file())
        return ExportReport(self.name, len(names), objects, files, skipped=tuple(skipped), names=names)

    def verify(
        self,
        images: LabelledImages,
        catalog: ClassCatalog,
        out: Path,
        options: Any,
        progress: Progress,
        cancel: CancelToken,
    ) -> None:
        """Read every image back from ``out``; LabeltoolError at the first difference."""
        manifest = own_manifest(out)
        checker = self.check(out, catalog, options)
        watched = Watched(images, progress, cancel, "verifying")
        with workers() as pool:
            found = in_order(pool, partial(self._known, catalog), watched)
            items = (
                _item(image.record, manifest.names[image.record.id], catalog, _sure(mask))
                for image, mask in found
            )
            for _ in self._each(pool, checker.compare, items):
                pass
        self._kept.clear()

    def about_unlabelled(self, catalog: ClassCatalog) -> str:
        """What becomes of pixels that nobody has set, as a sentence."""
        became = "ignore (255)" if catalog.background is None else "background"
        return f"Some pixels are not labelled yet and become {became}"

    @cached_property
    def _kept(self) -> Kept:
        return Kept()

    @cached_property
    def _one_large(self) -> Lock:
        return Lock()

    def _entries(
        self, images: LabelledImages, catalog: ClassCatalog, options: Any
    ) -> Iterator[Item | Skipped]:
        with workers() as pool:
            yield from self._items(pool, images, catalog, options)

    def _items(
        self, pool: ThreadPoolExecutor, images: Watched | LabelledImages, catalog: ClassCatalog, options: Any
    ) -> Iterator[Item | Skipped]:
        names = self.naming()
        for image, mask in in_order(pool, partial(self._fitting, catalog, options), images):
            reason = self._reason_to_skip(image.record, mask, options)
            if reason:
                yield Skipped(str(image.record.path), reason)
            elif isinstance(mask, BadInputError):
                yield left_out(mask, image.record.path)
            else:
                yield _item(image.record, names.take(image.record), catalog, mask)

    def _fitting(
        self, catalog: ClassCatalog, options: Any, image: LabelledImage
    ) -> tuple[LabelledImage, Known | BadInputError]:
        """The same; of an image that there is not the memory for, nothing is read."""
        if image.record.revision or options.include_unlabelled:
            try:
                refuse_too_large(self.title, self.bytes_a_pixel * image.record.size.pixels)
            except BadInputError as error:
                return image, error
        return self._known(catalog, image)

    def _known(
        self, catalog: ClassCatalog, image: LabelledImage
    ) -> tuple[LabelledImage, Known | BadInputError]:
        """What the mask of an image holds, or why it cannot be read."""
        try:
            with self._large(image.record):
                return image, self._kept.known(image, catalog)
        except BadInputError as error:
            return image, error

    def _add(self, writer: Writer, entry: Item | Skipped) -> Callable[[], None] | Skipped | None:
        """What is left to do in the images' order, or why an image was left out."""
        if isinstance(entry, Skipped):
            return None
        try:
            return writer.add(entry)
        except BadInputError as error:
            return left_out(error, entry.record.path)

    def _each(
        self, pool: ThreadPoolExecutor, work: Callable[[E], R], entries: Iterator[E]
    ) -> Iterator[tuple[E, R]]:
        """Every entry with what ``work`` makes of it, in order."""

        def done(entry: E) -> tuple[E, R]:
            if isinstance(entry, Skipped):
                return entry, work(entry)
            with self._large(entry.record):
                made = work(entry)
                entry.forget()  # it waits for those before it
                return entry, made

        return in_order(pool, done, entries) if self.parallel else map(done, entries)

    def _large(self, record: ImageRecord) -> AbstractContextManager[Any]:
        return self._one_large if record.size.pixels > LARGE else nullcontext()

    def _reason_to_skip(self, record: ImageRecord, mask: Known | BadInputError, options: Any) -> str:
        if not options.include_unlabelled and isinstance(mask, Known) and not mask.labelled:
            return UNLABELLED
        return pictures.missing(record) if self.with_pictures else ""

    def _why_nothing(self, skipped: list[Skipped]) -> tuple[str, ...]:
        """The problems of a plan in which no image is left: each reason with the files that it is about."""
        reasons = Tally()
        for each in skipped:
            if each.reason != UNLABELLED:
                reasons.add(each.reason, each.name)
        if not (lines := reasons.lines()):
            return ("There is no labelled image to export",)
        none = f"No image can be exported as {self.title}"
        return (f"{none}: {self.none_fits}",) if self.none_fits else (none, *lines)

    def _judge_picture(self, entry: Item, found: Findings) -> int:
        record = entry.record
        info = probe(record.path, record.page)
        sentence = pictures.conversion(record, info, jpeg_only=self.jpeg_only, png_only=self.png_only)
        if not sentence:
            return record.file_bytes
        found.notices.add(sentence, record.name)
        if self._becomes_jpeg(info) and max(record.size) > pictures.MAX_JPEG_SIDE:
            found.problems.add(f"JPEG holds at most {pictures.MAX_JPEG_SIDE} pixels a side", record.name)
        return 3 * record.size.pixels

    def _becomes_jpeg(self, info: ImageInfo) -> bool:
        return self.jpeg_only or (info.kind == "jpeg" and not self.png_only)


def _item(record: ImageRecord, name: str, catalog: ClassCatalog, mask: Known) -> Item:
    return Item(record, name, catalog, mask.runs, mask.objects)


def _sure(mask: Known | BadInputError) -> Known:
    if isinstance(mask, BadInputError):
        raise mask
    return mask


class Checker(Protocol):
    """Compares what lies on disk with the masks."""

    def compare(self, item: Item) -> None:
        """LabeltoolError naming the file at the first difference."""
        ...


def same(file: Path, what: str, found: NDArray[Any], wanted: NDArray[Any]) -> None:
    """Raise LabeltoolError naming the first pixel where two rasters [h, w] differ."""
    _same_shape(file, what, found.shape, wanted.shape)
    different = found != wanted
    if not different.any():
        return
    row, col = np.unravel_index(int(different.argmax()), different.shape)
    first = f"x {col}, y {row}: {found[row, col]} instead of {wanted[row, col]}"
    raise _differs(file, what, int(different.sum()), first)


def _same_shape(file: Path, what: str, found: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    if found != wanted:
        raise LabeltoolError(f"the {what} read back has the shape {found}, not {wanted}", file=file)


def _differs(file: Path, what: str, wrong: int, first: str) -> LabeltoolError:
    return LabeltoolError(
        f"the {what} read back differs in {wrong} pixels, first at {first}",
        file=file,
        hint="The export was not kept; the project is untouched. Please report this",
    )


def same_runs(file: Path, what: str, found: NDArray[Any], runs: Runs, values: NDArray[Any]) -> None:
    """As :func:`same`, where every run must have its value."""
    _same_shape(file, what, found.shape, (runs.size.height, runs.size.width))
    same_strips(file, what, (found[top : top + STRIP] for top in range(0, len(found), STRIP)), runs, values)


def same_strips(
    file: Path, what: str, found: Iterable[NDArray[Any]], runs: Runs, values: NDArray[Any]
) -> None:
    """The same of a raster that comes in strips of :data:`labeltool.core.runs.STRIP` rows, from the top."""
    wrong, first, top = 0, "", 0
    for (at, part), strip in zip(runs.strips(), found, strict=True):
        _same_shape(file, what, strip.shape, (part.size.height, part.size.width))
        if not part.fit(strip, values[at]):
            wanted = part.plane(values[at])
            different = strip != wanted
            row, col = np.unravel_index(int(different.argmax()), different.shape)
            wrong += int(different.sum())
            first = first or f"x {col}, y {top + row}: {strip[row, col]} instead of {wanted[row, col]}"
        top += part.size.height
    if wrong:
        raise _differs(file, what, wrong, first)


def same_size(picture: Path, entry: Item) -> None:
    """Raise LabeltoolError when a picture of the export has not the size of its mask."""
    if probe(picture).size != entry.record.size:
        raise LabeltoolError("the picture in the export has not the size of its mask", file=picture)
