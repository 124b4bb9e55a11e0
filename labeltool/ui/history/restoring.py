"""The way back: what an earlier revision left becomes one step of undo of the image at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from labeltool.core.errors import CancelledError, LabeltoolError, LockedError
from labeltool.core.progress import CancelToken, Progress
from labeltool.ui.dialogs.failure import as_failure

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.workbench import Workbench
    from labeltool.core.patch import Patch

translate = QCoreApplication.translate


def restore(
    bench: Workbench,
    image: OpenImage,
    revision: int,
    done: Callable[[bool], None],
    failed: Callable[[LabeltoolError], None],
) -> None:
    """Restore a revision once all strokes are on disk. ``done`` hears whether anything had to be changed; ``failed``
    gets a LabeltoolError, and nothing is changed, where a locked class would be or somebody has gone on drawing."""
    store, saver, session, image_id = bench.store, bench.saver, image.session, image.record.id
    expected = session.revision

    def work(cancel: CancelToken, progress: Progress) -> Patch:
        from labeltool.app.people.history import restoring  # noqa: PLC0415

        if not saver.flush(image_id=image_id):
            raise LabeltoolError(
                "strokes on this image are still waiting to be saved", hint="Try again in a moment"
            )
        return restoring(store, image_id, revision)

    def apply(patch: Patch) -> None:
        if bench.open is not image or session.frozen or session.painting or session.revision != expected:
            failed(LabeltoolError("the mask was changed meanwhile; nothing was restored", hint="Try again"))
            return
        try:
            if patch:
                session.restore(patch)
        except LockedError as error:
            failed(_locked(bench, revision, error.value))
        except LabeltoolError as error:
            failed(error)
        else:
            done(bool(patch))

    def broken(error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            failed(as_failure(error))

    bench.lanes.submit("io", "history restore", work, done=apply, failed=broken, title="Restore")


def _locked(bench: Workbench, revision: int, value: int) -> LabeltoolError:
    known = bench.catalog.by_value(value)
    return LabeltoolError(
        translate("History", "restoring revision {n} would change {name}, which is locked").format(
            n=revision, name=value if known is None else known.name
        ),
        hint=translate("History", "Unlock it in the classes, then restore again. Nothing was changed"),
    )
