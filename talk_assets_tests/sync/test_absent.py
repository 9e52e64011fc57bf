"""A property that a record doesn't show is unknown, not blank; what becomes blank in many records is asked about."""

from dataclasses import replace

import polars as pl
import pytest

from talk_assets.errors import ConfigurationError
from talk_assets.jsonframes import jsontext
from talk_assets.model.collection import Collection
from talk_assets.model.entities import order, person
from talk_assets.model.lens.lens import Decimal, Email, FullName, Instant, Lens, Lines, Property, Ref, Text
from talk_assets.sync import guards
from talk_assets.sync.read import presence
from talk_assets.sync.read.records import parse
from talk_assets_tests.simulator.fate import Written
from talk_assets_tests.simulator.script import Fault, Kind, Point
from talk_assets_tests.simulator.world import Crash
from talk_assets_tests.sync.chain import CRM, ERP, FIRST, SHOP, Chain
from talk_assets_tests.sync.prepared import chain_of


def lens(**more: Property) -> Lens:
    return Lens(email=Email("email"), first_name=Text("first_name"), **({"job_title": Text("job_title")} | more))


def ten() -> Chain:
    """Ten people with titles in all three systems."""
    chain = Chain()
    for n in range(10):
        chain.create(CRM, email=f"{n}@acme.no", first_name=f"N{n}", job_title=f"Title {n}")
    chain.sync()
    return chain


@pytest.fixture
def chain() -> Chain:
    return chain_of(ten)


def titles(chain: Chain, key: str) -> list[str | None]:
    found = sorted(chain.memories[key].records.values(), key=lambda record: str(record["email"]))
    return [record.get("job_title") for record in found]


def of(chain: Chain, key: str, n: int) -> str:
    """The id of a person."""
    return next(id_ for id_, record in chain.memories[key].records.items() if record["email"] == f"{n}@acme.no")


def hide(chain: Chain, key: str, name: str, ids: list[str] | None = None) -> None:
    """The API shows a property no longer, in some records or in all."""
    memory = chain.memories[key]
    memory.hidden = {(id_, name) for id_ in (ids or memory.records)}
    for id_ in ids or list(memory.records):
        memory.write(id_, {})


def test_a_field_whose_property_some_records_lack_keeps_its_value_everywhere(chain: Chain) -> None:
    hide(chain, ERP, "job_title", [of(chain, ERP, 0)])
    chain.edit(ERP, of(chain, ERP, 0), first_name="Anna")
    chain.sync()
    chain.sync(full=True)
    assert titles(chain, CRM) == titles(chain, SHOP) == [f"Title {n}" for n in range(10)]
    assert ("Anna",) in chain.shown(SHOP, "first_name")
    with chain.transaction() as transaction:
        found = transaction.frame("SELECT collection, property, records FROM sync.absent").rows()
    assert found == [(ERP, "job_title", 1)]


def test_a_record_that_shows_its_property_again_is_edited_only_where_it_was(chain: Chain) -> None:
    both = [of(chain, ERP, n) for n in range(2)]
    hide(chain, ERP, "job_title", both)
    chain.sync()
    chain.memories[ERP].hidden = set()
    chain.edit(ERP, both[0], job_title="Chief")
    chain.memories[ERP].write(both[1], {})
    chain.sync()
    assert titles(chain, CRM)[:2] == ["Chief", "Title 1"]
    with chain.transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM sync.absent") == 0


def test_a_property_that_no_record_shows_is_a_mistake_in_the_configuration(chain: Chain) -> None:
    chain.declare(ERP, lens=lens(job_title=Text("job_titel")))
    with pytest.raises(ConfigurationError) as said:
        chain.sync()
    assert str(said.value) == (
        "erp/people: none of its 10 records has the property job_titel, which job_title is read from. Did you mean"
        " job_title? Correct the name in talk.toml, under fields of this collection, or say job_title = false. If the"
        " API leaves blank properties out, say omits_blanks = true for the collection."
    )
    chain.hub().reconcile("person")
    assert chain.changes() == []
    with pytest.raises(ConfigurationError):
        chain.sync()
    chain.declare(ERP, lens=lens())
    assert chain.sync().notes == [
        "erp/people: job_title was read again from 10 records, because the mapping changed; all show the same value"
    ]
    chain.sync()
    for key in (CRM, ERP, SHOP):
        assert titles(chain, key) == [f"Title {n}" for n in range(10)]


def test_the_mistake_is_found_in_an_empty_database_as_well() -> None:
    chain = Chain()
    chain.create(CRM, email="kari@acme.no", job_title="Chief")
    chain.create(ERP, email="kari@acme.no", job_title="Chief")
    chain.declare(ERP, lens=lens(job_title=Text("job_titel")))
    with pytest.raises(ConfigurationError):
        chain.sync()


def test_where_the_api_leaves_blanks_out_an_absent_property_is_cleared(chain: Chain) -> None:
    chain.declare(ERP, omits_blanks=True)
    hide(chain, ERP, "job_title", [of(chain, ERP, 0)])
    chain.sync()
    assert titles(chain, CRM) == [None, *(f"Title {n}" for n in range(1, 10))]


