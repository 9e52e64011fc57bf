"""A lens that changes: what records then show is seen anew, and a database that was there ends like a fresh one."""

import asyncio
import copy
import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from talk_assets.model.lens.lens import Email, FullName, Lens, Text
from talk_assets.store.database import Store
from talk_assets.sync.write import answers
from talk_assets_tests.simulator.fate import Written
from talk_assets_tests.simulator.office import Word
from talk_assets_tests.simulator.script import Fault, Hidden, Kind, Point
from talk_assets_tests.simulator.world import Crash
from talk_assets_tests.sync.chain import CRM, ERP, FIRST, SECOND, SHOP, Chain
from talk_assets_tests.sync.prepared import chain_of

EXAMPLES = int(os.environ.get("REMAPS", "1"))
"""Each takes seconds; REMAPS=100 in the environment tries more."""

PROPERTIES = ("first_name", "job_title", "nick", "role")


def lens(first_name: str | None = "first_name", job_title: str | None = "job_title") -> Lens:
    named = {"first_name": first_name, "job_title": job_title}
    return Lens(email=Email("email"), **{name: Text(prop) for name, prop in named.items() if prop})


def kari() -> Chain:
    chain = Chain()
    chain.create(CRM, email="kari@acme.no", first_name="Kari", job_title="Chief")
    chain.create(ERP, email="kari@acme.no", first_name="Kari", job_title="Chief", nick="KK", role="")
    chain.sync()
    chain.sync()
    return chain


@pytest.fixture
def chain() -> Chain:
    return chain_of(kari)


def test_a_property_that_is_blank_wipes_nothing(chain: Chain) -> None:
    """Role is there and blank in all records: the field keeps its value, and the property gets it."""
    chain.declare(ERP, lens=lens(job_title="role"))
    hub = chain.sync()
    chain.sync()
    for key in (CRM, SHOP):
        assert chain.shown(key, "first_name", "job_title") == [("Kari", "Chief")]
    assert chain.shown(ERP, "first_name", "job_title", "role") == [("Kari", "Chief", "Chief")]
    assert hub.notes == [
        "erp/people: job_title was read again from 1 records, because the mapping changed; 1 show another value"
    ]


def test_one_property_for_two_fields_takes_no_name_away() -> None:
    """Two fields become one: what the records don't have in it, they keep elsewhere."""
    chain = Chain()
    full = Lens(FullName("whole"), email=Email("email"))
    two = Lens(email=Email("email"), first_name=Text("first_name"), last_name=Text("last_name"))
    for key in (CRM, ERP, SHOP):
        chain.declare(key, lens=two)
    chain.create(CRM, email="kari@acme.no", first_name="Kari", last_name="Nordmann")
    chain.create(ERP, email="kari@acme.no", first_name="Kari", last_name="Nordmann", whole="")
    chain.sync()
    chain.declare(ERP, lens=full)
    chain.sync()
    chain.sync()
    for key in (CRM, SHOP):
        assert chain.shown(key, "first_name", "last_name") == [("Kari", "Nordmann")]
    assert chain.shown(ERP, "whole") == [("Kari Nordmann",)]


def test_what_another_property_holds_is_no_edit(chain: Chain) -> None:
    """The ERP's record is older than the others: its nick loses, and is in the conflicts."""
    chain.edit(CRM, "crm1", job_title="Boss")
    chain.sync()
    chain.edit(CRM, "crm1", job_title="Chief of all")
    chain.sync()
    chain.memories[ERP].records["erp1"]["modified"] = "2026-01-01T00:00:00+00:00"
    chain.declare(ERP, lens=lens(first_name="nick"))
    chain.sync()
    chain.sync()
    assert chain.shown(CRM, "first_name") == chain.shown(SHOP, "first_name") == [("Kari",)]
    assert chain.shown(ERP, "nick") == [("Kari",)]
    with chain.transaction() as transaction:
        assert transaction.frame("SELECT field, value, winner FROM sync.conflicts").rows() == [
            ("first_name", "KK", "Kari")
        ]
        assert transaction.count("SELECT count(*) FROM sync.edits WHERE value = 'KK'") == 0


def test_until_the_collection_was_read_its_field_is_kept(chain: Chain) -> None:
    """The system can't be reached when its lens changes: what was seen of it stays."""
    chain.declare(ERP, lens=lens(job_title="role"))
    hub = chain.hub()
    hub.reconcile("person")
    assert chain.changes() == []
    chain.sync()
    assert chain.shown(ERP, "role") == [("Chief",)]


def test_nothing_is_read_again_where_only_writing_changes(chain: Chain) -> None:
    chain.declare(
        ERP, lens=Lens(email=Email("email"), first_name=Text("first_name"), job_title=Text("job_title", max_length=50))
    )
    assert chain.sync().notes == []


def people() -> st.SearchStrategy[list[dict[str, str]]]:
    values = st.sampled_from(["", "A", "B", "C"])
    return st.lists(st.fixed_dictionaries(dict.fromkeys(PROPERTIES, values)), min_size=1, max_size=3)


