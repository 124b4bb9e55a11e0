from argparse import ArgumentParser
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import pytest

from labeltool.cli.options import add_options, read_options
from labeltool.core.errors import LabeltoolError


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Options:
    include_empty: bool = field(default=True, metadata={"help": "100 % of the images"})
    quality: int = 95
    ratio: float = 0.5
    seed: int = field(default=1, metadata={"least": 0})
    layout: Literal["flat", "deep"] = "flat"
    colour: Colour = Colour.RED


def typed(*words: str, options: type[Any] = Options) -> Any:
    parser = ArgumentParser()
    add_options(parser, options)
    return read_options(parser.parse_args(words), options)


def test_without_flags_the_options_have_their_defaults() -> None:
    assert typed() == Options()


def test_every_kind_of_field_can_be_typed() -> None:
    words = [
        "--no-include-empty",
        "--quality",
        "80",
        "--ratio",
        "0.25",
        "--layout",
        "deep",
        "--colour",
        "blue",
    ]
    assert typed(*words) == Options(False, 80, 0.25, layout="deep", colour=Colour.BLUE)


def test_a_percent_sign_in_a_help_text_is_printed_as_it_is() -> None:
    parser = ArgumentParser()
    add_options(parser, Options)
    assert "100 % of the images" in parser.format_help()


def test_a_value_outside_the_choices_is_refused() -> None:
    with pytest.raises(SystemExit):
        typed("--layout", "round")


@pytest.mark.parametrize(("word", "said"), [("-1", "must be 0 or more"), ("x", "invalid int value")])
def test_a_number_below_the_least_is_refused_in_words(
    capsys: pytest.CaptureFixture[str], word: str, said: str
) -> None:
    assert typed("--seed", "0").seed == 0
    with pytest.raises(SystemExit):
        typed("--seed", word)
    assert said in capsys.readouterr().err


def test_a_field_that_no_flag_can_hold_is_named() -> None:
    @dataclass
    class Odd:
        table: dict[str, int] = field(default_factory=dict)

    with pytest.raises(LabeltoolError, match="--table"):
        typed(options=Odd)
