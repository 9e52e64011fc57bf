"""Many records that change in the same mechanical way at once: a person is asked before such edits are believed.

One person clears or corrects a field of one record, or of a few. Where a whole collection loses a field, or 90 postal
codes lose their leading zero, a right was withdrawn, an export was cut off, a spreadsheet was imported, or the API has
changed. Until a person approves, the fields keep the values they had, here and in all systems; a record that shows its
old value again is unchanged. Add a way to `WAYS` when another one turns up.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from talk_assets.model.entities import Field, Kind
from talk_assets.store import tables
from talk_assets.store.transaction import Relation, Transaction
from talk_assets.sync import guards

SHARE = 0.2
"""The share of the records with a value that may lose it at once, whatever limits are configured."""

FEW = 3
"""Fewer records than these may lose a value."""

ALIKE = 10
"""Fewer records than these may change in another of these ways, whatever limits are configured."""

SAME = 0.9
"""The share of a field's edits that must have been made in such a way: people who correct values edit others too."""

BLANK = "blank"

WORDS = (Kind.TEXT, Kind.EMAIL)
CODES = (Kind.TEXT, Kind.DIGITS, Kind.PHONE)


@dataclass(frozen=True)
class Way:
    """`became` says in a message what happened to the values; `holds` says of which edits, given `before` and `now`."""

    became: str
    kinds: tuple[Kind, ...]
    holds: Callable[[pl.Expr, pl.Expr], pl.Expr]


def _cut(before: pl.Expr, now: pl.Expr) -> pl.Expr:
    """All are cut at the same length, as by a column that is too narrow."""
    length = now.str.len_chars()
    return before.str.starts_with(now) & (length < before.str.len_chars()) & (length == length.mode().first())


def _shifted(before: pl.Expr, now: pl.Expr) -> pl.Expr:
    """The decimal point moved: all are the same power of ten of what they were."""
    old, new = before.cast(pl.Float64, strict=False), now.cast(pl.Float64, strict=False)
    power = (new.abs() / old.abs()).log10()
    whole = ((power - power.round()).abs() < 1e-9) & (power.round() != 0)  # noqa: PLR2004 -- what doubles lose
    return whole & (power.round() == power.round().mode().first())


def _garbled(before: pl.Expr, now: pl.Expr) -> pl.Expr:
    """Letters beyond ASCII became a question mark, a replacement character, or two other letters."""
    pattern = r"[^\x00-\x7f]"
    marks = now.str.count_matches(r"[?\x{FFFD}]") > before.str.count_matches(r"[?\x{FFFD}]")
    twice = now.str.contains("[ÃÂ]") & ~before.str.contains("[ÃÂ]")
    return before.str.contains(pattern) & (marks | twice)


WAYS: Mapping[str, Way] = {
    "zeros": Way(
        "lost its leading zeros",
        CODES,
        lambda before, now: before.str.starts_with("0") & (before.str.strip_chars_start("0") == now),
    ),
    "cut": Way("was cut short", WORDS, _cut),
    "garbled": Way("lost its letters beyond a to z", WORDS, _garbled),
    "case": Way(
        "changed only its case",
        (Kind.TEXT,),
        lambda before, now: before.str.to_lowercase() == now.str.to_lowercase(),
    ),
    "shifted": Way("became a power of ten of what it was", (Kind.DECIMAL,), _shifted),
    "same": Way(
        "became the same in all of them",
        (Kind.TEXT, Kind.EMAIL, Kind.PHONE, Kind.DIGITS),
        lambda before, now: (now == now.mode().first()) & before.is_unique(),
    ),
}
"""The ways besides that of becoming blank; what an edit holds of two is the first of them."""


