"""``labeltool demo``."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.commands.evaluate import describe
from labeltool.cli.commands.export import tell
from labeltool.cli.output import Output
from labeltool.cli.runner import has_display
from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.store.project import ProjectStore

SUMMARY = "sample project of real and synthetic images: pre-label, verify, export; then the window"
SCREENSHOTS = "labeltool.ui.screenshots"
"""Run as a program of its own: the command line knows no Qt."""


def add_arguments(parser: ArgumentParser) -> None:
    """Where, and whether to open the window."""
    parser.add_argument(
        "dir", metavar="DIR", nargs="?", type=arguments.place, help="default: in your data folder"
    )
    parser.add_argument(
        "--headless", action="store_true", help="no window, but screenshots of it (as without a display)"
    )
    parser.add_argument(
        "--kind",
        choices=("cells", "aerial"),
        default="cells",
        help="microscopy, or a town from the air (default: cells)",
    )
    arguments.device(parser)
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """The whole way once, on images small enough for it to take seconds."""
    from labeltool.app.demo import default_root, open_demo

    root = args.dir.absolute() if args.dir else default_root(args.kind)
    out.say(f"The sample project is {root}.")
    with open_demo(root, args.kind) as store:
        if store.read_only_reason:
            raise StoreError("the sample project can only be read", file=root, hint=store.read_only_reason)
        result = _work(store, args.device, out)
    if args.headless or not has_display():
        result["screenshots"] = [str(file) for file in _screenshots(root, out)]
    else:
        out.open_window(root)
    return result


def _work(store: ProjectStore, device: str, out: Output) -> dict[str, Any]:
    from labeltool.app.demo import evaluate_synthetic, export_demo
    from labeltool.app.models import find_model
    from labeltool.app.prelabel import fill_annotation, predict
    from labeltool.inference.options import InferenceOptions

    model = find_model(None, store.catalog, store.root)
    report = predict(
        store,
        store.images(),
        model,
        InferenceOptions(device),
        progress=out.progress,
        cancel=out.cancel,
        done=lambda record: fill_annotation(store, record, model.key),
    )
    out.say(f"{counted(report.images, 'image')} pre-labelled by {model.key} in {report.seconds:.1f} s.")
    for text in report.notices:
        out.notice(text)
    out.skipped(report.skipped)
    evaluation = {**evaluate_synthetic(store, model).to_json(), "model": model.key}
    out.say(f"\nOn the synthetic images, whose truth is known:\n{describe(evaluation)}\n")
    exports = []
    for name in ("voc", "coco"):
        folder, done = export_demo(store, name)
        exports.append(tell(done, folder, out))
    return {
        "project": str(store.root),
        "images": report.images,
        "seconds": round(report.seconds, 3),
        "model": model.key,
        "evaluation": evaluation,
        "exports": exports,
    }


def _screenshots(root: Path, out: Output) -> list[Path]:
    """Pictures of the real window, drawn by a child without a display."""
    folder = root / "screenshots"
    ended = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", SCREENSHOTS, str(root), str(folder)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        last = ended.stderr.strip().splitlines()[-1:] or [f"it ended with {ended.returncode}"]
        raise LabeltoolError(
            f"no screenshots could be made: {last[0]}", hint="`labeltool doctor` looks at Qt"
        )
    pictures = sorted(folder.glob("*.png"))
    out.say(f"Screenshots: {', '.join(str(p) for p in pictures)}")
    return pictures
