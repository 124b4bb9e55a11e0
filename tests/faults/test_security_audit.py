"""The look for known vulnerabilities says what was found, and says so plainly where nobody answers."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "packaging" / "audit.py"


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["audit.py"])
    return module


def answers(
    monkeypatch: pytest.MonkeyPatch, audit: ModuleType, of_pin: dict[str, dict[str, Any]], err: str = ""
) -> None:
    """pip-audit answers so: of a pin in ``of_pin`` what stands there, of the others that they are well."""

    def run(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        pins = Path(words[-1]).read_text(encoding="utf-8").split()
        rows = []
        for pin in pins:
            name, _, version = pin.partition("==")
            rows.append(
                {"name": name, "version": version, "vulns": []} | of_pin.get(name, of_pin.get("*", {}))
            )
        for row in rows:
            if "skip_reason" in row:
                del row["vulns"]
        return subprocess.CompletedProcess(words, 0, "" if err else json.dumps({"dependencies": rows}), err)

    monkeypatch.setattr(audit.subprocess, "run", run)


def test_a_known_vulnerability_fails_and_is_named(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch, audit, {"numpy": {"vulns": [{"id": "CVE-2099-1", "fix_versions": ["9.9"]}]}})
    assert audit.main() == 1
    said = capsys.readouterr().out
    assert "numpy" in said and "CVE-2099-1, mended in 9.9" in said and "1 known vulnerabilities" in said


def test_one_that_does_not_concern_us_is_let_through_by_its_id(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, audit, {"numpy": {"vulns": [{"id": "CVE-2099-1", "fix_versions": []}]}})
    monkeypatch.setattr(audit, "ACCEPTED", {"CVE-2099-1": "we never call it"})
    assert audit.main() == 0


@pytest.mark.parametrize(
    ("of_pin", "err"),
    [({"*": {"skip_reason": "Dependency not found on PyPI"}}, ""), ({}, "ConnectionError: name not known")],
)
def test_where_nobody_answers_it_says_that_nothing_was_looked_at_and_fails_only_when_asked_to(
    audit: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    of_pin: dict[str, dict[str, Any]],
    err: str,
) -> None:
    answers(monkeypatch, audit, of_pin, err)
    assert audit.main() == 0
    assert "NOT DONE" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["audit.py", "--strict"])
    assert audit.main() == 1
