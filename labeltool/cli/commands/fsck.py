"""``labeltool fsck``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.naming import UsageError
from labeltool.cli.output import Output
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.store.repair import Step

SUMMARY = "check every file of a project, and put right what is damaged"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, and what to do about what is found."""
    arguments.project(parser)
    parser.add_argument(
        "--repair",
        action="store_true",
        help="put right what can be put right; what is replaced goes to the project's folder quarantine",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what --repair would do, and change nothing (the default)"
    )
    parser.add_argument(
        "--accept-loss",
        action="store_true",
        help="with --repair: go on without what nothing brings back: damaged tiles become unlabelled as a step of the "
        "history, and where a whole mask file cannot be read, nor any backup of it, the labels of its image begin "
        "afresh; the damaged file is kept in quarantine",
    )
    parser.add_argument(
        "--rebuild", action="store_true", help="make project.db again from the masks before checking"
    )
    parser.epilog = (
        "Ends with 1 where something is wrong, or still is after a repair; notices need nothing done."
    )


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Report what is wrong; ends with 1 when something is, or still is after a repair."""
    from labeltool.app.checking import check, repair
    from labeltool.store.repair import rebuild_index

    if args.dry_run and args.rebuild:
        raise UsageError("--dry-run changes nothing: leave it out, or leave out --rebuild")
    if args.accept_loss and not args.repair:
        raise UsageError("--accept-loss belongs to --repair")
    for line in rebuild_index(args.dir) if args.rebuild else ():
        out.say(line)
    repairing = args.repair and not args.dry_run
    steps = repair(args.dir, accept_loss=args.accept_loss) if repairing else []
    for step in steps:
        (out.say if step.mended else out.notice)(str(step))
    findings = check(args.dir)
    told = {step.file for step in steps if not step.mended}
    for finding in findings:
        if finding.file not in told:
            out.notice(str(finding))
    errors = sum(str(finding.severity) == "error" for finding in findings)
    out.say(_summary(errors, len(findings) - errors, steps))
    out.exit_code = int(errors > 0)
    result: dict[str, Any] = {
        "errors": errors,
        "findings": [
            {"image": f.image, "file": str(f.file), "what": f.what, "severity": f.severity, "hint": f.hint}
            for f in findings
        ],
    }
    if repairing:
        result["steps"] = [
            {"image": s.image, "file": str(s.file), "what": s.what, "done": s.done, "repaired": s.mended}
            for s in steps
        ]
    return result


def _summary(errors: int, notices: int, steps: list[Step]) -> str:
    mended = sum(step.mended for step in steps)
    repaired = f"{counted(mended, 'thing')} put right. " if mended else ""
    left = f"{counted(errors, 'error')}, {counted(notices, 'notice')}."
    return repaired + (left if errors or notices else "Nothing is wrong.")
