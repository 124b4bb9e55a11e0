"""GeoPackage files: read as the SQLite tables they are, so that no view or trigger of a stranger runs."""

from __future__ import annotations

import io
import re
import sqlite3
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np

from labeltool.core.errors import BadInputError
from labeltool.core.project import Skipped
from labeltool.formats.vector.layer import Layer, Polygon, Ring, known_crs
from labeltool.formats.vector.outline import Outline

_MAGIC: Final = b"SQLite format 3\0"
_MOST_BYTES: Final = 1 << 33
_MOST_LAYERS: Final = 10_000
_LONGEST_S: Final = 300.0
_ENVELOPE_BYTES: Final = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_KINDS: Final = {1: "points", 4: "points", 2: "lines", 5: "lines", 7: "geometry collections"}
_POLYGON, _MULTIPOLYGON = 3, 6


def read_gpkg(file: Path) -> list[Layer]:
    """The layers of polygons; BadInputError where the file is no GeoPackage or damaged. Nothing is written, not even a
    journal beside it."""
    _refuse_others(file)
    try:
        uri = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            return list(_layers(_guarded(database), file))
    except (
        sqlite3.Error,
        ValueError,
        OverflowError,
        MemoryError,
    ) as error:  # its messages may be no text either
        raise BadInputError(f"the GeoPackage is damaged or not one: {error}", file=file) from error


def _refuse_others(file: Path) -> None:
    try:
        length = file.stat().st_size
        with file.open("rb") as stream:
            head = stream.read(len(_MAGIC))
    except OSError as error:
        raise BadInputError(f"the file cannot be read: {error.strerror}", file=file) from error
    if head != _MAGIC:
        raise BadInputError("this is not a GeoPackage", file=file)
    if length > _MOST_BYTES:
        raise BadInputError(f"the file is larger than {_MOST_BYTES >> 30} GiB", file=file)


def _guarded(database: sqlite3.Connection) -> sqlite3.Connection:
    """Functions and virtual tables that a schema calls for do not run, and nothing runs for ever."""
    database.execute("PRAGMA trusted_schema=OFF")
    database.execute("PRAGMA query_only=ON")
    database.execute("PRAGMA cell_size_check=ON")
    database.text_factory = lambda data: data.decode("utf-8", "replace")
    latest = time.monotonic() + _LONGEST_S
    database.set_progress_handler(lambda: time.monotonic() > latest, 100_000)
    return database


def _layers(database: sqlite3.Connection, file: Path) -> Iterator[Layer]:
    rows = database.execute(
        "SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns LIMIT ?", (_MOST_LAYERS,)
    ).fetchall()
    if not rows:
        raise BadInputError("the GeoPackage holds no layer of features", file=file)
    kinds = {str(name): (kind, sql or "") for name, kind, sql in database.execute(
        "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view')")}  # fmt: skip
    for table, column, srs in rows:
        kind, sql = kinds.get(str(table), ("", ""))
        called = f"{file}: layer {str(table)[:80]}"
        if kind != "table" or "VIRTUAL" in sql[:40].upper():
            layer = Layer(file, "")
            layer.skipped.append(Skipped(called, "the layer is no table of the file; views are not read"))
        else:
            layer = Layer(file, _crs(database, srs, file))
            _fill(layer, database, str(table), str(column), called)
        yield layer


def _crs(database: sqlite3.Connection, srs: Any, file: Path) -> str:
    row = database.execute(
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
        (srs,),
    ).fetchone()
    if row is None or srs in (0, -1):
        raise BadInputError(
            "the GeoPackage names no coordinate system",
            file=file,
            hint="Save the layer again with its coordinate system",
        )
    organization, code, definition = row
    if str(organization).upper() in ("EPSG", "ESRI") and type(code) is int:
        return known_crs(f"{str(organization).upper()}:{code}", file)
    text = str(definition).strip()
    if not text[:4].isupper() or "[" not in text[:40]:
        raise BadInputError(f"the coordinate system {text[:60]!r} is not known", file=file)
    return known_crs(text, file)


def _fill(layer: Layer, database: sqlite3.Connection, table: str, column: str, called: str) -> None:
    quoted = '"' + table.replace('"', '""') + '"'
    cursor = database.execute(f"SELECT * FROM {quoted}")  # noqa: S608 - the name is quoted
    names = [name for name, *_ in cursor.description]
    if column not in names:
        raise BadInputError(f"{called} has no column {column[:80]!r}", file=layer.file)
    geometry = names.index(column)
    for number, row in enumerate(cursor, start=1):
        attributes = {name: value for name, value in zip(names, row, strict=True) if name != column}
        one = f"{called}, feature {number}"
        try:
            _add(layer, one, row[geometry], attributes)
        except BadInputError as error:
            if error.file:
                raise
            layer.skipped.append(Skipped(one, str(error)))


