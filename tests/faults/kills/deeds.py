"""Commands that are killed, and the laws that hold for what a kill leaves of each."""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labeltool.formats.left_over import left_over
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.faults.kills.scene import Scene, State, digests, state_of
from tests.faults.kills.victims import Death, Victims

Words = Callable[[Scene], Sequence[object]]
DAYS_S = 3 * 24 * 3600.0
PATIENCE_S = 20.0


@dataclass(frozen=True)
class Deed:
    """A command on a project as a template has it.

    ``whole`` promises that a kill leaves all of it or nothing; else each piece (an image, say) is as before or as
    after. ``again`` completes it after a kill (default: the same words), or is refused with ``refused`` where it was
    complete. ``more`` are names of files that only a kill leaves, and that mean something: copies that are set aside.
    With ``child`` another process works for it. What is ``hurt`` beforehand fsck finds fault with until it is done."""

    kind: str
    template: str
    words: Words
    whole: bool = False
    again: Words | None = None
    refused: str = ""
    more: str = "(?!)"
    child: bool = False
    hurt: bool = False


@dataclass
class Reference:
    """What a deed that nobody kills does: the state before and after, the files it leaves, how many changes of files it
    makes, and how long it takes."""

    before: State
    after: State
    files: set[str]
    written: dict[str, str]
    changes: int
    seconds: float


@dataclass
class Toll:
    """What came of the kills of a kind: ``left`` counts what a kill left (nothing, all, a part), ``lost`` is what was
    there before and is not any more, or was promised; each with the kill that did it."""

    kills: int = 0
    ended: int = 0
    left: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)

    def add(self, other: Toll) -> None:
        self.kills += other.kills
        self.ended += other.ended
        self.left += other.left
        self.lost += other.lost


@dataclass(frozen=True)
class Blow:
    """How a victim is killed: at its n-th change of a file, torn or not, or after some seconds."""

    at: int = 0
    torn: bool = False
    after_s: float = 0.0

    @classmethod
    def of(cls, dice: random.Random, reference: Reference) -> Blow:
        if dice.random() < 0.2:
            return cls(after_s=dice.uniform(0.001, max(0.01, reference.seconds)))
        return cls(dice.randint(1, max(1, reference.changes)), dice.random() < 0.3)


def normal(name: str) -> str:
    """The name of a file without what is made up anew each time."""
    name = re.sub(r"[0-9a-f]{32}", "ID", name)
    name = re.sub(r"(^|/)[0-9a-f]{2}/", r"\1XX/", name)
    name = re.sub(r"\d{8}T\d+Z", "TIME", name)
    return re.sub(r"\.[0-9a-f]{8}\.", ".HEX.", name)


def files_of(project: Path) -> set[str]:
    """The files of a project but for its backups, which rotate and may be more after a kill."""
    found = {normal(str(path.relative_to(project))) for path in project.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith("backups/") or "/." in name}


def refer(scene: Scene, deed: Deed, run: Victims) -> Reference:
    """Do it once without a kill."""
    scene.set_up(deed.template)
    before = _settled(scene.project)
    scene.set_up(deed.template)
    began_s = time.monotonic()
    ended = run.run(deed.words(scene), under=[scene.stage])
    seconds = time.monotonic() - began_s
    assert ended.code == 0, f"{deed.kind}: {run.said}"
    written = digests(scene.out)
    after = _settled(scene.project)
    return Reference(before, after, files_of(scene.project), written, ended.changes, seconds)


def _settled(project: Path) -> State:
    """What a project holds once it has been opened for writing, which puts right what a kill has left."""
    if (project / "project.db").exists() or any(project.glob("masks/*/*.ltm")):
        ProjectStore.open(project).close()
    return state_of(project)


