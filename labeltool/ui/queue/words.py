"""The queue in words: states, times, how it was made, what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, Qt

from labeltool.core.geometry import Box
from labeltool.core.project import ImageRecord
from labeltool.ui.words import duration, plural

if TYPE_CHECKING:
    from labeltool.app.queue import Queue, State, Suggestion

translate = QCoreApplication.translate

LISTED = 12
"""So many of a long list are named in a tooltip."""


class Entry(NamedTuple):
    """A suggestion, its image (None where that is not in the project any more), and what became of it."""

    suggestion: Suggestion
    record: ImageRecord | None
    state: State

    @property
    def is_left(self) -> bool:
        """Whether there is something to do."""
        return self.state in ("open", "in_work")

    @property
    def name(self) -> str:
        """What the image is called."""
        return translate("Queue", "not in the project") if self.record is None else self.record.name


class Notes(NamedTuple):
    """What is worth knowing of a queue: in a line, and in full."""

    line: str
    full: str


def state_text(state: State) -> str:
    """A state in a word or two."""
    return {
        "open": translate("Queue", "open"),
        "in_work": translate("Queue", "in work"),
        "done": translate("Queue", "done"),
        "gone": translate("Queue", "gone"),
    }[state]


def place_text(box: Box) -> str:
    """Which region is meant."""
    text = translate("Queue", "region {width} × {height} at {x}, {y}")
    return text.format(width=box.width, height=box.height, x=box.x0, y=box.y0)


def about(seconds: float) -> str:
    """A predicted time, which nobody knows to the second."""
    return duration(seconds if seconds >= 90 else max(5, 5 * round(seconds / 5)))


def how_far(entries: Sequence[Entry]) -> str:
    """How many are done, and how long the others will take."""
    there = [entry for entry in entries if entry.state != "gone"]
    done = sum(entry.state == "done" for entry in there)
    text = translate("Queue", "{done} of {count} done").format(done=done, count=len(there))
    seconds = sum(entry.suggestion.seconds or 0.0 for entry in there if entry.is_left)
    if not seconds:
        return text
    return f"{text} · " + translate("Queue", "about {time} left").format(time=about(seconds))


def how_long_is_known(measured: int) -> str:
    """Where predicted times come from."""
    if not measured:
        return translate("Queue", "Times are a rule of thumb until work on images has been measured")
    one = translate("Queue", "Times are learnt from work on 1 image")
    return plural(measured, one, translate("Queue", "Times are learnt from work on {n} images"))


def model_name(key: str) -> str:
    """What people call the model of a key."""
    return key.partition("@")[0] or translate("Queue", "no model")


def how_made(queue: Queue, strategy: str) -> str:
    """Which strategy and which model ranked, and when."""
    made = QDateTime.fromString(queue.made_utc, Qt.DateFormat.ISODate).toLocalTime()
    today = made.date() == QDateTime.currentDateTime().date()
    locale, short = QLocale(), QLocale.FormatType.ShortFormat
    when = locale.toString(made.time(), short) if today else locale.toString(made, short)
    return " · ".join(filter(None, (strategy, model_name(queue.model), when)))


def why_text(entry: Entry) -> str:
    """All that is known of an entry, for its tooltip."""
    suggestion, control = entry.suggestion, ""
    why = suggestion.why[:1].upper() + suggestion.why[1:]
    if suggestion.control:
        control = translate("Queue", "Random control: part of every queue is drawn, not ranked")
    seconds = ""
    if suggestion.seconds is not None:
        seconds = translate("Queue", "About {time} to label").format(time=about(suggestion.seconds))
    place = "" if suggestion.box is None else place_text(suggestion.box)
    return "\n".join(filter(None, (entry.name, place, why, control, seconds, state_text(entry.state))))


def notes(queue: Queue, names: dict[str, str]) -> Notes:
    """Notices, images that were skipped, and near-doubles that were left out; empty where there is nothing to say."""
    line, full = list[str](), list(queue.notices)
    if queue.skipped:
        line.append(translate("Queue", "Skipped: {n}").format(n=len(queue.skipped)))
        full.append(translate("Queue", "Skipped:"))
        full += _few(f"  {each.file}: {each.reason}" for each in queue.skipped)
    if queue.doubles:
        line.append(translate("Queue", "Near-doubles left out: {n}").format(n=len(queue.doubles)))
        full.append(translate("Queue", "Left out, because they are nearly the same as another image:"))
        text = translate("Queue", "  {image} as {of}")
        full += _few(
            text.format(image=names.get(each.image, each.image), of=names.get(each.of, each.of))
            for each in queue.doubles
        )
    return Notes(" · ".join([*line, *queue.notices]), "\n".join(full))


def _few(lines: Iterable[str]) -> list[str]:
    found = list(lines)
    if len(found) <= LISTED:
        return found
    more = translate("Queue", "  … and {n} others").format(n=len(found) - LISTED)
    return [*found[:LISTED], more]
