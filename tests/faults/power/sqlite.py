"""SQLite's files, seen in a VFS of apsw that does the real thing through the system's own and tells the machine; and
what of the standard library's ``sqlite3`` the program uses, on top of apsw."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest
from faults.power.disk import Flush, FlushFailed, FlushNames, Resize, Write
from faults.power.machine import Fault, Machine

SYSTEM = "unix"
VFS = "labeltool-power"


@contextmanager
def seen_by(machine: Machine) -> Iterator[None]:
    """``sqlite3.connect`` opens the machine's files through its VFS, and others as ever."""
    vfs = _Vfs(machine)
    real = sqlite3.connect

    def connect(database: Any, **kwargs: Any) -> Any:
        path = str(database)
        path = path.removeprefix("file://").partition("?")[0] if kwargs.get("uri") else path
        return (
            _Connection(machine, str(database), **kwargs)
            if machine.sees(path or "/")
            else real(database, **kwargs)
        )

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sqlite3, "connect", connect)
        try:
            yield
        finally:
            vfs.unregister()


class _Vfs(apsw.VFS):
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        super().__init__(VFS, base=SYSTEM)

    def excepthook(self, *error: Any) -> None:
        """What fails while SQLite tidies up is not its answer, nor ours."""

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None or not self._machine.sees(path):
            return apsw.VFSFile(SYSTEM, name, flags)
        return _File(self._machine, path, name, flags)

    def xDelete(self, path: str, sync_folder: bool) -> None:
        if not self._machine.sees(path) or not os.path.lexists(path):
            super().xDelete(path, sync_folder)
            return
        _may_fail(self._machine, "delete", path, apsw.SQLITE_IOERR_DELETE)
        super().xDelete(path, sync_folder)
        self._machine.deleted(path)
        if sync_folder:
            folder = str(Path(path).parent)
            _may_fail(self._machine, "names", folder, apsw.SQLITE_IOERR_DIR_FSYNC)
            self._machine.ops.append(FlushNames(self._machine.node(folder)))


