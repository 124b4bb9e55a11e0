"""Images that are slices of one volume, and what the exporters that write one file a volume have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord, Skipped, stem_of
from labeltool.core.provenance import Origin
from labeltool.formats import pictures
from labeltool.formats.dataset import UNLABELLED, Findings
from labeltool.formats.items import Item, Kept, Known, Names, Tally, Watched
from labeltool.formats.manifest import own_manifest
from labeltool.formats.options import ExportOptions
from labeltool.formats.protocol import ExportPlan, ExportReport, LabelledImage, LabelledImages, Planned
from labeltool.formats.room import refuse_too_large
from labeltool.formats.untrusted import left_out

S = TypeVar("S")

NIFTI, DICOM = "nifti", "dicom"
"""The kinds of images (``ImageRecord.kind``) that may be slices of a volume."""


@dataclass(frozen=True)
class Volume:
    """Images of a project that belong to one volume, in the order of their places."""

    records: tuple[ImageRecord, ...]

    @property
    def kind(self) -> str:
        """The kind of its files."""
        return self.records[0].kind

    @property
    def file(self) -> Path:
        """The first of its files, for messages."""
        return self.records[0].path

    @property
    def files(self) -> frozenset[Path]:
        """All its files: one, or one a slice."""
        return frozenset(record.path for record in self.records)

    @property
    def stem(self) -> str:
        """What it is called: its file without the suffix, or the folder that its files lie in."""
        if len(self.files) > 1:
            return self.file.parent.name or self.records[0].series
        return stem_of(self.file)

    @property
    def splits(self) -> list[str]:
        """The splits that its slices are in; more than one cannot go into one file."""
        return sorted({record.split for record in self.records})


def key_of(record: ImageRecord) -> tuple[str, Path | None]:
    """What the images of one volume have in common; files of many slices are volumes of their own."""
    alone = bool(record.page) or not record.series
    return record.series, record.path if alone else None


def volumes(records: Iterable[ImageRecord], kinds: frozenset[str]) -> list[Volume]:
    """The volumes of a project, in the order of their first images; images of other kinds are passed over."""
    groups: dict[tuple[str, Path | None], list[ImageRecord]] = defaultdict(list)
    for record in records:
        if record.kind in kinds:
            groups[key_of(record)].append(record)
    return [Volume(tuple(sorted(g, key=lambda r: (r.place, r.name)))) for g in groups.values()]


@dataclass(frozen=True)
class Labelled(Generic[S]):
    """A volume on its way into an export: ``name`` there, the masks of its slices in their order, its ``source``."""

    name: str
    volume: Volume
    slices: tuple[Item, ...]
    empty: tuple[bool, ...]
    """True of slices of which nobody has labelled a single pixel."""
    drawn_by_model: frozenset[int]
    """Classes of which a model drew pixels that nobody has drawn again."""
    source: S

    @property
    def split(self) -> str:
        """Train, val, test or empty."""
        return self.volume.splits[0]

    @property
    def objects(self) -> int:
        """Objects, counted slice by slice."""
        return sum(len(item.objects.extents) for item in self.slices)

    @property
    def values(self) -> NDArray[np.uint8]:
        """The label values that occur, ascending."""
        return np.unique(np.concatenate([np.unique(item.runs.label) for item in self.slices]))


class VolumeExporter(ABC, Generic[S]):
    """An exporter that writes one file a volume: a format says how one is judged, written and checked.

    The masks of one volume are in memory at a time, as runs, while its images follow each other in the project. A
    volume goes out whole or not at all: slices that nobody has labelled are in it, and a slice whose mask cannot be
    read keeps all of it back.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    Options: ClassVar[type[ExportOptions]] = ExportOptions
    bytes_a_pixel: ClassVar[int] = 8
    """The most memory that writing a volume or comparing it takes, measured."""
    kinds: ClassVar[frozenset[str]]
    no_volume: ClassVar[str]
    """Why images of other kinds are left out."""

    def stem(self, volume: Volume) -> str:
        """What a volume is called; its name in the export is that or near it."""
        return volume.stem

    @abstractmethod
    def source(self, volume: Volume, options: Any) -> S:
        """What its files say of it, headers only; BadInputError where it cannot be exported."""

    @abstractmethod
    def judge(self, labelled: Labelled[S], options: Any, found: Findings) -> int:
        """Add what is wrong or worth knowing about one volume; returns the bytes that it takes at most."""

    @abstractmethod
    def save(self, labelled: Labelled[S], out: Path, options: Any) -> Any:
        """Write one volume; BadInputError leaves it out, with nothing of it written. Returns what :meth:`finish` needs
        to know of it."""

    @abstractmethod
    def finish(self, saved: list[Any], catalog: ClassCatalog, out: Path, options: Any) -> None:
        """Write what is about all volumes."""

    @abstractmethod
    def compare(self, labelled: Labelled[S], out: Path, options: Any) -> None:
        """Read one volume back and compare it; LabeltoolError naming the file at the first difference."""

    def plan(self, images: LabelledImages, catalog: ClassCatalog, options: Any) -> ExportPlan:
        """What would be written: one pass over the masks, and the headers of the volumes."""
        found, planned = Findings(Tally(), Tally()), Planned()
        self._forget()
        for entry in self._labelled(images, catalog, options, {}):
            if isinstance(entry, Skipped):
                planned.skipped.append(entry)
                continue
            try:
                nbytes = self.judge(entry, options, found)
            except BadInputError as error:
                planned.skipped += _each(entry.volume, error)
                continue
            records, files = entry.volume.records, entry.volume.files
            planned.add((record.id for record in records), files, nbytes, entry.objects)
            self._judge_pixels(entry, catalog, found)
        nothing = "There is no labelled volume to export", *_why(planned.skipped)
        return planned.plan(found.problems.lines() if planned.ids else nothing, found.notices.lines())

    def write(
        self,
        images: LabelledImages,
        catalog: ClassCatalog,
        out: Path,
        options: Any,
        progress: Progress,
        cancel: CancelToken,
    ) -> ExportReport:
        """Write every volume that is fit for it; the images of the others are in the report, with the reason."""
        skipped: list[Skipped] = []
        names: dict[str, str] = {}
        saved, objects = [], 0
        watched = Watched(images, progress, cancel, "writing")
        for entry in self._labelled(watched, catalog, options, {}):
            if isinstance(entry, Skipped):
                skipped.append(entry)
                continue
            try:
                saved.append(self.save(entry, out, options))
            except BadInputError as error:
                skipped += _each(entry.volume, error)
                continue
            names.update((record.id, entry.name) for record in entry.volume.records)
            objects += entry.objects
        self.finish(saved, catalog, out, options)
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
        """Read every volume back from ``out``; LabeltoolError at the first difference."""
        manifest = own_manifest(out)
        watched = Watched(images, progress, cancel, "verifying")
        for entry in self._labelled(watched, catalog, options, manifest.names):
            if isinstance(entry, Skipped):
                raise LabeltoolError(
                    f"what was exported cannot be read again: {entry.reason}", file=entry.file
                )
            self.compare(entry, out, options)
        self._forget()

    @cached_property
    def _kept(self) -> Kept:
        return Kept()

    @cached_property
    def _by_model(self) -> dict[str, frozenset[int]]:
        """The classes that a model drew, by image."""
        return {}

    def _forget(self) -> None:
        self._kept.clear()
        self._by_model.clear()

    def _labelled(
        self, images: LabelledImages | Watched, catalog: ClassCatalog, options: Any, given: dict[str, str]
    ) -> Iterator[Labelled[S] | Skipped]:
        """Every volume as soon as all its images have come by; ``given`` are the names of those that have one."""
        of_image = {
            record.id: volume
            for volume in volumes((image.record for image in images), self.kinds)
            for record in volume.records
        }
        names = Names()
        waiting: dict[str, dict[str, Known | BadInputError]] = defaultdict(dict)
        for image in images:
            volume = of_image.get(image.record.id)
            if volume is None:
                yield Skipped(_place(image.record), self.no_volume)
                continue
            first = volume.records[0].id
            waiting[first][image.record.id] = self._known(image, catalog)
            if len(waiting[first]) < len(volume.records):
                continue
            entry = self._whole(volume, waiting.pop(first), options)
            if isinstance(entry, BadInputError):
                yield from _each(volume, entry)
                continue
            name = given.get(first) or names.give(self.stem(volume))
            runs = zip(volume.records, entry.slices, strict=True)
            items = tuple(Item(record, name, catalog, known.runs) for record, known in runs)
            empty = tuple(not known.labelled for known in entry.slices)
            drawn = frozenset().union(*(self._by_model[r.id] for r in volume.records))
            yield Labelled(name, volume, items, empty, drawn, entry.source)

    def _whole(
        self, volume: Volume, found: dict[str, Known | BadInputError], options: Any
    ) -> _Whole[S] | BadInputError:
        """The masks and the source of a volume, or why it is left out."""
        slices = [found[record.id] for record in volume.records]
        known = [each for each in slices if isinstance(each, Known)]
        if len(known) < len(slices):
            broken = next(each for each in slices if isinstance(each, BadInputError))
            return BadInputError(f"the mask of a slice cannot be read ({broken.message})", hint=broken.hint)
        if not options.include_unlabelled and not any(each.labelled for each in known):
            return BadInputError(UNLABELLED)
        if len(volume.splits) > 1:
            splits = ", ".join(split or "none" for split in volume.splits)
            return BadInputError(
                f"the slices of this volume are in different splits ({splits})",
                hint="Put all of them into one: they go into one file, and they show the same patient",
            )
        missing = next((why for record in volume.records if (why := pictures.missing(record))), "")
        if missing:
            return BadInputError(missing)
        try:
            refuse_too_large(self.title, self.bytes_a_pixel * sum(r.size.pixels for r in volume.records))
            return _Whole(known, self.source(volume, options))
        except BadInputError as error:
            return error

    def _known(self, image: LabelledImage, catalog: ClassCatalog) -> Known | BadInputError:
        try:
            if (
                image.record.id not in self._by_model
            ):  # both from one look at the mask, which is read for each
                image = LabelledImage(image.record, image.mask)
                self._by_model[image.record.id] = _drawn_by_model(image.mask)
            return self._kept.known(image, catalog)
        except BadInputError as error:
            return error

    def _judge_pixels(self, entry: Labelled[S], catalog: ClassCatalog, found: Findings) -> None:
        strange = sorted({value for item in entry.slices for value in item.strange_values})
        if strange:
            values = ", ".join(map(str, strange))
            found.problems.add(
                f"A mask holds the value {values}, which is no class of the project", entry.name
            )


@dataclass(frozen=True)
class _Whole(Generic[S]):
    slices: list[Known]
    source: S


def _drawn_by_model(mask: LabelMask) -> frozenset[int]:
    """The classes that have pixels of which a model is the origin."""
    inside = mask.read("origin") == Origin.MODEL
    return frozenset(np.unique(mask.read("label")[inside]).tolist()) if inside.any() else frozenset()


def _place(record: ImageRecord) -> str:
    """An image's file and page, for a report."""
    return f"{record.path} [{record.page}]" if record.page else str(record.path)


def _each(volume: Volume, error: BadInputError) -> Iterator[Skipped]:
    """An entry of the report for every image of a volume that is left out."""
    reason = left_out(error, volume.file).reason
    yield from (Skipped(_place(record), reason) for record in volume.records)


def _why(skipped: list[Skipped]) -> tuple[str, ...]:
    """The reasons, each once, with the names of the files whose slices they are about."""
    reasons = Tally()
    for reason, name in dict.fromkeys((entry.reason, entry.name) for entry in skipped):
        reasons.add(reason, name)
    return reasons.lines()
