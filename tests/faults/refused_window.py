"""The real window on a disk that refuses reads below SQLite: what it says of a stroke and of opening the image, and
what is left when the disk is well again, printed as JSON. ``python -m tests.faults.refused_window FOLDER``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMessageBox

from labeltool.app import rescuing, saving
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from labeltool.ui.main import application
from tests.faults.refused import refusing
from tests.faults.saving_scene import Hand, let_go, make_project


def main(folder: Path) -> dict[str, Any]:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "settings"))
    saving.RETRY_S = 0.2
    rescuing.rescue_folder = lambda: folder / "unsaved"
    application()
    project = make_project(folder / "project", folder / "images")
    hand, found = Hand(project), dict[str, Any]()
    hand.draw(40)
    hand.saved()
    with refusing(project / "masks", "r", after=2):
        hand.draw(100)
        hand.failing()
        found["status"] = hand.status()
        hand.draw(160)
        found["kept"] = len(list((folder / "unsaved").glob("*.unsaved")))
    hand.saved()
    image = hand.image_id
    with refusing(project / "masks", "r", after=2):
        hand.window.actions_["next_image"].trigger()
        hand.until(lambda: hand.window.annotate.image and hand.image_id != image)
        hand.window.actions_["previous_image"].trigger()
        hand.until(lambda: hand.window.findChildren(QMessageBox))
        boxes = hand.window.findChildren(QMessageBox)
        found["boxes"] = [[box.objectName(), box.text(), box.informativeText()] for box in boxes]
        for box in boxes:
            box.close()
    let_go()
    hand.window.close()
    found["check"] = [str(each) for each in check(project)]
    with ProjectStore.open(project) as store:
        found["revision"] = store.history(image).revision
        found["labels"] = [int(store.load_mask(image).read("label")[y, 100]) for y in (40, 100, 160)]
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]).resolve())), flush=True)
    os._exit(0)
