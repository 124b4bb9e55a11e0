"""Trainings and models in words: states, scores, times, events."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication

from labeltool.inference.run import RunState
from labeltool.ui.words import duration

translate = QCoreApplication.translate

STATE_COLOURS = {
    "new": "#8a8d91",
    "running": "#3d8bfd",
    "finished": "#2fb380",
    "stopping": "#e69f00",
    "cancelled": "#e69f00",
    "killed": "#e69f00",
    "failed": "#d55e00",
}
DASH = "–"


def state_name(state: str) -> str:
    """A state in a word or two."""
    return {
        "new": translate("Train", "waiting"),
        "running": translate("Train", "running"),
        "finished": translate("Train", "finished"),
        "stopping": translate("Train", "stopping…"),
        "cancelled": translate("Train", "stopped"),
        "killed": translate("Train", "interrupted"),
        "failed": translate("Train", "failed"),
    }.get(state, state)


def score_text(score: float | None, digits: int = 3) -> str:
    """A share of one, or a dash."""
    return DASH if score is None else f"{score:.{digits}f}"


def difference_text(difference: float | None) -> str:
    """How much better or worse, with its sign; nothing moved is a zero without one."""
    if difference is None:
        return DASH
    text = f"{abs(difference):.3f}"
    if float(text) == 0:
        return text
    return f"▲ {text}" if difference > 0 else f"▼ {text}"


def how_far(state: RunState, running: bool) -> str:
    """Step, time and the best so far, in one line."""
    parts = []
    if state.steps:
        parts.append(
            translate("Train", "step {step} of {steps}").format(
                step=f"{state.step:,}", steps=f"{state.steps:,}"
            )
        )
    elif state.step:
        parts.append(translate("Train", "step {step}").format(step=f"{state.step:,}"))
    if state.seconds:
        parts.append(duration(state.seconds))
    left = seconds_left(state)
    if running and left is not None:
        parts.append(translate("Train", "about {time} left").format(time=duration(left)))
    if state.score is not None:
        best = translate("Train", "best {score} at step {step}")
        parts.append(best.format(score=score_text(state.score), step=f"{state.best_step:,}"))
    return " · ".join(parts)


def share_done(state: RunState) -> float:
    """How many of a training's steps are done, 0..1."""
    return min(1.0, state.step / state.steps) if state.steps else 0.0


def seconds_left(state: RunState) -> float | None:
    """From how long the steps took so far; None before the first."""
    if state.step <= 0 or state.steps <= state.step or state.seconds <= 0:
        return None
    return max(0.0, state.seconds / state.step * (state.steps - state.step))


def event_text(row: dict[str, Any]) -> str:
    """A row of the log that says what happened, in words; empty for one of numbers alone."""
    if "val" in row and "event" not in row:
        text = translate("Train", "validation: {score}")
        return text.format(score=score_text(row.get("score")))
    event = str(row.get("event", ""))
    if not event:
        return ""
    words = {
        "started": translate("Train", "started"),
        "resumed": translate("Train", "went on from here"),
        "failed": translate("Train", "failed"),
        "cancelled": translate("Train", "stopped; the best weights so far are kept"),
        "finished": translate("Train", "finished"),
        "stopped early": translate("Train", "stopped early: validation has not become better for a while"),
        "the loss was not a number": translate(
            "Train", "the loss is not a number any more; the best weights so far are kept"
        ),
    }
    if event == "calibrated":
        kept = translate("Train", "kept") if row.get("kept") else translate("Train", "not kept")
        return translate("Train", "calibrated on whole images: {score}, {kept}").format(
            score=score_text(row.get("score")), kept=kept
        )
    if event in ("shortened", "lengthened"):
        slower = translate("Train", "{n} steps instead of {before}: the machine is slower than it was")
        faster = translate("Train", "{n} steps instead of {before}: the machine is faster than it was")
        text = slower if event == "shortened" else faster
        return text.format(n=f"{row.get('steps', 0):,}", before=f"{row.get('before', 0):,}")
    said = words.get(event, event)
    return ": ".join(filter(None, (said, str(row.get("error") or row.get("notice") or ""))))


def doing_text(doing: str) -> str:
    """What a training is at, where that is not learning; "evaluating 3/12" is at the third of twelve images."""
    what, _, where = doing.partition(" ")
    text = {
        "reading": translate("Train", "reading images and labels"),
        "evaluating": translate("Train", "measuring on validation images"),
        "calibrating": translate("Train", "calibrating on whole images"),
        "stopping": translate("Train", "stopping"),
        "learning": "",
    }.get(what, what)
    return f"{text} {where}" if text and where else text


def last_words(state: RunState) -> str:
    """What a training whose steps are all done, and that has not ended, is at; empty before."""
    if share_done(state) < 1:
        return ""
    return doing_text(state.doing) or translate("Train", "finishing")
