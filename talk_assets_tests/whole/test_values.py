"""What strangers' values mean, through two systems: one value however it is spelled, and nothing written to respell it.

The escapes are the characters that nobody sees: they would not be seen here either.
"""

import unicodedata

import pytest

from talk_assets_tests.whole.firm import Firm, only

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


@pytest.mark.parametrize("shown", ["anna@fjord\u200b.example", "\ufeffanna@fjord.example", "anna@fjord.example\u00a0"])
def test_an_e_mail_with_what_nobody_sees_is_the_same_e_mail(firm: Firm, shown: str) -> None:
    firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonEmail=shown)
    firm.erp_add("contacts", first_name="Anna", last_name="Berg", email=MAIL)
    assert firm.sync().written == {}
    assert len(firm.erp("contacts")) == 1
    assert only(firm.crm("Persons"))["PersonEmail"] == shown
    assert firm.sync().written == {}


@pytest.mark.parametrize("shown", ["\ufeffN 1", "N\u00a01", "N  1", " N\u200b 1", "N\u00ad 1", "N\u2009\t1"])
def test_a_number_with_what_nobody_sees_is_the_same_number(firm: Firm, shown: str) -> None:
    firm.crm_add("Products", ProductCustom1=shown, ProductCustom2="Skrue")
    firm.erp_add("products", name="Skrue", number="N 1")
    assert firm.sync().written == {}
    assert len(firm.erp("products")) == 1
    assert only(firm.crm("Products"))["ProductCustom1"] == shown
    assert firm.sync().written == {}


def test_what_is_sent_has_nothing_that_nobody_sees(firm: Firm) -> None:
    firm.crm_add("Persons", PersonFirstName="An\u200bna\u00a0 Lise", PersonLastName=f"\ufeff{NFD}", PersonTitle="a\0b")
    firm.sync()
    contact = only(firm.erp("contacts"))
    assert (contact["first_name"], contact["last_name"], contact["job_title"]) == ("Anna Lise", NAME, "ab")
    assert firm.sync(full=True).written == {}


@pytest.mark.parametrize(
    ("country", "shown", "right"),
    [
        ("Danmark", "33 12 34 56", "+4533123456"),
        ("Norge", "33 12 34 56", "+4733123456"),
        ("", "33 12 34 56", "+4733123456"),
        ("Sverige", "070-123 45 67", "+46701234567"),
        ("Denmark", "+47 33 12 34 56", "+4733123456"),
        ("Denmark", "0047 33 12 34 56", "+4733123456"),
        ("Sweden", "91 23 45 67 89 01 23", "91 23 45 67 89 01 23"),
        ("Ruritania", "33 12 34 56", "33 12 34 56"),
    ],
)
def test_a_telephone_number_is_of_the_country_of_its_record(firm: Firm, country: str, shown: str, right: str) -> None:
    firm.crm_add("Organisations", OrganisationName="Fjord", OrganisationTelephone=shown, OrganisationCountry=country)
    firm.sync()
    assert only(firm.erp("customers"))["phone"] == right
    assert firm.sync().written == {}
    assert firm.sync(full=True).written == {}
    assert only(firm.crm("Organisations"))["OrganisationTelephone"] == shown