def doubtful(
    transaction: Transaction, entity_type: str, key: str, field: Field, edits: pl.DataFrame, now: datetime
) -> pl.Series:
    """Return of which edits (`id, before, now`) a field keeps its value until a person approves, and note them."""
    doubted = pl.Series([False] * edits.height, dtype=pl.Boolean)
    blank = edits["now"].is_null()
    if blank.any() and not _believe_blank(transaction, entity_type, key, field.name, edits.filter(blank)["id"], now):
        _note(transaction, entity_type, key, field.name, BLANK, edits.filter(blank)["id"], now)
        doubted |= blank
    for name, mask in _alike(field, edits):
        count, what = int(mask.sum()), _what(name, field.name)
        if guards.approved(transaction, key, what) >= count:
            guards.release(transaction, key, what)
            continue
        _note(transaction, entity_type, key, field.name, name, edits.filter(mask)["id"], now)
        example = edits.filter(mask).row(0, named=True)
        reason = (
            f"{field.name} {WAYS[name].became} in {count} records at once, as {example['before']!r} became"
            f" {example['now']!r} in {key}/{example['id']}. The values are kept, here and in the other systems: see"
            f" whether {key} is well, then talk approve {key}"
        )
        guards.stop(transaction, key, what, count, reason, None, now)
        doubted |= mask
    return doubted


def _alike(field: Field, edits: pl.DataFrame) -> Iterator[tuple[str, pl.Series]]:
    """Yield each way in which so many of the edits were made that no person made them one by one."""
    both = edits["before"].is_not_null() & edits["now"].is_not_null()
    changed = edits.filter(both)
    if changed.height < ALIKE:
        return
    for name, way in WAYS.items():
        if field.kind not in way.kinds:
            continue
        holds = changed.select(way.holds(pl.col("before"), pl.col("now")).fill_null(value=False)).to_series()
        if holds.sum() >= ALIKE and holds.sum() >= SAME * changed.height:
            ids = changed.filter(holds)["id"]
            yield name, both & edits["id"].is_in(ids.implode())
            return


def _believe_blank(
    transaction: Transaction, entity_type: str, key: str, field: str, ids: pl.Series, now: datetime
) -> bool:
    """Whether records (`ids`) of a collection were cleared by people; where not, a person is asked.

    What was cleared within the hour before counts as well: a collection may lose a field page by page.
    """
    lost = transaction.count(
        "SELECT count(DISTINCT origin) FROM sync.edits WHERE entity_type = ? AND field = ? AND value IS NULL"
        " AND starts_with(origin, ?) AND noticed_at > ?",
        entity_type, field, f"{key}/", now - guards.WINDOW,
    )  # fmt: skip
    held = transaction.count(
        f"SELECT count(*) FROM {tables.links(entity_type)}"
        f" WHERE collection = ? AND gone_at IS NULL AND seen_{field} IS NOT NULL",
        key,
    )
    count, whole, what = lost + ids.len(), lost + held, _what(BLANK, field)
    if guards.approved(transaction, key, what) >= count:
        guards.release(transaction, key, what)
        return True
    if count < FEW or count <= SHARE * whole:
        return True
    reason = (
        f"{field} became blank in {count} of the {whole} records that had a value. The values are kept, here and in the"
        f" other systems: see whether {key} is well, then talk approve {key}"
    )
    guards.stop(transaction, key, what, count, reason, None, now)
    return False


def _what(way: str, field: str) -> str:
    """Return how the approval is called."""
    return f"{way} {field}"


def _note(
    transaction: Transaction, entity_type: str, key: str, field: str, way: str, ids: pl.Series, now: datetime
) -> None:
    transaction.run(
        "INSERT INTO sync.mass_edits SELECT ?, ?, id, ?, ?, ? FROM ids",
        entity_type, key, field, now, way, ids=ids.alias("id").to_frame(),
    )  # fmt: skip


def look_again(transaction: Transaction, entity_type: str, incoming: Relation) -> None:
    """Forget what was noted of the records in `incoming`: they are judged once more."""
    if transaction.count("SELECT count(*) FROM sync.mass_edits WHERE entity_type = ?", entity_type):
        transaction.run(
            "DELETE FROM sync.mass_edits"
            f" WHERE entity_type = ? AND (collection, id) IN (SELECT (collection, id) FROM {incoming})",
            entity_type,
        )


def release(transaction: Transaction, keys: list[str]) -> None:
    """Ask nobody about fields that have their values again."""
    ways = ", ".join(f"'{way}'" for way in (BLANK, *WAYS))
    transaction.run(
        f"""
        DELETE FROM sync.pending_approvals WHERE split_part(what, ' ', 1) IN ({ways})
        AND collection IN (SELECT unnest(?::VARCHAR[]))
        AND (collection, what) NOT IN (SELECT (collection, way || ' ' || field) FROM sync.mass_edits)
        """,
        keys,
    )
