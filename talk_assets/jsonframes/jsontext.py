"""JSON as text in columns: taking objects apart and putting them together without a Python object per value.

Everything here knows JSON and Polars, nothing of collections, lenses or entities. A JSON value is a String column:
text, numbers and booleans as they read, objects and lists as JSON text, null and absent both as null.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import polars as pl

HALF = "\ufdd0"
"""Stands for half of a surrogate pair, as `\\ud83d` alone, which no text can hold: Unicode has it mean nothing."""

_HALVES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Objects:
    """JSON objects: their `texts`, and every top-level property as a column of values, in order of first occurrence."""

    texts: pl.Series
    columns: Mapping[str, pl.Series]


def quoted(text: pl.Expr) -> pl.Expr:
    """Return the JSON text of a string; null stays null."""
    wrapped = pl.struct(v=text).struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")
    return pl.when(text.is_not_null()).then(wrapped)


def joined(members: Mapping[str, pl.Expr]) -> pl.Expr:
    """Return JSON objects of members given as JSON text; a null member is left out."""
    pairs = [pl.lit(f"{json.dumps(name)}:") + value for name, value in members.items()]
    if not pairs:
        return pl.lit("{}")
    return pl.concat_str(pl.lit("{"), pl.concat_str(pairs, separator=",", ignore_nulls=True), pl.lit("}"))


def whole(text: str) -> str:
    """Return a text that can be stored and printed: half of a surrogate pair becomes a replacement character."""
    return _HALVES.sub("\ufffd", text)


def spelled(value: object, *, compact: bool = False) -> str:
    """Return the JSON text of a value, letters outside ASCII as themselves; half of a surrogate pair stays escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":") if compact else None)
    return _HALVES.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def is_object(text: pl.Expr) -> pl.Expr:
    """Say whether text is a JSON object; a string that only begins like one is not."""
    return _valid(text, "{")


def is_list(text: pl.Expr) -> pl.Expr:
    """Say whether text is a JSON list; a string that only begins like one is not."""
    return _valid(text, "[")


def _valid(text: pl.Expr, begin: str) -> pl.Expr:
    like = pl.when(text.str.starts_with(begin)).then(text)
    return like.map_batches(_without_halves, return_dtype=pl.String).str.json_path_match("$").is_not_null()


def _without_halves(texts: pl.Series) -> pl.Series:
    """JSON that is valid where it is but for halves of surrogate pairs."""
    if not texts.str.contains("\\u", literal=True).any():
        return texts
    return texts.str.replace_all("\\\\", "", literal=True).str.replace_all(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}", "")


def guarded(body: bytes) -> bytes:
    """Return JSON in which every string holds its own escaped text, so that reading it once leaves JSON as it stood.

    Polars shows nested JSON as text without escaping backslashes and control characters anew, and what it shows then
    is another text or none. `plain` is the way back for what is no longer nested.
    """
    if b"\\" not in body:
        return body
    backslash = b"\0"  # stands in no JSON
    apart = body.replace(b"\\\\", backslash).replace(b'\\"', b"\\u0022")
    return apart.replace(b"\\", b"\\\\").replace(backslash, b"\\\\u005c")


def plain(text: pl.Expr) -> pl.Expr:
    """Return what escaped text means; JSON of objects and lists, where quotes stand free, stays as it is.

    Half of a surrogate pair becomes `HALF`.
    """
    escaped = text.str.contains("\\", literal=True) & ~text.str.contains('"', literal=True)
    string = pl.concat_str(pl.lit('["'), pl.when(escaped).then(text), pl.lit('"]'))
    meant = string.str.json_path_match("$[0]")
    cut = pl.when(escaped & meant.is_null()).then(text).map_batches(_with_halves, return_dtype=pl.String)
    return pl.coalesce(meant, cut, text)


def _with_halves(escaped: pl.Series) -> pl.Series:
    """Text that is no JSON for Polars, as it has half of a surrogate pair; null for any other."""
    if escaped.null_count() == escaped.len():
        return escaped
    return pl.Series(escaped.name, [None if text is None else _read(text) for text in escaped], dtype=pl.String)


def _read(escaped: str) -> str | None:
    try:
        return _HALVES.sub(HALF, json.loads(f'"{escaped}"'))
    except ValueError:
        return None


def by_line(body: bytes) -> pl.Series:
    """Return a body's lines; none for an empty one."""
    if not body:
        return pl.Series("object", [], pl.String)
    try:
        whole = pl.Series("object", [body], pl.Binary).cast(pl.String)  # a str of Python's would be encoded anew
    except pl.exceptions.PolarsError:
        whole = pl.Series("object", [body.decode(errors="replace")])
    return whole.str.split("\n").explode()


def taken_apart(texts: pl.Series, body: bytes | None = None) -> Objects:
    """Return objects with their properties; raise `polars.exceptions.ComputeError` where a text is not an object.

    `body` is the same texts with line feeds between them, for whoever has it already.
    """
    body = (texts.str.join("\n").item() or "").encode() if body is None else body
    safe = guarded(body)
    columns = _columns(safe, texts if safe is body else by_line(safe)) if body else pl.DataFrame()
    if safe is not body:
        columns = columns.with_columns(plain(pl.col(name)).alias(name) for name in columns.columns)
    found = {_plain_name(name): columns[name] for name in columns.columns}
    return Objects(texts, found)


