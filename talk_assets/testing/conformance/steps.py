"""What a conformance test does: read, create, update and look at records, each over a connection of its own.

Tests of one system use these functions too. Values are canonical texts by field, as a lens reads them.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.model.entities import Kind
from talk_assets.model.lens.lens import ALWAYS
from talk_assets.model.system import Action, Answer, Connection, Outcome, Page, System, Watermark, Write
from talk_assets.sync.read.records import parse

T = TypeVar("T")
Values = dict[str, str | None]

PLAIN = {
    Kind.DECIMAL: ("1250.5", "99"),
    Kind.DATE: ("2024-02-29", "1999-12-31"),
    Kind.INSTANT: ("2024-02-29T08:30:00.000000Z", "2024-03-31T00:59:59.000000Z"),
    Kind.COUNTRY: ("NO", "SE"),
    Kind.CURRENCY: ("NOK", "EUR"),
    Kind.CHOICE: ("confirmed", "draft"),
    Kind.DIGITS: ("7038010009457", "7038010013966"),
    Kind.ORGANISATION_NUMBER: ("974760673", "923609016"),
    Kind.PHONE: ("+4791234567", "+4722334455"),
}
"""Two values of each kind that every API takes; texts are made up per record, references come from the system."""


def with_connection(system: System, act: Callable[[Connection], Awaitable[T]]) -> T:
    """Return what `act` returns of a connection that is open meanwhile."""

    async def run() -> T:
        async with system.connect() as connection:
            return await act(connection)

    return asyncio.run(run())


async def drained(items: AsyncIterator[T]) -> list[T]:
    """Return all items."""
    return [item async for item in items]


def read(system: System, collection: Collection, since: str | None = None, position: str | None = None) -> list[Page]:
    """Read a collection in full, from `position` on, or what changed since a cursor; return the pages."""
    return with_connection(system, lambda one: drained(one.read(collection, since=since, position=position)))


def probe(system: System, collection: Collection, mark: Watermark) -> tuple[Page | None, int]:
    """Return a probe, and how many requests it took besides those for a token."""

    async def taken(connection: Connection) -> tuple[Page | None, int]:
        await connection.probe(collection, mark)
        before = sum(connection.usage.requests.values())
        return await connection.probe(collection, mark), sum(connection.usage.requests.values()) - before

    return with_connection(system, taken)


def find(system: System, collection: Collection, references: Sequence[str]) -> list[Page]:
    """Return pages of the records that carry one of the external references."""
    return with_connection(system, lambda one: drained(one.find(collection, references)))


def look_up(system: System, collection: Collection, ids: Sequence[str]) -> list[Page]:
    """Return pages of the records with these ids."""
    return with_connection(system, lambda one: drained(one.look_up(collection, ids)))


def sent(system: System, collection: Collection, writes: Sequence[Write]) -> list[Answer]:
    """Send writes; return their answers, one for each."""
    answers = with_connection(system, lambda one: drained(one.write(collection, writes)))
    assert sorted(answer.key for answer in answers) == sorted(write.key for write in writes)
    return answers


def send(system: System, collection: Collection, write: Write) -> Answer:
    """Send one write; return its answer."""
    (answer,) = sent(system, collection, [write])
    return answer


def parsed(collection: Collection, pages: Sequence[Page]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the records of some pages, and the values in them that do not fit."""
    result = parse(collection, *(page.body for page in pages))
    return result.records, result.invalid


def record(system: System, collection: Collection, id_: str) -> pl.DataFrame:
    """Return one record as it is now, its parts filled in."""
    records, invalid = parsed(collection, look_up(system, collection, [id_]))
    assert invalid.is_empty(), invalid
    for part in collection.parts:
        child = system.collection(part.of)
        rows, _ = parsed(child, read(system, child))
        rows = rows.filter(pl.col(part.parent) == id_).sort([pl.col(name).cast(pl.Int64) for name in part.order])
        lines = json.dumps(rows.select(part.columns).to_dicts()) if rows.height else None
        records = records.with_columns(pl.lit(lines, pl.String).alias(part.property))
    return records


def shown(system: System, collection: Collection, id_: str) -> Values:
    """Return the canonical values of one record, as the system shows it."""
    return collection.lens.get(record(system, collection, id_)).row(0, named=True)


def frame(values: Values) -> pl.DataFrame:
    """Return values as a frame of one row."""
    return pl.DataFrame({name: [value] for name, value in values.items()}, schema=dict.fromkeys(values, pl.String))


