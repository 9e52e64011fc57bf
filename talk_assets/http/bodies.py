"""Looking into JSON bodies without a Python object per value: one column of a page, the members of an envelope.

What a record's properties mean is the lens's concern; turning a page into a frame is `sync.records`'s.
"""

from collections.abc import Iterable, Mapping

import polars as pl
from polars.exceptions import PolarsError

from talk_assets.errors import NotTheApi
from talk_assets.jsonframes import jsonarrays, jsontext


def column(body: bytes, name: str, where: str) -> pl.Series:
    """One top-level property, as text, of a JSON array of objects: as long as the array, null where absent.

    Raise NotTheApi, naming `where`, for anything else than such an array.
    """
    try:
        if lines := jsonarrays.lines(body):
            return pl.read_ndjson(lines, schema={name: pl.String})[name]
    except PolarsError:  # nested lists of objects, half of a character, or no such array: read more slowly
        pass
    record = pl.Struct({name: pl.String})
    try:
        safe = jsontext.guarded(_one_line(body))
        page = pl.read_ndjson(b'{"r":' + safe + b"}", schema={"r": pl.List(record)})
    except PolarsError as error:
        raise not_json(where, body, "a JSON array of records") from error
    if page.height != 1 or page["r"][0] is None:
        raise not_json(where, body, "a JSON array of records")
    if not len(page["r"][0]):
        return pl.Series(name, [], dtype=pl.String)
    found = page["r"].explode().struct.field(name)
    return found.to_frame().select(jsontext.plain(pl.col(name))).to_series()


def members(body: bytes, names: Iterable[str], where: str) -> Mapping[str, str | None]:
    """The named members of a JSON object: scalars as text, lists and objects as JSON text, null where absent."""
    wanted = dict.fromkeys(names, pl.String)
    try:
        envelope = pl.read_ndjson(jsontext.guarded(_one_line(body)), schema=wanted)
    except PolarsError as error:
        raise not_json(where, body, "a JSON object") from error
    if envelope.height != 1:
        raise not_json(where, body, "a JSON object")
    return envelope.select(jsontext.plain(pl.col(name)).alias(name) for name in wanted).row(0, named=True)


def join(bodies: Iterable[bytes]) -> bytes:
    """One JSON array of everything in these: JSON arrays are split, objects stay as they are."""
    parts = (body.strip() for body in bodies)
    inner = (part[1:-1].strip() if part.startswith(b"[") else part for part in parts)
    return b"[" + b",".join(part for part in inner if part) + b"]"


def not_json(where: str, body: bytes, right: str) -> NotTheApi:
    """The error that says what was found in place of what would be right."""
    return NotTheApi(f"{where}: found {shorten(body)}, where {right} would be right; check the base URL")


def shorten(body: bytes) -> str:
    """The first characters, on one line, quoted."""
    text = " ".join(body[:400].decode(errors="replace").split())
    short = text if len(text) <= _SHORT else f"{text[:_SHORT]}…"
    return jsontext.spelled(short) if text else "an empty answer"


_SHORT = 60


def _one_line(body: bytes) -> bytes:
    """Line breaks inside JSON are blanks between values, never part of one."""
    return body.replace(b"\n", b" ").replace(b"\r", b" ")