def _columns(body: bytes, texts: pl.Series) -> pl.DataFrame:
    """The properties of objects, a line each; nearly always the first object has all that any has."""
    spaced = texts.filter(texts.str.contains(r"[ \t]:"))  # few, and to look for quotes takes long
    if spaced.str.contains(r'"[ \t]+:').any():
        return read(body, names(body.split(b"\n")))  # they cannot be counted by their colons
    columns = read(body, names(body.split(b"\n", 1)[:1]))
    if columns.width and _all_read(texts, columns):
        return columns
    return read(body, names(body.split(b"\n")))


def _all_read(texts: pl.Series, columns: pl.DataFrame) -> bool:
    """Whether these are all properties that any of the objects has, but for nulls."""

    def count(text: str) -> int:
        return int(texts.str.count_matches(text).sum())  # which `literal` would make slower

    found: int = columns.height * columns.width - sum(columns.null_count().row(0))
    named = count('":')
    if named != found:
        named -= count('":null') + count('": null')
    return named == found or named == found + _within(columns)


def _within(columns: pl.DataFrame) -> int:
    """How many members that are not null are in nested objects."""
    cell = pl.all()
    members = cell.str.count_matches('":', literal=True) - cell.str.count_matches(r'":\s*null')
    nested = cell.str.starts_with("{") | cell.str.starts_with("[")
    return sum(columns.select(pl.when(nested).then(members).sum()).row(0))


def names(lines: Iterable[bytes]) -> Iterable[str]:
    """Return the properties that the objects in these lines have, as they are escaped there.

    Raise `polars.exceptions.ComputeError` where a line is no object.
    """
    try:
        return dict.fromkeys(name for line in lines for name in json.loads(line))
    except (ValueError, TypeError) as error:
        message = "not a JSON object"
        raise pl.exceptions.ComputeError(message) from error


def read(body: bytes, properties: Iterable[str]) -> pl.DataFrame:
    """Return columns of properties of the objects of a body, a line each, whose nested JSON has no backslashes.

    Raise `polars.exceptions.ComputeError` where a line is no object.
    """
    schema = dict.fromkeys(properties, pl.String)
    return pl.read_ndjson(body, schema=schema) if schema else pl.DataFrame()


def said(texts: pl.Series) -> pl.Series:
    """Return a hash per JSON object of what it says, in whatever order, whatever the case of its names, nulls aside.

    The hashes are UInt64, and comparable within one version of Polars.
    """
    columns = taken_apart(texts).columns
    if not columns:
        return pl.repeat(0, texts.len(), dtype=pl.UInt64, eager=True)
    hashes = (pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash(_seed(name.lower()))) for name in columns)
    return pl.DataFrame(columns).select(pl.sum_horizontal(hashes)).to_series()


def _seed(name: str) -> int:
    """What keeps the hash of a value in one property apart from that of the same value in another."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest())


def _plain_name(name: str) -> str:
    return str(json.loads(f'"{name}"')) if "\\" in name else name


def pick(found: Mapping[str, pl.Series], names: Iterable[str], height: int) -> pl.DataFrame:
    """Return the columns `names` out of properties; `address.city` is a property of the object `address`.

    Names match whatever their case, since some APIs write them differently from one endpoint to the next.
    """
    wanted = list(dict.fromkeys(names))
    columns = {name: _whatever_case(found, name, height) for name in wanted if "." not in name}
    for parent in dict.fromkeys(name.split(".", 1)[0] for name in wanted if "." in name):
        objects = (
            _whatever_case(found, parent, height)
            .to_frame("o")
            .select(pl.when(is_object(pl.col("o"))).then("o"))
            .to_series()
        )
        inner = [name.split(".", 1)[1] for name in wanted if name.startswith(f"{parent}.")]
        nested = pick(taken_apart(objects.fill_null("{}")).columns, inner, height)
        columns |= {f"{parent}.{name}": nested[name] for name in inner}
    return pl.DataFrame([columns[name].alias(name) for name in wanted])


def _whatever_case(found: Mapping[str, pl.Series], name: str, height: int) -> pl.Series:
    spellings = sorted((n for n in found if n.lower() == name.lower()), key=lambda n: n != name)
    if not spellings:
        return pl.repeat(None, height, dtype=pl.String, eager=True).alias(name)
    if len(spellings) == 1:
        return found[spellings[0]]
    return pl.select(pl.coalesce(found[n] for n in spellings)).to_series()


def elements(lists: pl.Series) -> pl.DataFrame:
    """Return the elements of JSON lists in order as `row` (of the list) and `element`; what is no list has none.

    Objects among them are JSON text, strings are escaped text.
    """
    rows = lists.alias("list").to_frame().with_row_index("row").filter(is_list(pl.col("list")))
    if rows.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, "element": pl.String})
    wrapped = pl.lit('{"e":') + pl.col("list").str.replace_all("\n", " ", literal=True) + pl.lit("}")
    body = guarded(rows.select(wrapped.str.join("\n")).item().encode())
    apart = pl.read_ndjson(body, schema={"e": pl.List(pl.String)})["e"]
    return rows.select("row", apart.alias("element")).filter(pl.col("element").list.len() > 0).explode("element")


def gathered(rows: pl.DataFrame, height: int) -> pl.Series:
    """Return JSON lists, one per `row` from 0 to `height`, of the JSON texts `element`; null where there is none."""
    lists = rows.group_by("row", maintain_order=True).agg(pl.col("element").str.join(","))
    lists = lists.select("row", pl.concat_str(pl.lit("["), pl.col("element"), pl.lit("]")).alias("list"))
    every = pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    return every.join(lists, on="row", how="left", maintain_order="left")["list"]
