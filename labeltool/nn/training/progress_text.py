"""How far a training is, in words."""

from __future__ import annotations

from labeltool.inference.run import RunState


def told(now: RunState, loss: float | None, limit_s: float | None) -> str:
    """One line for people: "step 120 of 3000, loss 0.312, score 0.81, 4 min left"."""
    parts = [f"step {now.step} of {now.steps}"]
    parts += [f"loss {loss:.3f}"] if loss is not None else []
    parts += [f"score {now.score:.3f}"] if now.score is not None else []
    parts += [now.doing] if now.doing not in ("", "learning") else []
    left_s = _left_s(now, limit_s)
    parts += [f"{_rough(left_s)} left"] if left_s else []
    return ", ".join(parts)


def _left_s(now: RunState, limit_s: float | None) -> float | None:
    if limit_s is not None:
        return max(0.0, limit_s - now.seconds)
    return now.seconds / now.step * (now.steps - now.step) if now.step else None


def _rough(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
