"""A virus scanner that holds what is to be renamed, for a moment or for good (row 12)."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from mask_samples import CELLS, several

from labeltool.core import atomic
from labeltool.core.errors import StoreError
from labeltool.formats.export import export
from labeltool.formats.left_over import left_over
from labeltool.formats.png import PngExporter
from labeltool.store.layout import QUARANTINE, quarantine

Scanner = Callable[[str, int], None]


@pytest.fixture
def scanner(monkeypatch: pytest.MonkeyPatch) -> Scanner:
    """Holds whatever is renamed to a name that ends so, for a number of tries: Windows' error 5 or 32."""
    real = Path.replace

    def hold(ending: str, tries: int) -> None:
        left = [1] * tries

        def replace(self: Path, target: Path) -> Path:
            if str(target).endswith(ending) and left:
                left.pop()
                raise PermissionError(errno.EACCES, "the file is in use", str(self), None, str(target))
            return real(self, target)

        monkeypatch.setattr(Path, "replace", replace)

    monkeypatch.setattr(atomic, "_WAITS_S", (0, 0))
    return hold


def test_an_export_that_is_held_for_a_moment_gets_its_name_in_the_end(
    tmp_path: Path, scanner: Scanner
) -> None:
    (tmp_path / "out").mkdir()
    scanner("out", 2)
    assert export(PngExporter(), several(tmp_path / "in", CELLS), CELLS, tmp_path / "out").images == 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_an_export_that_is_held_for_good_is_kept_and_its_name_is_told(
    tmp_path: Path, scanner: Scanner
) -> None:
    out = tmp_path / "out"
    scanner("out", 99)
    with pytest.raises(StoreError, match="whole and verified, and could not be given its name") as told:
        export(PngExporter(), several(tmp_path / "in", CELLS), CELLS, out)
    assert told.value.file == str(out)
    (kept,) = (path for path in tmp_path.iterdir() if path.name != "in")
    assert f"It is kept as {kept}; rename that folder" in str(told.value)
    manifest = json.loads((kept / "manifest.json").read_text())
    assert len(manifest["sources"]) == 6
    assert all((kept / name).stat().st_size == each["bytes"] for name, each in manifest["files"].items())
    assert left_over(tmp_path) == [], "what is whole is not offered for deletion"


def test_what_is_set_aside_is_moved_once_nobody_holds_it_any_more(tmp_path: Path, scanner: Scanner) -> None:
    (tmp_path / "masks").mkdir()
    (file := tmp_path / "masks" / "a.ltm").write_bytes(b"damaged")
    scanner("a.ltm", 2)
    kept = quarantine(tmp_path, file)
    assert (kept.parent, kept.read_bytes(), file.exists()) == (tmp_path / QUARANTINE, b"damaged", False)


def test_what_cannot_be_set_aside_stays_where_it_is_and_is_named(tmp_path: Path, scanner: Scanner) -> None:
    (file := tmp_path / "a.ltm").write_bytes(b"damaged")
    scanner("a.ltm", 99)
    with pytest.raises(PermissionError) as told:
        quarantine(tmp_path, file)
    assert (told.value.filename, file.read_bytes()) == (str(file), b"damaged")
    assert list((tmp_path / QUARANTINE).iterdir()) == []
