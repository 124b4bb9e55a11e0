"""What users are told about hostile and broken annotation: ``python tests/fuzz/messages.py [--format coco]``.

Prints a table in Markdown: what the file is like, which importers, and their answer.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzz.attacks import Attack, attacks
from fuzz.corpora import Case, cases
from fuzz.guarded import Answer, Watched, answer

from labeltool import plugins


class Told(NamedTuple):
    """An attack on an importer and its answer; paths in messages begin at the folder of the attack."""

    group: str
    called: str
    importer: str
    answer: Answer

    @property
    def text(self) -> str:
        """The answer as a line."""
        objects = sum(mask.objects for mask in self.answer.masks)
        came_in = (f"{objects} objects come in",) if self.answer.masks else ()
        return " / ".join(
            dict.fromkeys((*(f"**{w}**" for w in self.answer.wrong), *self.answer.messages, *came_in))
        )


def all_told(name: str, root: Path) -> Iterator[Told]:
    """Every attack on an importer, each in a folder of its own below ``root``."""
    case = cases(name, root / "photos")[0]
    for number, attack in enumerate(attacks(name, case.sample)):
        yield told(name, attack, root / str(number), case)


def told(name: str, attack: Attack, folder: Path, case: Case) -> Told:
    """One attack, whose folder goes afterwards."""
    folder.mkdir()
    src = attack.write(folder)
    watched = _watched()
    watched.strays, watched.bait, watched.on = [], str(folder / "outside"), True
    found = answer(name, src, case.catalog, case.images, attack.options, add_classes=True)
    watched.on = False
    shutil.rmtree(folder)
    return Told(
        attack.group,
        attack.called,
        name,
        Answer(
            found.masks,
            tuple(m.replace(f"{folder}/", "").replace(str(folder), "") for m in found.messages),
            (*found.wrong, *watched.strays),
        ),
    )


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