def slay(scene: Scene, deed: Deed, reference: Reference, run: Victims, blow: Blow) -> Toll:
    """Kill it once and look at what is left: the laws as sentences, in ``lost``, where one does not hold."""
    scene.set_up(deed.template)
    images = digests(scene.images)
    as_it_was = digests(scene.project)
    death = run.run(deed.words(scene), under=[scene.stage], at=blow.at, torn=blow.torn, after_s=blow.after_s)
    toll = Toll(kills=int(death.killed), ended=int(not death.killed))
    law = _export_laws if deed.kind.startswith("export") else _project_laws
    broken = [*_no_process_is_left(scene), *law(scene, deed, reference, run, toll, death, as_it_was)]
    if digests(scene.images) != images:
        broken.append("an image was changed")
    for path in [*run.temp.iterdir()]:
        if path.is_dir():  # the system clears it away; in it are copies that were looked at
            toll.left["a temporary folder"] += 1
            shutil.rmtree(path)
        else:
            broken.append(f"a temporary file is left: {path.name}")
            path.unlink()
    toll.lost = [f"{deed.kind} {blow}: {what}" for what in broken]
    return toll


def _project_laws(
    scene: Scene, deed: Deed, reference: Reference, run: Victims, toll: Toll, death: Death, _: dict[str, str]
) -> Iterator[str]:
    if not death.killed and death.code:
        yield f"it was not killed, and ended with {death.code}: {run.said[-300:]}"
    project = scene.project
    _age(project)
    found = _settled(project)
    yield from _pieces(found, reference, deed, toll)
    if found["there"] and not deed.hurt:
        yield from (str(finding) for finding in check(project))
    again = run.run((deed.again or deed.words)(scene))
    if again.code and not (deed.refused and deed.refused in run.said and found == reference.after):
        yield f"it cannot be done again: {run.said[-300:]}"
    _age(project)
    then = _settled(project)
    if then != reference.after:
        yield f"done again it is not what it should be: {_difference(then, reference.after)}"
    yield from (str(finding) for finding in check(project))
    more = {name for name in files_of(project) - reference.files if not re.search(deed.more, name)}
    if more:
        yield f"files are left that nobody needs: {sorted(more)}"


def _pieces(found: State, reference: Reference, deed: Deed, toll: Toll) -> Iterator[str]:
    if found == reference.before:
        toll.left["nothing"] += 1
    elif found == reference.after:
        toll.left["all"] += 1
    else:
        toll.left["a part"] += 1
        if deed.whole:
            yield f"a part is there: {_difference(found, reference.after)}"
        for key in {*found, *reference.before, *reference.after}:
            if found.get(key) not in (reference.before.get(key), reference.after.get(key)):
                yield f"{key} is {found.get(key)}, which nobody has made"


def _difference(a: State, b: State) -> dict[str, tuple[object, object]]:
    return {key: (a.get(key), b.get(key)) for key in sorted({*a, *b}) if a.get(key) != b.get(key)}


def _age(project: Path) -> None:
    """Days go by: what waits for them before it is tidied up may go."""
    long_ago = time.time() - DAYS_S
    for path in project.rglob("*"):
        os.utime(path, (long_ago, long_ago), follow_symlinks=False)


def _export_laws(
    scene: Scene,
    deed: Deed,
    reference: Reference,
    run: Victims,
    toll: Toll,
    death: Death,
    as_it_was: dict[str, str],
) -> Iterator[str]:
    target = next(Path(str(word)) for word in deed.words(scene) if Path(str(word)).is_relative_to(scene.out))
    if digests(scene.project) != as_it_was:
        yield "the project was changed"
    if target.exists() and not _same_export(digests(scene.out), reference.written, target.name):
        yield "half of an export has its name"
    left = left_over(scene.out)
    toll.left["all" if target.exists() else "a folder that is offered" if left else "nothing"] += 1
    if {path.name for path in scene.out.iterdir()} - {target.name} != {path.name for path in left}:
        yield f"something is left that is not offered: {sorted(p.name for p in scene.out.iterdir())}"
    again = run.run(deed.words(scene))
    if again.code and not ("not empty" in run.said and target.exists()):
        yield f"it cannot be exported again: {run.said[-300:]}"
    if left and not all(str(path) in run.said for path in left):
        yield f"nobody is told of what is left: {run.said[-300:]}"
    if not _same_export(digests(scene.out), reference.written, target.name):
        yield "exported again it is something else"
    cleaned = run.run(
        [*deed.words(scene)[:2], scene.out / "next", *deed.words(scene)[3:], "--remove-left-over"]
    )
    if cleaned.code or {path.name for path in scene.out.iterdir()} != {target.name, "next"}:
        yield f"what was left is not removed: {run.said[-300:]}"


