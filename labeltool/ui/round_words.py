"""Rounds of the loop in words: what came of one, in a few of them and in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from labeltool.core.bootstrap import LEVEL

if TYPE_CHECKING:
    from labeltool.app.loop import ClassChange, Round

translate = QCoreApplication.translate

OUTCOME_COLOURS = {
    "promoted": "#2fb380",
    "refused": "#e69f00",
    "undecided": "#8a8d91",
    "cancelled": "#8a8d91",
    "failed": "#d55e00",
}
MINUS, DASH = "−", "–"


def outcome_name(outcome: str) -> str:
    """An outcome in a word."""
    return {
        "promoted": translate("Rounds", "promoted"),
        "refused": translate("Rounds", "refused"),
        "undecided": translate("Rounds", "undecided"),
        "cancelled": translate("Rounds", "stopped"),
        "failed": translate("Rounds", "failed"),
    }.get(outcome, outcome)


def part_name(part: str) -> str:
    """What a round is at, in words."""
    return {
        "": translate("Rounds", "Looking at the test images"),
        "Labels": translate("Rounds", "Writing labels"),
        "Training": translate("Rounds", "Training"),
        "Comparing": translate("Rounds", "Comparing on the test images"),
    }.get(part, part)


def signed(value: float | None) -> str:
    """A difference with its sign, as mathematicians write it."""
    if value is None:
        return DASH
    text = f"{abs(value):.3f}"
    return text if float(text) == 0 else f"+{text}" if value > 0 else f"{MINUS}{text}"


def change_of(change: ClassChange) -> float | None:
    """By how much a class is better."""
    if change.before is None or change.after is None:
        return None
    return change.after - change.before


def interval(change: ClassChange) -> str:
    """Between what the difference of a class lies, or a dash."""
    if change.low is None or change.high is None:
        return DASH
    return f"{signed(change.low)} … {signed(change.high)}"


def in_short(this: Round) -> str:
    """What came of a round: the classes that are worse by name, with figures."""
    said, decision = outcome_name(this.outcome), this.decision
    if this.outcome == "failed":
        return f"{said}: {this.why}"
    if decision is None:
        return said
    if this.outcome == "refused":
        worse = [each for each in decision.classes if each.finding == "worse"]
        parts = [f"{each.name} {signed(change_of(each))} [{interval(each)}]" for each in worse]
        return f"{said}: {', '.join(parts)}" if parts else said
    return said


def news(this: Round) -> str:
    """What somebody who did something else meanwhile has to know."""
    decision, number = this.decision, this.number
    if decision is None or this.outcome not in ("promoted", "refused"):
        text = translate("Rounds", "Round {n} came to no decision: {why}.")
        return text.format(n=number, why=this.why)
    if this.outcome == "promoted":
        if decision.miou_before is None:
            text = translate("Rounds", "Round {n}: promoted, mIoU {after} on the test images.")
        else:
            text = translate("Rounds", "Round {n}: promoted, mIoU {before} → {after} on the test images.")
        return text.format(n=number, before=_score(decision.miou_before), after=_score(decision.miou_after))
    worse = [each for each in decision.classes if each.finding == "worse"]
    why = ". ".join(map(_worse, worse)) if worse else this.why
    text = translate("Rounds", "Round {n}: refused. {why}. The model in use stays.")
    return text.format(n=number, why=why[:1].upper() + why[1:])


def _worse(change: ClassChange) -> str:
    by = change_of(change) or 0.0
    if change.low is None or change.high is None or change.high >= 0:
        text = translate("Rounds", "{name} is worse by {by}, in too few images to call it chance")
        return text.format(name=change.name, by=f"{-by:.3f}")
    text = translate("Rounds", "{name} is worse by {by} (with {percent} % certainty by {low} to {high})")
    return text.format(
        name=change.name,
        by=f"{-by:.3f}",
        percent=f"{100 * LEVEL:g}",
        low=f"{-change.high:.3f}",
        high=f"{-change.low:.3f}",
    )


def _score(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"
