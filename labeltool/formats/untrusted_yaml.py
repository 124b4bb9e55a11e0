"""Reading YAML that strangers wrote: every scalar is text, no tags but those of plain values, no aliases, limits on
size and depth."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from labeltool.core.errors import BadInputError
from labeltool.formats.untrusted import read_text

MAX_YAML_BYTES: Final = 1 << 20

_PLAIN_TAGS: Final = frozenset(
    ("!", *(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "seq", "map")))
)


class _PlainLoader(yaml.BaseLoader):  # type: ignore[misc]
    """Makes text, lists and dicts and nothing else; ``names: [yes, no]`` are two names."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuses what could stand for more than is written, or for something else."""
        tag = getattr(self.peek_event(), "tag", None)
        if tag is not None and tag not in _PLAIN_TAGS:
            raise ValueError(f"it holds a tag ({tag[:80]}), which could stand for any object of a program")
        if self.check_event(yaml.AliasEvent):
            raise ValueError("it holds an alias (*name), which could stand for any amount of text")
        return super().compose_node(parent, index)


def load_yaml(path: Path) -> Any:
    """The value of a YAML file, all scalars as text; BadInputError says what is wrong with it."""
    text = read_text(path, MAX_YAML_BYTES)
    try:
        loader = _PlainLoader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except RecursionError as error:
        raise BadInputError("the YAML is nested too deeply", file=path) from error
    except (yaml.YAMLError, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        told = " ".join(str(error).split())[:200]
        raise BadInputError(f"this is not YAML that can be read: {told}", file=path) from error