def _same_export(found: dict[str, str], reference: dict[str, str], target: str) -> bool:
    """The manifest says when it was made; everything else is equal."""

    def of(files: dict[str, str]) -> dict[str, str]:
        return {
            name: digest if not name.endswith("manifest.json") else ""
            for name, digest in files.items()
            if name.startswith(f"{target}/")
        }

    return of(found) == of(reference)


def _no_process_is_left(scene: Scene) -> Iterator[str]:
    """A child notices that its parent is gone."""
    ends_s = time.monotonic() + PATIENCE_S
    while (found := list(_working_in(scene.root))) and time.monotonic() < ends_s:
        time.sleep(0.02)
    if found:
        yield f"processes are left: {found}"


def _working_in(folder: Path) -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words and "labeltool" in words and path.parent.name != str(os.getpid()):
            yield f"{path.parent.name}: {words[:100]}"


EXPORTS = ("voc", "coco", "png", "yolo", "cvat", "cityscapes", "panoptic", "labelme", "origin")


def exports() -> list[Deed]:
    """The formats that any picture can be exported to."""

    def words(name: str) -> Words:
        return lambda scene: ["export", scene.project, scene.out / name, "--format", name]

    return [Deed(f"export {name}", "labelled", words(name)) for name in EXPORTS]


def typed(*words: str) -> Words:
    """Words as people type them, ``P`` for the project and ``@x`` for what is called x in the scene's folder, ``@x/*``
    for everything in it."""

    def typed_as(scene: Scene, word: str) -> list[object]:
        if word.endswith("/*"):
            return sorted((scene.root / word[1:-2]).iterdir())
        return [scene.project if word == "P" else scene.root / word[1:] if word.startswith("@") else word]

    def found(scene: Scene) -> list[object]:
        return [each for word in words for each in typed_as(scene, word)]

    return found


def deeds() -> list[Deed]:
    """All commands that change a project and need no network."""
    png, coco = ("--format", "png"), ("@coco/annotations/instances_default.json", "--format", "coco")
    promote = typed("models", "P", "promote", "bright1")
    aside = "^quarantine/"
    return [
        Deed(
            "new", "", typed("new", "P", "--classes", "nucleus"), whole=True, refused="a project here already"
        ),
        Deed("add", "labelled", typed("add", "P", "@more"), whole=True),
        Deed("split", "labelled", typed("split", "P", "--seed", "3")),
        Deed("decide", "labelled", typed("decide", "P", "approved", "*")),
        Deed("remove", "labelled", typed("remove", "P", "a.png"), refused="a.png"),
        Deed("remove --back", "removed", typed("remove", "P", "--back", "a.png"), refused="no removed image"),
        Deed("relink", "moved", typed("relink", "P", "@moved")),
        Deed("recover", "labelled", typed("recover", "P", "@unsaved/*")),
        Deed("import png", "bare", typed("import", "P", "@labels", *png)),
        Deed("import coco", "bare", typed("import", "P", *coco)),
        Deed("import --as", "labelled", typed("import", "P", "@labels", *png, "--as", "ann")),
        Deed("history --restore", "labelled", typed("history", "P", "a.png", "--restore", "0"), whole=True),
        Deed("gold add", "labelled", typed("gold", "P", "add", "a*"), refused="hidden gold image already"),
        Deed("rank", "bare", typed("rank", "P", "--strategy", "random")),
        Deed("models promote", "modelled", promote, whole=True),
        Deed("models rollback", "modelled", typed("models", "P", "rollback"), whole=True, again=promote),
        Deed(
            "models remove",
            "modelled",
            typed("models", "P", "remove", "bright1"),
            whole=True,
            refused="has no model called",
        ),
        Deed(
            "models add",
            "labelled",
            typed("models", "P", "add", "@model"),
            whole=True,
            refused="a model here already",
            child=True,
        ),
        Deed("prelabel", "bare", typed("prelabel", "P", "--model", "@model"), child=True),
        Deed("migration", "old", typed("decide", "P", "done", "a.png")),
        Deed("fsck --repair", "hurt", typed("fsck", "P", "--repair"), more=aside, hurt=True),
        Deed("rebuild of a lost index", "lost", typed("fsck", "P", "--rebuild"), whole=True, more=aside),
        Deed("fsck --rebuild", "labelled", typed("fsck", "P", "--rebuild"), whole=True, more=aside),
        *exports(),
    ]
