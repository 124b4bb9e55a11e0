"""A history in words: what was done, by whom, and when."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from labeltool.core.project import Status
from labeltool.store.events import Event
from labeltool.store.history import JournalEntry
from labeltool.ui.history.folding import Item, Row
from labeltool.ui.words import translated

translate = QCoreApplication.translate

MINUTE_S, HOUR_S = 60, 3600

KIND_ICONS = {
    "prelabel": "ph.sparkle",
    "import": "ph.download-simple",
    "restore": "ph.clock-counter-clockwise",
    "eraser": "ph.eraser",
    "brush": "ph.paint-brush",
    "verdict": "ph.scales",
    "clear": "ph.trash",
}
STATUS_ICONS = {
    Status.APPROVED: "ph.check-circle",
    Status.REJECTED: "ph.x-circle",
    Status.DONE: "ph.check",
}


def title(row: Row) -> str:
    """What was done, in one line."""
    return _run_title(row) if row.is_run else item_title(row.first)


def item_title(item: Item) -> str:
    """What was done by one operation or event."""
    text = _event_title(item.what) if isinstance(item.what, Event) else _operation_title(item.what)
    return text[:1].upper() + text[1:]


def _operation_title(entry: JournalEntry) -> str:
    what = _what(entry)
    if entry.kind == "undo":
        return translate("History", "Undo {what}").format(what=what)
    if entry.kind == "redo":
        return translate("History", "Redo {what}").format(what=what)
    return what


def _what(entry: JournalEntry) -> str:
    if entry.patch_kind == "restore":
        return translate("History", "Restore revision {n}").format(n=entry.details.get("revision", "?"))
    model = entry.details.get("model", "")
    if entry.patch_kind == "prelabel" and model:
        return translate("History", "pre-label by {model}").format(model=model)
    file = entry.details.get("file", "")
    if entry.patch_kind == "import" and file:
        return translate("History", "import of {file}").format(file=Path(file).name)
    return translated(entry.title)


def _event_title(event: Event) -> str:
    from labeltool.app.people.comments import COMMENT  # noqa: PLC0415
    from labeltool.store.decisions import STATUS  # noqa: PLC0415

    said = event.data
    if event.kind == STATUS:
        texts = {
            Status.APPROVED: translate("History", "approved"),
            Status.DONE: translate("History", "done"),
            Status.REJECTED: translate("History", "rejected: {reason}").format(reason=said.get("reason", "")),
            Status.IN_WORK: translate("History", "in work again"),
        }
        return texts.get(said.get("status", ""), str(said.get("status", "")))
    if event.kind == COMMENT:
        if "text" in said:
            return translate("History", "comment: {text}").format(text=said["text"])
        return (
            translate("History", "comment resolved")
            if said.get("resolved")
            else translate("History", "comment reopened")
        )
    return translate("History", "reference {name} kept").format(name=said.get("name", ""))


def _run_title(row: Row) -> str:
    entries = [item.what for item in row.items if isinstance(item.what, JournalEntry)]
    done = [entry for entry in entries if entry.kind == "do"]
    undone = sum((entry.kind == "undo") - (entry.kind == "redo") for entry in entries)
    if not done:
        return translate("History", "{n} × undo and redo").format(n=len(entries))
    titles = list(dict.fromkeys(_what(entry) for entry in done))
    text = (
        translate("History", "{n} × {what}")
        if len(titles) == 1
        else translate("History", "{n} steps: {what}")
    )
    text = text.format(n=len(done), what=", ".join(titles))
    return text + (translate("History", ", {n} undone").format(n=undone) if undone > 0 else "")


def icon_name(row: Row) -> str:
    """The icon of a row."""
    what = row.last.what
    if isinstance(what, Event):
        return _event_icon(what)
    if what.kind != "do" and not row.is_run:
        return "ph.arrow-counter-clockwise" if what.kind == "undo" else "ph.arrow-clockwise"
    return KIND_ICONS.get(what.patch_kind, "ph.pencil-simple")


def _event_icon(event: Event) -> str:
    if "status" in event.data:
        return STATUS_ICONS.get(event.data["status"], "ph.pencil-simple")
    return "ph.user" if "name" in event.data else "ph.chat-circle-dots"


def when(at_s: float, now_s: float) -> str:
    """How long ago within the last hour, else the time of the day, and the day where it is another one."""
    ago_s = now_s - at_s
    if 0 <= ago_s < MINUTE_S:
        return translate("History", "just now")
    if 0 <= ago_s < HOUR_S:
        return translate("History", "{n} min ago").format(n=int(ago_s // MINUTE_S))
    at, now = _local(at_s), _local(now_s)
    return QLocale().toString(at, "HH:mm") if at.date() == now.date() else short_time(at_s)


def short_time(at_s: float) -> str:
    """Day and time, with the year where it is another one."""
    at = _local(at_s)
    this_year = at.date().year() == QDateTime.currentDateTime().date().year()
    form = translate("History", "d MMM, HH:mm") if this_year else translate("History", "d MMM yyyy, HH:mm")
    return QLocale().toString(at, form)


def tooltip(row: Row) -> str:
    """All that is known, with the exact time."""
    exact = translate("History", "ddd d MMM yyyy, HH:mm:ss")
    first, last = (QLocale().toString(_local(item.at_s), exact) for item in (row.first, row.last))
    numbers = (
        translate("History", "Revision {n}").format(n=row.last.revision)
        if row.first.revision == row.last.revision
        else translate("History", "Revisions {first} to {last}").format(
            first=row.first.revision, last=row.last.revision
        )
    )
    times = first if first == last else f"{first} – {last}"
    return "\n".join(filter(None, (title(row), row.last.what.author, times, numbers)))


def _local(at_s: float) -> QDateTime:
    return QDateTime.fromMSecsSinceEpoch(int(1000 * at_s))
