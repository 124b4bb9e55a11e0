"""Weights and the state of a training as targets: what torch reads of a stranger's files."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import torch
from fuzz.bench import Asked, Specimen, Target, read_all

from labeltool.core.catalog import ClassCatalog
from labeltool.inference.card import ModelCard
from labeltool.inference.timetable import Timetable
from labeltool.nn.architectures.deeplabv3plus import build
from labeltool.nn.checkpoint import load_network, load_pretrained, read_state, save_network
from labeltool.nn.training.state import Reached, load_state, save_state

_CARD = ModelCard(
    "tiny", "deeplabv3plus", "tu-mobilenetv3_small_100", ClassCatalog.from_names(["cell"]), decoder_channels=8
)
_LITTLE = 64
"""Tensors of few numbers make files that a mutation meets where it matters."""


class WeightsTarget(Target):
    """A network's card with its weights, tensors in a .safetensors and a .pth, the state of a run."""

    def specimens(self, folder: Path) -> list[Specimen]:
        """One large pair, which is read with its card, and small files of the same kinds."""
        torch.manual_seed(0)
        self._network = build(_CARD)
        save_network(folder / "model", _CARD, self._network)
        some = {f"encoder.{n}": torch.rand(3, 4) for n in range(_LITTLE // 8)}
        from safetensors.torch import save_file

        (folder / "small").mkdir()
        save_file(some, folder / "small" / "some.safetensors")
        torch.save({"state_dict": some}, folder / "small" / "some.pth")
        (folder / "run").mkdir()
        reached = Reached(Timetable(((0, 100),), 4), 2, step=10, pace=(1.0, 2.0))
        save_state(folder / "run", reached, {"network": some})
        files = read_all(folder)
        small = {n: d for n, d in files.items() if not n.startswith("model")}
        return [
            *(Specimen(name, {name: data}) for name, data in sorted(small.items())),
            Specimen(
                "model", {n: d for n, d in files.items() if n.startswith("model")}, ("model/card.json",)
            ),
        ]

    def read(self, folder: Path, ask: Asked) -> None:
        """Whatever there is of the files."""
        if (folder / "model").is_dir():
            found = ask("the network", lambda: load_network(folder / "model"))
            if found is not None:
                ask("its answer", lambda: _answers(*found))
        for name in ("some.safetensors", "some.pth"):
            path = folder / "small" / name
            if path.exists():
                ask("the tensors", lambda p=path: _digest(read_state(p)))
                ask("a beginning", lambda p=path: load_pretrained(self._network, p))
        if (folder / "run").is_dir():
            ask("the state of a run", lambda: load_state(folder / "run"))


def _answers(card: ModelCard, network: torch.nn.Module) -> tuple[int, ...]:
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tuple(network.eval()(torch.zeros(1, card.channels, 64, 64)).shape)


def _digest(state: object) -> str:
    return hashlib.sha256(repr(state).encode()).hexdigest()
