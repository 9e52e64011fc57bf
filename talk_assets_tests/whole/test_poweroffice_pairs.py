"""The three pairs between the two clients of PowerOffice: people and suppliers of one are contacts of the other."""

from collections.abc import Iterator

import pytest

from talk_assets.sandbox.poweroffice.data import HOUSE, HOUSE_ID
from talk_assets.sandbox.serving import Given
from talk_assets_tests.whole.firm import Firm, firm, only, pairs_of

PAIRS = pairs_of("poweroffice-poweroffice_peer")
HERE, THERE = "poweroffice", "poweroffice_peer"
MAIL = "anna.berg@fjord.example"
GIVEN: Given = {THERE: {"customer": [{"id": HOUSE_ID, **HOUSE}]}}
PEOPLE = ("Employee", "Customer")
PERSON = {"firstName": "Anna", "lastName": "Berg", "emailAddress": MAIL, "phoneNumber": "22 12 34 56"}
FJORD = {
    "name": "Fjord Data AS",
    "vatNumber": "NO 974 760 673 MVA",
    "emailAddress": "post@fjord.example",
    "mailAddress": {"address1": "Storgata 1", "zipCode": "5003", "city": "Bergen", "countryCode": "NO"},
}


@pytest.fixture
def office() -> Iterator[Firm]:
    """Two clients with nothing in them but the firm itself, among the customers of one."""
    with firm(GIVEN, pairs=PAIRS) as found:
        yield found


def add_person(office: Firm, path: str) -> int:
    own: dict[str, object] = {"isPerson": True} if path == "Customer" else {"jobTitle": "Selger"}
    return office.office_add(HERE, path, **PERSON, **own)


@pytest.mark.parametrize("path", PEOPLE)
def test_a_person_becomes_a_contact_person_of_the_firm_itself(office: Firm, path: str) -> None:
    add_person(office, path)
    assert office.sync().written == {f"{THERE}/contactperson": 1}
    contact = only(office.office(THERE, "contactperson"))
    assert (contact["firstName"], contact["emailAddress"], contact["phoneNumber"]) == ("Anna", MAIL, "+4722123456")
    assert (contact["partyId"], contact["partyCustomerCode"]) == (HOUSE_ID, 10000)
    assert contact["externalCode"]
    assert office.sync().written == {}
    assert office.sync(full=True).written == {}


@pytest.mark.parametrize("path", PEOPLE)
def test_edits_of_a_person_travel_both_ways_and_the_rest_of_the_record_stays(office: Firm, path: str) -> None:
    id_ = add_person(office, path)
    office.sync()
    office.office_edit(HERE, path, id_, phoneNumber="22 65 43 21")
    assert office.sync().written == {f"{THERE}/contactperson": 1}
    contact = only(office.office(THERE, "contactperson"))
    assert contact["phoneNumber"] == "+4722654321"
    office.office_edit(THERE, f"Customer/{HOUSE_ID}/Contact", contact["id"], lastName="Dahl", dateOfBirth="1980-05-17")
    before = only(office.office(HERE, path.lower()))
    assert office.sync().written == {f"{HERE}/{path.lower()}": 1}
    after = only(office.office(HERE, path.lower()))
    assert (after["lastName"], after["dateOfBirth"]) == ("Dahl", "1980-05-17")
    moved = {"lastName", "dateOfBirth", "lastChanged", "name"}
    assert {name: value for name, value in after.items() if name not in moved} == {
        name: value for name, value in before.items() if name not in moved
    }
    assert office.sync().written == {}


def test_a_supplier_becomes_a_customer_and_edits_travel_both_ways(office: Firm) -> None:
    id_ = office.office_add(HERE, "Supplier", **FJORD)
    assert office.sync().written == {f"{THERE}/customer": 1}
    customer = only(office.office(THERE, "customer", name="Fjord Data AS"))
    assert (customer["vatNumber"], customer["mailAddress"]["city"]) == ("974760673", "Bergen")
    office.office_edit(HERE, "Supplier", id_, websiteUrl="www.fjord.example")
    assert office.sync().written == {f"{THERE}/customer": 1}
    office.office_edit(THERE, "Customer", customer["id"], name="Fjord AS", phoneNumber="22 12 34 56")
    assert office.sync().written == {f"{HERE}/supplier": 1}
    supplier = only(office.office(HERE, "supplier"))
    assert (supplier["name"], supplier["websiteUrl"]) == ("Fjord AS", "www.fjord.example")
    assert supplier["vatNumber"] == FJORD["vatNumber"]
    assert office.sync().written == {}
    assert office.sync(full=True).written == {}


