"""What strangers' values mean, through two systems: one value however it is spelled, and nothing written to respell it.

The escapes are the characters that nobody sees: they would not be seen here either.
"""

import unicodedata

import pytest

from talk_assets.systems import SYSTEMS
from talk_assets_tests.whole.firm import Firm, only
from talk_assets_tests.whole.firm import firm as opened

NAME = "Ødegård"
NFD = unicodedata.normalize("NFD", NAME)
MAIL = "anna@fjord.example"


def test_a_name_in_two_normal_forms_is_one_person_that_nobody_edited(firm: Firm) -> None:
    assert NAME != NFD
    firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName=NFD, PersonMobilePhone="90011111")
    firm.erp_add("contacts", first_name="Anna", last_name=NAME, mobile="+4790011111")
    assert firm.sync().written == {}
    assert only(firm.erp("contacts"))["last_name"] == NAME
    assert only(firm.crm("Persons"))["PersonLastName"] == NFD
    assert firm.sync(full=True).written == {}
    assert firm.held() == firm.conflicts() == []


def spelled(begin: str) -> dict[str, str]:
    """A text as it may be shown, with what nobody sees, by the text that it is; each begins otherwise."""
    return {
        f"{begin}0 1": f"\ufeff{begin}0 1",
        f"{begin}1 1": f"{begin}1\u00a01",
        f"{begin}2 1": f"{begin}2  1",
        f"{begin}3 1": f" {begin}3\u200b 1",
        f"{begin}4 1": f"{begin}4\u00ad 1",
        f"{begin}5 1": f"{begin}5\u2009\t1",
    }


def test_an_e_mail_or_a_number_with_what_nobody_sees_is_the_same(firm: Firm) -> None:
    mails = {
        "anna@fjord.example": "anna@fjord\u200b.example",
        "bo@fjord.example": "\ufeffbo@fjord.example",
        "cy@fjord.example": "cy@fjord.example\u00a0",
    }
    numbers = spelled("N")
    for mail, shown in mails.items():
        firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonEmail=shown)
        firm.erp_add("contacts", first_name="Anna", last_name="Berg", email=mail)
    for number, shown in numbers.items():
        firm.crm_add("Products", ProductCustom1=shown, ProductCustom2="Skrue")
        firm.erp_add("products", name="Skrue", number=number)
    assert firm.sync().written == {}
    assert [one["email"] for one in firm.erp("contacts")] == list(mails)
    assert [one["PersonEmail"] for one in firm.crm("Persons")] == list(mails.values())
    assert [one["number"] for one in firm.erp("products")] == list(numbers)
    assert [one["ProductCustom1"] for one in firm.crm("Products")] == list(numbers.values())
    assert firm.sync().written == {}


def test_what_is_sent_has_nothing_that_nobody_sees(firm: Firm) -> None:
    firm.crm_add("Persons", PersonFirstName="An\u200bna\u00a0 Lise", PersonLastName=f"\ufeff{NFD}", PersonTitle="a\0b")
    firm.sync()
    contact = only(firm.erp("contacts"))
    assert (contact["first_name"], contact["last_name"], contact["job_title"]) == ("Anna Lise", NAME, "ab")
    assert firm.sync(full=True).written == {}


TELEPHONES = (
    ("Danmark", "33 12 34 56", "+4533123456"),
    ("Norge", "33 12 34 56", "+4733123456"),
    ("", "33 12 34 56", "+4733123456"),
    ("Sverige", "070-123 45 67", "+46701234567"),
    ("Denmark", "+47 33 12 34 56", "+4733123456"),
    ("Denmark", "0047 33 12 34 56", "+4733123456"),
    ("Sweden", "91 23 45 67 89 01 23", "91 23 45 67 89 01 23"),
    ("Ruritania", "33 12 34 56", "33 12 34 56"),
)
"""A country, a number as it is shown there, and what it is elsewhere."""

COUNTRIES = {
    "EL": "GR", "Kosovo": "XK", "UK": "GB", "NOR": "NO", "Noorwegen": "NO", "Turkey": "TR", "Swaziland": "SZ",
    "The Netherlands": "NL", "U.S.A.": "US", "Federal Republic of Germany": "DE", "Ruritania": None, "QQ": None,
}  # fmt: skip
"""Names with their codes; null is no country that anybody knows."""


