"""A model that is taught, in a process of its own, which keeps what the network sees of the image at hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from labeltool.core.errors import CancelledError, DeviceError, ModelError
from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken
from labeltool.inference.child import Child, raise_error
from labeltool.inference.frames import Header
from labeltool.inference.model_child import ModelChild
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Prediction
from labeltool.inference.teaching import Painted

_WORKER = "labeltool.inference.teaching_worker"


class View(NamedTuple):
    """A part of an image, or all of it, in pixels of the image."""

    path: Path
    page: str
    box: Box


class _Seen(NamedTuple):
    child: Child
    view: View


class TeachingProcess(ModelChild):
    """Teaches a model's folder (or a .safetensors or .pth file beside a card) in a child process, one image at a time.

    ``teachable`` ("module:function") replaces what the card's segmenter is taught by.
    """

    def __init__(
        self, model: Path, how: InferenceOptions | None = None, *, silence_s: float = 300, teachable: str = ""
    ) -> None:
        arguments = [str(model.absolute()), "--teachable", teachable]
        super().__init__(_WORKER, arguments, how or InferenceOptions(), silence_s)
        self._seen: _Seen | None = None

    def look(self, view: View, cancel: CancelToken | None = None) -> None:
        """See a part of an image, which takes the time of a pre-label; what the child sees already costs nothing.

        BadInputError when the image cannot be read and ModelError when the model fails on it (the child lives on), or
        when the child dies. After CancelledError, within the time of a window or of loading, it lives on, too. Where a
        device fails that nobody has asked for, the CPU goes on.
        """
        try:
            self._look(view, cancel)
        except DeviceError as error:
            if not self.falls_back(error):
                raise
            self._look(view, cancel)

    def _look(self, view: View, cancel: CancelToken | None) -> None:
        child = self._started(None)  # whatever is looked at next, the model is needed
        if cancel is not None:
            cancel.check()
        if self._seen == (child, view):
            return
        self._seen = None
        request = {"look": str(view.path.absolute()), "page": view.page, "box": list(view.box)}
        try:
            self._ask(child, "seen", request, (), cancel)
        except CancelledError:
            if not self._closed:
                self._leave(child)
            raise
        self._seen = _Seen(child, view)

    def teach(self, view: View, painted: Sequence[Painted], cancel: CancelToken | None = None) -> Prediction:
        """What the model says of what lies in the view once it is taught what is painted there, and nothing else. Looks
        first, where it has not; raises what :meth:`look` raises."""
        try:
            return self._teach(view, painted, cancel)
        except DeviceError as error:
            if not self.falls_back(error):
                raise
            return self._teach(view, painted, cancel)

    def _teach(self, view: View, painted: Sequence[Painted], cancel: CancelToken | None) -> Prediction:
        self.look(view, cancel)
        assert self._seen is not None  # noqa: S101
        child = self._seen.child
        header, body = self._ask(
            child,
            "taught",
            {"teach": [list(part.box) for part in painted]},
            [np.ascontiguousarray(part.label).tobytes() for part in painted],
            None,
        )
        try:
            box = Box(*header["taught"])
            label, confidence = np.frombuffer(body, np.uint8).reshape(2, box.height, box.width)
        except (TypeError, ValueError, ArithmeticError) as error:
            self._drop(child)
            raise ModelError(f"the model process sent something else than a prediction: {error}") from error
        return Prediction(box, label, confidence)

    def _ask(
        self, child: Child, wanted: str, header: Header, parts: Sequence[bytes], cancel: CancelToken | None
    ) -> tuple[Header, bytes]:
        """The one answer to a request. Where it is none at all, the child is dropped."""
        try:
            child.send(header, parts)
            answer, body = self._next(child, cancel)
        except CancelledError:
            raise
        except BaseException:
            self._drop(child)
            raise
        try:
            raise_error(answer)
        except DeviceError:
            self._drop(child)
            raise
        if wanted not in answer:
            self._drop(child)
            raise ModelError(f"the model process sent something else than what was asked for: {answer}")
        return answer, body

    def _leave(self, child: Child) -> None:
        """Nobody wants what was looked at: wait until the child has left it."""
        child.send({"leave": True})
        try:
            self._next(child, None)
        except BaseException:
            self._drop(child)
            raise