properties = st.sampled_from([*PROPERTIES, None])
lenses = st.tuples(properties, properties).filter(lambda pair: pair[0] != pair[1] or pair[0] is None)
changes = st.lists(
    st.tuples(st.sampled_from([CRM, ERP, SHOP]), lenses, st.sampled_from([CRM, ERP, SHOP]), properties),
    min_size=1,
    max_size=4,
)


def rest(chain: Chain) -> None:
    for _ in range(6):
        before = copy.deepcopy({key: memory.records for key, memory in chain.memories.items()})
        chain.sync(full=True)
        if before == {key: memory.records for key, memory in chain.memories.items()}:
            return
    pytest.fail("does not come to rest")


def agreed(chain: Chain) -> list[tuple[str, str, tuple[str | None, ...]]]:
    """What the records show in the properties that their lenses read."""
    return sorted(
        (key, record["email"], tuple(record[name] or None for name in memory.collection.lens.columns))
        for key, memory in chain.memories.items()
        for record in memory.records.values()
    )


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(crm=people(), erp=people(), remaps=changes)
@example(  # what a record was sent in a field that its lens no longer has counted as late as an edit of another one
    crm=[{"first_name": "", "role": "", "nick": "", "job_title": "C"}],
    erp=[{"first_name": "", "role": "", "nick": "", "job_title": ""}],
    remaps=[
        (CRM, (None, "first_name"), CRM, "first_name"),
        (SHOP, ("first_name", "role"), SHOP, None),
        (SHOP, ("job_title", "role"), CRM, "role"),
    ],
)
def test_a_database_that_was_there_ends_like_a_fresh_one(
    crm: list[dict[str, str]],
    erp: list[dict[str, str]],
    remaps: list[tuple[str, tuple[str | None, str | None], str, str | None]],
) -> None:
    """Whatever is mapped to whatever, again and again, with edits in between."""
    chain = Chain(pairs=(FIRST, SECOND))
    for key, found in ((CRM, crm), (ERP, erp)):
        for n, values in enumerate(found):
            chain.create(key, email=f"{n}@acme.no", **values)
    for memory in chain.memories.values():
        memory.also = PROPERTIES
    rest(chain)
    for key, (first_name, job_title), edited, name in remaps:
        if name:
            record = next(iter(chain.memories[edited].records))
            chain.edit(edited, record, **{name: "D"})
            rest(chain)
        chain.declare(key, lens=lens(first_name, job_title))
        twin = Chain(pairs=(FIRST, SECOND), world=copy.deepcopy(chain.world))
        for name_, memory in chain.memories.items():
            twin.memories[name_].records = copy.deepcopy(memory.records)
            twin.memories[name_].also = PROPERTIES
            twin.memories[name_].born = dict(memory.born)
            twin.memories[name_].history = dict(memory.history)
            twin.declare(name_, lens=memory.collection.lens)
        assert isinstance(twin.store, Store)
        rest(twin)
        rest(chain)
        assert agreed(chain) == agreed(twin)


def test_a_record_that_comes_back_after_a_change_of_its_lens_edits_nothing(chain: Chain) -> None:
    chain.memories[ERP].delete("erp1")
    chain.sync(full=True)
    chain.declare(ERP, lens=lens(job_title="role"))
    chain.sync(full=True)
    chain.memories[ERP].restore("erp1")
    chain.sync(full=True)
    chain.sync(full=True)
    for key in (CRM, SHOP):
        assert chain.shown(key, "job_title") == [("Chief",)]
    assert chain.shown(ERP, "role") == [("Chief",)]


class Lost(Exception):  # noqa: N818 -- what happens to an answer
    """The process died before it stored an answer."""


