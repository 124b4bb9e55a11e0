"""Arguments that several commands share."""

from __future__ import annotations

from argparse import ArgumentParser
from functools import partial
from pathlib import Path

from labeltool import plugins
from labeltool.cli.naming import format_name

SPLITS = ("train", "val", "test")


def project(parser: ArgumentParser) -> None:
    """The project folder."""
    parser.add_argument("dir", metavar="DIR", type=Path, help="the project's folder")


def format_(parser: ArgumentParser, group: str) -> None:
    """The format among those of ``group``; each has options of its own."""
    names = plugins.names(group)
    parser.epilog = f"Each format has options of its own: {parser.prog} --format {names[0]} --help"
    parser.add_argument(
        "--format", metavar="F", required=True, type=partial(format_name, group), help=", ".join(names)
    )


def split(parser: ArgumentParser, text: str) -> None:
    """One of the splits."""
    parser.add_argument("--split", choices=SPLITS, help=text)


def model(parser: ArgumentParser) -> None:
    """The model and where it runs."""
    parser.add_argument(
        "--model",
        metavar="M",
        help="name of an embedded model or one of the project, or the path of a model "
        "(default: the project's newest, else the embedded one whose classes fit)",
    )
    device(parser)


def device(parser: ArgumentParser) -> None:
    """Where a network runs."""
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: auto")


def progress(parser: ArgumentParser) -> None:
    """How long work reports."""
    parser.add_argument(
        "--progress",
        choices=("auto", "jsonl"),
        default="auto",
        help="auto: a bar on a terminal; jsonl: every event and the result as a line of JSON",
    )
