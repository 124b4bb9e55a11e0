"""The loop: correct, approve, train, hold the model against the one in use, promote or refuse, and begin again."""

from labeltool.app.loop.curve import Point, curve
from labeltool.app.loop.gate import ClassChange, Decision, judge
from labeltool.app.loop.journal import Round, read_rounds
from labeltool.app.loop.rounds import PARTS, approved, is_due, run_round
from labeltool.app.loop.settings import LoopSettings, read_settings, set_damaged_aside, write_settings
from labeltool.app.loop.standing import Prospects, Standing, prospects, read_standing
from labeltool.app.loop.training import beginning, model_in_use, round_options

__all__ = [
    "PARTS",
    "ClassChange",
    "Decision",
    "LoopSettings",
    "Point",
    "Prospects",
    "Round",
    "Standing",
    "approved",
    "beginning",
    "curve",
    "is_due",
    "judge",
    "model_in_use",
    "prospects",
    "read_rounds",
    "read_settings",
    "read_standing",
    "round_options",
    "run_round",
    "set_damaged_aside",
    "write_settings",
]
