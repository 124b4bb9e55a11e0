"""Where pixels come from and who has looked, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from labeltool.app.provenance import keep_looked
from labeltool.core.looked import Looked
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore
from tests.e2e.conftest import Run


def test_the_origins_of_an_import_and_of_a_bare_image_are_handed_out(
    labeltool: Run, project: Path, masks: Path, tmp_path: Path
) -> None:
    (masks / "c.png").unlink()
    assert labeltool("import", project, masks, "--format", "png").code == 0
    planned = labeltool("export", project, tmp_path / "out", "--format", "origin", "--dry-run", "--json").json
    assert (planned["images"], len(planned["skipped"]), planned["written"]) == (2, 1, False)
    done = labeltool(
        "export", project, tmp_path / "out", "--format", "origin", "--include-unlabelled", "--json"
    ).json
    assert (done["images"], done["objects"], done["verified"]) == (3, 0, True)
    for name, origin in (("a", Origin.IMPORTED), ("c", Origin.NOBODY)):
        assert (np.array(Image.open(tmp_path / "out" / "origins" / f"{name}.png")) == origin).all()
    legend = json.loads((tmp_path / "out" / "origins.json").read_text())
    assert [each["name"] for each in legend["origins"]][3] == "imported"


def test_the_status_says_which_share_of_the_pixels_somebody_has_looked_at(
    labeltool: Run, project: Path, masks: Path
) -> None:
    assert labeltool("status", project, "--json").json["looked_at"] == 0
    assert "looked at" not in labeltool("status", project).out
    assert labeltool("import", project, masks, "--format", "png").code == 0
    with ProjectStore.open(project) as store:
        record = store.images()[0]
        seen = Looked(record.size)
        seen.add(record.size.box, 1.0, 5.0)
        assert keep_looked(store, record.id, seen)
    assert abs(labeltool("status", project, "--json").json["looked_at"] - 1 / 3) < 1e-9
    assert "33.3 %" in labeltool("status", project).out