@pytest.mark.parametrize("declared", [{"omits_blanks": True}, {"correctable": False}])
def test_a_property_that_no_record_shows_and_nobody_can_correct_is_noted(
    chain: Chain, declared: dict[str, bool]
) -> None:
    """The API leaves blanks out, or talk.toml can't name another property."""
    chain.declare(ERP, **declared, lens=lens(mobile=Text("tel")))
    chain.sync()
    with chain.transaction() as transaction:
        assert transaction.frame("SELECT property, records FROM sync.absent").rows() == [("tel", None)]


def clear(chain: Chain, key: str, n: int) -> None:
    for one in range(n):
        chain.edit(key, of(chain, key, one), job_title=None)


@pytest.mark.parametrize("omits", [False, pytest.param(True, marks=pytest.mark.thorough)])
def test_a_field_that_becomes_blank_in_many_records_is_kept_until_a_person_approves(
    chain: Chain, *, omits: bool
) -> None:
    """Whatever the limits: the chain has none."""
    chain.declare(ERP, omits_blanks=omits)
    clear(chain, ERP, 6)
    chain.edit(ERP, of(chain, ERP, 0), first_name="Anna")
    for _ in range(2):
        chain.sync()
    assert titles(chain, CRM) == titles(chain, SHOP) == [f"Title {n}" for n in range(10)]
    assert ("Anna",) in chain.shown(CRM, "first_name")
    with chain.transaction() as transaction:
        (reason,) = transaction.frame("SELECT reason FROM sync.pending_approvals")["reason"]
        assert reason == (
            "job_title became blank in 6 of the 10 records that had a value. The values are kept, here and in the other"
            " systems: see whether erp/people is well, then talk approve erp/people"
        )
        guards.approve(transaction, ERP)
    chain.sync()
    assert (
        titles(chain, CRM) == titles(chain, SHOP) == [*(None for _ in range(6)), *(f"Title {n}" for n in range(6, 10))]
    )
    with chain.transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM sync.pending_approvals") == 0


def test_a_field_of_a_record_that_is_written_meanwhile_is_asked_about_all_the_same(chain: Chain) -> None:
    """The answer shows it blank: that is not what the write has dropped, it was blank before."""
    clear(chain, ERP, 6)
    chain.edit(CRM, of(chain, CRM, 0), first_name="Anna")
    for _ in range(2):
        chain.sync()
    with chain.transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM sync.mass_edits") == 6
        guards.approve(transaction, ERP)
    chain.sync()
    for key in (CRM, ERP, SHOP):
        assert titles(chain, key) == [*(None for _ in range(6)), *(f"Title {n}" for n in range(6, 10))]


def test_a_field_that_is_filled_again_is_asked_about_no_longer(chain: Chain) -> None:
    clear(chain, ERP, 6)
    chain.sync()
    for n in range(6):
        chain.edit(ERP, of(chain, ERP, n), job_title=f"Title {n}")
    chain.sync()
    with chain.transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM sync.pending_approvals") == 0
        assert transaction.count("SELECT count(*) FROM sync.mass_edits") == 0
    assert titles(chain, CRM) == [f"Title {n}" for n in range(10)]


def test_a_field_that_is_lost_page_by_page_is_asked_about_as_well(chain: Chain) -> None:
    for n in range(5):
        chain.edit(ERP, of(chain, ERP, n), job_title=None)
        chain.sync()
    assert titles(chain, CRM)[:5].count(None) == 2


def test_what_a_person_clears_is_cleared(chain: Chain) -> None:
    clear(chain, ERP, 2)
    chain.sync()
    assert titles(chain, SHOP)[:3] == [None, None, "Title 2"]


COLLECTION = Collection(
    name="orders",
    entity=order,
    id="id",
    modified=Instant("at"),
    lens=Lens(
        number=Text("head.number"),
        description=Text("text"),
        lines=Lines("rows", product=Ref("item", to="products"), quantity=Decimal("qty")),
    ),
)


@pytest.mark.parametrize(
    ("record", "absent"),
    [
        ('{"id": "1", "text": null, "head": {"number": null}, "rows": []}', None),
        ('{"id": "1", "Text": null, "head": {"NUMBER": "7"}, "rows": null}', None),
        ('{"id": "1", "head": {"number": "7"}, "rows": []}', "|text|"),
        ('{"id": "1", "text": "a", "head": null, "rows": []}', None),
        ('{"id": "1", "text": "a", "rows": []}', "|head.number|"),
        ('{"id": "1", "text": "a", "head": {"text": null}, "rows": []}', "|head.number|"),
        ('{"id": "1", "head": {"text": null, "number": "7"}, "rows": []}', "|text|"),
        ('{"id": "1", "head": {"number": "\\"text\\": null"}, "rows": []}', "|text|"),
        ('{"id": "1", "text": "a", "head": {"number": "7"}, "rows": [{"item": "1", "qty": null}]}', None),
        (
            '{"id": "1", "text": "a", "head": {"number": "7"}, "rows": [{"item": "1"}, {"qty": 2}]}',
            "|rows[].item|rows[].qty|",
        ),
        ('{"id": "1", "text": "a", "head": {"number": "7"}}', "|rows|"),
    ],
)
def test_absent_is_what_stands_nowhere_in_the_record_not_even_as_null(record: str, absent: str | None) -> None:
    whole = '{"id": "2", "text": "b", "head": {"number": "8"}, "rows": [{"item": "1", "qty": 1}]}'
    for body, at in ((f"[{record}]", 0), (f"[{whole},{record}]", 1), (f"[{record},{whole}]", 0)):
        found = parse(COLLECTION, body.encode()).records["_absent"].to_list()
        assert found[at] == absent
        assert all(one is None for n, one in enumerate(found) if n != at)


