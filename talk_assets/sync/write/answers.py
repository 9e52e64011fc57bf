"""What an answer to a write changes: links, the collection's table, the journal, and what is still asked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.collection import Collection
from talk_assets.model.entities import Kind
from talk_assets.model.gone import Gone
from talk_assets.model.system import Action, Answer, Outcome
from talk_assets.model.topology import Topology
from talk_assets.store import tables
from talk_assets.store.tables import MARK
from talk_assets.store.transaction import Transaction
from talk_assets.sync import guards, journal
from talk_assets.sync.guards import Limits
from talk_assets.sync.link import full_names, incoming, links
from talk_assets.sync.plan import changes, refused
from talk_assets.sync.read import storing
from talk_assets.sync.read.records import parse
from talk_assets.sync.write import narrowing
from talk_assets.sync.write.narrowing import Verdict
from talk_assets.sync.write.tally import WriteReport
from talk_assets.sync.write.writing import ASKED, Batch, Writer

CLOSING = {Outcome.DONE, Outcome.STALE, Outcome.GONE, Outcome.REFUSED, Outcome.FAILED}
"""Outcomes after which nothing about the write is unknown."""


@dataclass(frozen=True)
class Answered:
    """A batch's rows, and what was answered.

    The columns are `outcome, answer_id, record, answer_reason, request_id, said, properties, whole`.
    """

    key: str
    collection: Collection
    rows: pl.DataFrame
    parts: Mapping[str, Sequence[str]]
    """Ids of the records of other collections that the writes deleted."""
    skew: timedelta = timedelta()
    """The system's clock less ours."""
    source: str = ASKED
    """The table of the changes that were carried out."""

    @property
    def undoes(self) -> bool:
        """Whether a run is being taken back."""
        return self.source != ASKED

    @property
    def fields(self) -> list[str]:
        """What was sent, of some record."""
        return [name for name in self.collection.lens.fields if self.rows[f"is_{name}"].any()]

    def of(self, *outcomes: Outcome) -> pl.DataFrame:
        """Return the rows that ended in one of these ways."""
        return self.rows.filter(pl.col("outcome").is_in([outcome.value for outcome in outcomes]))

    def values(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the canonical values that were sent, and which they were."""
        fields = self.collection.lens.fields
        sent = rows.select(pl.when(pl.col(f"is_{name}")).then(pl.col(f"to_{name}")).alias(name) for name in fields)
        return sent, rows.select(pl.col(f"is_{name}").alias(name) for name in fields)


def join(writer: Writer, batch: Batch, answers: Sequence[Answer], skew: timedelta) -> Answered:
    """Put answers beside the writes they answer; `skew` is the system's clock less ours."""
    key = writer.key
    columns = ("key", "outcome", "answer_id", "record", "answer_reason", "request_id", "said")
    frame = pl.DataFrame(
        [
            (
                *(a.key, a.outcome.value, a.id, a.record.decode() if a.record else None, a.reason),
                *(a.request_id, a.said, list(a.properties), a.whole),
            )
            for a in answers
        ],
        schema={**dict.fromkeys(columns, pl.String), "properties": pl.List(pl.String), "whole": pl.Boolean},
        orient="row",
    )
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for answer in answers:
        for name, id_ in answer.gone:
            parts[f"{key.split('/', maxsplit=1)[0]}/{name}"].append(id_)
    return Answered(key, writer.collection, batch.rows.join(frame, on="key"), parts, skew, writer.source)


def judge(answered: Answered, report: WriteReport) -> Verdict:
    """Say what is held of what was refused, and leave what is to be tried again untried in the report."""
    some = answered.rows.filter((pl.col("outcome") == Outcome.REFUSED) | pl.col("part"))
    lens = answered.collection.lens
    given = list(narrowing.answers_of(some.iter_rows(named=True), lens.fields))
    if answered.undoes:
        verdict = Verdict({(one.entity, one.action): one.reason for one in given})
    else:
        verdict = report.narrowing.judge(given, lens)
    edited = set(answered.of(Outcome.STALE)["entity_id"]) - report.reread
    report.reread |= edited
    verdict.again |= edited
    report.attempted -= verdict.again
    return verdict


def store(transaction: Transaction, answered: Answered, verdict: Verdict, limits: Limits, now: datetime) -> None:
    """Store the answers to a batch, and what `judge` says of them."""
    key = answered.key
    done = answered.of(Outcome.DONE)
    shown = _shown(transaction, answered, done, now)
    _created(transaction, answered, done.filter(pl.col("action") == Action.CREATE), shown, now)
    _updated(transaction, answered, done.filter(pl.col("action") == Action.UPDATE), shown)
    _left(transaction, answered, limits, now)
    whole = [(entity, action.value, reason) for (entity, action), reason in verdict.changes.items()]
    transaction.apply(
        f"UPDATE {answered.source} t SET status = 'held', blocked = true, reason = h.reason FROM held h"
        " WHERE t.collection = ? AND t.entity_id = h.entity_id AND t.action = h.action",
        key,
        held=pl.DataFrame(whole, schema=dict.fromkeys(("entity_id", "action", "reason"), pl.String), orient="row"),
    )
    _hold_fields(transaction, answered, verdict, now)
    failed = answered.of(Outcome.FAILED, Outcome.STALE, Outcome.UNKNOWN)
    failed = failed.filter(~pl.col("entity_id").is_in(list(verdict.again)))
    transaction.apply(
        f"UPDATE {answered.source} t SET reason = f.answer_reason, failure = f.answer_reason,"
        " failures = coalesce(failures, 0) + 1 FROM failed f"
        " WHERE t.collection = ? AND t.entity_id = f.entity_id AND t.action = f.action",
        key,
        failed=failed.select("entity_id", "action", "answer_reason"),
    )
    closed = answered.of(*CLOSING).select(
        "key", "outcome", pl.col("answer_id").alias("id"), pl.col("answer_reason").alias("reason"), "request_id", "said"
    )
    journal.answer(transaction, closed, now)


def _hold_fields(transaction: Transaction, answered: Answered, verdict: Verdict, now: datetime) -> None:
    """Hold the fields that were refused, with the values that were sent."""
    if not verdict.fields:
        return
    held = [
        (entity, name, value, why) for entity, fields in verdict.fields.items() for name, (value, why) in fields.items()
    ]
    frame = pl.DataFrame(held, schema=refused.HELD, orient="row")
    refused.hold(transaction, answered.collection.entity, answered.key, frame, now)


def reconcile(
    transaction: Transaction, topology: Topology, answered: Answered, verdict: Verdict, now: datetime, *, still: bool
) -> None:
    """Decide again about what was written or held; `still` is whether nothing has moved since it was prepared."""
    written = answered.of(Outcome.DONE)
    if verdict.fields:
        held = pl.DataFrame({"entity_id": list(verdict.fields)}, schema={"entity_id": pl.String})
        changes.reconcile(transaction, topology, held, now)
    if answered.undoes:
        changes.reconcile(transaction, topology, written.select("entity_id").unique(), now)
        return
    if still:
        whole = changes.fully_sent(answered.collection, written)
        changes.done(transaction, whole)
        written = written.join(whole, on=["entity_id", "action"], how="anti")
        # Further records may be due, now that there is this one.
        created = whole.filter(pl.col("action") == Action.CREATE).select("entity_id")
        changes.reconcile(transaction, topology, created, now, only_fields=())
    changes.reconcile(transaction, topology, written.select("entity_id").unique(), now, only_fields=answered.fields)


def _left(transaction: Transaction, answered: Answered, limits: Limits, now: datetime) -> None:
    """What we deleted is gone, and what was not there when we wrote to it, unless that is too much to believe."""
    key, collection = answered.key, answered.collection
    leaving = pl.col("action") == Action.DELETE
    deleted = answered.of(Outcome.DONE, Outcome.GONE).filter(leaving).select("id")
    links.leave(transaction, key, collection, deleted, Gone.UNDONE if answered.undoes else Gone.DELETED, now)
    missing = answered.of(Outcome.GONE).filter(~leaving).select("id").drop_nulls()
    missing = guards.believe(transaction, key, missing, limits, now)
    for where, ids in {key: [*deleted["id"], *missing["id"]], **answered.parts}.items():
        storing.mark_deleted(transaction, where, pl.DataFrame({"id": ids}, schema={"id": pl.String}))
    done = answered.of(Outcome.DONE).filter(pl.col("action") == Action.ARCHIVE).select("id")
    links.archived(transaction, key, collection, done, now)


def _shown(transaction: Transaction, answered: Answered, done: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Store the records that came back; return them in canonical text, and by field whether it is unknown from them."""
    records = done.filter(pl.col("record").is_not_null())
    if records.is_empty():
        return pl.DataFrame(schema={"id": pl.String})
    body = "[" + ",".join(records["record"]) + "]"
    parsed = parse(answered.collection, body.encode())
    storing.store(transaction, answered.key, answered.collection, parsed, now, answered.skew)
    came = storing.dated(parsed, now, answered.skew)
    shown = _with_parts(transaction, answered, came)
    values = incoming.canonical(transaction, answered.key, answered.collection, shown)
    unsaid = _parts_unsaid(answered.collection, done, came)
    return values.with_columns(
        (
            pl.col("unknown").str.contains(f"{MARK}{name}{MARK}", literal=True).fill_null(value=False)
            | pl.col("id").is_in(unsaid.get(name, []))
        ).alias(f"lacks {name}")
        for name in answered.collection.lens.fields
    )


def _parts_unsaid(collection: Collection, done: pl.DataFrame, came: pl.DataFrame) -> dict[str, list[str]]:
    """By field, the records whose parts were sent and did not come back: what the table has of them is from before."""
    found = {}
    for part in collection.parts:
        silent = came.filter(pl.col(part.property).is_null())["_id"]
        for name in collection.lens.fields:
            if part.property in collection.lens.sources(name):
                sent = done.filter(pl.col(f"is_{name}") & pl.col("answer_id").is_in(silent.implode()))
                found[name] = sent["answer_id"].to_list()
    return found


def _with_parts(transaction: Transaction, answered: Answered, came: pl.DataFrame) -> pl.DataFrame:
    """The records with those parts that did not come with them: the table has them from before the write."""
    names = [part.property for part in answered.collection.parts]
    if not names:
        return came
    columns = ", ".join(f'r."{name}" AS "kept {name}"' for name in names)
    kept = transaction.frame(
        f"SELECT r._id, {columns} FROM {tables.raw(answered.key)} r SEMI JOIN came USING (_id)", came=came.select("_id")
    )
    joined = came.join(kept, on="_id", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce(name, f"kept {name}").alias(name) for name in names).select(came.columns)


def _seen(
    answered: Answered, rows: pl.DataFrame, sent: pl.DataFrame, shown: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the records hold now: as they came back, or as the lens says the system will show what it was sent.

    Return with it, per record and field, whether it came back.
    """
    fields = answered.collection.lens.fields
    expected = answered.collection.lens.of_entities.limit(sent)
    one_name = full_names.whole(answered.collection.lens)
    if one_name:
        expected = full_names.split_as(expected, sent)
    if shown.is_empty():
        return expected, objects.none(fields, rows.height)
    known = rows.select(pl.col("answer_id").alias("id")).join(
        shown.select("id", pl.lit(value=True).alias("came"), *fields, *(f"lacks {name}" for name in fields)),
        on="id",
        how="left",
        maintain_order="left",
    )
    came = known.select(
        (pl.col("came").fill_null(value=False) & ~pl.col(f"lacks {name}").fill_null(value=False)).alias(name)
        for name in fields
    )
    values = pl.select(pl.when(came[name]).then(known[name]).otherwise(expected[name]).alias(name) for name in fields)
    return full_names.split_as(values, sent) if one_name else values, came


def _created(
    transaction: Transaction, answered: Answered, rows: pl.DataFrame, shown: pl.DataFrame, now: datetime
) -> None:
    if rows.is_empty():
        return
    sent, _ = answered.values(rows)
    seen, _ = _seen(answered, rows, sent, shown)
    records = rows.select("entity_id", pl.col("answer_id").alias("id"))
    links.created(transaction, answered.key, answered.collection, records, sent=sent, seen=seen, now=now)
    refused.created(transaction, answered.key, records)
    _reconciled(
        transaction, answered, rows.filter(pl.col("record").is_not_null()).select(pl.col("answer_id").alias("id"))
    )
    storing.expect(transaction, answered.key, rows.filter(pl.col("record").is_null()).select("answer_id"), now)


def _updated(transaction: Transaction, answered: Answered, rows: pl.DataFrame, shown: pl.DataFrame) -> None:
    """Only what was sent is seen; where the record differs elsewhere, the next look takes that in as an edit.

    But what the answer shows blank and we didn't send, the system has dropped by itself, as one that replaces nested
    objects whole: that is seen as well, and no edit. `talk rewritten` lists it. What was blank before, and a person is
    asked about, stays as it was seen.
    What is restored is seen, and the record still counts as up to date with golden.
    """
    if rows.is_empty():
        return
    rows = rows.with_columns(pl.col("id").alias("answer_id"))
    fields, entity = answered.collection.lens.fields, answered.collection.entity
    sent, mask = answered.values(rows)
    now_seen, came = _seen(answered, rows, sent, shown)
    # Every column that is read, or written, costs as much as the table is long.
    written = [name for name in fields if mask[name].any()]
    compared = written if shown.is_empty() else fields
    states = ", ".join([*(f"l.seen_{name}" for name in compared), *(f"l.sent_{name}" for name in written)])
    before = transaction.frame(
        f"SELECT l.id, l.rowid AS link, {states} FROM {tables.links(entity.name)} l"
        " SEMI JOIN wanted USING (id) WHERE l.collection = ?",
        answered.key,
        wanted=rows.select("id"),
    )
    before = rows.select("id").join(before, on="id", how="left", maintain_order="left")
    asked = _asked_about(transaction, answered.key, rows["id"], compared)
    unsaid = _unsaid(answered.collection, sent, now_seen, came)
    dropped = {name: ~mask[name] & came[name] & now_seen[name].is_null() & ~asked[name] for name in compared}
    seen = pl.select(
        pl.when(mask[name] & ~unsaid[name] | dropped[name])
        .then(now_seen[name])
        .otherwise(before[f"seen_{name}"])
        .alias(name)
        for name in compared
    )
    sending = {name: mask[name] & (not answered.undoes) for name in written}
    states_now = rows.select(
        before["link"],
        *(seen[name].alias(f"seen_{name}") for name in compared if mask[name].any() or dropped[name].any()),
        *(
            pl.when(sending[name]).then(sent[name]).otherwise(before[f"sent_{name}"]).alias(f"sent_{name}")
            for name in written
        ),
    )
    links.update(transaction, answered.collection, states_now)
    if not shown.is_empty():
        same = [seen[name].eq_missing(now_seen[name]) for name in fields]
        reconciled = rows.select("id").filter(pl.select(pl.all_horizontal(same)).to_series())
        _reconciled(transaction, answered, reconciled)


def _unsaid(collection: Collection, sent: pl.DataFrame, seen: pl.DataFrame, came: pl.DataFrame) -> pl.DataFrame:
    """Say per record and field whether the API has no form for what was to be sent: what stood there stands there."""
    lists = [name for name in sent.columns if collection.entity.field(name).kind is Kind.LINES]
    return pl.DataFrame(
        {
            name: sent[name].is_not_null() & seen[name].is_null() & ~came[name] & (name not in lists)
            for name in sent.columns
        }
    )


def _asked_about(transaction: Transaction, key: str, ids: pl.Series, fields: Sequence[str]) -> dict[str, pl.Series]:
    """By field, whether records are among those of which it is not believed that a person cleared it."""
    blanked = transaction.frame("SELECT id, field FROM sync.mass_edits WHERE collection = ?", key)
    return {name: ids.is_in(blanked.filter(pl.col("field") == name)["id"].implode()) for name in fields}


def _reconciled(transaction: Transaction, answered: Answered, records: pl.DataFrame) -> None:
    """The records are as their links say: nothing to reconcile. They were stored just now, if anything new.

    What is a part of another record as well, as a line is of its order, is still news to that one.
    """
    if answered.collection.extra_columns:
        return
    transaction.apply(
        f"UPDATE {tables.raw(answered.key)} SET _version = 0"
        f" WHERE _version >= {transaction.version()} AND _id IN (SELECT id FROM records)",
        records=records,
    )
