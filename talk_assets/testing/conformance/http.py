"""What a system over HTTP promises besides: lost answers, faults, wrong keys and addresses, rate limit and clock.

Subclass `HttpConformance` for a system that is registered and that the sandbox emulates.
"""

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import pytest

from talk_assets.errors import CredentialsError, NotTheApi, Unreachable
from talk_assets.http.limit import Rate
from talk_assets.model import lint
from talk_assets.model.collection import Collection
from talk_assets.model.lens.lens import ALWAYS
from talk_assets.model.system import Answer, Connection, Outcome, System, Write
from talk_assets.sandbox import registry
from talk_assets.sync.write.breaking import RUNS
from talk_assets.systems import SYSTEMS, Registered, SystemSettings
from talk_assets.testing.conformance.beside import Beside
from talk_assets.testing.conformance.connection import Conformance, Trial
from talk_assets.testing.conformance.steps import (
    create_many,
    creating,
    drained,
    editable,
    find,
    needed,
    parsed,
    read,
    record,
    send,
    sent,
    shown,
    updating,
    with_connection,
)
from talk_assets.testing.served import Served, served


class HttpConformance(Conformance):
    """Subclass as `TestX`, with `registered` and `bad`; with `small_pages` where the system has no profile."""

    registered: ClassVar[Registered]

    emulated: ClassVar[registry.Emulated | None] = None
    """How the sandbox emulates the system; None where the sandbox knows it already."""

    refuses: ClassVar[tuple[str, str, str] | None] = None
    """A collection, a field of it, and a value that the API refuses; None where it takes any value."""

    needs: ClassVar[bool] = False
    """Whether no record is created without that field."""

    checks: ClassVar[tuple[str, ...]] = ()
    """Switches of the emulation that are on where it refuses that value."""

    names: ClassVar[tuple[str, ...]] = ("names_property",)
    """Switches that are on where a refusal names what it is about; none where it always does."""

    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> Registered:  # noqa: ARG002 -- for those without a profile
        """Return the system with three records to a page."""
        profile = self.registered.profile
        if profile is None:
            raise NotImplementedError
        api = replace(profile.api, paging=replace(profile.api.paging, size=3))
        return replace(self.registered, profile=replace(profile, api=api))

    @pytest.fixture(autouse=True)
    def _is_emulated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        if self.emulated is not None:
            monkeypatch.setitem(registry.SYSTEMS, self.registered.name, self.emulated)

    @pytest.fixture
    def sandbox(self) -> Iterator[Served]:
        """The emulated system, without any records."""
        with served(self.registered.name) as sandbox:
            yield sandbox

    @pytest.fixture
    def trial(self, sandbox: Served) -> Trial:
        """The system as it is, over the sandbox."""
        return Trial(self.registered.build(sandbox.settings()), sandbox.sandbox.clock)

    @pytest.fixture
    def small(self, sandbox: Served, monkeypatch: pytest.MonkeyPatch) -> Trial:
        """The system with pages of three records, over the sandbox."""
        return Trial(self.small_pages(monkeypatch).build(sandbox.settings()), sandbox.sandbox.clock)

    def test_pairs_join_collections_that_there_are_and_that_describe_the_same_entity(self, system: System) -> None:
        pairs = [pair for dataflow in self.registered.dataflows for pair in dataflow.pairs]
        names = {key.partition("/")[0] for pair in pairs for key in (pair.left, pair.right)} - {system.name}
        systems = [system, *(SYSTEMS[name].build(SystemSettings()) for name in names)]
        collections = {f"{one.name}/{collection.name}": collection for one in systems for collection in one.collections}
        for pair in pairs:
            assert system.name in {pair.left.partition("/")[0], pair.right.partition("/")[0]}
            assert collections[pair.left].entity == collections[pair.right].entity
        assert [str(finding) for finding in lint.findings(collections, pairs)] == []

    def test_a_create_whose_answer_is_lost_is_unknown_and_can_be_found(self, sandbox: Served, system: System) -> None:
        collection = next(self.each(system))
        read(system, collection)
        sandbox.fail(drop_after_accept=1.0)
        write = creating(collection, {})
        answer = send(system, collection, write)
        assert answer.outcome is Outcome.UNKNOWN
        sandbox.fail()
        records, _ = parsed(collection, find(system, collection, [write.entity]))
        assert records.height == 1

    def test_a_record_that_the_api_breaks_at_is_refused_and_the_others_are_written(
        self, sandbox: Served, system: System
    ) -> None:
        """With a 500 each time, of a create and of an update, and of more of them than may break in a row."""
        for collection in _plain(self.each(system)):
            sandbox.sandbox.fault(sandbox.name, switches={"breaks": ""})
            field, needs = editable(collection), [needed(system, collection) for _ in range(8)]
            bad = {0, 1, 2, 3, 4, 6}
            words = [f"{'Brekker' if place in bad else 'Good'} {place}" for place in range(8)]
            values = [{**one, field: word} for one, word in zip(needs, words, strict=True)]
            sandbox.sandbox.fault(sandbox.name, switches={"breaks": "Brekker"})
            if collection.reference is not None:  # else nobody can look whether it is there all the same
                self._breaks(system, collection, [creating(collection, one) for one in values], bad)
            sandbox.sandbox.fault(sandbox.name, switches={"breaks": ""})
            if collection.lens.property_of(field).writable is not ALWAYS:
                continue
            made = create_many(system, collection, [str(uuid.uuid4()) for _ in range(8)])
            now = [record(system, collection, id_) for id_ in made]
            sandbox.sandbox.fault(sandbox.name, switches={"breaks": "Brekker"})
            word = [f"{'Brekker' if place in bad else 'Better'} {place}" for place in range(8)]
            updates = [updating(collection, one, {field: word[place]}) for place, one in enumerate(now)]
            self._breaks(system, collection, updates, bad)

    def test_a_record_that_the_api_breaks_at_is_held_in_the_end(self, sandbox: Served, system: System) -> None:
        """In the first run where it can be looked for, else after some; and then nothing is sent for it any more."""
        for collection in _plain(self.each(system)):
            sandbox.sandbox.fault(sandbox.name, switches={"breaks": "Brekker"})
            office = Beside(system, collection)
            office.add({editable(collection): "Brekker"})
            office.add({})
            office.sync()
            for _ in range(0 if collection.reference else RUNS):
                office.sync()
            assert office.blamed(), collection.name
            before = sandbox.sandbox.happened(sandbox.name)["breaks"]
            assert (office.sync(), office.sync()) == (0, 0)
            assert sandbox.sandbox.happened(sandbox.name)["breaks"] == before

    def _breaks(self, system: System, collection: Collection, writes: list[Write], bad: set[int]) -> None:
        answers = {answer.key: answer for answer in sent(system, collection, writes)}
        assert len(answers) == len(writes)
        for place, write in enumerate(writes):
            answer = answers[write.key]
            assert answer.outcome is (Outcome.REFUSED if place in bad else Outcome.DONE), answer
            assert ("breaks at this one each time" in (answer.reason or "")) is (place in bad)

    def test_an_api_that_breaks_at_every_write_is_unreachable_and_no_record_is_to_blame(
        self, sandbox: Served, system: System
    ) -> None:
        collection = next(self.each(system))
        field = editable(collection)
        writes = [creating(collection, {**needed(system, collection), field: "Brekker"}) for _ in range(8)]
        sandbox.sandbox.fault(sandbox.name, switches={"breaks": "Brekker"})
        answers: list[Answer] = []

        async def ask(connection: Connection) -> None:
            async for answer in connection.write(collection, writes):
                answers.append(answer)  # noqa: PERF401 -- those before the exception are wanted

        with pytest.raises(Unreachable):
            with_connection(system, ask)
        assert {answer.outcome for answer in answers} <= {Outcome.UNKNOWN, Outcome.FAILED}

    @pytest.mark.parametrize("fault", ["throttle_rate", "error_rate", "drop_rate", "drop_after_accept"])
    def test_what_goes_wrong_now_and_then_is_survived(self, sandbox: Served, system: System, fault: str) -> None:
        collection = next(self.each(system))
        field = editable(collection)
        made = create_many(system, collection, [str(uuid.uuid4()) for _ in range(5)])
        sandbox.fail(**{fault: 0.3})
        for _ in range(3):
            assert set(parsed(collection, read(system, collection))[0]["_id"]) == set(made)
        for id_ in made:
            change = updating(collection, record(system, collection, id_), {field: "Survived"})
            # An update whose answer was lost meets its own traces where writes are watched.
            assert send(system, collection, change).outcome in {Outcome.DONE, Outcome.STALE}
        sandbox.fail()
        assert {shown(system, collection, id_)[field] for id_ in made} == {"Survived"}

    def test_a_wrong_key_names_the_variable_and_not_the_key(self, sandbox: Served) -> None:
        known = self.registered
        if not known.credentials:
            pytest.skip("this system takes no credentials")
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
        system = self.registered.build(sandbox.settings(base_url=f"{sandbox.root}/elsewhere"))
        with pytest.raises(NotTheApi, match="elsewhere"):
            read(system, next(self.each(system)))

    def test_a_system_that_is_not_there_is_unreachable_and_says_what_to_do(self, sandbox: Served) -> None:
        system = self.registered.build(sandbox.settings(base_url="http://127.0.0.1:9"))
        with pytest.raises(Unreachable, match="talk sandbox up"):
            read(system, next(self.each(system)))

    def test_the_rate_limit_is_used_and_never_exceeded(self) -> None:
        rate = self.registered.rate
        with served(self.registered.name, limits=True) as sandbox:
            system = self.registered.build(sandbox.settings(rate=rate))
            collection = next(self.each(system))
            began = sandbox.sandbox.clock.now()

            async def many(connection: Connection) -> int:
                async with asyncio.TaskGroup() as group:
                    for _ in range(rate.requests * 2):
                        group.create_task(drained(connection.read(collection, since=None, position=None)))
                return connection.usage.retries

            assert with_connection(system, many) == 0
            windows = (sandbox.sandbox.clock.now() - began) / rate.seconds
            # Twice what one window holds takes one window, and another where the pause, which moves the sandbox's clock
            # at once, overtook requests under way. They take their own time as well: more of it on a busy machine.
            assert 1.0 <= windows <= 2.4 + 10 / rate.seconds

    def test_a_value_that_is_refused_holds_its_field_and_nothing_else(self, sandbox: Served, system: System) -> None:
        """Of an update and of a create, and once: the syncs after it send nothing."""
        self._refused(sandbox, system, names=True)

    def test_a_refusal_that_names_no_field_is_narrowed_down(self, sandbox: Served, system: System) -> None:
        """It holds the one field all the same."""
        if not self.names:
            pytest.skip("this system always names the field, or never")
        self._refused(sandbox, system, names=False)

    def _refused(self, sandbox: Served, system: System, *, names: bool) -> None:
        if self.refuses is None:
            pytest.skip("this system takes any value")
        name, field, bad = self.refuses
        switches = dict.fromkeys(self.checks, True) | dict.fromkeys(self.names, names)
        sandbox.sandbox.fault(sandbox.name, switches=switches)
        self._refuses(Beside(system, system.collection(name)), field, bad)

    def _refuses(self, office: Beside, field: str, bad: str) -> None:
        here = office.add({})
        office.sync()
        office.edit(here, {field: bad, office.other: "Another"})
        office.sync()
        assert office.there(here)[office.other] == "Another"
        assert office.there(here)[field] != bad
        assert office.held() == [(field, bad)]
        worse, these = f"other.{bad}", [here]
        if not self.needs:
            these.append(office.add({field: worse}))
            office.sync()
            assert office.there(these[-1])[field] is None
            assert office.held() == [(field, bad), (field, worse)]
        assert (office.sync(), office.sync()) == (0, 0)
        for id_ in these:
            office.edit(id_, {field: office.value(field)})
        office.sync()
        assert office.held() == []
        assert office.sync() == 0

    def test_the_clocks_are_compared(self, sandbox: Served) -> None:
        settings = sandbox.settings()
        system = self.registered.build(SystemSettings(base_url=settings.base_url, rate=Rate(10_000, 1.0)))
        sandbox.sandbox.clock.advance(3600)

        async def ask(connection: Connection) -> float:
            await drained(connection.read(next(self.each(system)), since=None, position=None))
            return connection.skew.total_seconds()

        assert with_connection(system, ask) == pytest.approx(3600, abs=1.5)


def _plain(collections: Iterator[Collection]) -> list[Collection]:
    """A collection that is found by reference, and one that is not; they need no other record, and take a text."""
    found: dict[bool, Collection] = {}
    for collection in collections:
        settable = b"Brekker" in creating(collection, {editable(collection): "Brekker"}).body
        if settable and not any(prop.required for prop in collection.lens.properties.values()):
            found.setdefault(collection.reference is None, collection)
    return list(found.values())
