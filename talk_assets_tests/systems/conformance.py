"""What every system does, whatever its API: a suite that each system subclasses in three lines.

A new promise of `sync.connection` is a test here. What is peculiar to one API is in that system's own tests.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import ClassVar, TypeVar

import polars as pl
import pytest

from talk_assets.errors import CredentialsError, NotTheApi, Unreachable
from talk_assets.http.limit import Rate
from talk_assets.model.collection import Collection
from talk_assets.model.entities import Kind
from talk_assets.model.lens.lens import ALWAYS
from talk_assets.model.system import Action, Answer, Connection, Mark, Outcome, Page, System, Write
from talk_assets.sync.read.records import parse
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets_tests.systems.served import Served, served

T = TypeVar("T")
Values = dict[str, str | None]

PLAIN = {
    Kind.DECIMAL: ("1250.5", "99"),
    Kind.DATE: ("2024-02-29", "1999-12-31"),
    Kind.INSTANT: ("2024-02-29T08:30:00.000000Z", "2024-03-31T00:59:59.000000Z"),
    Kind.COUNTRY: ("NO", "SE"),
    Kind.CURRENCY: ("NOK", "EUR"),
    Kind.CHOICE: ("confirmed", "draft"),
    Kind.DIGITS: ("974760673", "923609016"),
    Kind.PHONE: ("+4791234567", "+4722334455"),
}
"""Two values of each kind that every API takes; texts are made up per record, references come from the system."""


class Conformance:
    """Subclass as `TestX`, with `name`, `bad` (a collection and properties that it refuses) and `small_pages`."""

    name: ClassVar[str]
    bad: ClassVar[tuple[str, dict[str, object], str]]
    """A collection, the properties of a create that the API refuses for good, and words of its refusal."""

    always_full: ClassVar[frozenset[str]] = frozenset()
    """Collections whose API cannot say what changed."""

    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make a page hold three records."""
        raise NotImplementedError

    @pytest.fixture
    def sandbox(self) -> Iterator[Served]:
        with served(self.name) as sandbox:
            yield sandbox

    @pytest.fixture
    def system(self, sandbox: Served) -> System:
        return SYSTEMS[self.name].build(sandbox.settings())

    def each(self, system: System) -> Iterator[Collection]:
        """Collections that can be written to."""
        return (collection for collection in system.collections if collection.writable)

    def test_a_full_read_gives_every_record_once_and_all_of_them_fit(
        self, sandbox: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.small_pages(monkeypatch)
        system = SYSTEMS[self.name].build(sandbox.settings())
        for collection in self.each(system):
            made = create_many(system, collection, [str(uuid.uuid4()) for _ in range(8)])
            pages = read(system, collection)
            records, misfits = taken_apart(collection, pages)
            assert misfits.is_empty(), misfits
            assert set(made) <= set(records["_id"])
            assert records["_id"].is_unique().all()
            assert pages[-1].position is None
            assert pages[-1].cursor or collection.name in self.always_full

    def test_an_interrupted_full_read_goes_on_from_its_position(
        self, sandbox: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.small_pages(monkeypatch)
        system = SYSTEMS[self.name].build(sandbox.settings())
        collection = next(self.each(system))
        made = set(create_many(system, collection, [str(uuid.uuid4()) for _ in range(8)]))
        first = read(system, collection)[0]
        rest = read(system, collection, position=first.position)
        seen, left = (set(taken_apart(collection, pages)[0]["_id"]) for pages in ([first], rest))
        assert len(seen) == 3
        assert seen | left == made
        assert not seen & left

    def test_an_incremental_read_gives_what_changed_and_nothing_that_did_not(
        self, sandbox: Served, system: System
    ) -> None:
        collection = next(self.each(system))
        old = create_many(system, collection, [str(uuid.uuid4()) for _ in range(4)])
        sandbox.sandbox.clock.advance(600)
        first = create(system, collection, {})
        cursor = read(system, collection)[-1].cursor
        assert cursor
        # In the very second of the cursor, and later.
        second = create(system, collection, {})
        sandbox.sandbox.clock.advance(600)
        update(system, collection, old[0], {collection.lens.fields[0]: "Changed"})
        pages = read(system, collection, since=cursor)
        records, _ = taken_apart(collection, pages)
        assert {second, old[0]} <= set(records["_id"]) <= {first, second, old[0]}
        assert pages[-1].position is None
        again = read(system, collection, since=pages[-1].cursor)
        assert set(taken_apart(collection, again)[0]["_id"]) <= {old[0]}

    def test_a_glance_shows_what_changed_since_the_mark_and_costs_next_to_nothing(
        self, sandbox: Served, system: System
    ) -> None:
        for collection in self.each(system):
            if collection.told_by is not None:
                continue
            old = create(system, collection, {})
            sandbox.sandbox.clock.advance(600)
            now = datetime.fromtimestamp(sandbox.sandbox.clock.now(), UTC)
            mark = Mark(read(system, collection)[-1].cursor, now)
            before, requests = glance(system, collection, mark)
            if before is None:
                assert collection.name in self.always_full
                continue
            assert taken_apart(collection, [before])[0].is_empty()
            assert requests == (2 if self.name == "customwebshop" else 1)
            new = create(system, collection, {})
            first = collection.lens.fields[0]
            edited = {old} if collection.lens.property_of(first).writable is ALWAYS else set()
            for id_ in edited:
                update(system, collection, id_, {first: "Changed"})
            sandbox.sandbox.clock.advance(10)
            after, _ = glance(system, collection, mark)
            assert after is not None
            assert set(taken_apart(collection, [after])[0]["_id"]) == {new, *edited}

    def test_every_create_carries_the_entity_and_is_found_by_it(self, system: System) -> None:
        for collection in self.each(system):
            if collection.reference is None:
                continue
            keys = [str(uuid.uuid4()) for _ in range(3)]
            ids = create_many(system, collection, keys)
            found, _ = taken_apart(collection, find(system, collection, [*keys[:2], str(uuid.uuid4())]))
            assert dict(found.select("_ref", "_id").iter_rows()) == dict(zip(keys[:2], ids[:2], strict=True))

    def test_every_field_that_is_written_is_read_back_within_the_declared_limits(self, system: System) -> None:
        for collection in self.each(system):
            for round_ in (0, 1):
                values = samples(system, collection, round_)
                id_ = create(system, collection, values)
                assert shown(system, collection, id_) == limited(collection, values)
            changed = writable(collection, samples(system, collection, 0))
            update(system, collection, id_, changed)
            expected = limited(collection, changed)
            assert {field: shown(system, collection, id_)[field] for field in changed} == expected

    def test_a_cleared_field_is_blank(self, system: System) -> None:
        for collection in self.each(system):
            id_ = create(system, collection, samples(system, collection, 0))
            blanks: Values = dict.fromkeys(writable(collection, samples(system, collection, 0)))
            blanks.pop("status", None)
            update(system, collection, id_, blanks)
            assert {field: shown(system, collection, id_)[field] for field in blanks} == blanks

    def test_a_record_edited_since_it_was_read_is_not_overwritten_where_that_is_watched(self, system: System) -> None:
        for collection in self.each(system):
            if not collection.watched:
                continue
            id_ = create(system, collection, {})
            old = record(system, collection, id_)
            update(system, collection, id_, {collection.lens.fields[0]: "Newer"})
            answer = send(system, collection, updating(collection, old, {collection.lens.fields[0]: "Older"}))
            assert answer.outcome is Outcome.STALE
            assert shown(system, collection, id_)[collection.lens.fields[0]] == "Newer"

    def test_a_create_whose_answer_is_lost_is_unknown_and_can_be_found(self, sandbox: Served, system: System) -> None:
        collection = next(self.each(system))
        read(system, collection)
        sandbox.fail(drop_after_accept=1.0)
        write = creating(collection, {})
        answer = send(system, collection, write)
        assert answer.outcome is Outcome.UNKNOWN
        sandbox.fail()
        found, _ = taken_apart(collection, find(system, collection, [write.entity]))
        assert found.height == 1

    def test_a_record_that_is_not_there_is_absent_and_gone(self, system: System) -> None:
        collection = next(self.each(system))
        there = create(system, collection, {})
        nowhere = "99999999"
        found, _ = taken_apart(collection, look_up(system, collection, [there, nowhere]))
        assert found["_id"].to_list() == [there]
        known = record(system, collection, there).with_columns(pl.lit(nowhere).alias("_id"))
        answer = send(system, collection, updating(collection, known, {collection.lens.fields[0]: "x"}))
        assert answer.outcome is Outcome.GONE

    def test_what_the_api_refuses_for_good_comes_back_in_its_own_words(self, system: System) -> None:
        name, body, words = self.bad
        collection = system.collection(name)
        write = Write(str(uuid.uuid4()), Action.CREATE, str(uuid.uuid4()), None, json.dumps(body).encode())
        good = creating(collection, {})
        answers = {answer.key: answer for answer in sent(system, collection, [write, good])}
        assert answers[write.key].outcome is Outcome.REFUSED
        assert words in (answers[write.key].reason or "")
        assert answers[good.key].outcome is Outcome.DONE

    @pytest.mark.parametrize("fault", ["throttle_rate", "error_rate", "drop_rate", "drop_after_accept"])
    def test_what_goes_wrong_now_and_then_is_survived(self, sandbox: Served, system: System, fault: str) -> None:
        collection = next(self.each(system))
        made = create_many(system, collection, [str(uuid.uuid4()) for _ in range(5)])
        sandbox.fail(**{fault: 0.3})
        for _ in range(3):
            assert set(taken_apart(collection, read(system, collection))[0]["_id"]) == set(made)
        for id_ in made:
            change = updating(collection, record(system, collection, id_), {collection.lens.fields[0]: "Survived"})
            # An update whose answer was lost meets its own traces where writes are watched.
            assert send(system, collection, change).outcome in {Outcome.DONE, Outcome.STALE}
        sandbox.fail()
        assert {shown(system, collection, id_)[collection.lens.fields[0]] for id_ in made} == {"Survived"}

    def test_a_wrong_key_names_the_variable_and_not_the_key(self, sandbox: Served) -> None:
        known = SYSTEMS[self.name]
        wrong = dict.fromkeys(known.credentials, "wrong-key-5f3a")
        system = known.build(sandbox.settings(credentials=wrong, sandbox=False))
        with pytest.raises(CredentialsError) as caught:
            read(system, next(self.each(system)))
        assert known.variable(known.credentials[0]) in str(caught.value)
        assert "wrong-key-5f3a" not in f"{caught.value!r} {caught.value.__cause__!r} {system!r}"

    def test_a_page_for_people_is_not_the_api(self, sandbox: Served, system: System) -> None:
        sandbox.fail(html_rate=1.0)
        with pytest.raises(NotTheApi, match=sandbox.root):
            read(system, next(self.each(system)))

    def test_a_wrong_address_is_not_the_api(self, sandbox: Served) -> None:
        system = SYSTEMS[self.name].build(sandbox.settings(base_url=f"{sandbox.root}/elsewhere"))
        with pytest.raises(NotTheApi, match="elsewhere"):
            read(system, next(self.each(system)))

    def test_a_system_that_is_not_there_is_unreachable_and_says_what_to_do(self, sandbox: Served) -> None:
        system = SYSTEMS[self.name].build(sandbox.settings(base_url="http://127.0.0.1:9"))
        with pytest.raises(Unreachable, match="talk sandbox up"):
            read(system, next(self.each(system)))

    def test_the_rate_limit_is_used_and_never_exceeded(self) -> None:
        with served(self.name, limits=True) as sandbox:
            system = SYSTEMS[self.name].build(sandbox.settings(rate=SYSTEMS[self.name].rate))
            requests = SYSTEMS[self.name].rate.requests
            collection = next(self.each(system))
            begun = sandbox.sandbox.clock.now()

            async def many(connection: Connection) -> int:
                async with asyncio.TaskGroup() as group:
                    for _ in range(requests * 2):
                        group.create_task(drained(connection.read(collection, since=None, position=None)))
                return connection.usage.retries

            assert with_connection(system, many) == 0
            windows = (sandbox.sandbox.clock.now() - begun) / SYSTEMS[self.name].rate.seconds
            # Twice what one window holds takes one window, and another where the pause, which moves the sandbox's clock
            # at once, overtook requests under way. They take their own time as well: more of it on a busy machine.
            assert 1.0 <= windows <= 2.4 + 10 / SYSTEMS[self.name].rate.seconds

    def test_the_clocks_are_compared(self, sandbox: Served) -> None:
        settings = sandbox.settings()
        system = SYSTEMS[self.name].build(SystemSettings(base_url=settings.base_url, rate=Rate(10_000, 1.0)))
        sandbox.sandbox.clock.advance(3600)

        async def ask(connection: Connection) -> float:
            await drained(connection.read(next(self.each(system)), since=None, position=None))
            return connection.skew.total_seconds()

        assert with_connection(system, ask) == pytest.approx(3600, abs=1.5)


def with_connection(system: System, act: Callable[[Connection], Awaitable[T]]) -> T:
    """Open a connection for one act."""

    async def run() -> T:
        async with system.connect() as connection:
            return await act(connection)

    return asyncio.run(run())


async def drained(items: AsyncIterator[T]) -> list[T]:
    """All of them."""
    return [item async for item in items]


def read(system: System, collection: Collection, since: str | None = None, position: str | None = None) -> list[Page]:
    return with_connection(system, lambda one: drained(one.read(collection, since=since, position=position)))


def glance(system: System, collection: Collection, mark: Mark) -> tuple[Page | None, int]:
    """A glance, and how many requests it took besides those for a token."""

    async def taken(connection: Connection) -> tuple[Page | None, int]:
        await connection.glance(collection, mark)
        before = sum(connection.usage.requests.values())
        return await connection.glance(collection, mark), sum(connection.usage.requests.values()) - before

    return with_connection(system, taken)


def find(system: System, collection: Collection, references: Sequence[str]) -> list[Page]:
    return with_connection(system, lambda one: drained(one.find(collection, references)))


def look_up(system: System, collection: Collection, ids: Sequence[str]) -> list[Page]:
    return with_connection(system, lambda one: drained(one.look_up(collection, ids)))


def sent(system: System, collection: Collection, writes: Sequence[Write]) -> list[Answer]:
    answers = with_connection(system, lambda one: drained(one.write(collection, writes)))
    assert sorted(answer.key for answer in answers) == sorted(write.key for write in writes)
    return answers


def send(system: System, collection: Collection, write: Write) -> Answer:
    (answer,) = sent(system, collection, [write])
    return answer


def taken_apart(collection: Collection, pages: Sequence[Page]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records and misfits of some pages."""
    parsed = parse(collection, *(page.body for page in pages))
    return parsed.records, parsed.misfits


def record(system: System, collection: Collection, id_: str) -> pl.DataFrame:
    """One record as it is now, its parts filled in."""
    records, misfits = taken_apart(collection, look_up(system, collection, [id_]))
    assert misfits.is_empty(), misfits
    for part in collection.parts:
        child = system.collection(part.of)
        rows, _ = taken_apart(child, read(system, child))
        rows = rows.filter(pl.col(part.parent) == id_).sort([pl.col(name).cast(pl.Int64) for name in part.order])
        lines = json.dumps(rows.select(part.columns).to_dicts()) if rows.height else None
        records = records.with_columns(pl.lit(lines, pl.String).alias(part.property))
    return records


def shown(system: System, collection: Collection, id_: str) -> Values:
    """One record's canonical values, as the system shows it."""
    return collection.lens.get(record(system, collection, id_)).row(0, named=True)


def frame(values: Values) -> pl.DataFrame:
    return pl.DataFrame({name: [value] for name, value in values.items()}, schema=dict.fromkeys(values, pl.String))


def limited(collection: Collection, values: Values) -> Values:
    return collection.lens.limit(frame(values)).row(0, named=True)


def creating(collection: Collection, values: Values, entity: str | None = None) -> Write:
    complete: Values = {**dict.fromkeys(collection.lens.fields), **named(collection), **values}
    body = collection.lens.put(frame(complete), create=True)[0]
    return Write(str(uuid.uuid4()), Action.CREATE, entity or str(uuid.uuid4()), None, body.encode())


def named(collection: Collection) -> Values:
    """A name, without which most APIs take nothing."""
    return {name: "Somebody" for name in ("last_name", "name") if name in collection.lens.fields}


def needed(system: System, collection: Collection) -> Values:
    """What must be referred to, created."""
    refs = {name: ref for name, ref in collection.lens.refs.items() if ref.required}
    return {name: create(system, system.collection(ref.to), {}) for name, ref in refs.items()}


def create(system: System, collection: Collection, values: Values, entity: str | None = None) -> str:
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
    body = collection.lens.put(frame(values))[0]
    row = now.row(0, named=True)
    whole = row["_record"].encode()
    return Write(str(uuid.uuid4()), Action.UPDATE, "entity", row["_id"], body.encode(), record=whole, etag=row["_etag"])


def update(system: System, collection: Collection, id_: str, values: Values) -> None:
    answer = send(system, collection, updating(collection, record(system, collection, id_), values))
    assert answer.outcome is Outcome.DONE, answer


def writable(collection: Collection, values: Values) -> Values:
    """Those that can be changed on a record that exists."""
    return {name: value for name, value in values.items() if collection.lens.property_of(name).writable is ALWAYS}


def samples(system: System, collection: Collection, round_: int) -> Values:
    """A value for every field, another one each round; what is referred to is created."""
    values: Values = {}
    for name in collection.lens.fields:
        field = collection.entity.field(name)
        if name in collection.lens.refs:
            values[name] = create(system, system.collection(collection.lens.refs[name].to), {})
        elif field.kind is Kind.LINES:
            values[name] = lines(system, collection, round_)
        elif field.kind is Kind.EMAIL:
            values[name] = f"{uuid.uuid4().hex[:8]}@example.com"
        elif field.kind is Kind.TEXT:
            values[name] = f"{name} {uuid.uuid4().hex[:6]} " + ("æøå", "x" * 300)[round_]
        else:
            values[name] = PLAIN[field.kind][round_]
    return values


def lines(system: System, collection: Collection, round_: int) -> str:
    """Two lines, or one."""
    held = collection.lens.lines
    assert held
    assert held.product
    target = system.collection(held.product.to)
    number = f"P-{uuid.uuid4().hex[:6]}"
    id_ = create(system, target, {"number": number})
    product = number if held.product.by else id_
    full = {"product": product, "description": "first", "quantity": "2", "unit_price": "10.5", "discount": "5"}
    return json.dumps([full, {"product": product, "quantity": "1"}][: 2 - round_], separators=(",", ":"))
