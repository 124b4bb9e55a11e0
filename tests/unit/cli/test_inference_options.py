"""How a network runs, as it is typed."""

from __future__ import annotations

from argparse import ArgumentParser

import pytest

from labeltool.cli import arguments
from labeltool.cli.naming import UsageError
from labeltool.cli.runner import Parser
from labeltool.inference.options import InferenceOptions


def parsed(*words: str) -> InferenceOptions:
    parser: ArgumentParser = Parser()
    arguments.device(parser)
    arguments.inference(parser)
    return arguments.how(parser.parse_args(words))


def test_nothing_typed_is_the_plain_way() -> None:
    assert parsed() == InferenceOptions()


def test_everything_typed_arrives() -> None:
    how = parsed("--engine", "openvino", "--flips", "--scales", "0.75,1,1.25", "--doubt", "entropy,margin")
    assert how == InferenceOptions("auto", "openvino", True, (0.75, 1.0, 1.25), ("margin", "entropy"))
    assert how.suffix == "+flips+0.75x1x1.25"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--doubt", "doubt"), "there are margin, entropy"),
        (("--scales", "0"), "between"),
        (("--scales", "big"), "scales"),
        (("--engine", "steam"), "steam"),
    ],
)
def test_what_cannot_be_is_refused_with_what_there_is(words: tuple[str, ...], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        parsed(*words)
