"""Which model is in use: promoted, rolled back, and told from a journal that survives what happens to files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.app.models import (
    Model,
    find_model,
    finding,
    in_use,
    project_models,
    promote,
    promotions,
    read_model,
    remove_model,
    rollback,
    suitable_models,
)
from labeltool.app.models.journal import JOURNAL, MODELS, line_of_use, note
from labeltool.app.prelabel import predict
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME
from labeltool.store.project import ProjectStore

Own = Callable[..., Model]


@pytest.fixture
def embedded(make_model: Callable[..., Model], monkeypatch: pytest.MonkeyPatch) -> Model:
    made = make_model(name="embedded")
    model = Model(made.path, made.card, "embedded")
    monkeypatch.setattr(finding, "embedded_models", lambda: [model])
    return model


@pytest.fixture
def own(store: ProjectStore, make_model: Callable[..., Model], embedded: Model) -> Own:
    """Puts a model into the project; each is newer than the one before."""
    ages = iter(range(1, 100))

    def make(name: str, *classes: str) -> Model:
        folder = make_model(*classes, name=name, folder=store.root / MODELS / name).folder
        made_s = 1_700_000_000 + next(ages)
        os.utime(folder / CARD_NAME, (made_s, made_s))
        return read_model(folder, "project")

    return make


def journal(store: ProjectStore) -> Path:
    return store.root / MODELS / JOURNAL


def used(store: ProjectStore) -> str | None:
    model = in_use(store.root, store.catalog)
    return model.card.name if model else None


def taken(store: ProjectStore) -> str:
    return find_model(None, store.catalog, store.root).card.name


def test_a_new_model_does_not_take_the_place_of_a_promoted_one(store: ProjectStore, own: Own) -> None:
    first = own("first")
    assert (used(store), taken(store)) == (None, "embedded")
    promote(store.root, first)
    own("second")
    assert (used(store), taken(store)) == ("first", "first")
    assert [m.card.name for m in suitable_models(store.catalog, store.root)] == [
        "first",
        "second",
        "embedded",
    ]


def test_rolling_back_goes_one_step_further_each_time(store: ProjectStore, own: Own) -> None:
    for name in ("a", "b", "c"):
        promote(store.root, own(name))
    assert [rollback(store.root).card.name for _ in range(3)] == ["b", "a", "embedded"]
    assert used(store) == taken(store) == "embedded"
    with pytest.raises(ModelError, match="nothing to go back to"):
        rollback(store.root)
    assert [event.event for event in promotions(store.root)] == ["promoted"] * 3 + ["rolled back"] * 3


def test_after_a_rollback_another_can_be_promoted_and_rolled_back(store: ProjectStore, own: Own) -> None:
    for name in ("a", "b"):
        promote(store.root, own(name))
    rollback(store.root)
    promote(store.root, own("c"))
    assert rollback(store.root).card.name == "a"


def test_the_first_rollback_returns_to_what_was_taken_without_the_new_model(
    store: ProjectStore, own: Own, embedded: Model
) -> None:
    promotion = promote(store.root, own("new"))
    assert promotion.before == embedded.key
    assert rollback(store.root) == embedded


def test_promoting_what_was_taken_by_default_leaves_nothing_to_go_back_to(
    store: ProjectStore, own: Own, embedded: Model
) -> None:
    own("worse")
    assert promote(store.root, embedded).before == ""
    with pytest.raises(ModelError, match="nothing to go back to"):
        rollback(store.root)
    assert find_model(None, store.catalog, store.root) == embedded


def test_promoting_what_is_in_use_changes_nothing(store: ProjectStore, own: Own) -> None:
    model = own("a")
    first = promote(store.root, model)
    assert promote(store.root, model) == first
    assert promotions(store.root) == [first]


def test_predictions_after_a_rollback_have_equal_bytes(
    store: ProjectStore, own: Own, runs: list[str]
) -> None:
    def predicted() -> tuple[bytes, bytes, bytes]:
        model = find_model(None, store.catalog, store.root)
        predict(store, store.images(), model, again=True)
        planes = store.prediction(store.images()[0].id, model.key)
        assert planes is not None
        return planes.label.dense().tobytes(), planes.confidence.dense().tobytes(), model.weights.read_bytes()

    promote(store.root, own("a"))
    before = predicted()
    promote(store.root, own("b"))
    assert predicted() != before
    rollback(store.root)
    assert predicted() == before


def test_a_model_of_other_classes_is_not_promoted(store: ProjectStore, own: Own) -> None:
    with pytest.raises(ModelError, match="road"):
        promote(store.root, own("roads", "road"))
    assert promotions(store.root) == []


def test_a_model_whose_class_the_project_has_lost_is_named_rather_than_replaced(
    store: ProjectStore, own: Own
) -> None:
    promote(store.root, own("a"))
    store.set_catalog(ClassCatalog.from_names(["cell"]))
    with pytest.raises(ModelError, match="nucleus"):
        find_model(None, store.catalog, store.root)


def test_a_model_from_elsewhere_has_to_be_added_first(store: ProjectStore, model: Model) -> None:
    with pytest.raises(ModelError, match="not one of the project"):
        promote(store.root, model)


@pytest.mark.parametrize("after", [promote, rollback])
def test_weights_that_have_changed_are_not_put_in_use(
    store: ProjectStore, own: Own, after: Callable[..., object]
) -> None:
    changed = own("changed")
    card = changed.folder / CARD_NAME
    card.write_text(card.read_text().replace('"sha256": ""', f'"sha256": "{changed.card.sha256}"'))
    changed = read_model(changed.folder, "project")
    if after is rollback:
        promote(store.root, changed)
        promote(store.root, own("other"))
    before = journal(store).read_bytes() if journal(store).exists() else b""
    (changed.folder / WEIGHTS_NAME).write_bytes(b"others")
    with pytest.raises(ModelError, match="SHA-256"):
        after(*([store.root] if after is rollback else [store.root, changed]))
    assert (journal(store).read_bytes() if before else b"") == before


# ---- what may happen to the journal


def test_a_line_that_a_kill_cut_off_has_not_happened_wherever_it_was_cut(
    store: ProjectStore, own: Own
) -> None:
    promote(store.root, own("a"))
    begun = journal(store).read_bytes()
    promote(store.root, own("b"))
    whole = journal(store).read_bytes()
    for end in range(len(begun), len(whole) - 2):
        journal(store).write_bytes(whole[:end])
        assert used(store) == "a"
    journal(store).write_bytes(whole[: len(begun) + 30])
    promote(store.root, own("c"))
    assert used(store) == "c"
    assert [event.event for event in promotions(store.root)] == ["promoted", "promoted"]
    assert rollback(store.root).card.name == "a"


def test_a_line_without_its_end_of_line_counts_before_and_after_the_next(
    store: ProjectStore, own: Own
) -> None:
    promote(store.root, own("a"))
    journal(store).write_bytes(journal(store).read_bytes().rstrip(b"\n"))
    assert used(store) == "a"
    promote(store.root, own("b"))
    assert rollback(store.root).card.name == "a"


RUBBISH = [
    b"rubbish",
    b"[]",
    b"{}",
    b'{"event": "promoted"}',
    b'{"event": "burnt", "model": "a"}',
    b"\xff\xfe",
    b"7",
]


@pytest.mark.parametrize("rubbish", [*RUBBISH, b"[" * 100_000])
def test_after_rubbish_nobody_knows_what_is_in_use_until_one_is_promoted(
    store: ProjectStore, own: Own, rubbish: bytes
) -> None:
    a = own("a")
    promote(store.root, a)
    with journal(store).open("ab") as file:
        file.write(rubbish + b"\n")
    for call in (used, taken, lambda store: rollback(store.root)):
        with pytest.raises(ModelError, match="damaged") as caught:
            call(store)
        assert "promote" in str(caught.value.hint).casefold()
    assert [m.card.name for m in project_models(store.root)] == ["a"]
    assert a in suitable_models(store.catalog, store.root)
    assert find_model("a", store.catalog, store.root) == a
    promote(store.root, a)
    assert used(store) == "a"
    with pytest.raises(ModelError, match="damaged"):
        rollback(store.root)
    promote(store.root, own("b"))
    assert rollback(store.root) == a


@settings(deadline=None, max_examples=60)
@given(lines=st.lists(st.binary(max_size=60), max_size=6))
def test_no_bytes_make_reading_the_journal_fail(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    root = tmp_path_factory.mktemp("journal")
    (root / MODELS).mkdir()
    (root / MODELS / JOURNAL).write_bytes(b"\n".join(lines))
    assert all(event.event == "unreadable" for event in promotions(root))
    note(root, "promoted", "a@1-00000000", "")
    assert line_of_use(promotions(root))[-1] == "a@1-00000000"


steps = st.lists(st.one_of(st.sampled_from("abc"), st.just("back")), max_size=25)


@given(steps)
def test_the_line_of_use_is_that_of_a_stack(steps: list[str]) -> None:
    from labeltool.app.models.journal import Promotion

    stack = ["start"]
    events = []
    for step in steps:
        if step == "back" and len(stack) > 1:
            before = stack.pop()
            events.append(Promotion("rolled back", stack[-1], before))
        elif step != "back" and step != stack[-1]:
            events.append(Promotion("promoted", step, stack[-1]))
            stack.append(step)
        assert line_of_use(events) == (stack if events else [])


NOTE = """
import sys
from pathlib import Path
from labeltool.app.models.journal import note
for number in range(40):
    note(Path(sys.argv[1]), "promoted", f"{sys.argv[2]}{number}@1-00000000", "")
