"""``labeltool prelabel``."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.app.prelabel import PrelabelReport
    from labeltool.app.share import Share
    from labeltool.core.project import Skipped

SUMMARY = "let a model draw first masks"

_SHARDED = """\
many processes, on one machine or several that see the project's folder, share the work when each
knows its number (RANK and WORLD_SIZE, SLURM_PROCID and SLURM_NTASKS, or the two options):
  torchrun --no-python --nproc-per-node 8 labeltool prelabel DIR
  srun --ntasks 16 --gpus-per-task 1 labeltool prelabel DIR
  ssh HOST labeltool prelabel DIR --rank 0 --world-size 2
They only read the project and leave their predictions in DIR/shards. A process that was killed is
simply run again, or any number of others instead. In the end: labeltool prelabel DIR --collect

Ends with 1 where images were left out, which are named last: because their files or their labels are
missing, damaged, or not those that were added. All others are done.
"""


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the model and which images."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = _SHARDED
    arguments.project(parser)
    arguments.model(parser)
    arguments.inference(parser)
    parser.add_argument(
        "--images", metavar="GLOB", help="only images whose name or path matches, as in '*.png'"
    )
    arguments.split(parser, "only images of this split")
    parser.add_argument("--predict-only", action="store_true", help="leave the annotation alone")
    parser.add_argument(
        "--again", action="store_true", help="run the model where its prediction is kept too, and begin anew"
    )
    parser.add_argument("--rank", type=int, metavar="N", help="which of several processes this is, from 0")
    parser.add_argument("--world-size", type=int, metavar="N", help="how many processes there are")
    parser.add_argument(
        "--collect", action="store_true", help="take what several processes have done into the project"
    )
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Predict, keep the predictions, and fill in what nobody has labelled."""
    from labeltool.app.share import share_of

    if args.collect:
        return _collect(args, out)
    share = share_of(os.environ, args.rank, args.world_size)
    return _alone(args, out) if share is None else _shard(args, out, share)


def _alone(args: Namespace, out: Output) -> dict[str, Any]:
    from labeltool.app.models import find_model
    from labeltool.app.prelabel import fill_annotation, predict
    from labeltool.app.project import chosen

    how = arguments.how(args)
    with open_project(args.dir, out) as store:
        model = find_model(args.model, store.catalog, store.root)
        records = chosen(store, args.split, args.images)

        def fill(record: Any) -> None:
            if not args.predict_only:
                fill_annotation(store, record, model.prediction_key(how))

        report = predict(
            store,
            records,
            model,
            how,
            again=args.again,
            progress=out.progress,
            cancel=out.cancel,
            done=fill,
        )
    result = _told(report, out)
    out.say(
        f"{counted(report.images, 'image')} pre-labelled by {report.model} in {report.seconds:.1f} s "
        f"({counted(report.tiles, 'tile')}; kept from before: {counted(report.kept, 'prediction')})."
    )
    _name_left_out(report.skipped, out)
    return result


def _shard(args: Namespace, out: Output, share: Share) -> dict[str, Any]:
    """The share of one process of several; the project is not changed."""
    from labeltool.app.models import find_model
    from labeltool.app.project import chosen
    from labeltool.app.shards import predict_shard
    from labeltool.app.share import take_own_gpu

    take_own_gpu(os.environ)
    with open_project(args.dir, out, write=False) as store:
        model = find_model(args.model, store.catalog, store.root)
        report, shards = predict_shard(
            store,
            chosen(store, args.split, args.images),
            model,
            arguments.how(args),
            share,
            again=args.again,
            progress=out.progress,
            cancel=out.cancel,
        )
    result = _told(report, out)
    state = shards.state() or {"chunks": 0, "done": 0}
    out.say(
        f"{share}: {counted(report.images, 'image')} in {report.seconds:.1f} s "
        f"({counted(report.tiles, 'tile')}, {report.kept} already there). "
        f"Of all {state['chunks']} chunks {state['done']} are done; --collect takes them into the project."
    )
    return {**result, "rank": share.rank, "world_size": share.world_size, "shards": state}


def _collect(args: Namespace, out: Output) -> dict[str, Any]:
    """What the processes have done so far becomes part of the project."""
    from labeltool.app.collecting import collect
    from labeltool.app.prelabel import fill_annotation
    from labeltool.app.shards import states

    with open_project(args.dir, out) as store:

        def fill(record: Any, key: str) -> None:
            if not args.predict_only:
                fill_annotation(store, record, key)

        reports = collect(store, progress=out.progress, cancel=out.cancel, done=fill)
        left = states(store.root)
    left_out = [each for report in reports for each in report.skipped]
    skipped = out.skipped(left_out)
    for report in reports:
        out.say(
            f"{counted(report.images, 'image')} pre-labelled by {report.model} ({counted(report.tiles, 'tile')})."
        )
    if not reports:
        out.say("There is nothing to collect.")
    tell_shards(left, out)
    _name_left_out(left_out, out)
    return {
        "images": sum(report.images for report in reports),
        "tiles": sum(report.tiles for report in reports),
        "models": [report.model for report in reports],
        "shards": left,
        "skipped": skipped,
    }


def tell_shards(states: list[dict[str, Any]], out: Output) -> None:
    """How far pre-labels are that several processes share."""
    for state in states:
        out.say(f"Shards of {state['key']}: {state['done']} of {state['chunks']} chunks are done.")


def _name_left_out(skipped: list[Skipped], out: Output) -> None:
    """The last thing that is said: who asked for all images did not get them, and the command ends with 1."""
    if skipped:
        were = "was" if len(skipped) == 1 else "were"
        names = ", ".join(Path(each.file).name for each in skipped)
        out.notice(f"{counted(len(skipped), 'image')} {were} left out: {names}")
        out.exit_code = 1


def _told(report: PrelabelReport, out: Output) -> dict[str, Any]:
    """Say what the user must know of a run, and its figures as JSON values."""
    for text in report.notices:
        out.notice(text)
    skipped = out.skipped(report.skipped)
    # Of several processes one that ends otherwise would have all of them ended.
    out.exit_code = int(bool(skipped) and not report.images)
    return {
        "images": report.images,
        "kept": report.kept,
        "tiles": report.tiles,
        "seconds": round(report.seconds, 3),
        "device": report.device,
        "engine": report.engine,
        "model": report.model,
        "notices": report.notices,
        "skipped": skipped,
    }