def _add(layer: Layer, called: str, blob: Any, attributes: dict[str, Any]) -> None:
    if blob is None:
        layer.flat["features without a geometry"] += 1
        return
    wkb = _wkb(blob)
    kind = _Wkb(wkb).kind
    if kind in _KINDS:
        layer.flat[_KINDS[kind]] += 1
        return
    layer.add(called, _Wkb(wkb).polygons(), attributes)


def _wkb(blob: Any) -> bytes:
    """What follows the header of a geometry."""
    if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) < 13:
        raise BadInputError("its geometry is none of a GeoPackage")
    envelope = _ENVELOPE_BYTES.get((blob[3] >> 1) & 7)
    if envelope is None:
        raise BadInputError("its geometry is none of a GeoPackage")
    return blob[8 + envelope :]


class _Wkb:
    """Well-known binary, read without recursion: a polygon, or polygons in a row."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._order, self._numbers = "<", 2
        self.kind = self._head()

    def polygons(self) -> list[Polygon]:
        """All polygons; BadInputError where the bytes are something else."""
        if self.kind == _POLYGON:
            return [self._polygon()]
        if self.kind != _MULTIPOLYGON:
            raise BadInputError(f"a geometry of the kind {self.kind} is not known")
        found: list[Polygon] = []
        for _ in range(self._count(9)):
            if self._head() != _POLYGON:
                raise BadInputError("a part of its geometry is no polygon")
            found.append(self._polygon())
        return found

    def _head(self) -> int:
        """The kind of what follows; the number of coordinates of a point is noted."""
        (order,) = self._unpack("B")
        self._order = "<" if order else ">"
        (kind,) = self._unpack("I")
        extended, plain = kind >> 29, kind & 0x1FFFFFFF
        if extended & 1:
            self._unpack("I")
        more = {0: 0, 1: 1, 2: 1, 3: 2}.get(plain // 1000, 0) + (extended >> 2 & 1) + (extended >> 1 & 1)
        self._numbers = 2 + more
        return int(plain % 1000)

    def _polygon(self) -> list[Ring]:
        rings = []
        for _ in range(self._count(4)):
            count = self._count(8 * self._numbers)
            dtype = np.dtype(f"{self._order}f8")
            values = np.frombuffer(self._data, dtype, count * self._numbers, self._at)
            self._at += values.nbytes
            rings.append(values.reshape(count, self._numbers)[:, :2].astype(np.float64))
        return rings

    def _count(self, nbytes: int) -> int:
        """How many things of so many bytes follow."""
        (count,) = self._unpack("I")
        if count * nbytes > len(self._data) - self._at:
            raise BadInputError("its geometry is cut off")
        return int(count)

    def _unpack(self, form: str) -> tuple[Any, ...]:
        try:
            found = struct.unpack_from(self._order + form, self._data, self._at)
        except struct.error as error:
            raise BadInputError("its geometry is cut off") from error
        self._at += struct.calcsize(self._order + form)
        return found


def _table_name(called: str) -> str:
    """A name like it that a layer may have: GDAL takes neither special characters nor its own prefix."""
    plain = re.sub(r"\W", "_", called)
    return f"_{plain}" if plain.casefold().startswith("gpkg") else plain


def write_gpkg(file: Path, outlines: Sequence[Outline], crs: str, layer: str) -> None:
    """Write outlines, whose polygons are in map coordinates, as multipolygons of one layer."""
    import shapely  # noqa: PLC0415 - an extra
    from pyogrio.raw import write  # noqa: PLC0415

    geometry = [
        shapely.MultiPolygon([shapely.Polygon(p[0], p[1:]) for p in each.polygons]) for each in outlines
    ]
    columns = {
        name: [each.attributes()[name] for each in outlines]
        for name in ("class", "value", "object_id", "image", "area_m2")
    }
    types = {
        "class": object,
        "value": np.int32,
        "object_id": np.int64,
        "image": object,
        "area_m2": np.float64,
    }
    missing = {name: np.array([v is None for v in values], bool) for name, values in columns.items()}
    data = [
        np.array([(0 if v is None else v) for v in values], types[name]) for name, values in columns.items()
    ]
    content = io.BytesIO()  # GDAL takes a path with a semicolon or a hash apart
    write(
        content,
        np.array(shapely.to_wkb(geometry), object),
        data,
        list(columns),
        field_mask=list(missing.values()),
        layer=_table_name(layer),
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs=crs,
    )
    file.write_bytes(content.getvalue())
