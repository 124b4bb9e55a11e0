"""Somebody who edits without a window, on a computer of their own: ``python -m tests.faults.shares.editor``.

A line of JSON on standard input asks for a deed, ``["open", project]``, ``["paint", image, x]``, ``["close"]`` or
``["look", image]``; the answer is a line: ``{"done": ...}``, or ``{"error": words, "kind": class}``.
"""

from __future__ import annotations

import json
import sys
from itertools import count
from pathlib import Path

from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.store.layout import LOCK
from labeltool.store.lock import read_sign
from labeltool.store.project import ProjectStore
from tests.faults.sharing_scene import paint


class Editor:
    """Has at most one project open."""

    def __init__(self) -> None:
        self.store: ProjectStore | None = None

    def open(self, root: str, *, write: bool = True) -> object:
        """For editing, or to view."""
        self.store = ProjectStore.open(Path(root), write=write, reason="viewing")
        return {"reason": self.store.read_only_reason, "found": [*self.store.notices]}

    def view(self, root: str) -> object:
        """Open it to view."""
        return self.open(root, write=False)

    def paint(self, image: int, x: int) -> object:
        """One more stroke; the revision that it became."""
        assert self.store is not None
        paint(self.store, self.store.images()[image], x)
        return self.look(image)

    def work(self, image: int) -> object:
        """Strokes without a pause until one is refused, or what it is drawn on cannot be read; the revision of the last
        one that was saved and why the next was not."""
        assert self.store is not None
        record = self.store.images()[image]
        saved = 0
        for number in count():
            try:
                mask, at = self.store.load_mask(record.id), self.store.history(record.id).revision
                box = Box(10 + number * 7 % 250, 20, 40 + number * 7 % 250, 60)
                patch = write(mask, box, title="brush stroke", kind="brush", label=1 + number % 2, origin=2)
                saved = self.store.commit(record.id, patch, expected=at)
            except LabeltoolError as error:
                return [saved, type(error).__name__, str(error)]
        return None

    def take(self, root: str) -> object:
        """Take the project over from who gave the sign of life that is there now."""
        sign = read_sign(Path(root) / LOCK)
        self.store = ProjectStore.open(Path(root), take_over=sign)
        return {"from": str(sign and sign.owner), "found": [*map(str, self.store.notices)]}

    def look(self, image: int) -> object:
        """The revision of an image, and how many pixels of it are labelled."""
        assert self.store is not None
        record = self.store.reread(self.store.images()[image].id)
        mask = self.store.load_mask(record.id)
        return [record.revision, int((mask.read("label") > 0).sum())]

    def close(self) -> object:
        """Let go of the project."""
        if self.store is not None:
            self.store.close()
        self.store = None
        return True


def main() -> None:
    """Do what is asked until nobody asks any more."""
    editor = Editor()
    for line in sys.stdin:
        what, *more = json.loads(line)
        try:
            answer: dict[str, object] = {"done": getattr(editor, what)(*more)}
        except (LabeltoolError, OSError) as error:
            answer = {"error": str(error), "kind": type(error).__name__}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    print(json.dumps({"done": "ready"}), flush=True)
    main()
