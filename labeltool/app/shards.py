"""Pre-labelling of one project by many processes that know nothing of each other but their number.

Images belong to chunks by a hash of their ids, chunks to ranks by their order. Nobody locks or writes the project: what
a rank makes lies beside it in plain files that get their names when they are whole, so that any network drive will do.

    shards/<key>/card.json           the model's
    shards/<key>/plan.json           which chunks there are
    shards/<key>/<image>.windows     the prediction of an image (store/spool.py)
    shards/<key>/chunk-<n>.json      the journal: all images of a chunk are done

A chunk without a journal is done again by whoever it belongs to in a later run, with any number of ranks; images of it
that are whole are not. ``app/collecting.py`` takes everything into the project.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labeltool.app.models import Model
from labeltool.app.prelabel import PrelabelReport, is_kept, part
from labeltool.app.project import reason, source_problem
from labeltool.app.share import Share
from labeltool.app.spooling import spool
from labeltool.core import atomic
from labeltool.core.errors import BadInputError, ModelError, StoreError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.inference.card import CARD_NAME
from labeltool.inference.options import InferenceOptions
from labeltool.inference.process import ModelProcess
from labeltool.store.database import explained
from labeltool.store.project import ProjectStore
from labeltool.store.spool import about

SHARDS = "shards"
CHUNKS = 256
_PLAN = "plan.json"
_AT_WORK_S = 24 * 3600.0


@dataclass(frozen=True)
class Shards:
    """The folder that the ranks of one model and its options work in."""

    folder: Path

    def windows(self, image_id: str) -> Path:
        """The prediction of an image, whole where it is there."""
        return self.folder / f"{image_id}.windows"

    def journal(self, chunk: int) -> Path:
        """What became of the images of a chunk, once all of them are done."""
        return self.folder / f"chunk-{chunk:03}.json"

    def plan(self) -> dict[str, Any] | None:
        """``key``, ``doubts`` and ``chunks`` (numbers) as the ranks agreed on them; None before the first began."""
        return _read(self.folder / _PLAN, _is_plan)

    def begin(self, model: Model, key: str, how: InferenceOptions, chunks: Sequence[int]) -> None:
        """Say what is to be done; every rank says the same. What was done before and is not collected stays."""
        before = (chunk for chunk in (self.plan() or {}).get("chunks", []) if self.journal(chunk).exists())
        self.folder.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(self.folder / CARD_NAME, _dump(model.card.to_json()))
        plan = {"key": key, "doubts": list(how.doubts), "chunks": sorted({*before, *chunks})}
        atomic.write_bytes(self.folder / _PLAN, _dump(plan))

    def began(self) -> int:
        """A number that changes whenever a rank begins."""
        return (self.folder / _PLAN).stat().st_mtime_ns

    def end(self, began: int) -> None:
        """Remove what is in the folder, whose chunks are all taken, unless a rank has begun in it since :meth:`began`
        said so. What a rank left half-written less than a day ago stays: it may still be at work."""
        if self.began() != began:
            return
        young = time.time() - _AT_WORK_S
        for each in self.folder.iterdir():
            half = each.name.startswith(".") and each.name.endswith(atomic.TEMPORARY)
            if not half or each.stat().st_mtime < young:
                each.unlink()
        with suppress(OSError):  # something is left
            self.folder.rmdir()
            self.folder.parent.rmdir()

    def done(self, chunk: int) -> dict[str, Any] | None:
        """The journal of a chunk: ``images`` (ids) and ``skipped`` (reasons by id)."""
        return _read(self.journal(chunk), _is_journal)

    def state(self) -> dict[str, Any] | None:
        """How far the ranks are, for people and programs."""
        plan = self.plan()
        if plan is None:
            return None
        done = sum(self.journal(chunk).exists() for chunk in plan["chunks"])
        return {"key": plan["key"], "chunks": len(plan["chunks"]), "done": done, "folder": str(self.folder)}


def chunk_of(image_id: str) -> int:
    """The number of the chunk that an image belongs to, 0..255, for ever and everywhere."""
    return hashlib.sha256(image_id.encode()).digest()[0] * CHUNKS // 256


def states(root: Path) -> list[dict[str, Any]]:
    """How far the ranks of a project's sharded pre-labels are."""
    return [state for each in all_shards(root) if (state := each.state()) is not None]


