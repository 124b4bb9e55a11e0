"""Learns in float64 for the processes that torchrun starts, or alone; the first prints its losses as JSON.

python -m torch.distributed.run --standalone --nproc-per-node 2 tests/unit/nn/learn_in_double.py adamw 40
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import closing
from itertools import islice
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[3]))

from labeltool.core.progress import CancelToken, silent
from labeltool.nn.training.cards import first_card
from labeltool.nn.training.data import CropSampler, Examples
from labeltool.nn.training.distributed import together, wrapped
from labeltool.nn.training.learner import Learner
from labeltool.nn.training.ranks import rank
from labeltool.nn.training.starting import first_network
from tests.unit.nn.conftest import drawn_set, options


def main(optimiser: str, steps: int) -> None:
    """Learn of the drawn discs for so many steps."""
    how = options(optimiser=optimiser, precision="float32", dropout=0.0, batch=4, steps=steps)
    with tempfile.TemporaryDirectory() as folder, together("cpu"):
        data = drawn_set(Path(folder))
        card = first_card(data.catalog, how)
        learner = Learner(first_network(card, how)[0].double(), card, how, "cpu", wrapped)
        sampler = CropSampler(Examples(data.train, card), how, cancel=CancelToken(), progress=silent)
        with closing(sampler.batches()) as batches:
            losses = [
                learner.step(batch, step / steps, step)["loss"]
                for step, batch in enumerate(islice(batches, steps))
            ]
        if rank() == 0:
            print(json.dumps(losses))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1], int(sys.argv[2]))
