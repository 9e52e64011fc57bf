"""Who is linked with whom, who is created, and who is held."""

from collections.abc import Iterator

import pytest

from talk_assets_tests.whole.firm import Firm, only, pairs_of
from talk_assets_tests.whole.firm import firm as opened

MAIL = "post@fjord.example"
PEOPLE = [pair for pair in pairs_of("webcrm-customerp") if pair.right == "customerp/contact"]


@pytest.fixture
def firm() -> Iterator[Firm]:
    """A firm in which only people are synced."""
    with opened(pairs=PEOPLE) as found:
        yield found


def test_a_person_and_a_contact_with_the_same_e_mail_are_linked_and_not_duplicated(firm: Firm) -> None:
    """A blank never beats a value, and a newer value wins, with the other kept; names alone link nobody."""
    firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonEmail="Anna.Berg@Fjord.example")
    firm.crm_add("Persons", PersonLastName="Moe", PersonEmail=MAIL, PersonTitle="Selger", PersonMobilePhone="90022222")
    firm.crm_add("Persons", PersonFirstName="Ola", PersonLastName="Dahl", PersonEmail="ola@fjord.example")
    ids = {
        "anna": firm.erp_add("contacts", last_name="Berg", email="anna.berg@fjord.example", mobile="+4790011111"),
        "moe": firm.erp_add("contacts", last_name="Moe", email=MAIL, job_title="Innkjøper"),
        "ola": firm.erp_add("contacts", first_name="Ola", last_name="Dahl", email="ola@vidda.example"),
    }
    firm.sync()
    assert {person["PersonLastName"] for person in firm.crm("Persons")} == {"Berg", "Moe", "Dahl"}
    assert (len(firm.crm("Persons")), len(firm.erp("contacts"))) == (3, 4)
    anna, moe = (only(firm.erp("contacts", id=ids[name])) for name in ("anna", "moe"))
    assert anna["first_name"] == "Anna"
    assert only(firm.crm("Persons", PersonLastName="Berg"))["PersonMobilePhone"] == "+4790011111"
    person = only(firm.crm("Persons", PersonEmail=MAIL))
    assert (person["PersonTitle"], person["PersonMobilePhone"]) == ("Innkjøper", "90022222")
    assert (moe["job_title"], moe["mobile"]) == ("Innkjøper", "+4790022222")
    assert [(lost["field"], lost["value"]) for lost in firm.conflicts()] == [("job_title", "Selger")]
    assert {contact["email"] for contact in firm.erp("contacts", last_name="Dahl")} == {
        "ola@fjord.example",
        "ola@vidda.example",
    }
    assert firm.held() == []

    firm.crm_edit("Persons", person["PersonId"], PersonEmail="moe@vidda.example")
    firm.sync()
    assert [(one["id"], one["email"]) for one in firm.erp("contacts", last_name="Moe")] == [
        (ids["moe"], "moe@vidda.example")
    ]


def test_two_persons_who_share_an_e_mail_are_held_until_one_of_them_has_another(firm: Firm) -> None:
    """A contact that either could be is linked to neither."""
    first = firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonEmail=MAIL)
    second = firm.crm_add("Persons", PersonFirstName="Ola", PersonLastName="Dahl", PersonEmail=MAIL)
    for name in ("Kari", "Per"):
        firm.crm_add("Persons", PersonFirstName=name, PersonLastName="Vik", PersonEmail="resepsjonen@vidda.example")
    either = firm.erp_add("contacts", last_name="Resepsjonen", email="resepsjonen@vidda.example")
    firm.sync()
    held = firm.held()
    assert {(one["what"], one["collection"]) for one in held} == {("record", "webcrm/persons")}
    shared = [one for one in held if one["id"] in {str(first), str(second)}]
    assert (len(held), len(shared)) == (4, 2)
    assert all("e-mail" in one["reason"] for one in shared)
    assert all(str(first) in one["reason"] and str(second) in one["reason"] for one in shared)
    assert [(one["id"], one["last_name"]) for one in firm.erp("contacts")] == [(either, "Resepsjonen")]
    assert {person["PersonFirstName"] for person in firm.crm("Persons")} == {"Anna", "Ola", "Kari", "Per"}

    firm.crm_edit("Persons", second, PersonEmail="ola.dahl@fjord.example")
    firm.sync()
    assert {one["id"] for one in firm.held()}.isdisjoint({str(first), str(second)})
    names = {(contact["email"], contact["first_name"]) for contact in firm.erp("contacts") if contact["id"] != either}
    assert names == {(MAIL, "Anna"), ("ola.dahl@fjord.example", "Ola")}
    assert len(firm.erp("contacts")) == 3


def test_records_without_any_match_are_created_exactly_once_and_none_in_webcrm() -> None:
    with opened() as firm:
        firm.crm_add("Organisations", OrganisationName="Fjord AS", OrganisationVatNumber="974760673")
        firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg")
        firm.crm_add("Products", ProductCustom1="N-1", ProductCustom2="Skrue", ProductPrice=12.5)
        firm.erp_add("contacts", last_name="Dahl", email=MAIL)
        first = firm.sync()
        assert first.written == {"customerp/customer": 1, "customerp/contact": 1, "customerp/product": 1}
        for again in range(2):
            assert firm.sync(full=bool(again)).written == {}
        assert only(firm.erp("customers"))["organisation_number"] == "974760673"
        assert {contact["first_name"] for contact in firm.erp("contacts")} == {"Anna", None}
        assert only(firm.erp("products"))["unit_price"] == "12.5"
        assert only(firm.crm("Persons"))["PersonFirstName"] == "Anna"


def test_a_user_of_webcrm_has_a_contact_and_is_never_written_to(firm: Firm) -> None:
    id_ = firm.crm_add("Users", UserName="Anna Berg", UserEmail=MAIL, UserTitle="Selger")
    firm.sync()
    contact = only(firm.erp("contacts"))
    assert (contact["first_name"], contact["last_name"], contact["job_title"]) == ("Anna", "Berg", "Selger")
    firm.erp_edit("contacts", contact["id"], job_title="Innkjøper")
    assert firm.sync().written == {}
    assert only(firm.crm("Users", UserId=id_))["UserTitle"] == "Selger"
    assert only(firm.erp("contacts"))["job_title"] == "Innkjøper"