def predict_shard(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    model: Model,
    how: InferenceOptions,
    share: Share,
    *,
    again: bool = False,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> tuple[PrelabelReport, Shards]:
    """Do the chunks of one rank; the project is only read, and may be open for reading only.

    Images whose prediction the project has are left out unless ``again``. What was done before, by whatever rank, is
    not done again; ``kept`` of the report counts it. An image that is missing, changed or broken is reported and noted
    in the journal; a later run tries it again.

    On one kind of device the bytes do not depend on which rank does an image, nor on what it did before: the model runs
    ``repeatable``. Where a rank could not keep to that (its memory ran out), a notice says so.
    """
    how = replace(how, repeatable=True)
    key = model.prediction_key(how)
    report, cancel, started_s = PrelabelReport(key), cancel or CancelToken(), time.monotonic()
    shards = Shards(store.root / SHARDS / _folder_name(key, how))
    chunks: dict[int, list[ImageRecord]] = {}
    for record in records:
        if again or not is_kept(store, record, key, how):
            chunks.setdefault(chunk_of(record.id), []).append(record)
    if chunks:
        with explained(shards.folder):
            shards.begin(model, key, how, sorted(chunks))
    mine = sorted(chunks)[share.rank :: share.world_size]
    total = sum(len(chunks[chunk]) for chunk in mine)
    with ModelProcess(model.path, how) as process:
        run = _Run(shards, share, model, how, process, report, cancel)
        count = 0
        for chunk in mine:
            said = shards.done(chunk)
            if said is None or not {r.id for r in chunks[chunk]} <= set(said["images"]):
                run.chunk(chunk, chunks[chunk], progress, count, total)
            else:
                report.images, report.kept = (
                    report.images + len(chunks[chunk]),
                    report.kept + len(chunks[chunk]),
                )
            count += len(chunks[chunk])
    report.seconds = time.monotonic() - started_s
    return report, shards


@dataclass
class _Run:
    """One rank at work on one chunk after the other."""

    shards: Shards
    share: Share
    model: Model
    how: InferenceOptions
    process: ModelProcess
    report: PrelabelReport
    cancel: CancelToken

    def chunk(
        self, number: int, records: Sequence[ImageRecord], progress: Progress, before: int, total: int
    ) -> None:
        """Do these images of a chunk, then write its journal; what it says of others stays."""
        done: list[str] = []
        skipped: dict[str, str] = {}
        for place, record in enumerate(sorted(records, key=lambda each: each.id), before):
            self.cancel.check()
            try:
                self._image(record, part(progress, place, total, record.name))
                done.append(record.id)
            except (BadInputError, ModelError) as error:
                self.cancel.check()
                if isinstance(error, ModelError) and not self.report.device:
                    raise  # what has never loaded will not load for the next image either
                skipped[record.id] = reason(error)
                self.report.skipped.append(Skipped(str(record.path), reason(error)))
            self.report.listen(self.process)
        self.report.images += len(done)
        with explained(self.shards.folder):
            earlier: list[str] = (self.shards.done(number) or {}).get("images", [])
            images = sorted({*earlier, *done} - set(skipped))
            atomic.write_bytes(self.shards.journal(number), _dump({"images": images, "skipped": skipped}))

    def _image(self, record: ImageRecord, progress: Progress) -> None:
        problem = source_problem(record)
        if problem:
            raise BadInputError(problem, file=record.path)
        whole = self.shards.windows(record.id)
        if (about(whole) or {}).get("image") == record.sha256:
            self.report.kept += 1
            return
        self.report.device, self.report.engine, _ = self.process.ready(self.cancel)
        mine = whole.with_name(
            f".{whole.name}.{self.share.rank}-of-{self.share.world_size}{atomic.TEMPORARY}"
        )
        self.report.tiles += spool(mine, record, self.model, self.how, self.process, self.cancel, progress)
        with explained(whole):
            atomic.move(mine, whole)
            atomic.sync_folder(whole.parent)


def all_shards(root: Path) -> Iterator[Shards]:
    """The folders of all models and options that ranks have begun on."""
    return (Shards(plan.parent) for plan in sorted((root / SHARDS).glob(f"*/{_PLAN}")))


def _folder_name(key: str, how: InferenceOptions) -> str:
    """A name for every file system; predictions with planes of doubt and without are different files."""
    return re.sub(r"[^\w.+@-]", "-", "~".join([key, *how.doubts]))


def _dump(values: dict[str, Any]) -> bytes:
    return (json.dumps(values, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _is_plan(said: dict[str, Any]) -> bool:
    """Files are named after its numbers."""
    chunks = said["chunks"]
    return (
        isinstance(said["key"], str)
        and _are_texts(said.get("doubts", []))
        and isinstance(chunks, list)
        and all(type(chunk) is int and 0 <= chunk < CHUNKS for chunk in chunks)
    )


def _is_journal(said: dict[str, Any]) -> bool:
    skipped = said["skipped"]
    return _are_texts(said["images"]) and isinstance(skipped, dict) and _are_texts([*skipped.values()])


def _are_texts(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(each, str) for each in found)


def _read(path: Path, is_sound: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    """What a file of ours says; None where there is none."""
    try:
        found = json.loads(path.read_bytes())
        if not isinstance(found, dict) or not is_sound(found):
            raise ValueError("it does not say what is done")
        return found
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, RecursionError) as error:
        raise StoreError(
            f"could not be read: {error}", file=path, hint="Remove it: the chunk is done again"
        ) from error
