"""Work that could not be saved, in words, and on its way back into its project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from labeltool.core.errors import DiskFullError, LabeltoolError
from labeltool.ui.dialogs.failure import as_failure

if TYPE_CHECKING:
    from labeltool.app.rescuing import BroughtBack, Resumed
    from labeltool.app.workbench import Workbench

translate = QCoreApplication.translate


def reason_text(error: LabeltoolError) -> str:
    """Why something is not saved, in a few words."""
    from labeltool.app.saving import NoAnswerError, megabytes  # noqa: PLC0415

    if isinstance(error, DiskFullError) and error.needs_bytes:
        text = translate("Unsaved", "disk full (needs {size})")
        return text.format(size=megabytes(error.needs_bytes))
    if isinstance(error, DiskFullError):
        return translate("Unsaved", "disk full")
    if isinstance(error, NoAnswerError):
        return translate("Unsaved", "the disk does not answer")
    return error.message


def shown_path(path: Path) -> str:
    """A folder as people write it: their own is ``~``."""
    home = Path.home()
    return str(Path("~") / path.relative_to(home)) if path.is_relative_to(home) else str(path)


def outdated(bench: Workbench, said: Sequence[str]) -> list[str]:
    """What of this was so when the project was opened, and is no longer: changes that waited are saved, and the list of
    images has caught up."""
    from labeltool.store.images import LAGS  # noqa: PLC0415

    store = bench.store
    still = {store.lag}
    if bench.unsaved.resumed or bench.unsaved.keeping:
        still.add(str(store.recovery))
    recovery = store.recovery
    gone = {str(recovery)} if recovery is not None and recovery.waiting else set()
    gone |= {line for line in store.notices if line.startswith(LAGS)}
    return [line for line in said if line in gone - still]


def brought_text(brought: BroughtBack) -> str:
    """What became of changes that could not be saved."""
    if not brought.layer:
        text = translate("Unsaved", "{image}: changes that could not be saved before are saved now: {n}")
        return text.format(image=brought.image_name, n=brought.operations)
    who = brought.whose or translate("Unsaved", "somebody")
    text = translate(
        "Unsaved",
        "{image} was changed elsewhere meanwhile (r{revision} by {who}). That is the annotation now. Yours is kept"
        " beside it as the layer “{layer}”, with what was not saved (changes: {n}). Compare the two in Review, and take"
        " over what you want.",
    )
    return text.format(
        image=brought.image_name,
        revision=brought.theirs,
        who=who,
        n=brought.operations,
        layer=brought.layer,
    )


def waiting_text(resumed: Sequence[Resumed]) -> str:
    """Changes of an earlier session that are shown, and cannot be saved yet; empty for none."""
    text = translate(
        "Unsaved",
        "{image}: changes of the last session still wait to be saved: {n}. They are shown and kept; you can go on, and"
        " saving is tried again all the time.",
    )
    return "\n".join(text.format(image=each.image_name, n=len(each.operations)) for each in resumed)


def ask_file(parent: QWidget) -> Path | None:
    """Which file of unsaved work."""
    from labeltool.app.rescuing import SUFFIX, rescue_folder  # noqa: PLC0415

    folder = rescue_folder()
    chosen, _ = QFileDialog.getOpenFileName(
        parent,
        translate("Unsaved", "Bring back unsaved work"),
        str(folder) if folder.is_dir() else "",
        translate("Unsaved", "Unsaved work") + f" (*{SUFFIX})",
    )
    return Path(chosen) if chosen else None


def project_of(path: Path) -> Path:
    """Where the project of a file of unsaved work was; LabeltoolError where the file holds none."""
    from labeltool.store.rescue import RescueFile  # noqa: PLC0415

    return RescueFile(path).about().root


def bring_back_into(
    bench: Workbench, path: Path, done: Callable[[str], None], failed: Callable[[Exception], None]
) -> None:
    """Bring a file's changes back into the project that is open, and say what became of them. A file in the user's own
    folder goes with that; one that somebody has put elsewhere stays. While saving fails nothing is begun: the image at
    hand would be held until it works. What waits to be saved since the project was opened goes by itself when it is."""
    from labeltool.app.rescuing import bring_back, rescue_folder  # noqa: PLC0415

    if any(each.path == path for each in bench.unsaved.resumed):
        done(translate("Unsaved", "These changes are shown already, and wait to be saved."))
        return
    why = bench.saver.error
    if why is not None:
        message = translate("Unsaved", "nothing can be brought back while saving fails: {reason}")
        hint = translate("Unsaved", "Try again once everything is saved; the file stays where it is")
        failed(LabeltoolError(message.format(reason=reason_text(why)), file=path, hint=hint))
        return
    at_hand = bench.wanted
    bench.hold()

    def work() -> BroughtBack:
        brought = bring_back(bench.store, path)
        if path.parent == rescue_folder():
            path.unlink()
        return brought

    def told(future: Future[BroughtBack]) -> None:
        if at_hand:
            bench.open_image(at_hand)
        error = future.exception()
        if error is not None:
            failed(as_failure(error))
            return
        brought = future.result()
        bench.layers_changed.emit(None)
        bench.renew_record(brought.image_id)
        nothing = translate("Unsaved", "These changes are in the project already.")
        done(brought_text(brought) if brought.operations else nothing)

    bench.saver.after(work).add_done_callback(lambda future: bench.lanes.deliver(lambda: told(future)))
