"""Archives: labeltool unpacks none, and weights in one that would fill the memory are refused unread."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool import plugins
from labeltool.__main__ import main
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, ModelError
from labeltool.core.project import Skipped
from labeltool.store.fsck import check

IMPORTERS = plugins.names("labeltool.importers")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A name that leads out, a link, many entries, and one that unpacks to a thousand times its size."""
    path = tmp_path / "some" / "folders" / "deep" / "labels.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("../../outside.json", "{}")
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "/etc/passwd")
        made.writestr("bomb.png", bytes(10 << 20))
        for number in range(1_000):
            made.writestr(f"{number}.png", b"")
    return path


@pytest.mark.parametrize("name", IMPORTERS)
def test_no_importer_unpacks_an_archive(name: str, archive: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    importer = plugins.load("labeltool.importers", name)()
    try:
        found = list(importer.read(archive, ClassCatalog.from_names(["nucleus"]), [], importer.Options()))
    except BadInputError as error:
        assert str(error.file or "") and error.message
    else:
        assert found and all(isinstance(each, Skipped) and each.reason for each in found)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_archive_among_the_images_is_left_out_by_name(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    assert main(["new", str(project), "--classes", "nucleus"]) == 0
    Image.fromarray(np.zeros((8, 9), np.uint8)).save(tmp_path / "a.png")
    archive.rename(tmp_path / "b.png")
    assert main(["add", str(project), str(tmp_path / "a.png"), str(tmp_path / "b.png")]) == 0
    said = capsys.readouterr()
    assert "1 image added" in said.out and "b.png" in said.err
    assert check(project) == []


def test_weights_that_would_fill_the_memory_are_refused_unread(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from labeltool.nn.checkpoint import read_state

    torch.save({"weight": torch.zeros(1 << 20)}, tmp_path / "good.pth")
    assert read_state(tmp_path / "good.pth")["weight"].shape == (1 << 20,)
    with (
        zipfile.ZipFile(tmp_path / "good.pth") as good,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for entry in good.infolist():
            bomb.writestr(entry.filename, good.read(entry))
    assert (tmp_path / "bomb.pth").stat().st_size < 1 << 16
    with pytest.raises(ModelError, match=r"bomb\.pth: the file has .* bytes and would unpack to 4,"):
        read_state(tmp_path / "bomb.pth")