class _File(apsw.VFSFile):
    """A database or its journal."""

    def __init__(self, machine: Machine, path: str, name: Any, flags: list[int]) -> None:
        self._machine, self._path = machine, path
        new = not os.path.lexists(path) and bool(flags[0] & apsw.SQLITE_OPEN_CREATE)
        if new:
            _may_fail(machine, "create", path, apsw.SQLITE_CANTOPEN)
        super().__init__(SYSTEM, name, flags)
        if new:
            machine.created(path)
        self._node = machine.node(path)
        self._names = new and bool(flags[0] & apsw.SQLITE_OPEN_MAIN_JOURNAL)
        """As the system's VFS has it: the first flush of a new journal flushes its name, too."""

    def xRead(self, amount: int, offset: int) -> bytes:
        _may_fail(self._machine, "read", self._path, apsw.SQLITE_IOERR_READ)
        return super().xRead(amount, offset)

    def xWrite(self, data: Any, offset: int) -> None:
        fault = self._machine.strikes("write", self._path)
        if fault is not None and fault.short:
            self._write(bytes(data)[: len(data) // 2], offset)
        if fault is not None:
            raise _error(fault, apsw.SQLITE_IOERR_WRITE)
        self._write(bytes(data), offset)

    def _write(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._machine.ops.append(Write(self._node, offset, data))

    def xTruncate(self, size: int) -> None:
        _may_fail(self._machine, "resize", self._path, apsw.SQLITE_IOERR_TRUNCATE)
        super().xTruncate(size)
        self._machine.ops.append(Resize(self._node, size))

    def xSync(self, flags: int) -> None:
        fault = self._machine.strikes("sync", self._path)
        if fault is not None:
            self._machine.ops.append(FlushFailed(self._node))
            raise _error(fault, apsw.SQLITE_IOERR_FSYNC)
        self._machine.ops.append(Flush(self._node))
        if self._names:
            folder = str(Path(self._path).parent)
            if (
                self._machine.strikes("names", folder) is None
            ):  # the system's VFS does not tell of a failure here
                self._machine.ops.append(FlushNames(self._machine.node(folder)))
            self._names = False


def _may_fail(machine: Machine, kind: str, path: str, code: int) -> None:
    fault = machine.strikes(kind, path)
    if fault is not None:
        raise _error(fault, code)


def _error(fault: Fault, code: int) -> apsw.Error:
    """As the system's VFS has it: only a write that finds no space says that the disk is full."""
    full = fault.code == errno.ENOSPC and code == apsw.SQLITE_IOERR_WRITE
    error = apsw.exception_for(apsw.SQLITE_FULL if full else code)
    error.extendedresult = apsw.SQLITE_FULL if full else code
    return error


# sqlite3 on apsw: as much of it as the program and SQLAlchemy use.

_KINDS = {
    apsw.ConstraintError: sqlite3.IntegrityError,
    apsw.CorruptError: sqlite3.DatabaseError,
    apsw.NotADBError: sqlite3.DatabaseError,
}


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        code = getattr(error, "extendedresult", 0) or getattr(error, "result", 0)
        names = {**apsw.mapping_result_codes, **apsw.mapping_extended_result_codes}
        kind = next(
            (ours for theirs, ours in _KINDS.items() if isinstance(error, theirs)), sqlite3.OperationalError
        )
        same = kind(str(error) or str(names.get(code)))
        same.sqlite_errorcode, same.sqlite_errorname = code, str(names.get(code, ""))
        raise same from error


class _Connection:
    """With ``isolation_level`` None nothing begins by itself; else, as in sqlite3, what changes rows does."""

    def __init__(
        self,
        machine: Machine,
        address: str,
        *,
        uri: bool = False,
        timeout: float = 5.0,
        isolation_level: str | None = "",
        check_same_thread: bool = True,
    ) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | (apsw.SQLITE_OPEN_URI if uri else 0)
        self.isolation_level = isolation_level
        self._machine = machine
        with _translated():
            self.db = apsw.Connection(address, flags=flags, vfs=VFS, statementcachesize=0)
            self.db.set_busy_timeout(round(timeout * 1000))

    @property
    def in_transaction(self) -> bool:
        return bool(self.db.in_transaction)

    @property
    def total_changes(self) -> int:
        return int(self.db.total_changes())

    def cursor(self, factory: object = None) -> _Cursor:
        return _Cursor(self)

    def execute(self, statement: str, values: Any = ()) -> _Cursor:
        return self.cursor().execute(statement, values)

    def executemany(self, statement: str, rows: Iterable[Any]) -> _Cursor:
        return self.cursor().executemany(statement, rows)

    def create_function(self, name: str, count: int, call: Callable[..., Any], **kwargs: Any) -> None:
        self.db.create_scalar_function(name, call, count)

    def setlimit(self, category: int, limit: int) -> int:
        return int(self.db.limit(category, limit))

    def backup(self, target: Any) -> None:
        with _translated():
            copy = target.db.backup("main", self.db, "main")
            try:
                while not copy.done:
                    copy.step(-1)
            finally:
                with self._machine.sparing():  # apsw mixes up what fails now with what has failed
                    copy.close(True)

    def commit(self) -> None:
        if self.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        with _translated():
            self.db.close(True)

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self.commit()
        else:
            self.rollback()


def _note_columns(columns: list[str], cursor: Any, statement: str, values: object) -> bool:
    """What a statement gives must be asked before it runs. The cursor lives no longer for it: one that is let go of
    must end its statement at once."""
    columns[:] = [name for name, *_ in cursor.get_description()]
    return True


class _Cursor:
    arraysize = 1
    rowcount = -1

    def __init__(self, connection: _Connection) -> None:
        self.connection = connection
        self.lastrowid: int | None = None
        self._columns: list[str] = []
        self._cursor = connection.db.cursor()
        self._cursor.exec_trace = partial(_note_columns, self._columns)

    @property
    def description(self) -> Any:
        return tuple((name, *[None] * 6) for name in self._columns) or None

    def execute(self, statement: str, values: Any = ()) -> _Cursor:
        with _translated():
            self._begin(statement)
            self._cursor.execute(statement, values)
        self.lastrowid = self.connection.db.last_insert_rowid()
        return self

    def executemany(self, statement: str, rows: Iterable[Any]) -> _Cursor:
        with _translated():
            self._begin(statement)
            self._cursor.executemany(statement, rows)
        return self

    def _begin(self, statement: str) -> None:
        changes = statement.lstrip()[:7].upper().startswith(("INSERT", "UPDATE", "DELETE", "REPLACE"))
        if changes and self.connection.isolation_level is not None and not self.connection.in_transaction:
            self.connection.db.cursor().execute("BEGIN")

    def fetchone(self) -> Any:
        with _translated():
            return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        with _translated():
            return list(self._cursor.fetchall())

    def fetchmany(self, count: int = 1) -> list[Any]:
        return [row for _, row in zip(range(count), self, strict=False)]

    def __iter__(self) -> _Cursor:
        return self

    def __next__(self) -> Any:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def close(self) -> None:
        with _translated():
            self._cursor.close(True)
