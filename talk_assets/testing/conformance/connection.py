"""What a `Connection` promises, as tests: subclass `Conformance` for a system of your own."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Protocol

import polars as pl
import pytest

from talk_assets.model import lint
from talk_assets.model.collection import Collection
from talk_assets.model.lens.lens import ALWAYS
from talk_assets.model.system import Action, Outcome, System, Watermark, Write
from talk_assets.testing.conformance.steps import (
    Values,
    create,
    create_many,
    creating,
    editable,
    find,
    limited,
    look_up,
    needed,
    parsed,
    probe,
    read,
    record,
    samples,
    send,
    sent,
    shown,
    update,
    updating,
    writable,
)


class Clock(Protocol):
    """The system's clock, which a test can move."""

    def now(self) -> float:
        """Return seconds since 1970, UTC."""
        ...

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass without waiting for them."""
        ...


@dataclass(frozen=True)
class Trial:
    """A system without any records, for the length of a test, and its clock."""

    system: System
    clock: Clock


class Conformance:
    """Subclass as `TestX`, with `bad` and `begin`."""

    bad: ClassVar[tuple[str, dict[str, object], str]]
    """A collection, the properties of a create that the system refuses for good, and words of its refusal."""

    always_full: ClassVar[frozenset[str]] = frozenset()
    """Collections whose system cannot say what changed."""

    glance_requests: ClassVar[int] = 1
    """Requests that a probe takes."""

    unique: ClassVar[frozenset[str]] = frozenset()
    """Fields that no two records may have the same value of, and that have few to choose from in these tests."""

    never_blank: ClassVar[frozenset[str]] = frozenset({"status"})
    """Fields that always hold something in the system."""

    nowhere: ClassVar[str] = "99999999"
    """The id of a record that is not there, as the system writes ids."""

    def begin(self, size: int = 100) -> Trial:
        """Return a system without any records whose pages hold `size` of them."""
        raise NotImplementedError

    @pytest.fixture
    def trial(self) -> Trial:
        """The system as it is."""
        return self.begin()

    @pytest.fixture
    def small(self) -> Trial:
        """The system with pages of three records."""
        return self.begin(3)

    @pytest.fixture
    def system(self, trial: Trial) -> System:
        """The system as it is, where a test has no need of its clock."""
        return trial.system

    def each(self, system: System) -> Iterator[Collection]:
        """Give the collections that can be written to."""
        return (collection for collection in system.collections if collection.writable)

    def test_what_is_declared_is_free_of_mistakes(self, system: System) -> None:
        """Mistakes that would lose or swap values, such as two properties for one field."""
        collections = {f"{system.name}/{collection.name}": collection for collection in system.collections}
        assert [str(finding) for finding in lint.findings(collections)] == []

    def test_a_full_read_gives_every_record_once_and_all_of_them_fit(self, small: Trial) -> None:
        for collection in self.each(small.system):
            made = create_many(small.system, collection, [str(uuid.uuid4()) for _ in range(8)])
            pages = read(small.system, collection)
            records, unfit = parsed(collection, pages)
            assert unfit.is_empty(), unfit
            assert set(made) <= set(records["_id"])
            assert records["_id"].is_unique().all()
            assert pages[-1].position is None
            assert pages[-1].cursor or collection.name in self.always_full

    def test_an_interrupted_full_read_goes_on_from_its_position(self, small: Trial) -> None:
        collection = next(self.each(small.system))
        made = set(create_many(small.system, collection, [str(uuid.uuid4()) for _ in range(12)]))
        first = read(small.system, collection)[0]
        rest = read(small.system, collection, position=first.position)
        seen, left = (set(parsed(collection, pages)[0]["_id"]) for pages in ([first], rest))
        assert seen | left == made
        assert seen < made
        assert left < made

    def test_an_incremental_read_gives_what_changed_and_nothing_that_did_not(self, trial: Trial) -> None:
        system = trial.system
        collection = next((one for one in self.each(system) if one.name not in self.always_full), None)
        if collection is None:
            pytest.skip("this system cannot say what changed")
        old = create_many(system, collection, [str(uuid.uuid4()) for _ in range(4)])
        trial.clock.advance(600)
        first = create(system, collection, {})
        cursor = read(system, collection)[-1].cursor
        assert cursor
        # In the very second of the cursor, and later.
        second = create(system, collection, {})
        trial.clock.advance(600)
        update(system, collection, old[0], {editable(collection): "Changed"})
        pages = read(system, collection, since=cursor)
        records, _ = parsed(collection, pages)
        assert {second, old[0]} <= set(records["_id"]) <= {first, second, old[0]}
        assert pages[-1].position is None
        again = read(system, collection, since=pages[-1].cursor)
        assert set(parsed(collection, again)[0]["_id"]) <= {old[0]}

    def test_a_glance_shows_what_changed_since_the_mark_and_costs_next_to_nothing(self, trial: Trial) -> None:
        system = trial.system
        for collection in self.each(system):
            if collection.changes_via is not None:
                continue
            old = create(system, collection, {})
            trial.clock.advance(600)
            now = datetime.fromtimestamp(trial.clock.now(), UTC)
            mark = Watermark(read(system, collection)[-1].cursor, now)
            before, requests = probe(system, collection, mark)
            if before is None:
                assert collection.name in self.always_full
                continue
            assert parsed(collection, [before])[0].is_empty()
            assert requests == self.glance_requests
            new = create(system, collection, {})
            field = editable(collection)
            edited = {old} if collection.lens.property_of(field).writable is ALWAYS else set()
            for id_ in edited:
                update(system, collection, id_, {field: "Changed"})
            trial.clock.advance(10)
            after, _ = probe(system, collection, mark)
            assert after is not None
            assert set(parsed(collection, [after])[0]["_id"]) == {new, *edited}

    def test_every_create_carries_the_entity_and_is_found_by_it(self, system: System) -> None:
        for collection in self.each(system):
            if collection.reference is None:
                continue
            keys = [str(uuid.uuid4()) for _ in range(3)]
            ids = create_many(system, collection, keys)
            records, _ = parsed(collection, find(system, collection, [*keys[:2], str(uuid.uuid4())]))
            assert dict(records.select("_ref", "_id").iter_rows()) == dict(zip(keys[:2], ids[:2], strict=True))

    def test_every_field_that_is_written_is_read_back_within_the_declared_limits(self, system: System) -> None:
        for collection in self.each(system):
            for round_ in (0, 1):
                values = samples(system, collection, round_)
                id_ = create(system, collection, values)
                assert shown(system, collection, id_) == limited(collection, values)
            values = samples(system, collection, 0)
            changed = writable(collection, {name: values[name] for name in values if name not in self.unique})
            update(system, collection, id_, changed)
            expected = limited(collection, changed)
            assert {field: shown(system, collection, id_)[field] for field in changed} == expected

    def test_a_cleared_field_is_blank(self, system: System) -> None:
        for collection in self.each(system):
            id_ = create(system, collection, samples(system, collection, 0))
            blanks: Values = dict.fromkeys(writable(collection, samples(system, collection, 0)))
            blanks = {name: None for name in blanks if name not in self.never_blank}
            update(system, collection, id_, blanks)
            assert {field: shown(system, collection, id_)[field] for field in blanks} == blanks

    def test_a_record_edited_since_it_was_read_is_not_overwritten_where_that_is_watched(self, system: System) -> None:
        for collection in self.each(system):
            if not collection.optimistic_lock:
                continue
            field = editable(collection)
            id_ = create(system, collection, {})
            old = record(system, collection, id_)
            update(system, collection, id_, {field: "Newer"})
            answer = send(system, collection, updating(collection, old, {field: "Older"}))
            assert answer.outcome is Outcome.STALE
            assert shown(system, collection, id_)[field] == "Newer"

    def test_a_record_that_is_not_there_is_absent_and_gone(self, system: System) -> None:
        collection = next(self.each(system))
        there = create(system, collection, {})
        records, _ = parsed(collection, look_up(system, collection, [there, self.nowhere]))
        assert records["_id"].to_list() == [there]
        known = record(system, collection, there).with_columns(pl.lit(self.nowhere).alias("_id"))
        answer = send(system, collection, updating(collection, known, {editable(collection): "x"}))
        assert answer.outcome is Outcome.GONE

    def test_what_the_system_refuses_for_good_comes_back_in_its_own_words(self, system: System) -> None:
        name, body, words = self.bad
        collection = system.collection(name)
        write = Write(str(uuid.uuid4()), Action.CREATE, str(uuid.uuid4()), None, json.dumps(body).encode())
        good = creating(collection, needed(system, collection))
        answers = {answer.key: answer for answer in sent(system, collection, [write, good])}
        assert answers[write.key].outcome is Outcome.REFUSED
        assert words in (answers[write.key].reason or "")
        assert answers[good.key].outcome is Outcome.DONE
