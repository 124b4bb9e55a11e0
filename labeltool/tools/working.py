"""Work of a tool that may take longer than a hand should wait: the window stays alive, and Esc leaves it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import CancelledError as Dropped
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from labeltool.core.errors import CancelledError
from labeltool.core.progress import CancelToken
from labeltool.tools.tool import NO_PREVIEW, Pointer, Preview, Scene, ToolContext

T = TypeVar("T")

GRACE_S = 0.05
"""Work that is done this soon is waited for: nobody sees that it was work."""


@dataclass(frozen=True)
class Promise(Generic[T]):
    """A future with the token that stops it (see :class:`labeltool.tools.tool.Pending`)."""

    future: Future[T]
    token: CancelToken

    @property
    def done(self) -> bool:
        """True once there is an answer, or an error."""
        return self.future.done()

    def wait(self, seconds: float) -> None:
        """Until it is done, but no longer than this."""
        wait_for([self.future], seconds)

    def result(self) -> T:
        """The answer; raises what the work raised."""
        try:
            return self.future.result()
        except Dropped:
            raise CancelledError from None

    def cancel(self) -> None:
        """Ask the work to stop."""
        self.token.cancel()


def at_once(work: Callable[[CancelToken], T]) -> Promise[T]:
    """Do it here and now."""
    future: Future[T] = Future()
    token = CancelToken()
    try:
        future.set_result(work(token))
    except Exception as error:  # the work's, for whoever asks for its result
        future.set_exception(error)
    return Promise(future, token)


def worked(
    context: ToolContext,
    work: Callable[[Scene, CancelToken], T],
    preview: Preview = NO_PREVIEW,
    heard: Callable[[Pointer], None] = lambda event: None,
) -> Generator[Preview, Pointer, T]:
    """``answer = yield from worked(...)``: the answer of work, with ``preview`` shown meanwhile; ``heard`` is told what
    the pointer does.

    Nobody else changes the mask meanwhile where a stroke has been begun before. Leaving the gesture stops the work, and
    so does undo, by a CancelledError.
    """
    pending = context.begin(work)
    try:
        pending.wait(GRACE_S)
        while not pending.done:
            event = yield replace(preview, working=True)
            if event.key == "back":
                raise CancelledError
            heard(event)
        return pending.result()
    finally:
        pending.cancel()
