"""Where masks lie in the folders of other programs, which images they belong to, and in which split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from labeltool.core.project import SPLITS, ImageRecord, Skipped, split_called
from labeltool.formats.match import Matcher
from labeltool.formats.untrusted import found_below, read_text, stays_inside

_MASKS: Final = frozenset(
    "masks mask semantic ann_dir gts gt labels label annotations segmentationclass segmentationclassraw "
    "labeledapproved_full".split()
)
_PICTURES: Final = frozenset(
    "images image img_dir imgs img jpegimages leftimg8bit instance instances".split()
)
_ENDINGS: Final = (
    "_gt",
    "_L",
    "_mask",
    "_masks",
    "_label",
    "_labels",
    "_seg",
    "_segmentation",
    "_annotation",
)
_LIST_FOLDERS: Final = (".", "splits", "ImageSets/Segmentation", "ImageSets", "..", "../splits")


def mask_files(src: Path, images: Sequence[ImageRecord]) -> tuple[list[Path], list[Skipped]]:
    """PNG files in folders that are called as masks are; without any such folder all but the images. And what is called
    so and is no file."""
    sources = {record.path.resolve() for record in images}
    found, others = found_below(src, (".png",))
    files = [f for f in found if f.resolve() not in sources]
    named = [f for f in files if any(_is_of_masks(p) for p in _folders(f, src))]
    return (
        named or [f for f in files if _PICTURES.isdisjoint(p.casefold() for p in _folders(f, src))],
        others,
    )


def is_camvid(file: Path) -> bool:
    """True in a folder such as ``trainannot``."""
    return file.parent.name.endswith("annot") and bool(split_called(file.parent.name.removesuffix("annot")))


def objects_beside(file: Path) -> Path | None:
    """ISAT: the map of objects that belongs with a mask in ``semantic``."""
    found = file.parent.with_name("instance") / file.name
    return found if file.parent.name == "semantic" else None


def splits(src: Path) -> dict[str, str]:
    """The split of each name by lists called train.txt, val.txt and test.txt."""
    found: dict[str, str] = {}
    for folder in _LIST_FOLDERS:
        for split in SPLITS:
            file = src / folder / f"{split}.txt"
            if file.is_file() and stays_inside(file, file.parent):
                found.update({name: split for line in read_text(file).splitlines() if (name := _name(line))})
    return found


def split_of(file: Path, src: Path, listed: dict[str, str]) -> str:
    """The split by a list that names the mask or its image, else by its folders."""
    by_list = next((listed[name] for name in _stems(file.stem) if name in listed), "")
    named = (split_called(part.removesuffix("annot")) for part in reversed(_folders(file, src)))
    return by_list or next((split for split in named if split), "")


@dataclass(frozen=True)
class Endings:
    """Finds images whose masks carry an ending such as ``_gt``."""

    matcher: Matcher

    def find(self, path: Path) -> ImageRecord | str:
        """The image called as the mask, or as the mask without its ending."""
        found = [self.matcher.find(path.with_name(f"{stem}.png")) for stem in _stems(path.stem)]
        return next((each for each in found if isinstance(each, ImageRecord)), found[0])


def _stems(stem: str) -> list[str]:
    """What the image of a mask may be called."""
    bare = next((stem.removesuffix(ending) for ending in _ENDINGS if stem.endswith(ending)), "")
    return [stem, bare, f"{bare}_img"] if bare else [stem]


def _folders(file: Path, src: Path) -> tuple[str, ...]:
    return (src.name, *file.relative_to(src).parts[:-1])


def _is_of_masks(folder: str) -> bool:
    return folder.casefold() in _MASKS or (folder.endswith("annot") and len(folder) > len("annot"))


def _name(line: str) -> str:
    """The image that a line names, without folders and suffix; the name of its mask may follow."""
    quoted = line.split('"')
    words = [quoted[1]] if len(quoted) > 2 else line.split()
    if not words:
        return ""
    path = PurePosixPath(words[0].replace("\\", "/"))
    return (
        path.stem
        if path.suffix.casefold() in (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
        else path.name
    )
