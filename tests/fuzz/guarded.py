"""An import under guard: little time, little memory, nothing written and nothing read that is none of its business."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from labeltool import plugins
from labeltool.app.foreign_classes import widened
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.project import SPLITS, ImageRecord, Skipped
from labeltool.formats.protocol import ImportedMask

SECONDS = 5.0
PATIENCE_S = 20.0
MEMORY = 1 << 30
"""Bytes of address space that an import may take beyond what the process has."""
UNBOUNDED = "LABELTOOL_FUZZ_UNBOUNDED"
"""In the environment: neither time nor memory is bounded, of which a memory checker needs more."""

LOCK_THREAD = "labeltool-lock"
"""What gives the signs of life of a project that is open meanwhile."""
CACHE = "labeltool-fuzz-cache-"
"""How folders are called in which a case may keep what it has worked out."""

LONGEST = 3_000
"""Characters of a message; nobody reads more."""


class TooSlowError(Exception):
    """The import took longer than it may."""


@dataclass
class Watched:
    """Which files Python opens; what libraries in C open is not seen, so there are the canaries as well.

    Nothing below ``bait`` may be opened, and nothing anywhere be written but in a cache (:data:`CACHE`). Where folders
    are ``allowed``, nothing that is there may be read but what lies in them, and what the program and Python are made
    of (:data:`_OURS`).
    """

    bait: str = "/nowhere"
    allowed: tuple[Path, ...] = ()
    on: bool = False
    strays: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        sys.addaudithook(self._event)

    def _event(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on or threading.current_thread().name == LOCK_THREAD:
            return
        if event == "open" and isinstance(args[0], str | bytes):
            path, mode, flags = os.fspath(args[0]), args[1], args[2]
            path = os.path.realpath(
                path.decode("utf-8", "surrogateescape") if isinstance(path, bytes) else path
            )
            writes = (isinstance(mode, str) and any(c in mode for c in "wax+")) or (
                isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            )
            if path.startswith(self.bait):
                self.strays.append(f"opened {path}")
            elif not writes and self._is_elsewhere(Path(path)):
                self.strays.append(f"read {path}")
            elif writes and not path.startswith(("/dev/", "/proc/")) and not _is_free(path):
                self.strays.append(f"wrote {path}")
        elif event in _CHANGES and not _is_free(str(args[0])) and not _is_below_a_folder(event, args):
            self.strays.append(f"{event} {args[:2]}")

    def _is_elsewhere(self, path: Path) -> bool:
        """True of a file that nobody has given to the program."""
        around = (*self.allowed, *_OURS)
        return bool(self.allowed) and path.is_file() and not any(map(path.is_relative_to, around))


_OURS = tuple(
    Path(each).resolve()
    for each in (
        sys.prefix,
        sys.base_prefix,
        Path(__file__).parents[2],
        "/usr/lib",
        "/usr/share",
        "/dev",
        "/proc",
        "/sys",
    )
)
"""What the program, Python and the system's libraries are made of."""

_TEMPORARY = str(Path(tempfile.gettempdir()) / tempfile.gettempprefix())


def _is_free(path: str) -> bool:
    """True of a folder that a case may keep something in, or has made for a moment."""
    return CACHE in path or path.startswith(_TEMPORARY)


def _is_below_a_folder(event: str, args: tuple[Any, ...]) -> bool:
    """True of what removing a whole folder does; that has been told already."""
    return event in ("os.remove", "os.rmdir") and len(args) > 1 and args[1] != -1


_CHANGES = frozenset(
    "os.mkdir os.remove os.rename os.rmdir os.link os.symlink os.truncate os.chmod os.chown os.system os.exec "
    "os.posix_spawn os.spawn os.startfile subprocess.Popen shutil.copyfile shutil.move shutil.rmtree "
    "socket.connect".split()
)


