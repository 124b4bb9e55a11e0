"""What users are told about hostile and broken annotation: ``python tests/fuzz/messages.py [--format coco]``.

Prints a table in Markdown: what the file is like, which importers, and their answer.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from fuzz.attacks import OUTSIDE, SECRET, Attack, attacks
from fuzz.beside import with_others
from fuzz.corpora import Case, cases
from fuzz.guarded import Answer, Watched, answer
from fuzz.samples import BUILDERS, INSIDE, png

from labeltool import plugins
from labeltool.formats.protocol import ImportedMask


class Told(NamedTuple):
    """An attack on an importer and its answer; paths in messages begin at the folder of the attack.

    ``came_in`` says for each image what came in of what the valid files hold: "all", "some", "none", or "other" where
    something is there that they do not hold. ``files`` are the names of the files that were imported.
    """

    group: str
    called: str
    importer: str
    answer: Answer
    came_in: dict[str, str]
    files: frozenset[str]

    @property
    def text(self) -> str:
        """The answer as a line."""
        objects = sum(mask.objects for mask in self.answer.masks)
        came_in = (f"{objects} objects come in",) if self.answer.masks else ()
        return " / ".join(
            dict.fromkeys((*(f"**{w}**" for w in self.answer.wrong), *self.answer.messages, *came_in))
        )


def all_told(name: str, root: Path, group: str = "") -> Iterator[Told]:
    """Every attack on an importer, or those of one group, each in a folder of its own below ``root``."""
    case = cases(name, root / "photos")[0]
    if name in BUILDERS:
        case = replace(case, sample=with_others(name, case.sample))
    valid = answer(name, case.sample.write(root / "valid"), case.catalog, case.images, case.sample.options)
    assert len(valid.masks) >= min(2, len(case.images)) and not valid.wrong, (
        name,
        valid.messages,
        valid.wrong,
    )
    chosen = (each for each in attacks(name, case.sample) if group in ("", each.group))
    for number, attack in enumerate(chosen):
        yield told(name, attack, root / str(number), case, valid.masks)


def told(name: str, attack: Attack, top: Path, case: Case, valid: Sequence[ImportedMask]) -> Told:
    """One attack, whose folder goes afterwards. It lies some folders deep, and in each of them and beside it lies a
    picture that nobody may read."""
    folder = top / "a" / "b"
    (folder / OUTSIDE).mkdir(parents=True)
    for bait in (top, folder.parent, folder, folder / OUTSIDE):
        for called in (SECRET, "x.png", "nobody.png"):
            (bait / called).write_bytes(png(INSIDE.astype("uint8")))
    src = attack.write(folder)
    files = frozenset(part for path in (folder / "set").rglob("*") for part in path.relative_to(folder).parts)
    watched = _watched()
    watched.strays, watched.bait = [], str(folder / OUTSIDE)
    watched.allowed = (folder / "set", *{record.path.parent for record in case.images})
    watched.on = True
    found = answer(name, src, case.catalog, case.images, attack.options, add_classes=True)
    watched.on = False
    shutil.rmtree(top)
    by_names = attack.group == "names of classes" or name == "labelme_xml"
    came_in = {
        record.path.name: _of_the_valid(record.id, found.masks, valid, by_names) for record in case.images
    }
    return Told(
        attack.group,
        attack.called,
        name,
        Answer(
            found.masks,
            tuple(m.replace(f"{folder}/", "").replace(str(folder), "") for m in found.messages),
            (*found.wrong, *watched.strays),
        ),
        came_in,
        files,
    )


def _of_the_valid(
    image: str, found: Sequence[ImportedMask], valid: Sequence[ImportedMask], renamed: bool
) -> str:
    """What came in of an image: "all", "some", "none" of the valid mask, or "other"; of ``renamed`` classes only
    whether pixels are background, a class or ignored."""
    mine, good = (next((m for m in masks if m.image_id == image), None) for masks in (found, valid))
    if mine is None or good is None:
        return "none" if mine is None else "other"
    known = np.ones(mine.label.shape, bool) if mine.known is None else mine.known
    whole = np.ones(mine.label.shape, bool) if good.known is None else good.known
    one, other = (np.where((m.label > 0) & renamed & (m.label < 255), 1, m.label) for m in (mine, good))
    if (known & ~whole).any() or (known & (one != other)).any() or mine.objects > good.objects:
        return "other"
    return "all" if np.array_equal(known, whole) and mine.objects == good.objects else "some"


@cache
def _watched() -> Watched:
    """The one for this process: a hook cannot be taken back."""
    return Watched()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = plugins.names("labeltool.importers")
    parser.add_argument("--format", action="append", choices=names)
    chosen = parser.parse_args().format or names
    rows: dict[tuple[str, str], dict[str, list[str]]] = {}
    with tempfile.TemporaryDirectory(prefix="labeltool-messages-") as folder:
        for name in chosen:
            (Path(folder) / name).mkdir()
            for each in all_told(name, Path(folder) / name):
                found = rows.setdefault((each.group, each.called), {}).setdefault(each.text, [])
                if name not in found:
                    found.append(name)
    group = ""
    for (about, called), texts in sorted(rows.items()):
        if about != group:
            group = about
            print(f"\n### {group}\n\n| what | importer | answer |\n| --- | --- | --- |")
        for text, importers in texts.items():
            line = text.replace("|", "\\|")
            short = line if len(line) <= 400 else f"{line[:300]} … {line[-80:]}"
            print(f"| {called.replace(chr(92), chr(92) * 2)} | {', '.join(importers)} | {short} |")


if __name__ == "__main__":
    main()
