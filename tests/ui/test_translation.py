"""What people read can be translated: Qt's own tools find it, all of it is there in Chinese, and it is shown."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from xml.etree import ElementTree

import PySide6
import pytest
from PySide6.QtCore import QLocale, QSettings, QTranslator
from PySide6.QtWidgets import QApplication, QMessageBox

from labeltool.app.choices import Measures
from labeltool.app.tables import Column
from labeltool.ui import language
from labeltool.ui.actions import ACTIONS, MENUS, tools
from labeltool.ui.dialogs.failure import sentence
from labeltool.ui.dialogs.options_form import OptionsForm
from labeltool.ui.window import MainWindow
from labeltool.ui.words import heading, translated

ROOT = Path(__file__).resolve().parents[2]
UI = ROOT / "labeltool" / "ui"
CHINESE = ROOT / "resources" / "translations" / "labeltool_zh_CN.ts"


class Message(NamedTuple):
    """A text of the window with its translation; ``state`` is empty where that is finished."""

    context: str
    source: str
    translation: str
    state: str


def messages(file: Path) -> list[Message]:
    return [
        Message(
            context.findtext("name") or "",
            message.findtext("source") or "",
            message.findtext("translation") or "",
            message.find("translation").get("type", ""),
        )
        for context in ElementTree.parse(file).iter("context")
        for message in context.iter("message")
    ]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """What `make translations` runs."""
    if not list(Path(PySide6.__file__).parent.glob("lupdate*")):
        pytest.skip("this PySide6 ships no lupdate")
    spec = importlib.util.spec_from_file_location("translations", ROOT / "packaging" / "translations.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def texts(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Chinese translation, brought up to date with the texts that the window has now."""
    found = tmp_path_factory.mktemp("ts") / CHINESE.name
    shutil.copy(CHINESE, found)
    script.update(found)
    return found


@pytest.fixture
def speak(app: QApplication) -> Iterator[None]:
    """Takes away what a test has the application speak."""
    before, locale = app.findChildren(QTranslator), QLocale()
    yield
    for each in app.findChildren(QTranslator):
        if each not in before:
            app.removeTranslator(each)
            each.deleteLater()
    QLocale.setDefault(locale)


@pytest.fixture
def chinese(app: QApplication, speak: None) -> None:
    """The application as it is after Chinese was chosen."""
    QSettings().setValue(language.KEY, "zh_CN")
    language.speak(app)


def test_every_action_and_menu_is_found_by_the_translation_tool(texts: Path) -> None:
    found = {message.source for message in messages(texts)}
    assert {text for text in (*MENUS, *(spec.text for spec in ACTIONS)) if text not in found} == set()


def test_no_text_is_where_the_translation_tool_does_not_look() -> None:
    """It finds nothing inside an f-string, and nothing that another function translates."""
    hidden = []
    for file in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            calls = (
                [c for c in ast.walk(node) if isinstance(c, ast.Call)]
                if isinstance(node, ast.JoinedStr)
                else []
            )
            names = [c.func.attr if isinstance(c.func, ast.Attribute) else ast.unparse(c.func) for c in calls]
            hidden += [f"{file.name}:{node.lineno}" for name in names if name in ("tr", "translate")]
    assert hidden == []


def test_every_text_of_the_window_has_a_chinese_translation(texts: Path) -> None:
    """Where this fails: `make translations`, then write what is missing into the .ts file, then once more."""
    assert [each.source for each in messages(texts) if each.state or not each.translation] == []


def test_the_translation_has_no_text_that_the_window_has_not(texts: Path) -> None:
    assert {each[:2] for each in messages(CHINESE)} - {each[:2] for each in messages(texts)} == set()


def test_a_translation_keeps_what_the_program_puts_in() -> None:
    def kept(text: str) -> tuple[list[str], bool, int, list[str]]:
        return (
            sorted(re.findall(r"{.*?}", text)),
            text.endswith("…"),
            text.count("\n"),
            re.findall(r"<.*?>", text),
        )

    assert [each.source for each in messages(CHINESE) if kept(each.source) != kept(each.translation)] == []


def test_the_file_that_qt_reads_says_what_the_translation_says() -> None:
    """Where this fails: `make translations`."""
    read = QTranslator()
    assert read.load(str(CHINESE.with_suffix(".qm")))
    differ = [each.source for each in messages(CHINESE) if read.translate(*each[:2]) != each.translation]
    assert differ == []


def test_the_window_is_chinese_where_chinese_was_chosen(app: QApplication, chinese: None) -> None:
    window = MainWindow()
    assert [action.text() for action in window.menuBar().actions()][:2] == ["文件", "编辑"]
    assert window.actions_["prelabel"].text() == "预标注此图像"
    assert window.actions_["brush"].text() == "笔刷"
    assert window.actions_["language_zh"].isChecked()
    titles = [tool.title for tool in tools() if translated(tool.title) == tool.title]
    assert titles == ["GrabCut"]
    window.close()


def test_what_the_layers_below_call_things_is_chinese_too(app: QApplication, chinese: None) -> None:
    form = OptionsForm(Measures, "form")
    assert form.findChild(object, "form.unit").accessibleName() == "单位"
    assert heading(Column("area", "area", "mm2")) == "面积 [mm2]"
    assert heading(Column("IoU nucleus", "number")) == "IoU nucleus"
    assert heading(Column("recall nucleus", "number")) == "召回率 nucleus"
    assert sentence("写入完成") == "写入完成。"
    form.deleteLater()


def test_qts_own_dialogs_are_chinese_too(app: QApplication, chinese: None) -> None:
    box = QMessageBox()
    box.setStandardButtons(QMessageBox.StandardButton.Cancel)
    assert "取消" in box.button(QMessageBox.StandardButton.Cancel).text()
    box.deleteLater()


def test_the_window_speaks_as_the_system_does_until_a_language_is_chosen(
    app: QApplication, speak: None
) -> None:
    for system, wanted, shown in (
        ("zh_CN", "", "撤销"),
        ("de_DE", "", "Undo"),
        ("zh_CN", "en", "Undo"),
        ("de_DE", "zh_CN", "撤销"),
        ("zh_CN", "klingon", "撤销"),
    ):
        for each in app.findChildren(QTranslator):
            app.removeTranslator(each)
        QLocale.setDefault(QLocale(system))
        QSettings().setValue(language.KEY, wanted)
        language.speak(app)
        assert translated("Undo") == shown, (system, wanted)


def test_a_language_is_kept_and_holds_from_the_next_start_on(app: QApplication) -> None:
    window, told = MainWindow(), []
    part = next(part for part in window._parts if isinstance(part, language.Language))
    part.told.connect(told.append)
    assert window.actions_["language_system"].isChecked()
    window.actions_["language_zh"].trigger()
    assert language.chosen() == "zh_CN"
    assert told == ["The language changes when labeltool is started again"]
    assert window.actions_["undo"].text().startswith("Undo")
    window.close()