def limited(collection: Collection, values: Values) -> Values:
    """Return values as they will be read once they have been written."""
    return collection.lens.limit(frame(values)).row(0, named=True)


def creating(collection: Collection, values: Values, entity: str | None = None) -> Write:
    """Return a write that creates a record: `values`, a name, and blanks."""
    complete: Values = {**dict.fromkeys(collection.lens.fields), **named(collection), **values}
    body = collection.lens.put(frame(complete), create=True)[0]
    return Write(str(uuid.uuid4()), Action.CREATE, entity or str(uuid.uuid4()), None, body.encode())


def named(collection: Collection) -> Values:
    """Return a name, without which most APIs take nothing."""
    return {name: "Somebody" for name in ("last_name", "name") if name in collection.lens.fields}


def needed(system: System, collection: Collection) -> Values:
    """Return a value for each field that a create requires; what is referred to is created."""
    lens = collection.lens
    return {
        field: create(system, system.collection(lens.refs[field].to), {})
        if field in lens.refs
        else sample(system, collection, field)
        for field in lens.fields
        if lens.property_of(field).required
    }


def create(system: System, collection: Collection, values: Values, entity: str | None = None) -> str:
    """Create a record that the system must accept; return its id."""
    answer = send(system, collection, creating(collection, {**needed(system, collection), **values}, entity))
    assert answer.outcome is Outcome.DONE, answer
    assert answer.id
    return answer.id


def create_many(system: System, collection: Collection, entities: Sequence[str]) -> list[str]:
    """Create a record for each entity, and return their ids in that order."""
    writes = [creating(collection, needed(system, collection), entity) for entity in entities]
    answers = {answer.key: answer for answer in sent(system, collection, writes)}
    assert {answer.outcome for answer in answers.values()} == {Outcome.DONE}, answers
    return [answers[write.key].id or "" for write in writes]


def updating(collection: Collection, now: pl.DataFrame, values: Values) -> Write:
    """Return a write that updates a record, which is in `now` as `record` returns it."""
    body = collection.lens.put(frame(values))[0]
    row = now.row(0, named=True)
    whole = row["_record"].encode()
    return Write(str(uuid.uuid4()), Action.UPDATE, "entity", row["_id"], body.encode(), record=whole, etag=row["_etag"])


def update(system: System, collection: Collection, id_: str, values: Values) -> None:
    """Update a record as it is now, which the system must accept."""
    answer = send(system, collection, updating(collection, record(system, collection, id_), values))
    assert answer.outcome is Outcome.DONE, answer


def writable(collection: Collection, values: Values) -> Values:
    """Return the values that can be changed on a record that exists."""
    return {name: value for name, value in values.items() if collection.lens.property_of(name).writable is ALWAYS}


def editable(collection: Collection) -> str:
    """Return a text field that can be changed on a record that exists; the first field where there is none."""
    lens = collection.lens
    texts = (
        name
        for name, prop in lens.properties.items()
        if prop.fields(name) == (name,) and prop.writable is ALWAYS and collection.entity.field(name).kind is Kind.TEXT
    )
    return next(texts, lens.fields[0])


def samples(system: System, collection: Collection, round_: int) -> Values:
    """Return a value for every field, other ones in round 1 than in round 0; what is referred to is created."""
    return {name: sample(system, collection, name, round_) for name in collection.lens.fields}


def sample(system: System, collection: Collection, name: str, round_: int = 0) -> str:
    """Return a value for a field, another one in each round; what is referred to is created."""
    field = collection.entity.field(name)
    if name in collection.lens.refs:
        return create(system, system.collection(collection.lens.refs[name].to), {})
    if field.kind is Kind.LINES:
        return lines(system, collection, round_)
    if field.kind is Kind.EMAIL:
        return f"{uuid.uuid4().hex[:8]}@example.com"
    if field.kind is Kind.TEXT:
        return f"{name} {uuid.uuid4().hex[:6]} " + ("æøå", "x" * 300)[round_]
    return PLAIN[field.kind][round_]


def lines(system: System, collection: Collection, round_: int) -> str:
    """Return two lines of an order in round 0, one in round 1; their product is created."""
    held = collection.lens.lines
    assert held
    assert held.product
    target = system.collection(held.product.to)
    number = f"P-{uuid.uuid4().hex[:6]}"
    id_ = create(system, target, {"number": number})
    product = number if held.product.by else id_
    full = {"product": product, "description": "first", "quantity": "2", "unit_price": "10.5", "discount": "5"}
    return json.dumps([full, {"product": product, "quantity": "1"}][: 2 - round_], separators=(",", ":"))
