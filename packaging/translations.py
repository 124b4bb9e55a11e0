"""What `make translations` does: find every text of the window, and make the file that Qt reads of each translation.

Tools, strategies, formats and options know of no translation. Their texts are collected from the objects themselves.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import PySide6

from labeltool import plugins
from labeltool.app.choices import Draw, Measures, Ranking
from labeltool.app.loop.settings import LoopSettings
from labeltool.app.review.choices import FoldChoices
from labeltool.inference.training_options import PRESETS
from labeltool.ui.dialogs import options_form
from labeltool.ui.words import CONTEXT

ROOT = Path(__file__).resolve().parents[1]
TRANSLATIONS = ROOT / "resources" / "translations"

Text = tuple[str, str]
"""A context and a text in English."""


def below() -> set[Text]:
    """The texts of the layers below that the window shows."""
    found = {("Train", text) for preset in PRESETS.values() for text in (preset.name, preset.summary)}
    for options in (Draw, FoldChoices, LoopSettings, Measures, Ranking):
        found |= {(options_form.CONTEXT, text) for text in _of_form(options)}
    for group in ("exporters", "importers"):
        for each in _plugins(group):
            texts = each.title, *_of_form(each.Options)
            found |= {(options_form.CONTEXT, text) for text in texts}
    for each in _plugins("strategies"):
        found |= {(CONTEXT, text) for text in (each.title, each.help)}
    for each in _plugins("tools"):
        options = [text for option in each.options for text in (option.title, *option.choices)]
        found |= {(CONTEXT, text) for text in (each.title, each.help, *options)}
    return {(context, text) for context, text in found if text}


def _plugins(name: str) -> Iterator[Any]:
    group = f"labeltool.{name}"
    return (plugins.load(group, each) for each in plugins.names(group))


def _of_form(options: type) -> Iterator[str]:
    """Labels, helps and choices, as OptionsForm shows them."""
    hints = get_type_hints(options)
    for each in fields(options):
        about, hint = each.metadata, hints[each.name]
        yield options_form.label_of(each)
        yield from (about.get("help", ""), about.get("least_called", ""))
        called = about.get("choices", {})
        if get_origin(hint) is Literal:
            yield from (called.get(str(value), str(value)) for value in get_args(hint))
        elif isinstance(hint, type) and issubclass(hint, Enum):
            yield from (called.get(str(value.value), str(value.value)) for value in hint)
        else:
            yield from called.values()


def update(translation: Path) -> None:
    """Bring a .ts file up to date: new texts come in as unfinished, those that are gone go."""
    with tempfile.TemporaryDirectory() as folder:
        collected = Path(folder, "below.py")
        lines = [
            f"QT_TRANSLATE_NOOP({json.dumps(context)}, {json.dumps(text, ensure_ascii=False)})\n"
            for context, text in sorted(below())
        ]
        collected.write_text("".join(lines), encoding="utf-8")
        sources = [*sorted((ROOT / "labeltool" / "ui").rglob("*.py")), collected]
        _qt("lupdate", "-silent", "-no-obsolete", "-locations", "none", *sources, "-ts", translation)


def release(translation: Path) -> Path:
    """Make the .qm file beside a .ts file."""
    made = translation.with_suffix(".qm")
    _qt("lrelease", "-silent", translation, "-qm", made)
    return made


def _qt(name: str, *arguments: str | Path) -> None:
    """Run one of the tools that PySide6 brings along."""
    tool = Path(PySide6.__file__).parent / (name + (".exe" if sys.platform == "win32" else ""))
    subprocess.run([tool, *arguments], check=True)  # noqa: S603  # Qt's own tool, by its path


if __name__ == "__main__":
    for each in sorted(TRANSLATIONS.glob("*.ts")):
        update(each)
        release(each)
