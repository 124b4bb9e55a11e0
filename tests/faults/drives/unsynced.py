"""A day of work where no folder can be synced (``unsynced.c``), printed as JSON.

python -m tests.faults.drives.unsynced FOLDER
"""

from __future__ import annotations

import ctypes
import json
import sys
from pathlib import Path
from typing import Any

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.project import Status
from labeltool.store import backups
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.faults.sharing_scene import make_images, paint


def main(folder: Path) -> dict[str, Any]:
    root, images = folder / "project", make_images(folder / "images")
    with ProjectStore.create(root, "p", ClassCatalog.from_names(["cell", "nucleus"])) as store:
        add_images(store, images)
        for record in store.images():
            for x in (10, 50, 90):
                paint(store, store.image(record.id), x)
        first = store.images()[0]
        store.set_catalog(store.catalog.add("tissue"))
        store.set_status(first.id, Status.APPROVED, expected=3)
        store.remove_images([first.id])
        store.bring_back([first.id])
        kept = backups.keep(root)
    with ProjectStore.open(root) as store:
        return {
            "revisions": [record.revision for record in store.images()],
            "classes": [each.name for each in store.catalog.classes],
            "copies": len(kept.made),
            "troubles": [str(each) for each in kept.troubles],
            "notices": store.notices,
            "findings": [str(each) for each in check(root)],
            "unsynced": ctypes.CDLL(None).unsynced(),
        }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]).resolve())))