@pytest.mark.parametrize("how", ["renamed", pytest.param("hidden", marks=pytest.mark.thorough)])
def test_a_create_whose_answer_was_lost_is_cleared_nowhere_by_what_the_record_does_not_show(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lens has changed since it was sent, or the API doesn't show the property."""
    chain = Chain(pairs=(FIRST,))
    chain.create(CRM, email="kari@acme.no", first_name="Kari", job_title="Chief")
    chain.memories[ERP].also = ("role",)

    def lose(*_: object) -> None:
        raise Lost

    with monkeypatch.context() as patched:
        patched.setattr(answers, "store", lose)
        with pytest.raises(Lost):
            chain.sync()
    if how == "renamed":
        chain.declare(ERP, lens=lens(job_title="role"))
    else:
        chain.create(ERP, email="ola@acme.no", job_title="Clerk")
        chain.memories[ERP].hidden = {("erp1", "job_title")}
    for _ in range(2):
        chain.sync(full=True)
    assert ("Kari", "Chief") in chain.shown(CRM, "first_name", "job_title")
    assert chain.shown(ERP, "role" if how == "renamed" else "job_title")[0] == ("Chief",)


@pytest.mark.parametrize("action", ["create", pytest.param("update", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("cleared", [False, True])
def test_a_write_whose_answer_was_lost_is_cleared_only_by_a_person(
    action: str, monkeypatch: pytest.MonkeyPatch, *, cleared: bool
) -> None:
    """The CRM, which the value came from, shows it no longer by its new lens; the ERP's record holds it."""
    chain = Chain(pairs=(FIRST,))
    chain.memories[CRM].also = ("role",)
    if action == "update":
        chain.create(CRM, email="kari@acme.no", first_name="Kari")
        chain.sync()
        chain.edit(CRM, "crm1", job_title="Chief")
    else:
        chain.create(CRM, email="kari@acme.no", first_name="Kari", job_title="Chief")

    def lose(*_: object) -> None:
        raise Lost

    with monkeypatch.context() as patched:
        patched.setattr(answers, "store", lose)
        with pytest.raises(Lost):
            chain.sync()
    if cleared:
        chain.edit(CRM, "crm1", job_title=None)
    else:
        chain.declare(CRM, lens=lens(job_title="role"))
    for _ in range(3):
        chain.sync(full=True)
    assert chain.shown(ERP, "first_name", "job_title") == [("Kari", None if cleared else "Chief")]
    assert chain.shown(CRM, "job_title" if cleared else "role") == [(None if cleared else "Chief",)]


def test_a_create_that_was_never_sent_is_sent_by_the_lens_of_today(chain: Chain) -> None:
    """The process died before it sent anything: what it had written down is outdated."""
    chain.create(CRM, email="ola@acme.no", first_name="Ola", job_title="Clerk")
    chain.memories[ERP].also = ("role",)
    chain.world.fate = Written((Fault(Kind.CRASH, Point(f"write {ERP}", None, 0)),))
    with pytest.raises(Crash):
        chain.sync()
    chain.world.begin(Written())
    chain.declare(ERP, lens=lens(job_title="role"))
    for _ in range(3):
        chain.sync(full=True)
    assert ("Ola", "Clerk") in chain.shown(CRM, "first_name", "job_title")
    assert ("Ola", None, "Clerk") in chain.shown(ERP, "first_name", "job_title", "role")
    assert ("Ola", "Clerk") in chain.shown(SHOP, "first_name", "job_title")


def test_what_is_created_while_its_lens_changes_shows_what_it_was_sent(chain: Chain) -> None:
    """The shop was not read since, so the answer to the create is the first record that the new lens reads."""
    chain.sync()
    chain.memories[SHOP].also = ("nick", "first_name")
    chain.declare(SHOP, lens=lens(first_name="nick"))
    chain.create(ERP, email="ola@acme.no", first_name="Ola")
    hub = chain.hub()
    asyncio.run(hub.read("erp"))
    hub.reconcile("person")
    asyncio.run(hub.write("shop"))
    assert ("ola@acme.no", "Ola") in chain.shown(SHOP, "email", "nick")
    chain.declare(SHOP, lens=lens())
    for _ in range(3):
        chain.sync(full=True)
    for key in (ERP, SHOP):
        assert ("ola@acme.no", "Ola") in chain.shown(key, "email", "first_name")


def test_what_only_a_system_holds_that_is_switched_off_is_not_cleared_there(chain: Chain) -> None:
    chain.sync()
    chain.pairs = (FIRST,)
    for key in (CRM, ERP):
        chain.memories[key].also = ("role",)
        for id_ in chain.memories[key].records:
            chain.memories[key].write(id_, {"role": None})
        chain.declare(key, lens=lens(job_title="role"))
    chain.sync(full=True)
    chain.pairs = (FIRST, SECOND)
    for _ in range(2):
        chain.sync(full=True)
    assert chain.shown(SHOP, "job_title") == [("Chief",)]


def test_a_value_that_can_t_be_read_is_overwritten_by_a_person_and_not_by_another_mapping() -> None:
    """What golden holds is newer for another reason: its record was edited in another field, and is read otherwise."""
    chain = Chain(pairs=(FIRST,))
    chain.declare(ERP, lens=Lens(email=Email("email"), first_name=Word("first_name"), job_title=Text("job_title")))
    chain.memories[CRM].also = ("nick",)
    chain.memories[ERP].hides = (Hidden(ERP, "first_name", 1, 0, garbled=True),)
    kari = chain.create(CRM, email="kari@acme.no", first_name="Kari", job_title="Chief", nick="KK")
    chain.create(ERP, email="kari@acme.no", first_name="Karianne", job_title="Chief")
    chain.sync()
    chain.edit(CRM, kari, job_title="Clerk")
    chain.sync()
    chain.declare(CRM, lens=lens("nick"))
    for _ in range(3):
        chain.sync(full=True)
        assert chain.shown(ERP, "first_name", "job_title") == [("Karianne", "Clerk")]
    chain.edit(CRM, kari, nick="Kari B")
    chain.sync()
    assert chain.shown(ERP, "first_name") == [("Kari B",)]
