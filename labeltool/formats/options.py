"""What every format lets one choose. Loads nothing, because every command that lists its flags asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ExportOptions:
    """What every format lets one choose. Dialog and flags are made from the fields of each format's ``Options``."""

    include_unlabelled: bool = field(
        default=False,
        metadata={
            "label": "Include images that nobody has labelled",
            "help": "also export images without a single labelled pixel; otherwise they are reported as skipped",
        },
    )


@dataclass(frozen=True)
class ImportOptions:
    """What every format lets one choose. Dialog and flags are made from the fields of each format's ``Options``."""

    add_classes: bool = field(
        default=False,
        metadata={
            "label": "Add classes that the project lacks",
            "help": "classes that occur in the labels and not in the project are added to it first; "
            "otherwise their objects are left out and reported",
        },
    )
