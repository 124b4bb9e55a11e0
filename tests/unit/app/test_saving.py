from __future__ import annotations

import threading

from labeltool.app import saving
from labeltool.app.saving import Saver, SaveState
from labeltool.app.session import Operation
from labeltool.core.errors import StoreError
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
    assert told.wait(5)
    assert not saver.flush(timeout_s=0.05)
    saver.close()
    assert saver.waiting == 1
    assert journal.written == []
