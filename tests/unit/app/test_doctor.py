import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from labeltool.app import doctor
from labeltool.app.doctor import DEVICE_PROBE, PLUGIN_PROBE, Finding, examine
from labeltool.app.models import Model
from labeltool.cli import run
from labeltool.core import extras
from labeltool.core.errors import ModelError
from labeltool.core.extras import FOR_DICOM, FOR_NIFTI


@pytest.fixture
def healthy(tmp_path: Path, model: Model, runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which everything is there; no child process is started."""
    rows = [{"group": "labeltool.tools", "name": "brush", "origin": "labeltool 1", "error": ""}]

    said = {PLUGIN_PROBE: json.dumps(rows), DEVICE_PROBE: json.dumps([["H100", 80 << 30]])}

    def child(code: str) -> CompletedProcess[str]:
        return CompletedProcess([], 0, said.get(code, "loads"), "")

    monkeypatch.setattr(doctor, "_child", child)
    monkeypatch.setattr(doctor, "version", lambda name: "1.0")
    monkeypatch.setattr(doctor, "embedded_models", lambda: [model])
    monkeypatch.setattr(doctor, "QT_LIBRARIES", {})
    for name in ("user_cache_path", "user_data_path"):
        monkeypatch.setattr(doctor, name, lambda *_, **__: tmp_path)


def errors() -> list[Finding]:
    return [finding for finding in examine() if finding.verdict == "error"]


@pytest.mark.usefixtures("healthy")
def test_a_healthy_machine_has_no_errors() -> None:
    assert errors() == []
    (found,) = [f for f in examine() if f.topic == "model"]
    assert found.text == "runs on cpu (threshold)"


@pytest.mark.usefixtures("healthy")
def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "torch":
            raise PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(doctor, "version", version)
    assert [f.name for f in errors()] == ["torch"]


@pytest.mark.usefixtures("healthy")
def test_a_plug_in_that_breaks_is_named_with_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"group": "labeltool.tools", "name": "wand", "origin": "magic 2", "error": "no module named dust"}
    ]
    real = doctor._child
    broken = CompletedProcess[str]([], 0, json.dumps(rows), "")
    monkeypatch.setattr(doctor, "_child", lambda code: broken if code == PLUGIN_PROBE else real(code))
    (found,) = errors()
    assert (found.name, found.text) == ("tools/wand", "no module named dust")


@pytest.mark.usefixtures("healthy")
def test_children_that_die_are_reported_with_their_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "Traceback\nImportError: libEGL.so.1"
    monkeypatch.setattr(doctor, "_child", lambda code: CompletedProcess([], 1, "", words))
    window, plugins = errors()
    assert "libEGL.so.1" in plugins.text
    assert "libEGL.so.1" in window.text
    assert "apt install" in window.text


@pytest.mark.usefixtures("healthy")
def test_what_matters_comes_first_and_plug_ins_are_counted_unless_somebody_asks_for_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["doctor"]).exit_code == 0
    lines = capsys.readouterr().out.splitlines()
    topics = list(dict.fromkeys(line[2:].split()[0] for line in lines[:-2]))
    assert topics == ["program", "machine", "folder", "window", "model", "package", "extra", "plug-in"]
    assert any("H100 with 80.0 GiB" in line for line in lines)
    assert [line.split() for line in lines if "plug-in" in line] == [["plug-in", "tools", "1"]]
    run(["doctor", "--plugins"])
    assert "tools/brush" in capsys.readouterr().out


@pytest.mark.usefixtures("healthy")
def test_a_model_that_does_not_load_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(model: Model, device: str) -> None:
        raise ModelError("cut off", file="weights.safetensors")

    monkeypatch.setattr(doctor, "try_out", refuse)
    (found,) = errors()
    assert found.text == "weights.safetensors: cut off"


@pytest.mark.usefixtures("healthy")
def test_no_embedded_model_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "embedded_models", list)
    assert [f.topic for f in errors()] == ["model"]


def test_a_library_that_the_window_wants_on_x11_is_only_a_notice(
    healthy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.sys, "platform", "linux")
    monkeypatch.setattr(doctor, "QT_LIBRARIES", {"libnothing.so.99": "libnothing99"})
    (found,) = [f for f in examine() if f.name == "libnothing.so.99"]
    assert found.verdict == "notice"
    assert "libnothing99" in found.text


def test_a_folder_called_labeltool_beside_us_is_not_taken_for_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "labeltool").mkdir()
    (tmp_path / "labeltool" / "__init__.py").write_text("raise ImportError('not this one')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert doctor._child("import labeltool").returncode == 0


@pytest.mark.usefixtures("healthy")
def test_a_module_of_an_extra_that_is_missing_leaves_out_what_it_is_for_and_no_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "nibabel" else object())
    (found,) = [f for f in examine() if f.topic == "extra" and f.verdict == "notice"]
    works, left_out = found.text.split("left out: ")
    assert "DICOM;" in works
    assert "NIfTI" not in works
    assert left_out.startswith("NIfTI (nibabel): pip install")
    assert run(["doctor"]).exit_code == 0
    assert "Everything that is needed is here; left out: NIfTI (nibabel)." in capsys.readouterr().out
    assert FOR_DICOM.missing == []
    assert FOR_NIFTI.missing == ["nibabel"]
