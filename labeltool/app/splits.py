"""Train, val and test: which images are in which, by hand, by the names of folders, or drawn by a seed."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from labeltool.app.choices import Draw
from labeltool.app.leaving_out import left_out
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import SPLITS, ImageRecord, Skipped, split_called
from labeltool.core.runs import joined
from labeltool.core.words import counted
from labeltool.store.project import ProjectStore

FAR = 0.1
"""A split whose share is so much larger or smaller than was asked for is told of."""


@dataclass
class Assignment:
    """The split of each image by id, as it would be. ``notices`` are worth knowing before it is so; ``units`` says how
    many of what were drawn, such as "6 subjects"."""

    splits: dict[str, str]
    notices: list[str] = field(default_factory=list)
    units: str = ""

    def counts(self) -> dict[str, int]:
        """Images a split; "" are those without."""
        return dict(Counter(self.splits.values()))


@dataclass
class Applied:
    """How many images have another split now, and those that could not be put into theirs."""

    changed: int = 0
    skipped: list[Skipped] = field(default_factory=list)


def by_hand(records: Iterable[ImageRecord], split: str) -> Assignment:
    """These images, and the other pages of none: they are put where they are wanted. Empty takes them out."""
    return Assignment({record.id: split for record in records})


def by_names(records: Sequence[ImageRecord]) -> Assignment:
    """By the folder nearest to the image that is called train, val, valid, validation, test or the like."""
    found: dict[str, str] = {}
    for record in records:
        split = next(filter(None, map(split_called, reversed(record.path.parts[:-1]))), "")
        if split:
            found[record.id] = split
    if not found:
        raise BadInputError(
            "no image lies in a folder called train, val or test",
            hint="Draw by a seed, or choose images by hand",
        )
    lost = len(records) - len(found)
    lie, stay = ("lies", "stays as it is") if lost == 1 else ("lie", "stay as they are")
    left = [f"{counted(lost, 'image')} {lie} in no such folder and {stay}"] if lost else []
    return Assignment(found, [*left, *leaks(records, {r.id: r.split for r in records} | found)])


def drawn(records: Sequence[ImageRecord], how: Draw) -> Assignment:
    """Units in an order that the seed gives, dealt out so that each split comes as near to its share as units allow.

    A unit of which a part has a split already goes there whole, unless drawn again. The same images and seed give the
    same splits, whatever the order of the images. BadInputError for shares or a pattern that cannot be.
    """
    check(how)
    units = units_of(records, how)
    members: dict[str, list[ImageRecord]] = defaultdict(list)
    for record in records:
        members[units[record.id]].append(record)
    kept = {} if how.again else {name: _split_of(group) for name, group in members.items()}
    chosen = _dealt(members, kept, how)
    splits = {record.id: chosen[units[record.id]] for record in records}
    about = _about_shares(splits, how)
    if about and any(kept.values()):
        afresh = _dealt(members, {}, how)
        if not _about_shares({record.id: afresh[units[record.id]] for record in records}, how):
            about = _about_shares(splits, how, _about_kept(sum(bool(record.split) for record in records)))
    lacking = len(records) - len(_subjects(records, how.pattern)) if how.unit == "subject" else 0
    notices = [*_about_subjects(lacking, len(records)), *about, *leaks(records, splits, how)]
    noun = "unit" if how.unit == "image" or lacking else how.unit
    return Assignment(splits, notices, f"{len(members)} {noun}{'s' if len(members) != 1 else ''}")


def _dealt(
    members: Mapping[str, Sequence[ImageRecord]], kept: Mapping[str, str], how: Draw
) -> dict[str, str]:
    """The split of each unit: the one that it keeps, if any, else the one that lacks most."""
    found = {name: split for name, split in kept.items() if split}
    counts = Counter(dict.fromkeys(SPLITS, 0))
    for name, split in found.items():
        counts[split] += len(members[name])
    total, shares = sum(map(len, members.values())), _shares(how)
    for name in sorted(members, key=lambda name: lot(how.seed, name)):
        if name not in found:
            lacks = [share * total - counts[split] for split, share in zip(SPLITS, shares, strict=True)]
            found[name] = SPLITS[lacks.index(max(lacks))]
            counts[found[name]] += len(members[name])
    return found


def leaks(records: Sequence[ImageRecord], splits: Mapping[str, str], how: Draw | None = None) -> list[str]:
    """Sentences about what would be in two splits at once: a series, a subject, the same file twice."""
    units = units_of(records, Draw())
    keys = {
        "series": {r.id: units[r.id] for r in records if r.series or r.page},
        "patients or scenes": _subjects(records, how.pattern if how else ""),
        "files that are the same byte for byte": {r.id: f"{r.sha256} {r.page}" for r in records},
    }
    found = []
    for what, of in keys.items():
        places: dict[str, set[str]] = defaultdict(set)
        for image, name in of.items():
            if splits.get(image):
                places[name].add(splits[image])
        both = sum(len(each) > 1 for each in places.values())
        if both:
            found.append(f"{both} {what} are in more than one split")
    return found


def apply(
    store: ProjectStore,
    assignment: Assignment,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Applied:
    """Keep the splits in the project. An image whose labels are damaged, or cannot be written, stays where it is. After
    a cancel what was changed before stays."""
    done = Applied()
    moved = [r for r in store.images() if assignment.splits.get(r.id, r.split) != r.split]
    for number, record in enumerate(moved):
        if cancel is not None:
            cancel.check()
        progress(number, len(moved), record.name)
        with left_out(done.skipped, record):
            store.put_into(record.id, assignment.splits[record.id])
            done.changed += 1
    return done


def check(how: Draw) -> None:
    """BadInputError for shares or a pattern that cannot be."""
    if min(how.shares) < 0 or not sum(how.shares):
        raise BadInputError("the shares of train, val and test must not be below 0, and not all 0")
    try:
        re.compile(how.pattern)
    except re.error as error:
        raise BadInputError(f"the pattern is no regular expression: {error}") from error


def units_of(records: Sequence[ImageRecord], how: Draw) -> dict[str, str]:
    """The unit of each image by id.

    The images of one file are never divided, even where they are several series (the times of a volume), nor are those
    of one series that lies in several files, nor a file and its copy. Units are called by what they hold and not by
    where it lies.
    """
    if how.unit == "folder":
        return {r.id: str(r.path.parent) for r in records}
    subjects = _subjects(records, how.pattern) if how.unit == "subject" else {}
    first: dict[tuple[str, str], int] = {}
    pairs = [
        (first.setdefault(key, number), number)
        for number, r in enumerate(records)
        for key in (
            ("file", str(r.path)),
            ("bytes", r.sha256),
            ("series", r.series),
            ("subject", subjects.get(r.id, "")),
        )
        if key[1]
    ]
    roots = joined(len(records), *np.array(pairs, np.int64).reshape(-1, 2).T).tolist()
    names: dict[int, str] = {}
    for root, record in zip(roots, records, strict=True):
        name = subjects.get(record.id) or _stable(record)
        names[root] = min(name, names.get(root, name))
    return {record.id: names[root] for root, record in zip(roots, records, strict=True)}


def _subjects(records: Sequence[ImageRecord], pattern: str) -> dict[str, str]:
    """The patient or scene of each image that has one: by the pattern, else as the file says."""
    found = {}
    for record in records:
        match = re.search(pattern, record.path.as_posix()) if pattern else None
        name = (match[1] if match.re.groups else match[0]) if match else record.subject
        if name:
            found[record.id] = name
    return found


def _stable(record: ImageRecord) -> str:
    """What an image is called for drawing: the same in a project that is made again elsewhere."""
    return f"{record.sha256} {record.page} {record.path.name}"


def _split_of(group: Sequence[ImageRecord]) -> str:
    """Where most of a unit is already."""
    counts = Counter(record.split for record in group if record.split)
    return counts.most_common(1)[0][0] if counts else ""


def lot(seed: int, name: str) -> str:
    """Orders units at random, each by itself, so that a new one moves no other."""
    return hashlib.sha256(f"{seed}:{name}".encode(errors="surrogateescape")).hexdigest()


def _about_subjects(lacking: int, total: int) -> list[str]:
    if not lacking:
        return []
    return [
        f"{lacking} of {total} images name no subject; each file or series counts for itself. "
        "A pattern finds the subject in the path (--pattern)"
    ]


def _about_kept(kept: int) -> str:
    keep = "keeps the split that it has" if kept == 1 else "keep the split that they have"
    return f"{counted(kept, 'image')} {keep} (--again draws anew)"


def _shares(how: Draw) -> list[float]:
    return [share / sum(how.shares) for share in how.shares]


def _about_shares(splits: Mapping[str, str], how: Draw, why: str = "") -> list[str]:
    """What is not as it was asked for, and ``why``: where nothing else is said, for what must not be divided."""
    if not splits:
        return []
    counts, total, shares = Counter(splits.values()), len(splits), _shares(how)
    empty = [s for s, share in zip(SPLITS, shares, strict=True) if share > 0 and not counts[s]]
    far = [
        f"{split} {100 * counts[split] / total:.0f} % instead of {100 * share:.0f} %"
        for split, share in zip(SPLITS, shares, strict=True)
        if abs(counts[split] / total - share) > FAR
    ]
    if empty:
        return [f"no image is left for {' and '.join(empty)}{f': {why}' if why else ''}"]
    return [f"{why or 'what must not be divided is large'}: {', '.join(far)}"] if far else []
