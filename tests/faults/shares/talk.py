"""Speaking with programs on other computers: a line of JSON each way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Queue
from typing import Any

from tests.faults.shares.scene import LONG_S, Ward

State = dict[str, Any]


class Talk:
    """A program on a computer of the scene."""

    def __init__(self, ward: Ward, module: str, *words: object) -> None:
        self.ward = ward
        self._process = ward.python("-m", f"tests.faults.shares.{module}", *words)
        self._heard: Queue[State] = Queue()
        self._ear = threading.Thread(target=self._listen, daemon=True)
        self._ear.start()
        assert self.hear(120) == {"done": "ready"}

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._heard.put(json.loads(line))

    def say(self, *words: object) -> None:
        """Ask for a deed without waiting for the answer."""
        print(json.dumps(words), file=self._process.stdin, flush=True)

    def hear(self, seconds: float = LONG_S) -> State:
        """The next answer."""
        try:
            return self._heard.get(timeout=seconds)
        except Empty:
            raise AssertionError(f"{self.ward.computer.name} does not answer") from None

    def ask(self, *words: object) -> State:
        """Ask for a deed; its answer."""
        self.say(*words)
        return self.hear()

    def done(self, *words: object) -> Any:
        """The same for a deed that has to work."""
        answer = self.ask(*words)
        assert "done" in answer, answer
        return answer["done"]

    def until(self, reached: Callable[[State], object], seconds: float = LONG_S) -> State:
        """What is seen in a window once it has come to something."""
        deadline = time.monotonic() + seconds
        while not reached(seen := self.done("state")):
            assert time.monotonic() < deadline, f"it did not come to that: {seen}"
            time.sleep(0.1)
        return seen

    def kill(self) -> None:
        """kill -9. A second one does nothing."""
        if self._process.poll() is None:
            self.ward.kill(self._process)
        self._ear.join(LONG_S)
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was said last is heard by nobody
                assert pipe is not None
                pipe.close()


@contextmanager
def window(ward: Ward) -> Iterator[Talk]:
    """Somebody at the real window, on its start page. It is killed in the end."""
    talk = Talk(ward, "person", ward.home / "settings")
    try:
        yield talk
    finally:
        talk.kill()


@contextmanager
def editor(ward: Ward) -> Iterator[Talk]:
    """Somebody who edits without a window. It is killed in the end."""
    talk = Talk(ward, "editor")
    try:
        yield talk
    finally:
        talk.kill()