def test_a_cleared_field_is_cleared_on_the_other_side_and_stays_so(office: Firm) -> None:
    id_ = add_person(office, "Customer")
    office.sync()
    office.office_edit(HERE, "Customer", id_, phoneNumber="")
    assert office.sync().written == {f"{THERE}/contactperson": 1}
    assert "phoneNumber" not in only(office.office(THERE, "contactperson"))
    assert office.sync().written == {}


def test_an_employee_who_is_a_customer_too_has_one_contact_person(office: Firm) -> None:
    id_ = add_person(office, "Employee")
    office.office_add(HERE, "Customer", id=id_, **PERSON, isPerson=True)
    assert only(office.office(HERE, "customer"))["id"] == only(office.office(HERE, "employee"))["id"] == id_
    office.sync()
    contact = only(office.office(THERE, "contactperson"))
    office.office_edit(THERE, f"Customer/{HOUSE_ID}/Contact", contact["id"], phoneNumber="22 65 43 21")
    office.sync()
    for collection in ("customer", "employee"):
        assert only(office.office(HERE, collection))["phoneNumber"] == "+4722654321"
    assert office.sync().written == {}
    assert office.sync(full=True).written == {}


def test_a_company_among_the_customers_is_no_person(office: Firm) -> None:
    office.office_add(HERE, "Customer", **FJORD, isPerson=False)
    assert office.sync().written == {}
    assert office.office(THERE, "contactperson") == []


def test_what_the_api_refuses_is_held_with_its_own_words_and_sent_again_when_it_is_another_thing(office: Firm) -> None:
    office.office_edit(THERE, "Customer", HOUSE_ID, isPerson=True, firstName="Nord", lastName="Vik")
    id_ = add_person(office, "Employee")
    assert office.sync().unwritten == {f"{THERE}/contactperson": (1, 0)}
    held = only(office.held())
    assert (held["what"], held["collection"]) == ("change", f"{THERE}/contactperson")
    assert held["reason"] == "Contact persons cannot be added to a private person"
    with office.counted() as requests:
        office.sync()
    assert not [name for name in requests[THERE] if "Contact/" in name]
    office.office_edit(THERE, "Customer", HOUSE_ID, isPerson=False, name="Nordavik AS")
    office.office_edit(HERE, "Employee", id_, phoneNumber="22 65 43 21")
    assert office.sync().written == {f"{THERE}/contactperson": 1}
    assert office.held() == []


def test_a_contact_person_stands_under_the_customer_that_its_company_is() -> None:
    given: Given = {
        **GIVEN,
        "webcrm": {"Organisations": [{"OrganisationName": "Fjord", "OrganisationVatNumber": "974760673"}]},
    }
    with firm(given, pairs=(*pairs_of("webcrm-customerp"), *PAIRS)) as both:
        both.crm_add("Persons", PersonLastName="Berg", PersonEmail=MAIL, PersonOrganisationId=1)
        both.office_add(HERE, "Supplier", **FJORD)
        add_person(both, "Employee")
        both.sync()
        customer = only(both.office(THERE, "customer", vatNumber="974760673"))
        assert only(both.office(THERE, "contactperson"))["partyId"] == customer["id"] != HOUSE_ID
        assert both.sync().written == {}


def test_a_record_deleted_without_a_trace_is_noticed_by_a_full_read_and_not_created_again(office: Firm) -> None:
    add_person(office, "Employee")
    office.sync()
    contact = only(office.office(THERE, "contactperson"))
    office.office_delete(THERE, f"Customer/{HOUSE_ID}/Contact/{contact['id']}")
    assert office.sync().reads[f"{THERE}/contactperson"].deleted == 0
    swept = office.sync(full=True)
    assert (swept.reads[f"{THERE}/contactperson"].deleted, swept.written) == (1, {})
    assert len(office.office(HERE, "employee")) == 1


def test_a_generated_firm_comes_to_rest() -> None:
    with firm(records=30, pairs=PAIRS) as generated:
        first = generated.sync()
        assert set(first.written) >= {f"{THERE}/contactperson", f"{THERE}/customer"}
        assert first.unwritten == {}
        generated.sync()
        with generated.counted() as requests:
            assert generated.sync().written == {}
        assert sum(requests[HERE].values()) == 3 + requests[HERE].get("POST /OAuth/Token", 0)
        assert generated.sync(full=True).written == {}
