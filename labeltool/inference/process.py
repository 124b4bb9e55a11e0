"""A model in a process of its own: the program neither waits for torch nor dies with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from labeltool.core.errors import ModelError
from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.inference.child import raise_error
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
        options = json.dumps((how or InferenceOptions()).to_json())
        arguments = [str(model.absolute()), "--how", options, "--segmenter", segmenter]
        super().__init__(_WORKER, arguments, silence_s)

    def segment(
        self,
        path: Path,
        cancel: CancelToken | None = None,
        progress: Progress = silent,
        *,
        page: str = "",
        first: int = 0,
    ) -> Iterator[Prediction]:
        """The image's predictions as they are made, from window number ``first`` of its grid on; leaving the loop early
        stops the child.

        BadInputError when the image cannot be read (the child lives on), ModelError when the model fails on it
        or the child dies, CancelledError within a second of ``cancel``.
        """
        child = self._started(cancel)
        finished = False
        try:
            child.send({"segment": str(path.absolute()), "page": page, "first": first})
            while not finished:
                header, body = self._next(child, cancel)
                finished = "end" in header or "error" in header
                self.notices += header.get("notices", [])
                raise_error(header)
                progress(header["done"], header["total"])
                if "part" in header:
                    yield _prediction(header, body)
        except (KeyError, TypeError, ValueError) as error:
            finished = False
            raise ModelError(f"the model process sent something else than a prediction: {error}") from error
        finally:
            if not finished:
                self._drop(child)

    def embed(self, path: Path, cancel: CancelToken | None = None, *, page: str = "") -> Embedding:
        """The embedding of an image; raises what :meth:`segment` raises."""
        child = self._started(cancel)
        answered = False
        try:
            child.send({"embed": str(path.absolute()), "page": page})
            header, body = self._next(child, cancel)
            answered = "embedding" in header or "error" in header
            self.notices += header.get("notices", [])
            raise_error(header)
            return np.frombuffer(body, np.float32, int(header["embedding"]))
        except (KeyError, TypeError, ValueError) as error:
            answered = False
            raise ModelError(f"the model process sent something else than an embedding: {error}") from error
        finally:
            if not answered:
                self._drop(child)


def _prediction(header: Header, body: bytes) -> Prediction:
    box = Box(*header["part"])
    names = header["planes"]
    if not names:
        return Prediction.nothing(box)
    planes = np.frombuffer(body, np.uint8).reshape(len(names), box.height, box.width)
    return Prediction(box, **dict(zip(names, planes, strict=True)))
