"""A tool in use: its gesture while one is under way, and what it previews. Knows nothing of Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from labeltool.core.draw import Point
from labeltool.core.errors import CancelledError, LabeltoolError
from labeltool.tools.tool import NO_PREVIEW, Gesture, Key, Pointer, Preview, Tool, ToolContext


class Drawing:
    """Sends pointers to a tool's gesture. ``shown`` is told of the preview before and the one now, ``failed`` of a
    gesture's end by an error."""

    def __init__(
        self,
        context: Callable[[], ToolContext | None],
        shown: Callable[[Preview, Preview], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self.tool: Tool | None = None
        self.preview: Preview = NO_PREVIEW
        self._context, self._shown, self._failed = context, shown, failed
        self._gesture: Gesture | None = None
        self._last: Pointer | None = None
        self._sending = False

    @property
    def under_way(self) -> bool:
        """True between the press that begins a gesture and its end."""
        return self._gesture is not None

    @property
    def busy(self) -> bool:
        """True while something is being drawn that would be lost if it were left now."""
        return self._gesture is not None and not self.preview.idle

    def use(self, tool: Tool) -> None:
        """Draw with this tool from now on; a gesture that is under way is cancelled."""
        self.cancel()
        self.tool = tool

    def cancel(self) -> bool:
        """Drop what is being drawn, so that nothing of it stays; False when nothing was."""
        under_way = self._gesture is not None
        self._end()
        self.show(NO_PREVIEW)
        return under_way

    def finish(self) -> bool:
        """End what is being drawn as letting go of the button would; True when something had to be dropped."""
        self.let_go()
        dropped = self.busy
        self.cancel()
        return dropped

    def let_go(self) -> None:
        """As if the button were let go of where the pointer was last; what goes on after that does."""
        if self._gesture is not None and self._last is not None:
            self.send(replace(self._last, kind="release"))

    def send(self, pointer: Pointer) -> None:
        """Go on with the gesture; a press begins one."""
        if pointer.kind != "key":
            self._last = pointer
        context = self._context()
        if context is None or self.tool is None:
            return
        self._sending = True
        try:
            if self._gesture is not None:
                self.show(self._gesture.send(pointer))
            elif pointer.kind == "press":
                self._gesture = self.tool.gesture(context, pointer)
                self.show(next(self._gesture))
        except (StopIteration, CancelledError):
            self._end()
            self.show(NO_PREVIEW)
        except Exception as error:  # a tool may fail in any way, and so may what shows its preview
            self._end()
            self.show(NO_PREVIEW)
            self._failed(error)
        finally:
            self._sending = False

    def _end(self) -> None:
        """Whatever becomes of what is shown: a stroke that the gesture has open is taken back."""
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.close()

    def key(self, key: Key) -> None:
        """A word to the gesture that is under way: accept, back, delete."""
        if self._gesture is not None:
            self.send(Pointer("key", key=key))

    def refresh(self) -> None:
        """Something else has changed the mask: a gesture that rests looks at it again."""
        if self._gesture is not None and self.preview.idle and not self._sending:
            self.key("refresh")

    def answered(self, point: Point | None, *, failed: bool) -> None:
        """Work of the tool is done; ``point`` is where the pointer is. A hover that failed is not tried again."""
        if self._gesture is not None:
            self.key("done")
        elif failed:
            self.show(NO_PREVIEW)
        else:
            self.hover(point)

    def hover(self, point: Point | None) -> None:
        """The pointer merely moves, or has left."""
        context = self._context()
        if self._gesture is not None or self.tool is None or self.tool.hover is None or context is None:
            return
        try:
            self.show(NO_PREVIEW if point is None else self.tool.hover(context, point))
        except LabeltoolError:  # its work has failed, and nothing that anybody has asked for
            self.show(NO_PREVIEW)

    def show(self, preview: Preview) -> None:
        """Show a preview."""
        if preview is not self.preview:
            before, self.preview = self.preview, preview
            self._shown(before, preview)
