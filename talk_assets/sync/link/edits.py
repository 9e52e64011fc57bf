"""What people edited since a record was last seen: proposals for golden, and what is asked about first.

The newest edit of a field wins, whichever collection it is from; `merge` decides that. What we sent ourselves, and what
a field holds only for as long as a write takes, is no edit.
"""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from talk_assets.jsonframes import jsontext, objects
from talk_assets.model.collection import Collection
from talk_assets.model.entities import Entity, Field, Kind
from talk_assets.model.lens.lens import Lines, OneLine
from talk_assets.store import tables
from talk_assets.store.tables import MARK
from talk_assets.store.transaction import Relation, Transaction
from talk_assets.sync import journal
from talk_assets.sync.link import full_names, links
from talk_assets.sync.merge import fights, mass_edits, merging, orderlines


def absorb(transaction: Transaction, incoming: Relation, known: Relation, scope: merging.MergeScope) -> list[str]:
    """Take in what people edited since a record was last seen; return the fields in which it was."""
    moved, entity = [], scope.entity
    mass_edits.look_again(transaction, entity.name, incoming)
    if transaction.count(f"SELECT count(*) FROM {known} WHERE compared"):
        _locate(transaction, entity, incoming, known)
        full_names.follow(transaction, incoming, known, entity, scope.collections)
        moved = _absorb_edits(transaction, incoming, known, scope)
    mass_edits.release(transaction, list(scope.collections))
    if transaction.count(f"SELECT count(*) FROM {known} WHERE awaits_other"):
        transaction.run(
            f"""
            UPDATE {tables.links(entity.name)} SET unresolved = i.unresolved, awaits = i.awaits
            FROM {incoming} i JOIN {known} k USING (n)
            WHERE k.awaits_other AND i.collection = links.collection AND i.id = links.id
            """
        )
    journal.close_looked_up(transaction, entity.name, incoming, scope.now)
    return moved


def _locate(transaction: Transaction, entity: Entity, incoming: Relation, known: Relation) -> None:
    """Say where the links are that were not there yet, or may have moved since, as something was committed."""
    lost = "TRUE" if transaction.in_steps else "link IS NULL"
    if transaction.count(f"SELECT count(*) FROM {known} WHERE compared AND {lost}"):
        transaction.run(
            f"""
            UPDATE {known} k SET link = l.rowid
            FROM {incoming} i JOIN {tables.links(entity.name)} l ON l.collection = i.collection AND l.id = i.id
            WHERE k.compared AND i.n = k.n
            """
        )


def _absorb_edits(
    transaction: Transaction, incoming: Relation, known: Relation, scope: merging.MergeScope
) -> list[str]:
    entity, collections = scope.entity, scope.collections
    shown = set(transaction.frame(f"SELECT DISTINCT collection FROM {known} JOIN {incoming} USING (n)")["collection"])
    fields = [name for name in entity.names if any(name in collections[key].lens.fields for key in shown)]
    differs = " OR ".join(f'i."{field}" IS DISTINCT FROM l.seen_{field}' for field in fields)
    seen = ", ".join(f"l.seen_{field}" for field in fields)
    edited = transaction.frame(
        f"""
        SELECT i.*, k.link, k.entity_id, {seen}, j.after, j.intended_at, j.caused_at
        FROM {known} k JOIN {incoming} i USING (n)
        JOIN {tables.links(entity.name)} l ON l.rowid = k.link
        LEFT JOIN (
            SELECT collection, id, max(intended_at) AS intended_at, arg_max(after, intended_at) AS after,
                arg_max(caused_at, intended_at) AS caused_at
            FROM ({journal.UNKNOWN}) GROUP BY collection, id
        ) j ON j.collection = i.collection AND j.id = i.id
        WHERE k.compared AND k.gone_at IS NULL AND NOT i.deleted AND ({differs})
        """
    )
    if edited.is_empty():
        return []
    moved = [field for field in fields if edited[field].ne_missing(edited[f"seen_{field}"]).any()]
    edited = edited.join(_sent(transaction, entity, edited, moved), on="link", maintain_order="left")
    edits = [merging.proposals(edited.clear(), entity.names)]
    for key, collection in collections.items():
        rows = edited.filter(pl.col("collection") == key)
        edits += [
            _absorb(transaction, key, collection, some, scope.now)
            for some in rows.iter_slices(tables.CHUNK)
            if some.height
        ]
    # All sides at once, as an edit that loses to a newer one is a conflict whichever was looked at first.
    proposed, sent = pl.concat(edits), _up_to_date_with(edited, moved)
    for entities in proposed.select(pl.col("entity_id").unique(maintain_order=True)).iter_slices(tables.CHUNK):
        edited_now = proposed.join(entities, on="entity_id", how="semi", maintain_order="left")
        decided, edits_now = merging.decide(transaction, scope, edited_now, sent)
        journal.note_edits(transaction, entity.name, edits_now, decided, scope.now, scope.run)
    if proposed.height:
        fights.notice(transaction, entity.name, scope.now)
    return moved


