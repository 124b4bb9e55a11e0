"""The flags of `labeltool train` and the options that they become."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

import pytest

from labeltool.cli.commands.train import add_arguments
from labeltool.cli.training_flags import GROUPS, read_training_flags, typed_flags
from labeltool.inference.training_options import Augmentation, TrainingOptions, preset

DEFAULTS = TrainingOptions(name="m", command="labeltool train DIR")


def parsed(*words: str) -> Namespace:
    parser = ArgumentParser(exit_on_error=False)
    add_arguments(parser)
    return parser.parse_args(["project", *words])


def read(*words: str) -> TrainingOptions:
    return read_training_flags(parsed(*words), "m")


def test_what_nobody_types_is_as_it_is() -> None:
    assert read() == DEFAULTS
    assert typed_flags(parsed()) == []


def test_each_flag_is_a_field() -> None:
    fields = set(vars(DEFAULTS)) | set(vars(Augmentation()))
    assert {name for flags in GROUPS.values() for name in flags} <= fields


def test_flags_change_the_preset() -> None:
    options = read("--preset", "scenes", "--steps", "7", "--no-mirror", "--losses", "focal,lovasz")
    base = preset("scenes")
    assert (options.encoder, options.crop, options.preset) == (base.encoder, base.crop, "scenes")
    assert (options.steps, options.losses, options.augmentation.mirror) == (7, ("focal", "lovasz"), False)
    assert options.augmentation.zoom == base.augmentation.zoom


def test_none_is_a_value_too() -> None:
    options = read("--stretch", "none", "--values=-100,300", "--crf")
    assert (options.stretch, options.values, options.crf) == (None, (-100.0, 300.0), {})
    assert read("--no-crf").crf is None


def test_the_card_says_the_command_as_it_was_typed() -> None:
    options = read(
        "--stretch", "none", "--bands", "0,3", "--class-weights", "--device", "cpu", "--data", "mine"
    )
    assert options.command == "labeltool train DIR --bands 0,3 --stretch none --class-weights"
    assert (options.device, options.data, options.bands) == ("cpu", "mine", (0, 3))


@pytest.mark.parametrize("words", [("--stretch", "1"), ("--bands", "a,b"), ("--preset", "nonsense")])
def test_what_cannot_be_read_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(Exception, match=r"argument|invalid"):
        parsed(*words)


def test_a_run_that_exists_has_its_options() -> None:
    typed = typed_flags(parsed("--resume", "a", "--steps", "3", "--preset", "quick"), "preset", "name")
    assert typed == ["--steps", "--preset"]