"""


def test_two_processes_lose_none_of_each_others_lines(tmp_path: Path) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", NOTE, str(tmp_path), name]) for name in ("one", "two")
    ]
    assert [child.wait(60) for child in children] == [0, 0]
    found = [event.model for event in promotions(tmp_path)]
    wanted = [f"{name}{number}@1-00000000" for name in ("one", "two") for number in range(40)]
    assert sorted(found) == sorted(wanted)
    assert [m for m in found if m.startswith("one")] == wanted[:40]


def test_two_rollbacks_at_once_go_back_one_step(store: ProjectStore, own: Own) -> None:
    """Each has read the journal before the other wrote: both meant the same model."""
    models = [own(name) for name in ("a", "b", "c")]
    for model in models:
        promote(store.root, model)
    for _ in range(2):
        note(store.root, "rolled back", models[1].key, models[2].key)
    assert used(store) == "b"
    assert rollback(store.root).card.name == "a"


# ---- removing


def test_a_model_in_use_is_not_removed_and_another_is_gone(store: ProjectStore, own: Own) -> None:
    promote(store.root, own("a"))
    promote(store.root, own("b"))
    with pytest.raises(ModelError, match="in use"):
        remove_model(store.root, "b")
    remove_model(store.root, "a")
    assert sorted(p.name for p in (store.root / MODELS).iterdir()) == ["b", JOURNAL]
    with pytest.raises(ModelError, match="not there any more"):
        rollback(store.root)
    assert used(store) == "b"


def test_a_broken_model_can_be_removed_unless_it_is_in_use(store: ProjectStore, own: Own) -> None:
    broken = own("broken")
    promote(store.root, broken)
    (broken.folder / CARD_NAME).write_text("{")
    with pytest.raises(ModelError, match="in use"):
        remove_model(store.root, "broken")
    promote(store.root, own("whole"))
    remove_model(store.root, "broken")
    assert [m.card.name for m in project_models(store.root)] == ["whole"]


def test_what_is_gone_from_the_disk_is_said_and_not_replaced(store: ProjectStore, own: Own) -> None:
    own("other")
    model = own("a")
    promote(store.root, model)
    model.folder.rename(store.root / "elsewhere")
    with pytest.raises(ModelError, match="not there any more") as caught:
        find_model(None, store.catalog, store.root)
    assert "other" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nobody", "of its own"), ("embedded", "of its own"), ("../models", "cannot name")],
)
def test_a_name_that_is_no_model_of_the_project_is_refused(
    store: ProjectStore, own: Own, name: str, reason: str
) -> None:
    with pytest.raises(ModelError, match=reason):
        remove_model(store.root, name)


def test_an_embedded_model_can_be_in_use(store: ProjectStore, own: Own, embedded: Model) -> None:
    own("a")
    promote(store.root, embedded)
    assert used(store) == taken(store) == "embedded"
