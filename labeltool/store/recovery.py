"""What to tell the user after a session that did not end properly."""

from __future__ import annotations

from dataclasses import dataclass, replace

from labeltool.core.project import ImageRecord
from labeltool.store.lock import StrokeRecord


@dataclass(frozen=True)
class Recovery:
    """What was left when the last session ended without closing the project; no image where none was touched.
    ``waiting`` changes of it are kept elsewhere until they can be saved."""

    image_id: str
    image_name: str
    revision: int
    strokes_lost: int
    waiting: int = 0

    @classmethod
    def reckon(cls, left: StrokeRecord, record: ImageRecord | None, unnoted: int = 0) -> Recovery:
        """Hold what the dead session noted against the image as it was found: ``unnoted`` strokes of it were committed
        without there being time to note them."""
        pending = left.begun - left.saved
        if record is None:
            return cls("", "", 0, pending)
        return cls(record.id, record.name, record.revision, max(0, pending - unnoted))

    def after(self, image_id: str, brought_back: int, revision: int) -> Recovery:
        """The same once so many operations of an image, which is at ``revision`` now, came back from elsewhere. The
        dead session counted the strokes of all its images together."""
        found = replace(self, strokes_lost=max(0, self.strokes_lost - brought_back))
        return replace(found, revision=revision) if image_id == self.image_id else found

    def keeping(self, changes: int) -> Recovery:
        """The same where so many more changes, of any image, turned out to be kept elsewhere."""
        lost = max(0, self.strokes_lost - changes)
        return replace(self, strokes_lost=lost, waiting=self.waiting + changes)

    def __str__(self) -> str:
        where = f"{self.image_name}: recovered to r{self.revision}" if self.image_id else "project recovered"
        if not self.waiting:
            return f"{where}, {self._lost}"
        waits = (
            "change of the last session waits" if self.waiting == 1 else "changes of the last session wait"
        )
        kept = f"{where}; {self.waiting} {waits} to be saved"
        return f"{kept}, {self._lost}" if self.strokes_lost else kept

    @property
    def _lost(self) -> str:
        if self.strokes_lost == 0:
            return "nothing was lost"
        if self.strokes_lost == 1:
            return "1 stroke in progress was not saved"
        return f"{self.strokes_lost} strokes in progress were not saved"
