"""Other forms of a model, made by a child process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labeltool.app import model_files
from labeltool.app.model_files import export_onnx, quantize
from labeltool.app.models.finding import embedded_models
from labeltool.core.errors import BadInputError, CancelledError, ModelError
from labeltool.core.extras import INT8, ONNX
from labeltool.core.progress import CancelToken

needs_onnx = pytest.mark.skipif(bool(ONNX.missing), reason="onnx is not installed")


def test_a_model_that_the_project_has_not_is_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model called 'nuclei' of its own") as caught:
        quantize(tmp_path, "nuclei", images=[])
    assert "models DIR add" in caught.value.hint


@pytest.mark.skipif(bool(INT8.missing), reason="NNCF is not installed")
def test_without_a_single_image_nothing_is_quantized(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "nuclei").symlink_to(embedded_models()[0].folder, target_is_directory=True)
    with pytest.raises(BadInputError, match="no image"):
        quantize(tmp_path, embedded_models()[0].card.name, images=[])


def test_examples_come_from_all_over_a_project_and_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    images: Any = range(1000)
    monkeypatch.setattr(model_files, "source_problem", lambda record: "gone" if record % 9 == 0 else "")
    found: Any = list(model_files._examples(images))
    assert len(found) == len(set(found)) == 120
    assert min(found) < 50 and max(found) > 950 and not any(number % 9 == 0 for number in found)


@needs_onnx
def test_a_folder_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no such folder"):
        export_onnx(embedded_models()[0], tmp_path / "not" / "there.onnx")


@needs_onnx
def test_a_cancelled_export_leaves_nothing(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        export_onnx(embedded_models()[0], tmp_path, cancel=cancel)
    assert not list(tmp_path.iterdir())


@needs_onnx
@pytest.mark.slow
def test_an_embedded_model_becomes_one_onnx_file(tmp_path: Path) -> None:
    model, told = embedded_models()[0], []
    path = export_onnx(model, tmp_path, progress=lambda done, total, text="": told.append(text))
    assert path == tmp_path / f"{model.card.name}.onnx" and path.stat().st_size > 1e6
    assert "comparing" in told
