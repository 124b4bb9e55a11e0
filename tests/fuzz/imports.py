"""Imports of mutated files, without a project and now and then into one."""

from __future__ import annotations

import time
from pathlib import Path

from fuzz.bench import Bench, Event, Mutant, Specimen, form, listed, put, snapshot
from fuzz.corpora import Case, cases
from fuzz.guarded import answer

from labeltool import plugins
from labeltool.app.importing import import_labels
from labeltool.core.errors import BadInputError
from labeltool.store.project import ProjectStore

INTO_A_PROJECT = 100
"""Every so-and-so-manieth case goes through a project as well."""


class ImportBench(Bench):
    """A folder in which one format's cases are imported, with canaries around it."""

    def __init__(self, name: str, root: Path) -> None:
        super().__init__(name, root)
        self.cases = cases(name, root / "photos")
        self.specimens = [Specimen(case.called, case.sample.files) for case in self.cases]
        self.stores: dict[int, ProjectStore] = {}
        for number, case in enumerate(self.cases):
            src = case.sample.write(self.work(number))
            found = answer(name, src, case.catalog, case.images, case.sample.options)
            assert found.masks and not found.wrong, (name, case.called, found.messages, found.wrong)
        self.before = self._snapshot()

    def judge(self, mutant: Mutant, number: int) -> Event:
        """Import one mutant."""
        case, folder = self.cases[mutant.place], self.work(mutant.place)
        put(folder, case.sample.files, mutant.files)
        self.watched.strays.clear()
        self.watched.allowed = (folder, self.root / "photos")
        start = time.perf_counter()
        self.watched.on = True
        found = answer(
            self.name,
            folder / case.sample.src,
            case.catalog,
            case.images,
            case.sample.options,
            add_classes=number % 2 == 0,
        )
        self.watched.on = False
        seconds = time.perf_counter() - start
        wrong = list(found.wrong) + self.watched.strays
        if number % INTO_A_PROJECT == 0:
            wrong += self._into_a_project(mutant.place, case, folder / case.sample.src)
        put(folder, mutant.files, case.sample.files)
        if number % INTO_A_PROJECT == 0 and self._snapshot() != self.before:
            wrong.append("files outside the target have changed")
            self.before = self._snapshot()
        return {
            "came_in": len(found.masks),
            "wrong": wrong,
            "seconds": seconds,
            "messages": found.messages,
            "traits": sorted({form(each.replace(str(self.root), "")) for each in found.messages}),
        }

    def _into_a_project(self, place: int, case: Case, src: Path) -> list[str]:
        """The whole way, with a commit; the project must be well afterwards."""
        if place not in self.stores:
            self.stores[place] = ProjectStore.create(
                self.root / "projects" / str(place), "fuzz", case.catalog
            )
            self.stores[place].add_images(case.images)
        importer = plugins.load("labeltool.importers", self.name)()
        options = importer.Options(**case.sample.options, add_classes=True)
        try:
            import_labels(self.stores[place], src, self.name, options)
        except BadInputError:
            return []
        except Exception as error:
            return [f"import_labels: {type(error).__name__}: {str(error)[:200]!a}"]
        return []

    def _snapshot(self) -> dict[str, bytes]:
        """Everything outside the target, the images by their bytes."""
        around = (self.root, self.root / "work", self.root / "work/a", self.root / "work/a/b")
        return {**snapshot(self.root / "photos", self.bait), **listed(*around)}
