"""Names of files and folders in a text: marked where it is written, so that they can be left out where it is handed on.

A file may be called like a patient, and a folder like a study. The log names files, because whoever looks into a
failure on this machine needs them; a report leaves them out unless its reader wants them in.
"""

from __future__ import annotations

import getpass
import platform
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from labeltool.core.errors import LabeltoolError, shown

OPEN, CLOSE = "⟨", "⟩"
SHORTEST = 3
"""Characters of a name that is looked for wherever it stands; a shorter one is in half of all words."""

_SUFFIXES = (
    "png jpg jpeg jpe jp2 j2k jpx tif tiff gif bmp webp ppm pgm pbm dcm dicom nii nii.gz svs ndpi mrxs scn czi lif vrt "
    "img asc csv tsv json geojson jsonl xml yaml yml txt ltm db gpkg shp npy npz pth pt safetensors zip gz pdf svg"
).split()
_MARKED = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")
_FRAME = re.compile(r'^(\s*File ")([^"]+)(")')
_QUOTED = re.compile(r"""(['"])((?:(?!\1)[^\n])*)\1""")
_PATH = re.compile(r"""(?<![\w:/.<>)\]\\])(?:file://|~?/(?=[^\s/])|[A-Za-z]:[\\/]|\\\\\w)[^\n'"⟨⟩<>|:]*""")
_FILE = re.compile(
    rf"(?<![>.\w])[^\s'\"⟨⟩<>/\\:;,()\[\]]+\.(?:{'|'.join(map(re.escape, _SUFFIXES))})\b", re.IGNORECASE
)
_CODE = re.compile(r".*[\\/](?=(?:site-packages|dist-packages|lib[\\/]python[\d.]+|labeltool)[\\/])")


def marked(name: object) -> str:
    """The name of a file or folder as texts of the log hold it, control characters spelled out."""
    return f"{OPEN}{shown(str(name)).translate({ord(OPEN): '(', ord(CLOSE): ')'})}{CLOSE}"


def told(error: BaseException) -> str:
    """An error in one line, with the names of files in it marked."""
    if isinstance(error, LabeltoolError):
        return mark(str(error), error)
    return mark(f"{type(error).__name__}: {error}" if str(error) else repr(error), error)


def mark(text: str, error: BaseException | None) -> str:
    """The text, with the names of the files that the error and its causes are about marked."""
    spellings = {each for name in _names(error) for each in (name, repr(name)[1:-1], shown(name))}
    if not spellings:
        return text
    any_of_them = "|".join(re.escape(name) for name in sorted(spellings, key=len, reverse=True))
    return re.sub(any_of_them, lambda match: marked(match[0]), text)


def _names(error: BaseException | None) -> Iterator[str]:
    for each in causes(error):
        for attribute in ("file", "filename", "filename2"):
            name = getattr(each, attribute, None)
            if isinstance(name, str | Path):
                path = Path(name)
                yield from (text for text in (str(name), path.name) if len(text) >= SHORTEST)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def stripped(text: str, private: Iterable[str] = ()) -> str:
    """The text without names of files and folders, of this machine and its user; ``private`` are more names to leave
    out, wherever they stand. The same name becomes the same number. Lines of code in tracebacks stay.

    It leaves out too much rather than too little; what it cannot know to be a name is for the reader to find.
    """
    numbers = _Numbers()
    without = _any_of(private, numbers)
    lines: list[str] = []
    of_frame = -1
    for line in text.split("\n"):
        frame, indent = _FRAME.match(line), len(line) - len(line.lstrip())
        if frame is not None:
            of_frame = indent
            lines.append(f"{frame[1]}{_code_path(frame[2])}{frame[3]}{line[frame.end() :]}")
        elif 0 <= of_frame < indent:
            lines.append(_MARKED.sub(lambda match: numbers(match[1]), line))  # the frame's line of code
        else:
            of_frame = -1
            lines.append(without(_line(line, numbers)))
    return _of_this_machine("\n".join(lines))


class _Numbers:
    """Gives each name a number."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def __call__(self, name: str) -> str:
        key = unicodedata.normalize("NFC", name.strip().rstrip("/\\"))
        suffix = next((f".{s}" for s in _SUFFIXES if key.lower().endswith(f".{s}")), "")
        return f"<name {self._known.setdefault(key, len(self._known) + 1)}>{suffix}"


def _line(line: str, numbers: _Numbers) -> str:
    def quoted(match: re.Match[str]) -> str:
        inside = match[2]
        names_a_file = "/" in inside or "\\" in inside or _FILE.search(inside)
        return f"{match[1]}{numbers(inside)}{match[1]}" if names_a_file else match[0]

    def path(match: re.Match[str]) -> str:
        name = match[0].rstrip(" .,;)")
        return numbers(name) + match[0][len(name) :]

    line = _MARKED.sub(lambda match: numbers(match[1]), line)
    line = _PATH.sub(path, _QUOTED.sub(quoted, line))
    return _FILE.sub(lambda match: numbers(match[0]), line)


def _any_of(private: Iterable[str], numbers: _Numbers) -> Callable[[str], str]:
    """Replaces these names wherever they stand between other characters than letters and digits."""
    names = sorted({name for name in private if len(name) >= SHORTEST}, key=len, reverse=True)

    def replaced(line: str) -> str:
        for name in names:
            if name in line:
                line = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda _, name=name: numbers(name), line)  # type: ignore[misc]
        return line

    return replaced


def _code_path(path: str) -> str:
    """Where the code of a frame lies, from the package on."""
    short = _CODE.sub("", path)
    return short if short != path else re.split(r"[\\/]", path)[-1]


def _of_this_machine(text: str) -> str:
    for name, stands_for in ((_user(), "<user>"), (platform.node(), "<host>")):
        if len(name) >= SHORTEST:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", stands_for, text)
    return text


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        return ""
