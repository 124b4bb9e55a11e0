"""What a command says of a training while it goes on."""

from __future__ import annotations

from typing import Any

from labeltool.cli.output import Output


def tell_row(row: dict[str, Any], out: Output) -> None:
    """Pass a row of the training's log on to programs, and say to people what they would not see by the model."""
    from labeltool.inference.run import NOT_A_NUMBER

    out.event("metrics", **row)
    if row.get("event") == NOT_A_NUMBER:
        best = row.get("best")
        kept = (
            f"the best weights so far, of step {best}, are kept"
            if best
            else "nothing had been learnt by then"
        )
        out.notice(
            f"the loss was not a number at step {row.get('step')}, and the training ended there: {kept}. "
            "Lower --learning-rate"
        )