def _sent(transaction: Transaction, entity: Entity, records: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """What the records were sent: every column that is read costs as much as the table is long."""
    return transaction.frame(
        f"SELECT w.link, {', '.join(f'sent_{field}' for field in fields)}"
        f" FROM wanted w JOIN {tables.links(entity.name)} l ON l.rowid = w.link",
        wanted=records.select("link"),
    )


def _up_to_date_with(edited: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """What the records were sent, a row per field."""
    origin = pl.concat_str("collection", "id", separator="/").alias("origin")
    return pl.concat(
        edited.select("entity_id", pl.lit(name).alias("field"), origin, pl.col(f"sent_{name}").alias("sent"))
        for name in fields
    )


def _absorb(
    transaction: Transaction, key: str, collection: Collection, rows: pl.DataFrame, now: datetime
) -> pl.DataFrame:
    """Note what a collection's records hold now; return what of it people edited, as proposals."""
    fields = collection.lens.fields
    sent = objects.decode(rows["after"], fields)
    ours = objects.present(rows["after"], fields)
    stored = collection.lens.of_entities.limit(sent)
    for name, prop in collection.lens.properties.items():
        if isinstance(prop, Lines | OneLine) and ours[name].any() and f"sent_{name}" in rows.columns:
            shown = orderlines.expected(prop, sent[name], rows[f"sent_{name}"], rows[f"seen_{name}"], rows[name])
            stored = stored.with_columns(shown.alias(name))
    edits = [merging.proposals(rows.clear(), fields)]
    state: dict[str, pl.Series] = {}
    for field in fields:
        current, seen = rows[field], rows[f"seen_{field}"]
        unknown = rows["unknown"].str.contains(f"{MARK}{field}{MARK}", literal=True).fill_null(value=False)
        moved = current.ne_missing(seen) & ~unknown
        if not moved.any():
            continue  # every column that is written costs as much as the table is long
        own = moved & ours[field] & (current.eq_missing(stored[field]) | current.eq_missing(sent[field]))
        if own.any():
            merging.refill(transaction, collection.entity, links.written(rows, field, sent[field]).filter(own))
        begun = moved & ours[field] & ~own & _mixed(collection.entity.field(field), current, seen, stored[field])
        transient_values = (
            moved & ~own & rows["after"].is_not_null() & current.is_in([collection.transient_values.get(field, "")])
        )
        transient_values = transient_values.fill_null(value=False)
        edit = moved & ~own & ~begun & ~transient_values
        if edit.any():
            doubted = _doubted(transaction, key, collection, field, rows, edit, now)
            edit, current = edit & ~doubted, pl.select(pl.when(doubted).then(seen).otherwise(current)).to_series()
        whole = current
        if collection.entity.field(field).kind is Kind.LINES and edit.any():
            pending = ours[field].to_list()
            whole = _whole(
                collection, edit, current, (seen, rows[f"sent_{field}"]), (stored[field], sent[field]), pending
            )
        edits.append(merging.proposals(rows.with_columns(whole.alias(field)).filter(edit), [field]))
        state[f"seen_{field}"] = current
        state[f"sent_{field}"] = pl.select(
            pl.when(own).then(sent[field]).when(edit | transient_values).then(whole).otherwise(rows[f"sent_{field}"])
        ).to_series()
    if state:
        links.update(transaction, collection, rows.select("link").with_columns(**state))
    return pl.concat(edits)


def _whole(
    collection: Collection,
    edit: pl.Series,
    now: pl.Series,
    known: tuple[pl.Series, pl.Series],
    pending: tuple[pl.Series, pl.Series],
    unknown: Sequence[bool],
) -> pl.Series:
    """Lists of lines as people meant them where they edited what a record showed of the lines it was sent.

    `known` is what was seen and sent last, `pending` the same of an update whose outcome is `unknown`: what is shown
    now was made of either.
    """
    lines = collection.lens.lines
    if lines is None:
        return now
    rows = edit.arg_true()
    shown, known_seen, later_seen = (one.gather(rows) for one in (now, known[0], pending[0]))
    later = pl.Series([unknown[row] for row in rows], dtype=pl.Boolean) & orderlines.nearer(
        shown, later_seen, known_seen
    )
    seen, sent = (
        pl.select(pl.when(later).then(after.gather(rows)).otherwise(before.gather(rows))).to_series()
        for before, after in zip(known, pending, strict=True)
    )
    return now.scatter(rows, orderlines.whole(lines, shown, seen, sent))


def _doubted(
    transaction: Transaction,
    key: str,
    collection: Collection,
    field: str,
    rows: pl.DataFrame,
    edit: pl.Series,
    now: datetime,
) -> pl.Series:
    """Which edits of a field a person is asked about first, of all rows."""
    edits = rows.filter(edit).select("id", pl.col(f"seen_{field}").alias("before"), pl.col(field).alias("now"))
    entity = collection.entity
    doubted = mass_edits.doubtful(transaction, entity.name, key, entity.field(field), edits, now)
    if not doubted.any():
        return edit & False
    return edit & rows["id"].is_in(edits["id"].filter(doubted).implode())


def _mixed(field: Field, current: pl.Series, before: pl.Series, after: pl.Series) -> pl.Series:
    """Where a list is made of elements from before and after a write, those that stay included: it was interrupted."""
    if field.kind is not Kind.LINES:
        return pl.Series([False] * current.len(), dtype=pl.Boolean)
    old, new, now = (jsontext.elements(one) for one in (before, after, current))
    same = ["row", "element"]
    foreign = now.join(pl.concat([old, new]), on=same, how="anti")["row"]
    absent = old.join(new, on=same, how="semi").join(now, on=same, how="anti")["row"]
    return ~pl.Series(range(current.len()), dtype=pl.UInt32).is_in(pl.concat([foreign, absent]).implode())
