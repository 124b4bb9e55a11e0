"""``labeltool new``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.output import Output
from labeltool.core.errors import BadInputError, shown

SUMMARY = "make a project"


def add_arguments(parser: ArgumentParser) -> None:
    """Where, and which classes."""
    parser.add_argument("dir", metavar="DIR", type=arguments.place, help="a folder that is new or empty")
    parser.add_argument(
        "--classes",
        metavar="a,b,c|FILE",
        required=True,
        help="names, which get the values 1, 2, ... beside background at 0, or a file like classes.json",
    )
    parser.add_argument("--name", help="default: the folder's name")


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Make the project."""
    from labeltool.core.catalog import ClassCatalog
    from labeltool.store.project import ProjectStore

    root = args.dir.absolute()
    catalog = ClassCatalog.read(args.classes)
    if not catalog.foreground:
        raise BadInputError("a project needs a class beside the background", hint="--classes nucleus,cell")
    with ProjectStore.create(root, args.name or root.name, catalog) as store:
        classes = store.catalog.classes
        out.say(f"Made {shown(str(store.root))} with the classes {', '.join(c.name for c in classes)}.")
        out.say(f"Next: labeltool add {shown(str(args.dir))} PATH...")
        return {
            "project": str(store.root),
            "name": store.name,
            "classes": [{"value": c.value, "name": c.name} for c in classes],
        }
