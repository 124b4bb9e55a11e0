"""All targets by name: the program's own files, and images of every kind. Each is imported when it is played."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from fuzz.bench import Target

_STORE: Final = {
    "index": "IndexTarget",
    "mask": "MaskTarget",
    "lock": "LockTarget",
    "shards": "ShardsTarget",
    "comparisons": "ComparisonsTarget",
}
_APP: Final = {
    "journals": "JournalsTarget",
    "queue": "QueueTarget",
    "settings": "SettingsTarget",
    "card": "CardTarget",
    "run": "RunTarget",
    "classes": "ClassesTarget",
    "caches": "CachesTarget",
}
_PICTURES: Final = {
    "png-images": "pngs",
    "jpeg-images": "jpegs",
    "tiff-images": "tiffs",
    "map-images": "maps",
    "mosaic-images": "mosaics",
    "gif-webp-bmp-images": "animations",
    "nifti-images": "volumes",
    "dicom-images": "scans",
    "slide-images": "slides",
}

TARGETS: Final = {
    **{name: ("fuzz.store_targets", found) for name, found in _STORE.items()},
    **{name: ("fuzz.app_targets", found) for name, found in _APP.items()},
    "window": ("fuzz.window_target", "WindowTarget"),
    "weights": ("fuzz.weights_target", "WeightsTarget"),
    **{name: ("fuzz.picture_targets", found) for name, found in _PICTURES.items()},
}
"""Module and name of each."""

HEAVY: Final = frozenset({"weights"})
"""What the quick suite leaves out: torch alone takes seconds."""


def target(name: str) -> Target:
    """A target by its name."""
    module, found = TARGETS[name]
    made = getattr(import_module(module), found)
    if name in _PICTURES:
        picture: Target = import_module(module).PictureTarget(made)
        return picture
    plain: Target = made()
    return plain
