from __future__ import annotations

import threading
import time

from labeltool.app import saving
from labeltool.app.saving import Saver, SaveState
from labeltool.app.session import Operation
from labeltool.core.errors import ConflictError, StoreError
from labeltool.core.patch import empty_patch


def operation(revision: int) -> Operation:
    return Operation("do", empty_patch("t", "k"), revision)


class Journal:
    """Fails as often as it is told to, then works."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.written: list[int] = []

    def commit_operation(self, image_id: str, operation: Operation) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreError("not saved: the disk is full")
        self.written.append(operation.revision)


def test_operations_are_written_in_order():
    journal = Journal()
    states: list[SaveState] = []
    saver = Saver(journal, states.append)
    for revision in range(1, 30):
        saver.save("image", operation(revision))
    assert saver.flush()
    saver.close()
    assert journal.written == list(range(1, 30))
    assert states[-1] == SaveState("image", 29, 0)


def test_what_could_not_be_written_is_kept_told_of_and_written_later(monkeypatch):
    monkeypatch.setattr(saving, "RETRY_S", 0.01)
    journal = Journal(failures=3)
    states: list[SaveState] = []
    saver = Saver(journal, states.append)
    saver.save("image", operation(1))
    saver.save("image", operation(2))
    assert saver.flush()
    saver.close()
    assert journal.written == [1, 2]
    assert "disk is full" in str(states[0].error)
    assert states[0].saved == 0
    assert states[-1].error is None


def test_closing_while_saving_fails_ends_and_says_what_is_left():
    journal = Journal(failures=10**6)
    told = threading.Event()
    saver = Saver(journal, lambda state: told.set())
    saver.save("image", operation(1))
    assert told.wait(60)
    assert not saver.flush(timeout_s=0.05)
    saver.close()
    assert saver.waiting == 1
    assert journal.written == []


def test_any_error_while_saving_is_told_and_tried_again(monkeypatch):
    monkeypatch.setattr(saving, "RETRY_S", 0.01)
    journal = Journal()
    failures = [MemoryError(), RuntimeError("bug")]

    def commit(image_id, operation):
        if failures:
            raise failures.pop()
        journal.written.append(operation.revision)

    journal.commit_operation = commit
    states: list[SaveState] = []
    saver = Saver(journal, states.append)
    saver.save("image", operation(1))
    assert saver.flush()
    saver.close()
    assert journal.written == [1]
    assert "bug" in str(states[0].error)


def test_what_cannot_be_saved_any_more_is_set_aside_and_does_not_hold_up_other_images():
    journal = Journal()
    written = []

    def commit(image_id, operation):
        if image_id == "gone":
            raise ConflictError("somebody else has changed this annotation")
        written.append(image_id)

    journal.commit_operation = commit
    saver = Saver(journal, lambda state: None)
    for image_id in ("gone", "other", "gone", "other"):
        saver.save(image_id, operation(1))
    assert saver.flush(image_id="other")
    assert not saver.flush()
    assert (saver.waiting, saver.waiting_of("gone"), saver.waiting_of("other")) == (2, 2, 0)
    assert written == ["other", "other"]
    saver.close()


def test_trying_again_by_hand_does_not_wait(monkeypatch):
    monkeypatch.setattr(saving, "RETRY_S", 60)
    journal = Journal(failures=1)
    told = threading.Event()
    saver = Saver(journal, lambda state: told.set())
    saver.save("image", operation(1))
    assert told.wait(60)
    saver.retry()
    assert saver.flush(timeout_s=5)
    saver.close()


def test_what_was_set_aside_is_tried_again_when_somebody_asks():
    journal, gone = Journal(), [True]
    written = []

    def commit(image_id, operation):
        if gone[0]:
            raise ConflictError("its file is gone")
        written.append(operation.revision)

    journal.commit_operation = commit
    saver = Saver(journal, lambda state: None)
    for revision in (1, 2):
        saver.save("image", operation(revision))
    assert not saver.flush()
    gone[0] = False
    saver.retry()
    saver.save("image", operation(3))
    assert saver.flush()
    saver.close()
    assert written == [1, 2, 3]


class Refuge:
    """Remembers what it is given; full when it is told so."""

    def __init__(self, folder):
        self.folder, self.kept, self.full = folder, {}, False

    def keep(self, image_id, operations):
        if self.full:
            raise StoreError("the disk is full")
        self.kept[image_id] = [each.revision for each in operations]

    def forget(self, image_id):
        self.kept.pop(image_id, None)


def test_what_fails_goes_to_the_refuge_and_leaves_it_once_it_is_saved(monkeypatch, tmp_path):
    monkeypatch.setattr(saving, "RETRY_S", 60)
    journal, refuge = Journal(failures=10**6), Refuge(tmp_path)
    states: list[SaveState] = []
    saver = Saver(journal, states.append, refuge)
    saver.save("image", operation(1))
    saver.save("image", operation(2))
    wait_for(lambda: refuge.kept == {"image": [1, 2]} and saver.kept == tmp_path)
    refuge.full = True
    saver.save("other", operation(1))
    wait_for(lambda: saver.kept is None)
    assert states[-1].kept is None, "not all of it is kept"
    refuge.full, journal.failures = False, 0
    saver.retry()
    assert saver.flush()
    saver.close()
    assert (refuge.kept, saver.error, saver.kept) == ({}, None, None)


def test_work_that_must_be_done_is_tried_again_while_the_disk_fails(monkeypatch):
    monkeypatch.setattr(saving, "RETRY_S", 0.01)
    failures = [StoreError("the disk is full"), StoreError("the disk is full")]
    states: list[SaveState] = []

    def work():
        if failures:
            raise failures.pop()
        return "done"

    saver = Saver(Journal(), states.append)
    assert saver.insist(work).result(5) == "done"
    assert [state.error is not None for state in states] == [True, True]
    hopeless = saver.insist(lambda: (_ for _ in ()).throw(ConflictError("no")))
    assert isinstance(hopeless.exception(5), ConflictError)
    saver.close()


def test_a_disk_that_does_not_answer_holds_up_nobody_who_closes(monkeypatch):
    monkeypatch.setattr(saving, "CLOSE_S", 0.05)
    journal, answers, asked = Journal(), threading.Event(), threading.Event()

    def commit(image_id, operation):
        asked.set()
        answers.wait(10)

    journal.commit_operation = commit
    saver = Saver(journal, lambda state: None)
    saver.save("image", operation(1))
    assert asked.wait(60)
    assert not saver.flush(timeout_s=0.05)
    assert [each.revision for each in saver.unsaved()["image"]] == [1]
    assert not saver.close()
    answers.set()
    wait_for(saver.close)


def test_while_the_disk_does_not_answer_what_waits_is_kept_and_forgotten_once_it_has(monkeypatch, tmp_path):
    monkeypatch.setattr(saving, "LATE_S", 0.02)
    monkeypatch.setattr(saving, "RETRY_S", 0.01)
    journal, refuge, answers = Journal(), Refuge(tmp_path), threading.Event()
    write = journal.commit_operation

    def commit(image_id, operation):
        answers.wait(10)
        write(image_id, operation)

    journal.commit_operation = commit
    states: list[SaveState] = []
    saver = Saver(journal, states.append, refuge)
    saver.save("image", operation(1))
    wait_for(lambda: refuge.kept == {"image": [1]} and saver.kept == tmp_path)
    assert isinstance(saver.error, saving.NoAnswerError)
    saver.save("image", operation(2))
    wait_for(lambda: refuge.kept == {"image": [1, 2]})
    saver.wait("image", 10)  # it is known that saving does not work
    answers.set()
    assert saver.flush()
    assert (refuge.kept, saver.error, saver.kept, journal.written) == ({}, None, None, [1, 2])
    assert states[-1] == SaveState("image", 2, 0)
    saver.close()


def test_an_answer_that_comes_just_when_it_is_called_late_leaves_nothing_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(saving, "LATE_S", 0.001)
    monkeypatch.setattr(saving, "RETRY_S", 0.0005)
    journal, refuge = Journal(), Refuge(tmp_path)
    write = journal.commit_operation

    def commit(image_id, operation):
        time.sleep(0.03 if operation.revision % 50 == 0 else 0.0005 * (operation.revision % 6))
        write(image_id, operation)

    journal.commit_operation = commit
    states: list[SaveState] = []
    saver = Saver(journal, states.append, refuge)
    for revision in range(1, 200):
        saver.save("image", operation(revision))
    assert saver.flush(30)
    saver.close()
    assert any(state.error for state in states), "it was late now and then"
    assert (refuge.kept, saver.error, saver.kept) == ({}, None, None)
    assert (states[-1], journal.written) == (SaveState("image", 199, 0), list(range(1, 200)))


def test_operations_that_wait_can_be_gone_on_from_but_not_those_that_were_set_aside(monkeypatch):
    monkeypatch.setattr(saving, "RETRY_S", 60)
    journal = Journal(failures=10**6)
    saver = Saver(journal, lambda state: None)
    saver.save("image", operation(4), operation(5))
    saver.wait("image", 5)
    assert [each.revision for each in saver.queued("image")] == [4, 5]
    assert saver.patch_of("image", 5) is not None
    assert saver.patch_of("image", 6) is None
    assert saver.queued("other") == []

    def commit(image_id, operation):
        raise ConflictError("somebody else has changed this annotation")

    journal.commit_operation = commit
    saver.retry()
    wait_for(lambda: saver.queued("image") is None)
    saver.close()


def wait_for(reached):
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.005)
