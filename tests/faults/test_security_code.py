"""What the program's code must not hold: ways by which a file becomes code, or a text a command."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "labeltool"

ALLOWED = {
    (
        "nn/checkpoint.py",
        "import pickle",
    ): "names the error that torch raises where a file holds more than tensors",
    (
        "nn/checkpoint.py",
        "import zipfile",
    ): "reads an archive's table of contents, to refuse what would fill the memory",
    ("inference/child.py", "subprocess.Popen"): "our own interpreter and module, no shell",
    ("app/doctor.py", "subprocess.run"): "our own interpreter and code, no shell",
    ("cli/commands/demo.py", "subprocess.run"): "our own interpreter and module, no shell",
    (
        "ui/ending.py",
        "import socket",
    ): "a pair of sockets within the process, which wakes Qt when a signal comes",
}
"""What is there all the same, and why that does no harm."""

MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "jsonpickle",
    "telnetlib",
    "ftplib",
}
MODULES |= {"zipfile", "tarfile", "xmlrpc", "pty", "commands"}
"""Never imported: they run what a file says, or unpack it (there is no archive that we read)."""
NETWORK = {
    "socket",
    "ssl",
    "http",
    "urllib",
    "requests",
    "httpx",
    "aiohttp",
    "urllib3",
    "smtplib",
    "socketserver",
    "asyncio",
}
NETWORK |= {"huggingface_hub", "webbrowser", "PySide6.QtNetwork", "PySide6.QtWebEngineWidgets"}
JUDGED = {"shell", "weights_only", "allow_pickle", "trust_remote_code"}
CALLS = {"eval", "exec", "compile", "__import__", "execfile", "input"}
ATTRIBUTES = {
    "os.system",
    "os.popen",
    "os.execv",
    "os.execvp",
    "os.spawnl",
    "os.spawnv",
    "subprocess.Popen",
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.getoutput",
    "shutil.unpack_archive",
    "tempfile.mktemp",
    "torch.hub",
    "torch.jit.load",
    "torch.package",
    "yaml.load",
    "yaml.load_all",
    "yaml.full_load",
    "yaml.unsafe_load",
    "yaml.Loader",
    "yaml.FullLoader",
    "yaml.UnsafeLoader",
    "Xml.parse",
    "Xml.fromstring",
    "Xml.iterparse",
    "Xml.XMLParser",
    "ElementTree.parse",
}


def findings(path: str, source: str) -> Iterator[str]:
    """What a file holds of the above: the thing itself, as :data:`ALLOWED` has it."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"import {name}" for name in _forbidden([alias.name for alias in node.names]))
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            yield from (f"import {name}" for name in _forbidden(names))
        elif isinstance(node, ast.Call):
            yield from _of_call(node, source)
        elif (
            isinstance(node, ast.Attribute)
            and _dotted(node) in ATTRIBUTES
            and not _defused(_dotted(node), source)
        ):
            yield _dotted(node)


def _forbidden(names: list[str]) -> Iterator[str]:
    for name in names:
        if name.split(".")[0] in MODULES | NETWORK or name in NETWORK:
            yield name


def _of_call(node: ast.Call, source: str) -> Iterator[str]:
    called = _dotted(node.func)
    words = {word.arg: ast.unparse(word.value) for word in node.keywords if word.arg in JUDGED}
    if called in CALLS:
        yield f"{called}()"
    if words.get("shell") not in (None, "False"):
        yield f"{called}(shell=True)"
    if called == "torch.load" and words.get("weights_only") != "True":
        yield "torch.load() without weights_only=True"
    if words.get("allow_pickle") not in (None, "False") or (
        called == "np.load" and "allow_pickle" not in words
    ):
        yield f"{called}() that may unpickle"
    if words.get("trust_remote_code") not in (None, "False"):
        yield f"{called}(trust_remote_code=True)"
    if called.endswith((".extractall", ".unpack_archive")):
        yield f"{called}()"
    if called.endswith(".iterparse") and "defusedxml" not in called:
        yield f"{called}()"


def _dotted(node: ast.expr) -> str:
    """``os.path.join`` of the expression, "?" for what is no name."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def _defused(name: str, source: str) -> bool:
    """``ElementTree.parse`` of defusedxml is the safe one."""
    return name.startswith("ElementTree.") and "from defusedxml import" in source


@functools.cache
def all_findings() -> set[tuple[str, str]]:
    return {
        (path.relative_to(CODE).as_posix(), what)
        for path in sorted(CODE.rglob("*.py"))
        for what in findings(path.name, path.read_text(encoding="utf-8"))
    }


def test_no_file_becomes_code_and_no_text_a_command() -> None:
    assert sorted(all_findings() - set(ALLOWED)) == []


def test_every_exception_is_still_needed_and_says_why() -> None:
    assert sorted(set(ALLOWED) - all_findings()) == []
    assert all(ALLOWED.values())


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import zipfile",
        "import socket",
        "from urllib.request import urlopen",
        "from http import client",
        "import huggingface_hub as hub",
        "from PySide6.QtNetwork import QNetworkAccessManager",
        "x = eval(text)",
        "exec(text)",
        "m = __import__(name)",
        "import os\nos.system(text)",
        "import subprocess\nsubprocess.run(words)",
        "run(text, shell=True)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=safe)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text)",
        "yaml.load(text, Loader=yaml.FullLoader)",
        "from xml.etree import ElementTree as Xml\nXml.fromstring(data)",
        "import xml.etree.ElementTree as Xml\nXml.iterparse(file)",
        "archive.extractall(folder)",
        "AutoModel.from_pretrained(x, trust_remote_code=True)",
    ],
)
def test_each_way_is_found_where_it_is_put(source: str) -> None:
    assert list(findings("x.py", source)) != []


@pytest.mark.parametrize(
    "source",
    [
        "torch.load(path, map_location='cpu', weights_only=True)",
        "np.load(file, allow_pickle=False)",
        "yaml.safe_dump(content)",
        "model.eval()",
        "import defusedxml.ElementTree\ndefusedxml.ElementTree.fromstring(data, forbid_dtd=True)",
        "from defusedxml import ElementTree\nElementTree.fromstring(text)",
        "dialog.exec()",
    ],
)
def test_what_is_harmless_is_let_through(source: str) -> None:
    assert list(findings("x.py", source)) == []


def test_xml_is_parsed_by_defusedxml_alone() -> None:
    """The standard library's own classes are for types and for writing."""
    bad = []
    for path in CODE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "lxml" in source or (
            "xml.etree" in source and ".fromstring(" in source and "defusedxml" not in source
        ):
            bad.append(path.name)
    assert bad == []