@contextlib.contextmanager
def bounded(seconds: float = SECONDS, memory: int = MEMORY) -> Iterator[None]:
    """Raises TooSlowError after ``seconds`` of work or :data:`PATIENCE_S` of waiting, MemoryError beyond ``memory``
    bytes; only where the system can, and not with ``UNBOUNDED``."""
    try:
        import resource
    except ImportError:
        yield
        return
    if UNBOUNDED in os.environ:
        yield
        return

    def too_slow(number: int, frame: object) -> None:
        raise TooSlowError(f"longer than {seconds} s of work or {PATIENCE_S} s of waiting")

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    handlers = [(kind, signal.signal(kind, too_slow)) for kind in (signal.SIGALRM, signal.SIGPROF)]
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + memory, hard))
    start = time.monotonic()
    others = signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)[0]  # pytest-timeout has one as well
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, others and max(others - (time.monotonic() - start), 0.001))
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        for kind, handler in handlers:
            signal.signal(kind, handler)


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Answer:
    """What an importer says: what came in, what it reports, and what is wrong with it (nothing should be)."""

    masks: tuple[ImportedMask, ...] = ()
    messages: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


def answer(
    name: str,
    src: Path,
    catalog: ClassCatalog,
    images: Sequence[ImageRecord],
    options: dict[str, Any] | None = None,
    *,
    add_classes: bool = False,
) -> Answer:
    """Import ``src`` without a project; with ``add_classes`` its classes are added first."""
    importer = plugins.load("labeltool.importers", name)()
    chosen = importer.Options(**(options or {}))
    masks: list[ImportedMask] = []
    told: list[str] = []
    wrong: list[str] = []
    try:
        with bounded():
            if add_classes:
                wider = widened(catalog, importer, src, chosen, images)
                catalog = wider.catalog
                told += [f"{each.file}: {each.reason}" for each in wider.skipped]
                told += wider.notices
            for found in importer.read(src, catalog, images, chosen):
                if isinstance(found, Skipped):
                    told.append(f"{found.file}: {found.reason}")
                else:
                    masks.append(found)
                    told += found.notices
    except BadInputError as error:
        told.append(str(error))
    except Exception as error:
        wrong.append(where(error))
    wrong += [w for mask in masks for w in _strange(mask, catalog, images)]
    wrong += [f"message: {problem}: {text[:200]!a}" for text in told if (problem := unreadable(text))]
    return Answer(tuple(masks), tuple(told), tuple(wrong))


def where(error: BaseException) -> str:
    """The error and the last lines of ours that it came from."""
    return f"{type(error).__name__}: {str(error)[:200]!a} in {' > '.join(frames_of(error)[-4:])}"


def frames_of(error: BaseException) -> list[str]:
    """The lines of ours that an error came through."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "labeltool" in code.co_filename:
            frames.append(f"{Path(code.co_filename).stem}.{code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames


def _strange(mask: ImportedMask, catalog: ClassCatalog, images: Sequence[ImageRecord]) -> Iterator[str]:
    """What of a mask is not as the protocol says."""
    record = next((each for each in images if each.id == mask.image_id), None)
    if record is None:
        yield "a mask of an image that nobody asked for"
        return
    shape = (record.size.height, record.size.width)
    planes = ((mask.label, np.uint8), (mask.object, np.uint32), (mask.known, np.bool_))
    if any(plane is not None and (plane.shape != shape or plane.dtype != dtype) for plane, dtype in planes):
        yield "a plane of another size or kind"
        return
    strange = set(np.unique(mask.label).tolist()) - {*catalog.values, IGNORE}
    if strange:
        yield f"values that are no classes: {sorted(strange)[:5]}"
    if mask.split not in ("", *SPLITS):
        yield f"a split called {mask.split[:20]!r}"
    if mask.objects < 0:
        yield "fewer objects than none"


def unreadable(text: str) -> str:
    """Why a message is none for people, or nothing."""
    if len(text) > LONGEST:
        return f"{len(text):,} characters"
    odd = re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text)
    if odd is not None:
        return f"holds the character {odd[0]!a}"
    return "" if text.strip() else "empty"
