"""Which attribute of a feature is its class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from labeltool.core.errors import BadInputError
from labeltool.formats.options import ImportOptions
from labeltool.formats.vector.layer import Feature, Layer

_USUAL: Final = frozenset(
    "class classname class_name klass label labelname label_name category category_name landcover land_cover "
    "landuse_class lulc classification".split()
)
_IDS: Final = frozenset({"fid", "ogc_fid", "id", "gid", "objectid"})
_TOLD: Final = 12


@dataclass(frozen=True)
class VectorImportOptions(ImportOptions):
    """What one can choose for polygons in map coordinates."""

    class_attribute: str = field(
        default="",
        metadata={
            "label": "Attribute that is the class",
            "help": "for files in which it is called neither class nor label nor category",
        },
    )
    class_name: str = field(
        default="",
        metadata={
            "label": "One class for all polygons",
            "help": "for files without classes, and for features whose class is empty",
        },
    )
    class_numbers: str = field(
        default="",
        metadata={
            "label": "Names of class numbers",
            "help": "for files whose classes are numbers, for example 1=vegetation,2=water; "
            "otherwise a number is a class's value",
        },
    )


@dataclass(frozen=True)
class Classes:
    """The class of each feature: ``attribute`` holds it, ``names`` says what values are called, ``otherwise`` what
    those are that have none."""

    attribute: str
    names: Mapping[str, str]
    otherwise: str

    @classmethod
    def of(cls, layers: Sequence[Layer], options: Any, src: Path) -> Classes:
        """What the options say, else the only attribute that can be meant; BadInputError names the candidates."""
        names = _numbered(str(options.class_numbers), src)
        otherwise, wanted = str(options.class_name).strip(), str(options.class_attribute).strip()
        if otherwise and not wanted:
            return cls("", names, otherwise)
        found = dict.fromkeys(key for layer in layers for each in layer.features for key in each.attributes)
        candidates = [name for name in found if name.casefold() not in _IDS]
        usual = [wanted] if wanted in found else [n for n in candidates if n.casefold() in _USUAL]
        if wanted and wanted not in found:
            usual = []
        elif not usual and len(candidates) == 1:
            usual = candidates
        if len(usual) == 1 or not found:
            return cls(usual[0] if usual else wanted, names, otherwise)
        raise BadInputError(
            f"no attribute is called {wanted!r}"
            if wanted
            else "it is not clear which attribute is the class",
            file=src,
            hint=f"Name it with --class-attribute ({_some(usual or candidates)}), or give all polygons one class "
            "with --class-name",
        )

    def of_feature(self, feature: Feature) -> str | int:
        """A name, or a number that is a class's value; BadInputError where the feature has none."""
        found = feature.attributes.get(self.attribute) if self.attribute else None
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        text = str(found).strip() if type(found) in (str, int) else ""
        if not text and found in (None, "") and self.otherwise:
            return self.otherwise
        if not text:
            raise BadInputError("the feature has no class")
        return self.names.get(text, found if type(found) is int else text)


def _numbered(text: str, src: Path) -> dict[str, str]:
    """``1=vegetation,2=water`` as a dict."""
    pairs = [each.partition("=") for each in text.split(",") if each.strip()]
    if not all(sep and value.strip() and name.strip() for value, sep, name in pairs):
        raise BadInputError(
            f"{text[:80]!r} does not say what numbers are called",
            file=src,
            hint="Example: 1=vegetation,2=water",
        )
    return {value.strip(): name.strip() for value, _, name in pairs}


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(name[:40] for name in names[:_TOLD]) + more
