"""Properties that somebody maps when records have long been synchronised: what they hold arrives."""

import asyncio
from dataclasses import replace

from talk_assets.model.lens.lens import Date, Email, Lens, Ref, Text
from talk_assets_tests.office import Office

PEOPLE = {"crm/people": "companies", "erp/contacts": "customers"}


def map_more(office: Office, key: str) -> None:
    """Map titles and birthdays of a collection's people."""
    memory = office.memories[key]
    lens = Lens(
        email=Email("email"),
        first_name=Text("first_name"),
        job_title=Text("title"),
        birth_date=Date("born"),
        company=Ref("employer", to=PEOPLE[key]),
    )
    memory.collection = replace(memory.collection, lens=lens, omits_blanks=True)


def titles(office: Office, key: str) -> dict[str, str | None]:
    return {record["email"]: record.get("title") for record in office.records(key)}


def test_a_property_that_both_map_later_arrives(office: Office) -> None:
    office.create("crm/people", email="kari@acme.no", title="Manager")
    office.sync()
    for key in PEOPLE:
        map_more(office, key)
    office.sync()
    assert titles(office, "erp/contacts") == {"kari@acme.no": "Manager"}


def test_what_one_of_them_maps_later_arrives_there_and_is_taken_from_there(office: Office) -> None:
    map_more(office, "crm/people")
    office.create("crm/people", email="kari@acme.no", title="Manager")
    office.create("crm/people", email="ola@acme.no")
    office.create("erp/contacts", email="ola@acme.no", title="Clerk")
    office.sync()
    assert titles(office, "crm/people") == {"kari@acme.no": "Manager", "ola@acme.no": None}
    map_more(office, "erp/contacts")
    office.sync()
    assert titles(office, "erp/contacts") == {"kari@acme.no": "Manager", "ola@acme.no": "Clerk"}
    assert titles(office, "crm/people") == titles(office, "erp/contacts")


def test_a_property_that_is_mapped_again_holds_what_was_edited_meanwhile(office: Office) -> None:
    once = {key: office.memories[key].collection for key in PEOPLE}
    for key in PEOPLE:
        map_more(office, key)
    kari = office.create("crm/people", email="kari@acme.no", title="Manager")
    ola = office.create("crm/people", email="ola@acme.no", title="Clerk")
    office.sync()
    office.memories["crm/people"].collection = once["crm/people"]
    office.memories["crm/people"].edit(kari, {"first_name": "Kari"})
    office.memories["crm/people"].edit(ola, {"title": "Manager"})
    asyncio.run(office.hub.read("crm"))
    map_more(office, "crm/people")
    office.sync()
    assert titles(office, "crm/people") == {"kari@acme.no": "Manager", "ola@acme.no": "Manager"}
    assert titles(office, "erp/contacts") == titles(office, "crm/people")


def test_what_does_not_fit_is_held_and_nothing_is_lost_of_its_record(office: Office) -> None:
    office.create("crm/people", email="kari@acme.no", born="in May")
    office.create("crm/people", email="ola@acme.no", born="1990-05-17")
    office.sync()
    for key in PEOPLE:
        map_more(office, key)
    office.sync()
    with office.transaction() as transaction:
        (reason,) = transaction.frame("SELECT reason FROM sync.invalid_values")["reason"]
    assert "in May" in reason
    born = {record["email"]: record.get("born") for record in office.records("erp/contacts")}
    assert born == {"kari@acme.no": None, "ola@acme.no": "1990-05-17"}


def test_nothing_is_decided_again_where_nothing_is_mapped_later(office: Office) -> None:
    office.create("crm/people", email="kari@acme.no")
    office.sync()
    with office.transaction() as transaction:
        before = transaction.version()
    office.reopen()
    with office.hub.store.transaction() as transaction:
        assert transaction.version() == before
