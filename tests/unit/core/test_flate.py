"""Deflate with or without zlib-ng."""

from __future__ import annotations

import sys
import zlib
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest

from labeltool.core import flate


def loaded_without_zlib_ng(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(sys.modules, "zlib_ng", None)
    spec = spec_from_file_location("flate_alone", flate.__file__)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_python_itself_deflates_where_zlib_ng_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded_without_zlib_ng(monkeypatch).zlib is zlib


def test_either_reads_what_the_other_has_written() -> None:
    data = bytes(range(256)) * 400
    assert zlib.decompress(flate.zlib.compress(data, 1)) == data
    assert flate.zlib.decompressobj().decompress(zlib.compress(data), len(data) + 1) == data
    with pytest.raises(flate.zlib.error):
        flate.zlib.decompress(b"no stream at all")
