"""How a model is to be run. No torch here: windows and commands offer these."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

DEVICES = ("auto", "cpu", "cuda")
ENGINES = ("auto", "torch", "openvino", "int8")
FROM_ONE_ANSWER = ("margin", "entropy")
"""The planes of doubt that follow from the probabilities a network gives at once."""
DOUBTS = (*FROM_ONE_ANSWER, "bald")
"""All planes of doubt; "bald" runs what follows the encoder eight times, with its dropout on, in torch."""


@dataclass(frozen=True)
class InferenceOptions:
    """``engine`` "auto" takes OpenVINO on a CPU where it is installed, else torch; "int8" needs a quantized model.

    ``flips`` averages over the image and its mirror images, ``scales`` over enlargements of it; both cost their
    number in time. ``doubts`` are the planes of doubt that are wanted beside the confidence. ``repeatable`` gives
    up some speed on a GPU so that processes that share images answer as one alone would; it changes no key.
    """

    device: str = "auto"
    engine: str = "auto"
    flips: bool = False
    scales: tuple[float, ...] = (1.0,)
    doubts: tuple[str, ...] = ()
    repeatable: bool = False

    @property
    def suffix(self) -> str:
        """What distinguishes predictions made this way from a model's plain ones: "", "+flips", "+int8" ... Which 8-bit
        integers these are the model adds."""
        parts = ["int8"] if self.engine == "int8" else []
        parts += ["flips"] if self.flips else []
        parts += ["x".join(f"{scale:g}" for scale in self.scales)] if self.scales != (1.0,) else []
        return "".join(f"+{part}" for part in parts)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> InferenceOptions:
        """What :meth:`to_json` gave."""
        return cls(**{**data, "scales": tuple(data["scales"]), "doubts": tuple(data["doubts"])})
