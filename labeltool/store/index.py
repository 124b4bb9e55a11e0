"""The project's list of images and versions of its classes. It can be made again from the mask files."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from labeltool.core.atomic import replacing
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, StoreError
from labeltool.core.geometry import Size
from labeltool.core.project import SPLITS, ImageRecord, Status
from labeltool.store.database import (
    BUSY_S,
    DURABLE,
    DamagedError,
    NewerError,
    explained,
    explanation,
    leave_folder,
    refuse_strange,
    transaction,
)
from labeltool.store.records import dump

FORMAT = 3
"""The first had no pages, series and subjects; :mod:`labeltool.store.migration` adds them. Of the second no image is
done or rejected: a version that does not know these would take the index for damaged, and must refuse it instead."""

schema = sa.MetaData()
facts = sa.Table(
    "project",
    schema,
    sa.Column("key", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
catalogs = sa.Table(
    "catalogs",
    schema,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at_utc", sa.String(40), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
)
images = sa.Table(
    "images",
    schema,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("id", sa.String(32), nullable=False, unique=True),
    sa.Column("path", sa.Text, nullable=False, index=True),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("file_bytes", sa.BigInteger, nullable=False),
    sa.Column("split", sa.String(10), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("page", sa.Text, nullable=False, server_default=""),
    sa.Column("series", sa.Text, nullable=False, server_default=""),
    sa.Column("place", sa.Float, nullable=False, server_default="0"),
    sa.Column("subject", sa.Text, nullable=False, server_default=""),
)
READABLE_BY = "readable_by"
"""The oldest format whose readers may look at an index, for newer versions to write where that is older than theirs."""

ADDED = ("page", "series", "place", "subject")
"""Columns of ``images`` that the first format lacks."""

_STATUS = {status.value: status for status in Status}
_KINDS: dict[type[Any], Any] = {
    sa.Integer: int,
    sa.BigInteger: int,
    sa.Float: (int, float),
    sa.String: str,
    sa.Text: str,
}
_ID = re.compile(r"\w[\w.-]{0,63}")
_COLUMNS = [column for column in images.columns if column.name != "number"]


class Index:
    """The tables of a project.db. A call opens the database for as long as it takes."""

    def __init__(self, path: Path, *, write: bool) -> None:
        self.path = path
        address = f"{path.absolute().as_uri()}?mode={'rw' if write else 'ro'}"
        self._engine = sa.create_engine(
            "sqlite+pysqlite://", poolclass=sa.NullPool, creator=lambda: _connect(path, address, write)
        )

    @classmethod
    def create(
        cls,
        path: Path,
        name: str,
        catalog: ClassCatalog,
        version: int = 1,
        records: Iterable[ImageRecord] = (),
    ) -> Index:
        """Make the tables, whole or not at all."""
        with explained(path), replacing(path) as temporary:
            temporary.touch()
            index = cls(temporary, write=True)
            with index._writing() as db:
                schema.create_all(db)
                db.execute(
                    facts.insert(), [{"key": "name", "value": name}, {"key": "format", "value": str(FORMAT)}]
                )
                _insert_catalog(db, catalog, version)
                _insert_images(db, records)
        return cls(path, write=True)

    def name(self) -> str:
        """The project's name; StoreError where this is no index, NewerError where this version cannot read it."""
        return self._facts()[1]

    def format(self) -> int:
        """The version of the format; StoreError as :meth:`name`."""
        return self._facts()[0]

    def _facts(self) -> tuple[int, str]:
        with self._reading() as db:
            values = {row.key: row.value for row in db.execute(sa.select(facts))}
        try:
            version, name = int(values["format"]), str(values["name"])
        except (KeyError, ValueError) as error:
            raise DamagedError("the index of the project is damaged", file=self.path) from error
        if version > FORMAT and not _is_readable(values.get(READABLE_BY, "")):
            raise NewerError(
                f"{newer(version)}, and cannot be read by this one",
                file=self.path.parent,
                hint="Install the newer version to open it; nothing was changed",
            )
        return version, name

    def catalog(self) -> tuple[ClassCatalog, int]:
        """The newest classes and their version."""
        query = sa.select(catalogs.c.data, catalogs.c.version).order_by(catalogs.c.version.desc()).limit(1)
        with self._reading() as db:
            row = db.execute(query).one_or_none()
        if row is None:
            raise DamagedError("the index of the project is damaged: it has no classes", file=self.path)
        try:
            return ClassCatalog.from_json(json.loads(row.data), file=self.path), row.version
        except (BadInputError, TypeError, ValueError, RecursionError) as error:
            raise DamagedError(f"the index of the project is damaged: {error}", file=self.path) from error

    def add_catalog(self, catalog: ClassCatalog, version: int) -> None:
        """Write the next version of the classes."""
        with self._writing() as db:
            db.execute(
                catalogs.delete().where(catalogs.c.version == version)
            )  # of an attempt that was said to fail
            _insert_catalog(db, catalog, version)

    def records(self) -> dict[str, ImageRecord]:
        """All images by id, in the order in which they came."""
        with self._reading() as db:
            there = {row[1] for row in db.execute(sa.text("PRAGMA table_info(images)"))}
            columns = [c if c.name in there else _missing(c) for c in _COLUMNS]
            rows = db.execute(sa.select(*columns).select_from(images).order_by(images.c.number)).all()
        try:
            return {row[0]: _record(row) for row in rows}
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedError(f"the index of the project is damaged: {error!r}", file=self.path) from error

    def add(self, records: Iterable[ImageRecord], instead_of: Iterable[str] = ()) -> None:
        """Write new images, all or none, in place of those with these ids, where they are there."""
        with self._writing() as db:
            _delete_images(db, instead_of)
            _insert_images(db, records)

    def update(self, record: ImageRecord) -> None:
        """Write an image that is there already."""
        with self._writing() as db:
            db.execute(images.update().where(images.c.id == record.id), _row(record))

    def remove(self, ids: Iterable[str]) -> None:
        """Take images off the list."""
        with self._writing() as db:
            _delete_images(db, ids)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._explained(), self._engine.connect() as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._explained(), self._engine.connect() as db:
            sqlite: Any = db.connection.dbapi_connection
            with transaction(sqlite):
                yield db

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.IntegrityError as error:
            raise StoreError("an image is in the project already", file=self.path) from error
        except UnicodeEncodeError as error:
            raise StoreError(
                f"{error.object!r} is not text", file=self.path, hint="Rename the file"
            ) from error
        except sa.exc.DBAPIError as error:
            raise explanation(error.orig or error, self.path) from error
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            raise explanation(error, self.path) from error


