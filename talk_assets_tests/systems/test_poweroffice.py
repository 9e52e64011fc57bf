"""What is peculiar to PowerOffice's first API: whole records, refusals inside a 200, and reads that lag behind."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from talk_assets.errors import ConfigurationError, NotTheApi
from talk_assets.model.collection import Collection
from talk_assets.model.system import Action, Outcome, System, Write
from talk_assets.sandbox.poweroffice.data import HOUSE, HOUSE_ID
from talk_assets.sandbox.serving import serving
from talk_assets.systems import SYSTEMS, SystemSettings, poweroffice
from talk_assets.systems.poweroffice.upsert import PRINT
from talk_assets.testing.conformance import steps
from talk_assets.testing.served import Served
from talk_assets_tests.sandbox import clients

Record = dict[str, Any]
HERE, THERE = "poweroffice", "poweroffice_peer"
CONTACT = {"firstName": "Anna", "lastName": "Berg"}
STREETS = [{"address1": "Storgata 1", "city": "Oslo"}, {"address1": "Lager 2", "city": "Oslo"}]


@pytest.fixture
def peer() -> Iterator[Served]:
    """The client of companies, with the firm itself among its customers."""
    with serving({THERE: {"customer": [{"id": HOUSE_ID, **HOUSE}]}}) as sandbox:
        yield Served(THERE, sandbox)


@pytest.fixture
def here() -> Iterator[Served]:
    """The client of people, empty."""
    with serving() as sandbox:
        yield Served(HERE, sandbox)


def built(served: Served, **more: Any) -> System:  # noqa: ANN401 -- what the settings take
    return SYSTEMS[served.name].build(served.settings(**more))


def switch(served: Served, **switches: object) -> None:
    served.sandbox.fault(served.name, switches=switches)


def by_hand(served: Served, path: str, **sent: object) -> Record:
    """Somebody writes a record, and everybody can see it."""
    with clients.poweroffice(served.sandbox, served.name) as client:
        answer = client.post(f"/{path}/", json=sent).json()
    assert answer["success"], answer
    served.sandbox.clock.advance(2)
    found: Record = answer["data"]
    return found


def stored(served: Served, collection: str, id_: int | str) -> Record:
    return next(one for one in served.sandbox.records(served.name, collection) if one["id"] == int(id_))


@pytest.mark.parametrize("clears", [True, False])
def test_an_update_leaves_the_rest_of_the_record_as_it_was(peer: Served, clears: bool) -> None:  # noqa: FBT001 -- a switch
    made = by_hand(
        peer,
        "Customer",
        **HOUSE | {"vatNumber": "974760673"},
        paymentTerms=30,
        isVatFree=True,
        contactGroups=["Nyhetsbrev"],
        streetAddresses=STREETS,
        socialSecurityNumber="17058012345",
        externalImportReference="of another integration",
    )
    switch(peer, clears_left_out=clears)
    before = stored(peer, "customer", made["id"])
    system = built(peer)
    steps.update(system, poweroffice.customer, str(made["id"]), {"website": "www.fjord.example", "city": "Bergen"})
    after = stored(peer, "customer", made["id"])
    assert after.pop("websiteUrl") == "www.fjord.example"
    assert after["mailAddress"].pop("city") == "Bergen"
    before["mailAddress"].pop("city")
    assert after["mailAddress"]["id"] == before["mailAddress"]["id"]
    for record in (after, before):
        record.pop("lastChanged")
        for address in (record["mailAddress"], *record["streetAddresses"]):
            address.pop("lastChanged")
    assert after == before


@pytest.mark.parametrize("hides", [True, False])
def test_a_hidden_gender_or_number_is_never_written_back(here: Served, hides: bool) -> None:  # noqa: FBT001 -- a switch
    switch(here, hides_ids=hides)
    made = by_hand(here, "Employee", **CONTACT, gender=2, socialSecurityNumber="17058012345")
    steps.update(built(here), poweroffice.employee, str(made["id"]), {"job_title": "Selger"})
    after = stored(here, "employee", made["id"])
    assert (after["jobTitle"], after["gender"], after["socialSecurityNumber"]) == ("Selger", 2, "17058012345")


def test_a_national_id_is_not_kept(here: Served) -> None:
    by_hand(here, "Employee", **CONTACT, socialSecurityNumber="17058012345")
    switch(here, hides_ids=False)
    (page,) = steps.read(built(here), poweroffice.employee)
    assert b"17058012345" in page.body
    records, _ = steps.parsed(poweroffice.employee, [page])
    assert "17058012345" not in str(records.to_dicts())


def test_what_was_just_written_is_read_as_it_was_written(here: Served) -> None:
    system = built(here)
    id_ = steps.create(system, poweroffice.employee, {"last_name": "Berg"})
    now = steps.record(system, poweroffice.employee, id_)
    since = steps.read(system, poweroffice.employee)[-1].cursor
    change = steps.updating(poweroffice.employee, now, {"last_name": "Dahl"})
    answer = steps.send(system, poweroffice.employee, change)
    with clients.poweroffice(here.sandbox) as client:
        assert client.get(f"/Employee/{id_}/").json()["data"]["lastName"] == "Berg"
    assert json.loads(answer.record or b"{}")["lastName"] == "Dahl"
    (page,) = steps.read(system, poweroffice.employee, since=since)
    assert [one["lastName"] for one in json.loads(page.body)] == ["Dahl"]


def test_a_create_that_somebody_else_sent_a_moment_ago_is_found(here: Served) -> None:
    """As after a crash: this process knows nothing of the write."""
    with clients.poweroffice(here.sandbox) as client:
        client.post("/Employee/", json={**CONTACT, "externalImportReference": "the entity"})
    (page,) = steps.find(built(here), poweroffice.employee, ["the entity"])
    assert len(json.loads(page.body)) == 1


def test_a_reference_that_is_taken_names_the_record_that_has_it(here: Served) -> None:
    system = built(here)
    id_ = steps.create(system, poweroffice.employee, {}, entity="the entity")
    again = steps.creating(poweroffice.employee, {}, entity="the entity")
    answer = steps.send(system, poweroffice.employee, again)
    assert (answer.outcome, answer.id) == (Outcome.EXISTS, id_)
    assert len(here.sandbox.records(HERE, "employee")) == 1


def test_a_token_that_dies_before_its_time_is_renewed_and_the_write_carried_out_once(here: Served) -> None:
    """Twenty minutes, says the token; ten, says another page of the description."""
    switch(here, token_lifetime=600)
    system = built(here)
    for _ in range(3):
        steps.create(system, poweroffice.employee, {})
        here.sandbox.clock.advance(700)
    by = here.sandbox.requests(HERE)["by"]
    assert (by["POST /OAuth/Token"], by["POST /Employee"]) == (3, 5)
    assert len(here.sandbox.records(HERE, "employee")) == 3


def test_a_contact_person_of_a_supplier_is_written_under_it_and_stays_there(peer: Served) -> None:
    supplier = by_hand(peer, "Supplier", name="Dal AS")
    made = by_hand(peer, f"Supplier/{supplier['id']}/Contact", **CONTACT)
    system = built(peer)
    steps.update(system, poweroffice.contactperson, str(made["id"]), {"last_name": "Dahl"})
    after = stored(peer, "contactperson", made["id"])
    assert (after["lastName"], after["partyId"]) == ("Dahl", supplier["id"])


def test_a_contact_person_is_created_under_its_company_or_under_the_customer_that_was_chosen(peer: Served) -> None:
    chosen = by_hand(peer, "Customer", name="Valgt AS", emailAddress="post@valgt.example")["id"]
    company = by_hand(peer, "Customer", name="Fjord AS", emailAddress="post@fjord.example")["id"]
    system = built(peer, options={"contacts_under": str(chosen)})
    for values, parent in (({"company": str(company)}, company), ({}, chosen)):
        id_ = steps.create(system, poweroffice.contactperson, dict(values))
        assert stored(peer, "contactperson", id_)["partyId"] == parent


def test_without_a_company_and_a_choice_nothing_is_sent_and_the_reason_says_what_to_set(peer: Served) -> None:
    known = SYSTEMS[THERE]
    system = built(peer, sandbox=False, credentials=dict(known.sandbox))
    write = steps.creating(poweroffice.contactperson, {})
    answer = steps.send(system, poweroffice.contactperson, write)
    assert answer.outcome is Outcome.FAILED, "it goes out in the run after it has been set"
    assert "contacts_under under [systems.poweroffice_peer]" in (answer.reason or "")
    assert peer.sandbox.records(THERE, "contactperson") == []


def test_a_choice_that_is_no_id_is_told() -> None:
    with pytest.raises(ConfigurationError, match="contacts_under is Nordavik"):
        SYSTEMS[THERE].build(SystemSettings(options={"contacts_under": "Nordavik"}))


def test_a_customer_without_e_mail_has_its_invoices_printed(peer: Served) -> None:
    system = built(peer)
    id_ = steps.create(system, poweroffice.customer, {"name": "Fjord AS"})
    assert stored(peer, "customer", id_)["invoiceDeliveryType"] == PRINT
    made = by_hand(peer, "Customer", name="Dal AS", emailAddress="post@dal.example")
    steps.update(system, poweroffice.customer, str(made["id"]), {"email": None})
    assert stored(peer, "customer", made["id"])["invoiceDeliveryType"] == PRINT


@pytest.mark.parametrize("collection", SYSTEMS[HERE].build(SystemSettings()).collections, ids=lambda one: one.name)
def test_people_and_companies_are_created_as_such(here: Served, collection: Collection) -> None:
    id_ = steps.create(built(here), collection, {})
    expected = {"employee": None, "supplier": False, "customer": True}[collection.name]
    assert stored(here, collection.name, id_).get("isPerson") is expected


def test_a_delete_is_carried_out_and_one_that_is_refused_says_why(here: Served) -> None:
    system = built(here)
    first, second = (steps.create(system, poweroffice.employee, {}) for _ in range(2))
    by_hand(here, "Customer", id=int(second), **CONTACT, isPerson=True, emailAddress="a@fjord.example")
    answers = {}
    for id_ in (first, second):
        record = json.dumps(stored(here, "employee", id_)).encode()
        delete = Write(id_, Action.DELETE, "entity", id_, b"{}", record=record)
        answers[id_] = steps.send(system, poweroffice.employee, delete)
    assert answers[first].outcome is Outcome.DONE
    assert answers[second].outcome is Outcome.REFUSED
    assert answers[second].reason == "The entity could not be deleted due to related data"
    assert [one["id"] for one in here.sandbox.records(HERE, "employee")] == [int(second)]


def test_a_record_that_lists_lack_is_not_taken_for_deleted(here: Served) -> None:
    """Only its own address says that it is; a customer that is no person any more is none of ours either way."""
    anna = by_hand(here, "Employee", **CONTACT)
    company = by_hand(here, "Customer", name="Fjord AS", emailAddress="post@fjord.example")
    gone = by_hand(here, "Employee", **CONTACT)
    steps.read(built(here), poweroffice.employee)
    switch(here, omits="Berg")
    with clients.poweroffice(here.sandbox) as client:
        client.delete(f"/Employee/{gone['id']}/")
    here.sandbox.clock.advance(2)
    pages = steps.look_up(built(here), poweroffice.employee, [str(anna["id"]), str(gone["id"])])
    assert [one["id"] for page in pages for one in json.loads(page.body)] == [anna["id"]]
    pages = steps.look_up(built(here), poweroffice.private_customer, [str(company["id"])])
    assert [json.loads(page.body) or [*page.kept] for page in pages if json.loads(page.body) or page.kept] == []


def test_an_address_that_answers_something_else_says_nothing_of_a_deletion(here: Served) -> None:
    anna = by_hand(here, "Employee", **CONTACT)
    switch(here, omits="Berg", refuses_single=True)
    pages = steps.look_up(built(here), poweroffice.employee, [str(anna["id"])])
    assert [id_ for page in pages for id_ in page.kept] == [str(anna["id"])]


def test_a_list_that_is_refused_is_not_taken_for_an_empty_one(here: Served) -> None:
    by_hand(here, "Employee", **CONTACT)
    switch(here, largest_list=0)
    with pytest.raises(NotTheApi, match="more than 0 rows"):
        steps.read(built(here), poweroffice.employee)
