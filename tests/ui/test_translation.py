"""What people read can be translated: Qt's own tools find it, and a translation is shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import PySide6
import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication

from labeltool.ui.actions import ACTIONS, MENUS
from labeltool.ui.words import translated

UI = Path(__file__).resolve().parents[2] / "labeltool" / "ui"


def qt_tool(name: str, *arguments: str) -> None:
    """Run one of the tools that PySide6 ships."""
    tool = Path(PySide6.__file__).parent / (name + (".exe" if sys.platform == "win32" else ""))
    if not tool.exists():
        pytest.skip(f"this PySide6 ships no {name}")
    subprocess.run([str(tool), *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All texts of the window as Qt's lupdate finds them."""
    found = tmp_path_factory.mktemp("ts") / "labeltool_zh_CN.ts"
    qt_tool("lupdate", *(str(f) for f in sorted(UI.rglob("*.py"))), "-ts", str(found))
    return found


def sources(texts: Path) -> set[str]:
    return {message.findtext("source") or "" for message in ElementTree.parse(texts).iter("message")}


def test_every_action_and_menu_is_found_by_the_translation_tool(texts: Path) -> None:
    missing = {text for text in (*MENUS, *(spec.text for spec in ACTIONS)) if text not in sources(texts)}
    assert missing == set()


def test_a_translation_is_shown(texts: Path, tmp_path: Path, app: QApplication) -> None:
    tree = ElementTree.parse(texts)
    for message in tree.iter("message"):
        if message.findtext("source") == "Undo":
            translation = message.find("translation")
            translation.text = "撤销"
            translation.attrib.pop("type", None)
    tree.write(tmp_path / "zh.ts", encoding="utf-8", xml_declaration=True)
    qt_tool("lrelease", str(tmp_path / "zh.ts"), "-qm", str(tmp_path / "zh.qm"))
    translator = QTranslator()
    assert translator.load(str(tmp_path / "zh.qm"))
    app.installTranslator(translator)
    try:
        assert translated("Undo") == "撤销"
        assert translated("Redo") == "Redo"
    finally:
        app.removeTranslator(translator)