def test_of_an_object_without_a_property_only_that_one_is_absent() -> None:
    objects = jsontext.taken_apart(pl.Series(['{"head": {"a": "1", "b": "2"}}', '{"head": {"a": "1"}}']))
    found = presence.missing(objects.texts, objects.columns, ("head.a", "head.b", "head.c"))
    assert found.rows() == [(False, False, True), (False, True, True)]


def test_the_fields_of_an_absent_property_are_all_that_are_read_from_it() -> None:
    people = Collection(name="people", entity=person, id="id", lens=Lens(FullName("name"), email=Email("mail")))
    assert presence.fields_of(people, ["name"]) == ("first_name", "last_name")
    assert presence.fields_of(COLLECTION, ["rows[].qty"]) == ("lines",)


def test_an_api_that_leaves_blanks_out_shows_what_some_record_holds() -> None:
    omitting = replace(COLLECTION, omits_blanks=True)
    parsed = parse(omitting, b'[{"id": "1", "text": "a"}, {"id": "2", "text": null, "rows": [{"qty": 1}]}]')
    assert parsed.records["_absent"].null_count() == 2
    assert parsed.shown == {"text", "rows", "rows[].", "rows[].qty"}


def test_an_update_whose_answer_was_lost_is_no_edit_once_its_property_is_shown_again(chain: Chain) -> None:
    id_ = of(chain, ERP, 0)
    chain.edit(CRM, of(chain, CRM, 0), job_title="Boss")
    chain.world.fate = Written((Fault(Kind.LOST, Point(f"update {ERP}", 0, 0)),))
    chain.sync()
    chain.world.begin(Written())
    assert titles(chain, ERP)[0] == "Boss"
    hide(chain, ERP, "job_title", [id_])
    chain.edit(CRM, of(chain, CRM, 0), job_title="Head")
    chain.sync(full=True)
    chain.memories[ERP].hidden = set()
    chain.edit(ERP, id_, first_name="Anna")
    for _ in range(2):
        chain.sync(full=True)
    assert [titles(chain, key)[0] for key in (CRM, ERP, SHOP)] == ["Head"] * 3


def test_what_a_record_does_not_show_is_not_taken_for_what_a_lost_create_was_sent() -> None:
    """A person created the same one meanwhile, and its title is hidden: the hub's own value is not passed on as its."""
    chain = Chain()
    for n in range(2):
        chain.create(CRM, email=f"{n}@acme.no", first_name=f"N{n}", job_title=f"Title {n}")
    chain.world.fate = Written((Fault(Kind.CRASH, Point(f"write {ERP}", None, 0)),))
    with pytest.raises(Crash):
        chain.sync()
    chain.world.begin(Written())
    chain.create(ERP, email="0@acme.no", first_name="N0", job_title="Boss")
    chain.create(ERP, email="1@acme.no", first_name="N1", job_title="Title 1")
    chain.memories[ERP].hidden = {("erp1", "job_title")}
    chain.sync(planned=[FIRST])
    with chain.transaction() as transaction:
        seen = transaction.frame(f"SELECT id, seen_job_title FROM person.links WHERE collection = '{ERP}' ORDER BY id")
    assert seen.rows() == [("erp1", None), ("erp2", "Title 1")]
    assert None in titles(chain, SHOP)


def test_a_value_that_is_shown_late_is_not_cleared_because_the_others_agreed_on_a_blank(chain: Chain) -> None:
    """It was hidden when the record was linked, and what was created for it elsewhere is changed later than it."""
    id_ = chain.create(CRM, email="ola@acme.no", first_name="Ola", job_title="Clerk")
    chain.memories[CRM].hidden = {(id_, "job_title")}
    chain.sync()
    for (other,) in [
        (record["id"],) for record in chain.memories[ERP].records.values() if record["email"] == "ola@acme.no"
    ]:
        chain.edit(ERP, str(other), first_name="Olaf")
        chain.edit(ERP, str(other), job_title="Chief")
        chain.sync()
        chain.edit(ERP, str(other), job_title=None)
        chain.sync()
    chain.memories[CRM].hidden = set()
    for _ in range(2):
        chain.sync(full=True)
    assert [titles(chain, key)[-1] for key in (CRM, ERP, SHOP)] == ["Clerk"] * 3