def test_a_telephone_number_is_of_the_country_of_its_record_and_a_country_is_sent_as_its_code_alone(firm: Firm) -> None:
    for country, shown, _ in TELEPHONES:
        firm.crm_add(
            "Organisations", OrganisationName=f"{country} {shown}", OrganisationTelephone=shown,
            OrganisationCountry=country,
        )  # fmt: skip
    for country in COUNTRIES:
        firm.crm_add("Organisations", OrganisationName=f"In {country}", OrganisationCountry=country)
    before = [(one["OrganisationTelephone"], one["OrganisationCountry"]) for one in firm.crm("Organisations")]
    firm.sync()
    customers = {one["name"]: one for one in firm.erp("customers")}
    numbers = {f"{country} {shown}".strip(): right for country, shown, right in TELEPHONES}
    assert {name: customers[name]["phone"] for name in numbers} == numbers
    assert {name: customers[f"In {name}"]["address"]["country"] for name in COUNTRIES} == COUNTRIES
    assert firm.sync().written == {}
    assert firm.sync(full=True).written == {}
    assert before == [(one["OrganisationTelephone"], one["OrganisationCountry"]) for one in firm.crm("Organisations")]


MIDNIGHTS = {
    "Europe/Oslo": {
        "1990-05-16T22:00:00Z": "1990-05-17",
        "1990-01-16T23:00:00Z": "1990-01-17",
        "1990-05-17T00:00:00Z": "1990-05-17",
        "1990-05-17T20:59:59Z": "1990-05-17",
    },
    "America/New_York": {"1990-05-17T04:00:00Z": "1990-05-17", "1990-05-17T00:00:00Z": "1990-05-17"},
    "Asia/Tokyo": {"1990-05-16T15:00:00Z": "1990-05-17"},
    "UTC": {"1990-05-17T00:00:00Z": "1990-05-17"},
}


@pytest.mark.parametrize(
    "zone",
    [zone if zone == "Europe/Oslo" else pytest.param(zone, marks=pytest.mark.thorough) for zone in MIDNIGHTS],
)
def test_a_day_given_as_the_moment_of_its_midnight_is_that_day(zone: str) -> None:
    right = MIDNIGHTS[zone]
    with opened(timezones={"webcrm": zone}) as firm:
        persons = [firm.crm_add("Persons", PersonLastName=shown, PersonBirthday=shown) for shown in right]

        def days() -> dict[str, str]:
            return {one["last_name"]: one["birth_date"] for one in firm.erp("contacts")}

        firm.sync()
        assert days() == right
        for person in persons:
            firm.crm_edit("Persons", person, PersonTitle="Selger")
        firm.sync()
        assert days() == right
        for contact in firm.erp("contacts"):
            firm.erp_edit("contacts", contact["id"], birth_date="1990-05-18")
        firm.sync()
        for person in persons:
            firm.crm_edit("Persons", person, PersonTitle="Innkjøper")
        firm.sync()
        assert days() == dict.fromkeys(right, "1990-05-18")
        assert firm.sync(full=True).written == {}


def test_a_day_and_a_moment_meet_as_one_day_that_nobody_edited() -> None:
    with opened(timezones={"webcrm": "Europe/Oslo"}) as firm:
        firm.crm_add("Persons", PersonLastName="Berg", PersonEmail=MAIL, PersonBirthday="1990-05-16T22:00:00Z")
        firm.erp_add("contacts", last_name="Berg", email=MAIL, birth_date="1990-05-17")
        assert firm.sync().written == {}
        assert firm.sync(full=True).written == {}


def test_a_telephone_number_is_of_the_country_of_its_person_else_of_the_company_else_of_the_instance() -> None:
    with opened(configured={name: {"country": "SE"} for name in SYSTEMS}) as firm:
        companies = {
            code: firm.crm_add("Organisations", OrganisationName=f"Firm {code}", OrganisationCountry=code)
            for code in ("DK", "")
        }
        for number, code in (("33 12 34 56", "DK"), ("1234", "DK"), ("070-123 45 67", "")):
            firm.crm_add(
                "Persons", PersonLastName=number, PersonOrganisationId=companies[code], PersonDirectPhone=number
            )
        firm.sync()
        assert {one["last_name"]: one["phone"] for one in firm.erp("contacts")} == {
            "33 12 34 56": "+4533123456", "1234": "1234", "070-123 45 67": "+46701234567",
        }  # fmt: skip
        assert {one["PersonDirectPhone"] for one in firm.crm("Persons")} == {"33 12 34 56", "1234", "070-123 45 67"}
        assert firm.sync().written == {}
        one = only(firm.erp("contacts", last_name="33 12 34 56"))
        firm.erp_edit("contacts", one["id"], job_title="Sjef", mobile="20 12 34 56")
        firm.sync()
        person = only(firm.crm("Persons", PersonLastName="33 12 34 56"))
        assert (person["PersonDirectPhone"], person["PersonMobilePhone"]) == ("33 12 34 56", "+4520123456")
        assert firm.sync(full=True).written == {}
