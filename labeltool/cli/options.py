"""Flags made from the fields of an options dataclass, as the export dialog makes its widgets."""

from __future__ import annotations

from argparse import (
    SUPPRESS,
    ArgumentParser,
    ArgumentTypeError,
    BooleanOptionalAction,
    Namespace,
    _ArgumentGroup,
)
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints

from labeltool import plugins
from labeltool.cli.naming import format_name
from labeltool.core.errors import LabeltoolError

PREFIX = "option_"


def add_options(parser: ArgumentParser | _ArgumentGroup, options: type[Any]) -> None:
    """One flag a field: ``include_unlabelled: bool`` becomes --include-unlabelled and its opposite."""
    hints = get_type_hints(options)
    for each in fields(options):
        flag = "--" + each.name.replace("_", "-")
        text = str(each.metadata.get("help", each.metadata.get("label", ""))).replace("%", "%%")
        parser.add_argument(
            flag,
            dest=PREFIX + each.name,
            help=text,
            default=_default(each),
            **_kind(hints[each.name], flag, each.metadata.get("least")),
        )


def format_options(group: str, words: list[str], otherwise: type[Any]) -> type[Any]:
    """The options of the format that follows --format among ``words``, before the whole line can be parsed.

    UsageError where there is none of this name.
    """
    parser = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False, usage=SUPPRESS)
    parser.add_argument("--format", nargs="?")
    typed = parser.parse_known_args(words)[0].format
    if typed is None:
        return otherwise
    found: type[Any] = plugins.load(group, format_name(group, typed)).Options
    return found


def read_options(args: Namespace, options: type[Any]) -> Any:
    """The options as they were typed."""
    return options(**{each.name: getattr(args, PREFIX + each.name) for each in fields(options)})


def _default(each: Field[Any]) -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()


def _kind(hint: Any, flag: str, least: float | None) -> dict[str, Any]:
    if hint is bool:
        return {"action": BooleanOptionalAction}
    if get_origin(hint) is Literal:
        return {"choices": get_args(hint)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"type": hint, "choices": list(hint)}
    if hint in (int, float, str):
        read = hint if least is None else _at_least(hint, least)
        return {"type": read, "metavar": hint.__name__.upper()}
    raise LabeltoolError(f"{flag}: an option of type {hint} cannot be typed on a command line")


def _at_least(kind: type[int] | type[float], least: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = kind(text)
        if not value >= least:
            raise ArgumentTypeError(f"must be {least} or more")
        return value

    read.__name__ = kind.__name__  # what argparse calls it where it is no number at all
    return read
