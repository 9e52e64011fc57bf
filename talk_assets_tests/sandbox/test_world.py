"""The generated data: the same people in several systems, spelled differently, and some that make trouble."""

import re
from collections import Counter
from typing import Any

import phonenumbers
import pytest

from talk_assets.sandbox.serving import Serving, serving

Records = dict[str, dict[str, list[dict[str, Any]]]]

SIZE = 200
COLLECTIONS = {
    "webcrm": ("Organisations", "Persons", "Users", "Products", "Opportunities", "QuotationLines"),
    "customerp": ("customers", "contacts", "products", "orders", "projects"),
    "crmoffice": ("companies", "contacts", "activities"),
    "customwebshop": ("products", "customers", "orders"),
}


def everything(sandbox: Serving) -> Records:
    return {system: {name: sandbox.records(system, name) for name in names} for system, names in COLLECTIONS.items()}


def made(records: int = SIZE, seed: int = 1) -> Records:
    with serving(records=records, seed=seed) as sandbox:
        return everything(sandbox)


@pytest.fixture(scope="module")
def data() -> Records:
    return made()


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)[:9] if "NO" not in text else re.sub(r"\D", "", text)


def test_the_same_seed_gives_the_same_data_and_another_gives_others(data: Records) -> None:
    assert made() == data
    assert made(seed=2)["webcrm"]["Persons"] != data["webcrm"]["Persons"]


@pytest.mark.parametrize("records", [1, 2, 3, 5, 13])
def test_the_smallest_worlds_are_whole(records: int) -> None:
    found = made(records)
    assert len(found["customerp"]["contacts"]) >= records
    assert all(found[system][name] for system, names in COLLECTIONS.items() for name in names)


def test_sizes_follow_from_the_number_of_persons(data: Records) -> None:
    webcrm = {name: len(records) for name, records in data["webcrm"].items()}
    assert webcrm == {
        "Organisations": 66 + 1,
        "Persons": 200 + 2,
        "Users": 5,
        "Products": 50,
        "Opportunities": 50,
        "QuotationLines": 100,
    }


def test_two_in_five_persons_companies_and_products_are_in_both_systems(data: Records) -> None:
    webcrm, customerp = data["webcrm"], data["customerp"]
    emails = {record["PersonEmail"].lower() for record in webcrm["Persons"]}
    both = emails & {record["email"] for record in customerp["contacts"]}
    assert len(both) == 80
    numbers = {digits(record["OrganisationVatNumber"]) for record in webcrm["Organisations"]}
    assert len(numbers & {record["organisation_number"] for record in customerp["customers"]}) == 26
    products = {record["ProductCustom1"] for record in webcrm["Products"]}
    assert len(products & {record["number"] for record in customerp["products"]}) == 20
    orders = {record["OpportunityNumber"] for record in webcrm["Opportunities"]}
    assert len(orders & {record["number"] for record in customerp["orders"]}) == 3


def test_shared_persons_differ_in_spelling_and_some_have_a_newer_mobile(data: Records) -> None:
    contacts = {record["email"]: record for record in data["customerp"]["contacts"]}
    pairs = [
        (record, contacts[record["PersonEmail"].lower()])
        for record in data["webcrm"]["Persons"][:80]
        if record["PersonEmail"].lower() in contacts
    ]
    assert any(person["PersonEmail"] != contact["email"] for person, contact in pairs)
    assert any(person["PersonMobilePhone"] != contact["mobile"] for person, contact in pairs)
    other = [
        contact
        for person, contact in pairs
        if re.sub(r"\D", "", person["PersonMobilePhone"])[-8:] != contact["mobile"][-8:] and person["PersonMobilePhone"]
    ]
    assert 0 < len(other) < len(pairs) / 2
    assert any(person["PersonTitle"] == "" and contact["job_title"] for person, contact in pairs)
    assert any(person["PersonTitle"] and contact["job_title"] is None for person, contact in pairs)


def test_countries_are_names_in_several_languages_or_codes(data: Records) -> None:
    assert {record["OrganisationCountry"] for record in data["webcrm"]["Organisations"]} >= {"Norge", "Norway", "NO"}
    assert {record["address"]["country"] for record in data["customerp"]["customers"]} == {"NO", None}


def test_organisation_numbers_gtins_and_phones_are_valid(data: Records) -> None:
    for record in data["customerp"]["customers"]:
        number = record["organisation_number"]
        if number:
            weighted = zip(number, (3, 2, 7, 6, 5, 4, 3, 2, 1), strict=True)
            assert sum(int(digit) * weight for digit, weight in weighted) % 11 == 0
    for record in data["customerp"]["products"]:
        assert sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(record["gtin"])) % 10 == 0
        assert len(record["gtin"]) == 13
    for record in data["webcrm"]["Persons"]:
        for number in filter(None, (record["PersonMobilePhone"], record["PersonDirectPhone"])):
            assert phonenumbers.is_valid_number(phonenumbers.parse(number, "NO")), number


def test_references_hold(data: Records) -> None:
    webcrm, customerp = data["webcrm"], data["customerp"]
    organisations = {record["OrganisationId"] for record in webcrm["Organisations"]}
    persons = {record["PersonId"]: record for record in webcrm["Persons"]}
    assert {record["PersonOrganisationId"] for record in persons.values()} <= organisations
    for record in webcrm["Opportunities"]:
        if record["OpportunityPersonId"]:
            person = persons[record["OpportunityPersonId"]]
            assert person["PersonOrganisationId"] == record["OpportunityOrganisationId"]
    numbers = {record["ProductCustom1"] for record in webcrm["Products"]}
    assert {record["QuotationLineData4"] for record in webcrm["QuotationLines"]} <= numbers
    ids = {name: {record["id"] for record in records} for name, records in customerp.items()}
    assert {record["customer_id"] for record in customerp["contacts"]} - {None} <= ids["customers"]
    for record in customerp["orders"]:
        assert record["customer_id"] in ids["customers"]
        assert record["contact_id"] in ids["contacts"]
        assert {line["product_id"] for line in record["lines"]} <= ids["products"]


def test_a_change_feed_is_in_the_order_of_the_times(data: Records) -> None:
    for records in data["customerp"].values():
        by_change = sorted(records, key=lambda record: int(record["change_seq"]))
        times = [record["updated_at"] for record in by_change]
        assert times == sorted(times)
        assert [record["change_seq"] for record in by_change] == [*range(1, len(records) + 1)]


def test_some_records_make_trouble(data: Records) -> None:
    webcrm, customerp = data["webcrm"], data["customerp"]
    emails = Counter(record["PersonEmail"].lower() for record in webcrm["Persons"])
    (shared,) = [email for email, count in emails.items() if count > 1]
    assert shared in {record["email"] for record in customerp["contacts"]}
    assert [email for email in emails if " " in email]
    numbers = Counter(digits(record["OrganisationVatNumber"]) for record in webcrm["Organisations"])
    assert max(numbers.values()) == 2
    assert [record for record in webcrm["Opportunities"] if record["OpportunityOrganisationId"] == 0]
    assert [record for record in webcrm["Products"] if len(record["ProductMemo"]) > 255]
    assert [record for record in customerp["customers"] if 200 < len(record["name"]) <= 255]
    assert {"æ", "ø", "å"} <= set("".join(record["PersonName"].lower() for record in webcrm["Persons"]))
