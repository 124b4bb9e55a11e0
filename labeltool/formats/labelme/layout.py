"""Where things lie in a labelme folder, and the keys of our own, which labelme keeps and passes over."""

from __future__ import annotations

from typing import Final

VERSION: Final = "5.5.0"
"""The form of the files; labelme warns when the first number is not its own."""

WITHOUT_SPLIT: Final = "default"
"""The folder of images that belong to no split. None lies beside the manifest, so that no name can be taken twice."""

LABELS: Final = "labels.txt"
"""The classes, for ``labelme --labels`` and the converters that come with it."""

IGNORED: Final = "__ignore__"
"""The label of pixels that labelme's converters turn into 255."""

BACKGROUND: Final = "_background_"

OBJECT_ID: Final = "object_id"
"""Key of a shape: the object's id in the project, 0 for a connected region."""

UNLABELLED: Final = "unlabelled"
"""Key of a file: the pixels that nobody has set, as points and mask of a shape of the type mask."""
