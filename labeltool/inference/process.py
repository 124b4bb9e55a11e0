"""A model in a process of its own: the program neither waits for torch nor dies with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from labeltool.core.errors import DeviceError, ModelError
from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.inference.child import notices_of, raise_error
from labeltool.inference.frames import Header
from labeltool.inference.model_child import ModelChild, WorkerInfo
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Embedding, Prediction

__all__ = ["ModelProcess", "WorkerInfo"]

_WORKER = "labeltool.inference.worker"


class ModelProcess(ModelChild):
    """Runs a model's folder (or a .safetensors or .pth file beside a card) in a child process, over whole images.

    ``segmenter`` ("module:function") replaces the one the card names.
    """

    def __init__(
        self, model: Path, how: InferenceOptions | None = None, *, silence_s: float = 300, segmenter: str = ""
    ) -> None:
        arguments = [str(model.absolute()), "--segmenter", segmenter]
        super().__init__(_WORKER, arguments, how or InferenceOptions(), silence_s)

    def segment(
        self,
        path: Path,
        cancel: CancelToken | None = None,
        progress: Progress = silent,
        *,
        page: str = "",
        first: int = 0,
        grid: Sequence[Box] | None = None,
    ) -> Iterator[Prediction]:
        """The image's predictions as they are made, from window number ``first`` of its ``grid`` on (the boxes that the
        windows are to have, in order; None: the child says how many there are); leaving the loop early stops the child.

        BadInputError when the image cannot be read (the child lives on), ModelError when the model fails on it,
        or the child dies, or ends with other windows than those of the grid, CancelledError within a second of
        ``cancel``. Where a device fails that nobody has asked for, the CPU goes on with the next window.
        """
        try:
            for prediction in self._segment(path, cancel, progress, page, first, grid):
                first += 1
                yield prediction
        except DeviceError as error:
            if not self.falls_back(error):
                raise
            yield from self._segment(path, cancel, progress, page, first, grid)

    def _segment(
        self,
        path: Path,
        cancel: CancelToken | None,
        progress: Progress,
        page: str,
        made: int,
        grid: Sequence[Box] | None,
    ) -> Iterator[Prediction]:
        child = self._started(cancel)
        finished = False
        try:
            child.send({"segment": str(path.absolute()), "page": page, "first": made})
            while not finished:
                header, body = self._next(child, cancel)
                finished = "end" in header or "error" in header
                self.notices += notices_of(header)
                raise_error(header)
                progress(float(header["done"]), float(header["total"]))
                if "part" in header:
                    prediction = _prediction(header, body)
                    _expect(prediction.box, grid, made)
                    made += 1
                    yield prediction
            wanted = header["total"] if grid is None else len(grid)
            if made != wanted:
                raise ValueError(f"it ended after {made} of {wanted} windows")
        except DeviceError:
            finished = False  # nothing runs in this process any more
            raise
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            finished = False
            raise ModelError(f"the model process sent something else than a prediction: {error}") from error
        finally:
            if not finished:
                self._drop(child)

    def embed(self, path: Path, cancel: CancelToken | None = None, *, page: str = "") -> Embedding:
        """The embedding of an image; raises what :meth:`segment` raises."""
        try:
            return self._embed(path, cancel, page)
        except DeviceError as error:
            if not self.falls_back(error):
                raise
            return self._embed(path, cancel, page)

    def _embed(self, path: Path, cancel: CancelToken | None, page: str) -> Embedding:
        child = self._started(cancel)
        answered = False
        try:
            child.send({"embed": str(path.absolute()), "page": page})
            header, body = self._next(child, cancel)
            answered = "embedding" in header or "error" in header
            self.notices += notices_of(header)
            raise_error(header)
            return np.frombuffer(body, np.float32, int(header["embedding"]))
        except DeviceError:
            answered = False
            raise
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            answered = False
            raise ModelError(f"the model process sent something else than an embedding: {error}") from error
        finally:
            if not answered:
                self._drop(child)


def _expect(box: Box, grid: Sequence[Box] | None, number: int) -> None:
    """ValueError where this is not the window that comes next."""
    if grid is not None and (number >= len(grid) or box != grid[number]):
        raise ValueError(f"window {number + 1} of {len(grid)} has the box {tuple(box)}")


def _prediction(header: Header, body: bytes) -> Prediction:
    box = Box(*header["part"])
    names = header["planes"]
    if not names:
        return Prediction.nothing(box)
    planes = np.frombuffer(body, np.uint8).reshape(len(names), box.height, box.width)
    return Prediction(box, **dict(zip(names, planes, strict=True)))
