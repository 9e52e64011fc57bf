"""Carrying changes out: the intent first, then the request, then the answer; a transaction per batch before and after.

Parents go before children. A change that refers to a record which does not exist yet waits for it within the run.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.collection import Collection, settable, updatable
from talk_assets.model.dataflows import Pair
from talk_assets.model.ids import NewId
from talk_assets.model.lens.lens import Lines
from talk_assets.model.system import Action, Write
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync import journal
from talk_assets.sync.guards import Asked
from talk_assets.sync.link import full_names, references
from talk_assets.sync.link.references import Direction
from talk_assets.sync.plan import permits
from talk_assets.sync.plan.permits import Permits
from talk_assets.sync.write import lost, unknown
from talk_assets.sync.write.tally import WriteReport

ASKED = "sync.changes"
"""The table of what golden asks of the collections."""

BATCH, MOST = 1000, 5000
"""Writes of one batch, at least and at most: intents and answers are stored that often."""

SECONDS = 5.0
"""How long a batch may take that is more than the least: after a crash, all of it is looked for."""

UNWATCHED = 50
"""As `BATCH`, where the system cannot tell whether a record was edited meanwhile: what changed is read before each."""


def asked_of(transaction: Transaction) -> frozenset[str]:
    """Return the collections of which anything is asked, or of which the outcome of a create is not known."""
    found = transaction.frame(
        f"SELECT collection FROM {ASKED} WHERE NOT blocked"
        " UNION SELECT collection FROM sync.journal WHERE action = 'create' AND outcome IS NULL"
    )
    return frozenset(found["collection"])


@dataclass(frozen=True)
class Batch:
    """`rows` has a row per write: the journal's columns, and `to_<field>` and `is_<field>` of what is sent.

    `version` is the store's when it was prepared.
    """

    rows: pl.DataFrame
    writes: Sequence[Write]
    version: int


@dataclass(frozen=True)
class Writer:
    """Prepares one collection's batches and stores their answers. It holds no connection and no transaction."""

    key: str
    collection: Collection
    permits: Permits
    run: str
    collections: Mapping[str, Collection]
    """All collections of the entity, by key."""
    new_id: NewId
    """Names each write, so that its answer is found by it and an API that knows the key carries it out once."""
    source: str = ASKED
    """The table of the changes: those that golden asks for, or those that take back a run."""

    def pending(self, transaction: Transaction, report: WriteReport) -> int:
        """Return how many changes could be tried."""
        if not transaction.count(f"SELECT count(*) FROM {self.source} WHERE collection = ? AND NOT blocked", self.key):
            return 0
        untried, tried = report.untried()
        changes, permitted = self._open(transaction)
        return transaction.count(f"SELECT count(*) FROM ({changes}) c WHERE {untried}", self.key, **tried, **permitted)

    @property
    def pairs(self) -> Sequence[Pair]:
        """The pairs that may cause what is written."""
        own = self.permits.writing if self.source == ASKED else ()
        return [pair for pair in own if self.key in (pair.left, pair.right)]

    def asked(self, transaction: Transaction) -> Asked:
        """Return what could be tried, of which age it is, and because of which pairs."""
        changes, permitted = self._open(transaction)
        counts = transaction.frame(
            f"SELECT action, count(*) AS count FROM ({changes}) GROUP BY action", self.key, **permitted
        )
        linked, oldest = tables.links(self.collection.entity.name), []
        for left in self.permits.lefts(self.key) if self.source == ASKED else ():
            oldest += (
                transaction.frame(
                    f"SELECT min(r._modified) AS oldest FROM ({changes} AND c.action = 'create') c"
                    f" JOIN {linked} l ON l.entity_id = c.entity_id AND l.gone_at IS NULL AND l.collection = '{left}'"
                    f" JOIN {tables.raw(left)} r ON r._id = l.id",
                    self.key,
                    **permitted,
                )["oldest"]
                .drop_nulls()
                .to_list()
            )
        return Asked(self.key, counts, self.pairs, min(oldest, default=None))

    def _open(self, transaction: Transaction) -> tuple[str, dict[str, pl.DataFrame]]:
        """The SQL of the changes to try, and the frames that are in it.

        A create needs a live record on the left side of one of its pairs. `kept_back` says which of the fields wait for
        a dataflow.
        """
        changes = f"FROM {self.source} c WHERE c.collection = $1 AND NOT c.blocked"
        every = f"SELECT c.*, NULL::VARCHAR AS kept_back {changes}"
        if self.source != ASKED:
            return every, {}
        if not self.permits.everything:
            rows = transaction.frame(f"SELECT c.entity_id, c.action, c.fields {changes}", self.key)
            judged = permits.of_changes(transaction, self.permits, self.key, self.collection, rows, self.collections)
            permitted = f"SELECT c.* REPLACE (p.fields AS fields), p.kept_back FROM {self.source} c"
            return (
                f"{permitted} JOIN permitted p USING (entity_id, action) WHERE c.collection = $1 AND NOT c.blocked",
                {"permitted": judged.sent},
            )
        if not transaction.count(f"SELECT count(*) {changes} AND action = 'create'", self.key):
            return every, {}
        lefts = ", ".join(f"'{left}'" for left in self.permits.lefts(self.key)) or "NULL"
        linked = tables.links(self.collection.entity.name)
        return (
            f"""
            {every} AND (c.action <> 'create' OR EXISTS (
                SELECT 1 FROM {linked} l WHERE l.entity_id = c.entity_id AND l.gone_at IS NULL
                    AND l.collection IN ({lefts})))
            """,
            {},
        )

    def prepare(self, transaction: Transaction, report: WriteReport, now: datetime) -> Batch:
        """Take the next changes, write down what is about to be sent, and note those that must wait."""
        size = self._size(report, now)
        report.begun, report.before = now, len(report.attempted)
        untried, tried = report.untried()
        open_changes, permitted = self._open(transaction)
        record = "r._record" if self.collection.needs_current else "NULL::VARCHAR AS _record"
        shown = "".join(f', r."{name}" AS "raw {name}"' for name in self._shown)
        changes = transaction.frame(
            f"""
            SELECT c.*, {record}, r._etag, r._absent, r._invalid{shown}
            FROM ({open_changes}) c LEFT JOIN {tables.raw(self.key)} r ON r._id = c.id
            WHERE {untried} ORDER BY c.since, c.entity_id LIMIT {size}
            """,
            self.key,
            **tried,
            **permitted,
        )
        report.attempted |= set(changes["entity_id"])
        changes = _confined(changes, report)
        rows, version = self._rows(transaction, changes, report), transaction.version()
        report.narrowing.drop(set(changes.filter("part")["entity_id"]) - set(rows["entity_id"]))
        if rows.is_empty():
            return Batch(rows, [], version)
        rows = self._intend(transaction, rows, now)
        parts = [part.property for part in self.collection.parts]
        return Batch(rows, [_write(row, parts) for row in rows.iter_rows(named=True)], version)

    @property
    def _shown(self) -> list[str]:
        """Properties of which it matters what they are before a write: every column that is read costs time."""
        lines = self.collection.lens.lines
        own = [lines.property] if isinstance(lines, Lines) else []
        return list(dict.fromkeys([*own, *(part.property for part in self.collection.parts)]))

    def _size(self, report: WriteReport, now: datetime) -> int:
        """As many as `SECONDS` are enough for, judging by the last batch: what storing costs hardly grows with them."""
        least = max(BATCH if self.collection.optimistic_lock else UNWATCHED, self.collection.bulk)
        took = (now - report.begun).total_seconds() if report.begun else 0.0
        if not self.collection.optimistic_lock or took <= 0:
            return least
        return max(least, min(MOST, int((len(report.attempted) - report.before) * SECONDS / took)))

    def _rows(self, transaction: Transaction, changes: pl.DataFrame, report: WriteReport) -> pl.DataFrame:
        fields = self.collection.lens.fields
        create = changes["action"] == Action.CREATE
        leaves = changes["action"].is_in([Action.DELETE.value, Action.ARCHIVE.value])
        values = objects.decode(changes["fields"], fields)
        mask = objects.present(changes["fields"], fields)
        values = full_names.completed(transaction, self.key, self.collection, values, mask, changes["id"])
        allowed = {Action.CREATE: settable(self.collection), Action.UPDATE: updatable(self.collection)}
        mask = mask.select(
            (
                pl.col(name)
                & pl.when(create).then(name in allowed[Action.CREATE]).otherwise(name in allowed[Action.UPDATE])
            ).alias(name)
            for name in fields
        )
        hidden = unknown.of(transaction, self.key, self.collection, changes)
        mask = mask.select((pl.col(name) & (create | ~hidden[name])).alias(name) for name in fields)
        outward = references.translate(transaction, self.key.split("/")[0], self.collection, values, Direction.OUTWARD)
        reasons = self._missing(transaction, values, outward.unresolved)
        for name in outward.unresolved.columns:
            mask = mask.with_columns((pl.col(name) & ~outward.unresolved[name]).alias(name))
        reasons = hidden.explained(reasons, objects.present(changes["fields"], fields), create)
        nothing = ~mask.select(pl.any_horizontal(pl.all())).to_series()
        idle = nothing & ~create & ~leaves
        # An update goes out without the reference: what else was edited must not wait for a parent that may be held.
        waits = pl.select(pl.when(create).then(reasons["must"]).otherwise(idle)).to_series()
        wait = pl.select(pl.when(waits).then(reasons["reason"])).to_series()
        self._wait(transaction, changes, wait, report)
        ready = wait.is_null() & ~idle
        lens = self.collection.lens
        raw = changes.select(pl.col(f"raw {name}").alias(name) for name in self._shown)
        # The API may demand something even for a blank.
        demanded = [
            name for name in fields if name in allowed[Action.CREATE] and name not in outward.unresolved.columns
        ]
        complete = mask.with_columns(pl.lit(value=True).alias(name) for name in demanded)
        body = pl.select(
            pl.when(create)
            .then(lens.put(outward.values, complete, create=True))
            .when(changes["action"] == Action.ARCHIVE)
            .then(pl.lit(json.dumps(self.collection.archived)))
            .otherwise(lens.put(outward.values, mask, raw=raw))
        ).to_series()
        return changes.with_columns(
            body.alias("body"),
            objects.encode(values, mask).alias("after"),
            pl.coalesce(reasons["reason"], changes["kept_back"]).alias("left_out"),
            *(values[name].alias(f"to_{name}") for name in fields),
            *(mask[name].alias(f"is_{name}") for name in fields),
        ).filter(ready)

    def _missing(self, transaction: Transaction, values: pl.DataFrame, unresolved: pl.DataFrame) -> pl.DataFrame:
        """Say per row which referred record is missing, and whether it must be there: if due, and for lines always."""
        reason = pl.Series("reason", [None] * values.height, dtype=pl.String)
        must = pl.Series("must", [False] * values.height, dtype=pl.Boolean)
        for name in unresolved.columns:
            missing = unresolved[name]
            if not missing.any():
                continue
            target = f"{self.key.split('/')[0]}/{self._target(name)}"
            wanted = values[name].alias("value").to_frame().with_row_index("row").filter(missing)
            same = "contains(w.value, c.entity_id)" if name == "lines" else "w.value = c.entity_id"
            due = transaction.frame(
                "SELECT w.row FROM wanted w JOIN sync.changes c ON c.collection = ? AND c.action = 'create'"
                f" AND {same} GROUP BY w.row",
                target,
                wanted=wanted,
            )["row"]
            rows = pl.Series(range(values.height), dtype=pl.UInt32)
            must = must | (missing & (rows.is_in(due.cast(pl.UInt32).implode()) | (name == "lines")))
            text = pl.lit(f"{name}: no record in {target} yet")
            reason = pl.select(pl.when(missing & reason.is_null()).then(text).otherwise(reason)).to_series()
        return pl.DataFrame({"reason": reason, "must": must})

    def _target(self, name: str) -> str:
        lens = self.collection.lens
        if name in lens.refs:
            return lens.refs[name].to
        product = lens.lines.product if lens.lines else None
        return product.to if product else ""

    def _wait(self, transaction: Transaction, changes: pl.DataFrame, reasons: pl.Series, report: WriteReport) -> None:
        waits = changes.select("entity_id", "action", reasons.alias("reason")).drop_nulls("reason")
        report.waiting += waits.height
        transaction.apply(
            f"UPDATE {self.source} t SET status = 'waiting', reason = w.reason FROM waits w"
            " WHERE t.collection = ? AND t.entity_id = w.entity_id AND t.action = w.action",
            self.key,
            waits=waits,
        )

    def _intend(self, transaction: Transaction, rows: pl.DataFrame, now: datetime) -> pl.DataFrame:
        """A create whose outcome is not known goes out again exactly as it was, under its own key, if it still may."""
        before = self._before(transaction, rows)
        rows = rows.with_columns(
            pl.Series("key", [self.new_id() for _ in range(rows.height)], dtype=pl.String),
            before["before"],
            before["cause"],
            before["caused_at"],
        )
        again = lost.again(transaction, self.key, rows, self.permits, now)
        rows = rows.join(again, on=["entity_id", "action"], how="left", suffix="_again", maintain_order="left")
        resent = rows["key_again"].is_not_null()
        fields = self.collection.lens.fields
        past, was = objects.decode(rows["after_again"], fields), objects.present(rows["after_again"], fields)
        rows = rows.with_columns(
            *(pl.coalesce(f"{name}_again", name).alias(name) for name in ("key", "after", "body")),
            *(pl.when(resent).then(past[name]).otherwise(pl.col(f"to_{name}")).alias(f"to_{name}") for name in fields),
            *(pl.when(resent).then(was[name]).otherwise(pl.col(f"is_{name}")).alias(f"is_{name}") for name in fields),
        )
        intents = rows.filter(~resent).select(
            "key", "entity_type", "collection", "entity_id", "id", "action", "before", "after", "cause", "caused_at",
            "body",
            pl.lit(self.run).alias("run"), pl.lit(now).alias("intended_at"),
        )  # fmt: skip
        journal.intend(transaction, intents)
        return rows

    def _before(self, transaction: Transaction, rows: pl.DataFrame) -> pl.DataFrame:
        """What the record held in the fields to be written, and where and when the new values were set."""
        entity, every = self.collection.entity, self.collection.lens.fields
        leaves = (rows["action"] == Action.DELETE).any()
        fields = [name for name in every if leaves or rows[f"is_{name}"].any()] or every[:1]
        wanted = rows.select("entity_id", "id").unique()
        seen = ", ".join(f'l.seen_{name}, g."{name}_from", g."{name}_at"' for name in fields)
        known = transaction.frame(
            f"SELECT g.entity_id, {seen} FROM wanted w JOIN {tables.golden(entity.name)} g USING (entity_id)"
            f" LEFT JOIN {tables.links(entity.name)} l"
            " ON l.id = w.id AND l.collection = ? AND l.gone_at IS NULL",
            self.key,
            wanted=wanted,
        )
        joined = rows.select("entity_id", "action", *(f"is_{name}" for name in fields)).join(
            known, on="entity_id", how="left", maintain_order="left"
        )
        whole = pl.col("action") == Action.DELETE
        mask = joined.select((whole | pl.col(f"is_{name}")).alias(name) for name in fields)
        before = objects.encode(joined.select(pl.col(f"seen_{name}").alias(name) for name in fields), mask)
        cause = objects.encode(joined.select(pl.col(f"{name}_from").alias(name) for name in fields), mask)
        times = (pl.col(f"{name}_at").dt.to_string("iso:strict").alias(name) for name in fields)
        caused_at = objects.encode(joined.select(times), mask)
        return pl.DataFrame({"before": before, "cause": cause, "caused_at": caused_at})

    def leave(self, transaction: Transaction, batch: Batch) -> None:
        """Say why a reference was left out of what was sent."""
        left = batch.rows.select("entity_id", "left_out").drop_nulls()
        transaction.apply(
            f"UPDATE {self.source} t SET status = 'waiting', reason = l.left_out FROM left_out l"
            " WHERE t.collection = ? AND t.entity_id = l.entity_id AND t.status = 'planned'",
            self.key,
            left_out=left,
        )


def _confined(changes: pl.DataFrame, report: WriteReport) -> pl.DataFrame:
    """The changes, confined to the part of their fields that is tried next where something of them was refused."""
    if not report.narrowing.searched:
        return changes.with_columns(part=pl.lit(value=False))
    fields, are_parts = [], []
    for entity, whole in changes.select("entity_id", "fields").iter_rows():
        part = report.narrowing.part(entity)
        fields.append(whole if part is None else objects.only(whole, part))
        are_parts.append(part is not None)
    return changes.with_columns(
        pl.Series("fields", fields, dtype=pl.String), pl.Series("part", are_parts, dtype=pl.Boolean)
    )


def _write(row: Mapping[str, Any], parts: Sequence[str]) -> Write:
    record = row["_record"]
    return Write(
        key=row["key"],
        action=Action.UPDATE if row["action"] == Action.ARCHIVE else Action(row["action"]),
        entity=row["entity_id"],
        id=row["id"],
        body=row["body"].encode(),
        record=record.encode() if record is not None else None,
        etag=row["_etag"],
        parts={name: held.encode() for name in parts if (held := row[f"raw {name}"]) is not None},
    )
