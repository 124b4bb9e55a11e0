"""Arguments that several commands share."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from labeltool import plugins
from labeltool.cli.naming import format_name

if TYPE_CHECKING:
    from labeltool.inference.options import InferenceOptions

SPLITS = ("train", "val", "test")


def place(text: str) -> Path:
    """A file or folder that somebody names. An empty name, which a variable of a shell may be, is not the folder at
    hand."""
    if not text:
        raise ArgumentTypeError("an empty name is no file or folder")
    return Path(text)


def project(parser: ArgumentParser) -> None:
    """The project folder."""
    parser.add_argument("dir", metavar="DIR", type=place, help="the project's folder")


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
        "(default: the one in use; where none was promoted, an embedded one whose classes fit, else the "
        "project's first)",
    )
    device(parser)


def device(parser: ArgumentParser) -> None:
    """Where a network runs."""
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: auto")


def inference(parser: ArgumentParser) -> None:
    """How a network runs, beside the device."""
    from labeltool.inference.options import DOUBTS, ENGINES

    parser.add_argument(
        "--engine", choices=ENGINES, default="auto", help="what runs the network (default: auto)"
    )
    parser.add_argument(
        "--flips",
        action="store_true",
        help="average over the image and its mirror images; takes four times as long",
    )
    parser.add_argument(
        "--scales",
        metavar="S",
        type=_scales,
        default=(1.0,),
        help="average over enlargements of the image, as in 0.75,1,1.25; takes their number of times as long",
    )
    parser.add_argument(
        "--doubt",
        metavar="D",
        type=_doubts,
        default=(),
        help=f"planes of doubt to keep beside the confidence: {', '.join(DOUBTS)}, or several with a comma",
    )


def how(args: Namespace) -> InferenceOptions:
    """The options of :func:`device` and :func:`inference`."""
    from labeltool.inference.options import InferenceOptions

    return InferenceOptions(args.device, args.engine, args.flips, args.scales, args.doubt)


def _scales(text: str) -> tuple[float, ...]:
    found = tuple(float(part) for part in text.split(","))
    if not all(0.1 <= scale <= 10 for scale in found):
        raise ArgumentTypeError("scales lie between 0.1 and 10")
    return found


def _doubts(text: str) -> tuple[str, ...]:
    from labeltool.inference.options import DOUBTS

    wanted = text.split(",")
    unknown = [name for name in wanted if name not in DOUBTS]
    if unknown:
        raise ArgumentTypeError(f"there is no plane {unknown[0]!r}; there are {', '.join(DOUBTS)}")
    return tuple(name for name in DOUBTS if name in wanted)


def progress(parser: ArgumentParser) -> None:
    """How long work reports."""
    parser.add_argument(
        "--progress",
        choices=("auto", "jsonl"),
        default="auto",
        help="auto: a bar on a terminal; jsonl: every event and the result as a line of JSON",
    )
