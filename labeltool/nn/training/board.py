"""Event files of TensorBoard beside metrics.jsonl, where the extra is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.extras import BOARD as EXTRA
from labeltool.inference.run import BOARD

Writer = Any


class Board:
    """Scalars of the rows of a run, and what the network made of some images; nothing where TensorBoard is missing.

    ``first_step`` is where the run goes on: what an earlier process wrote of later steps is not shown.
    """

    def __init__(self, folder: Path, catalog: ClassCatalog, first_step: int) -> None:
        self._writer: Writer | None = None
        self._colours = np.zeros((256, 3), np.uint8)
        for each in catalog.classes:
            self._colours[each.value] = each.color
        if not EXTRA.missing:
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  (an extra)

            self._writer = SummaryWriter(str(folder / BOARD), purge_step=first_step)

    @property
    def lacks(self) -> str:
        """What to tell the user where no event files are written."""
        return "" if self._writer else str(EXTRA.refusal("TensorBoard's event files"))

    def row(self, row: dict[str, Any]) -> None:
        """The numbers of a row of metrics.jsonl."""
        if self._writer is None or "step" not in row or "event" in row:
            return
        kind = "validation" if "score" in row else "training"
        numbers = {**row, **{f"iou/{name}": iou for name, iou in _ious(row.get("val", {})).items()}}
        for name, value in numbers.items():
            if isinstance(value, float | int) and name != "step":
                self._writer.add_scalar(f"{kind}/{name}", value, row["step"])
        self._writer.flush()

    def sample(self, step: int, number: int, label: NDArray[np.uint8]) -> None:
        """Class values [h, w] of an image, in the colours of the classes."""
        if self._writer is not None:
            picture = self._colours[label]
            self._writer.add_image(f"samples/{number}", picture, step, dataformats="HWC")

    def close(self) -> None:
        """Write what is not yet written."""
        if self._writer is not None:
            self._writer.close()


def _ious(figures: dict[str, Any]) -> dict[str, float | None]:
    return {name: scores["iou"] for name, scores in figures.get("per_class", {}).items()}