def newer(version: int) -> str:
    """What is said of a project whose index is of a newer format."""
    return f"the project was written by a newer labeltool (format {version}, this one writes {FORMAT})"


def _is_readable(text: str) -> bool:
    try:
        return int(text) <= FORMAT
    except ValueError:
        return False


def _missing(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """What stands for a column that an older index lacks."""
    return sa.literal(0.0 if isinstance(column.type, sa.Float) else "").label(column.name)


def _connect(path: Path, address: str, write: bool) -> Any:
    connection = sqlite3.connect(
        address, uri=True, isolation_level=None, timeout=BUSY_S, check_same_thread=False
    )
    try:
        refuse_strange(connection, path)
        for pragma in DURABLE if write else ():
            connection.execute(pragma)
        if write:
            leave_folder(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _insert_catalog(db: sa.Connection, catalog: ClassCatalog, version: int) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    db.execute(catalogs.insert(), {"version": version, "at_utc": now, "data": dump(catalog.to_json())})


def _insert_images(db: sa.Connection, records: Iterable[ImageRecord]) -> None:
    rows = [_row(record) for record in records]
    if rows:
        db.execute(images.insert(), rows)


def _row(record: ImageRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "path": str(record.path),
        "width": record.size.width,
        "height": record.size.height,
        "kind": record.kind,
        "sha256": record.sha256,
        "file_bytes": record.file_bytes,
        "split": record.split,
        "status": record.status.value,
        "revision": record.revision,
        "page": record.page,
        "series": record.series,
        "place": record.place,
        "subject": record.subject,
    }


def _record(row: Any) -> ImageRecord:
    """KeyError, TypeError or ValueError where a row does not say what one says: SQLite lets anything into a column."""
    for column, value in zip(_COLUMNS, row, strict=True):
        if not isinstance(value, _KINDS[type(column.type)]):
            raise TypeError(f"{column.name} is {value!r}")
    id_, path, width, height, kind, sha256, file_bytes, split, status, revision, *of_pages = row
    size = Size(width, height)
    if not _ID.fullmatch(id_):  # files are named after it
        raise ValueError(f"{id_!r} cannot be the id of an image")
    if not size.is_possible or min(file_bytes, revision) < 0 or split not in ("", *SPLITS):
        raise ValueError(
            f"an image of {width} x {height} pixels, {file_bytes} bytes, r{revision}, split {split!r}"
        )
    return ImageRecord(
        id_, Path(path), size, kind, sha256, file_bytes, split, _STATUS[status], revision, *of_pages
    )


def _delete_images(db: sa.Connection, ids: Iterable[str]) -> None:
    gone = [{"gone": each} for each in ids]
    if gone:
        db.execute(images.delete().where(images.c.id == sa.bindparam("gone")), gone)
