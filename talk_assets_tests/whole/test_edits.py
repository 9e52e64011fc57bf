"""What people edit in one system arrives in the other after one sync, and no edit is lost."""

import pytest

from talk_assets_tests.whole.firm import Firm, only

MAIL = "anna.berg@fjord.example"


@pytest.fixture
def anna(firm: Firm) -> int:
    """A person of Webcrm who has her contact in Customerp."""
    id_ = firm.crm_add(
        "Persons",
        PersonFirstName="Anna",
        PersonLastName="Berg",
        PersonEmail=MAIL,
        PersonMobilePhone="+4790011111",
        PersonTitle="Daglig leder",
    )
    firm.sync()
    return id_


def contact(firm: Firm) -> str:
    return str(only(firm.erp("contacts", email=MAIL))["id"])


def test_a_mobile_edited_in_webcrm_is_the_contact_s_after_one_sync(firm: Firm, anna: int) -> None:
    firm.crm_edit("Persons", anna, PersonMobilePhone="900 22 222")
    assert firm.sync().written == {"customerp/contact": 1}
    assert only(firm.erp("contacts", email=MAIL))["mobile"] == "+4790022222"


def test_a_mobile_edited_in_customerp_is_the_person_s_after_one_sync(firm: Firm, anna: int) -> None:
    firm.erp_edit("contacts", contact(firm), mobile="+4790033333")
    assert firm.sync().written == {"webcrm/persons": 1}
    assert only(firm.crm("Persons", PersonId=anna))["PersonMobilePhone"] == "+4790033333"


def test_a_field_cleared_in_webcrm_is_cleared_in_customerp_and_stays_so(firm: Firm, anna: int) -> None:
    firm.crm_edit("Persons", anna, PersonMobilePhone="")
    firm.sync()
    assert only(firm.erp("contacts", email=MAIL))["mobile"] is None
    assert firm.sync().written == {}
    assert only(firm.crm("Persons", PersonId=anna))["PersonMobilePhone"] == ""


def test_a_field_cleared_in_customerp_is_cleared_in_webcrm_and_stays_so(firm: Firm, anna: int) -> None:
    firm.erp_edit("contacts", contact(firm), mobile=None)
    firm.sync()
    assert only(firm.crm("Persons", PersonId=anna))["PersonMobilePhone"] == ""
    assert firm.sync().written == {}
    assert only(firm.erp("contacts", email=MAIL))["mobile"] is None


def test_edits_of_different_fields_in_both_systems_both_survive(firm: Firm, anna: int) -> None:
    firm.crm_edit("Persons", anna, PersonTitle="Styreleder")
    firm.erp_edit("contacts", contact(firm), mobile="+4790033333")
    firm.sync()
    person, other = only(firm.crm("Persons", PersonId=anna)), only(firm.erp("contacts", email=MAIL))
    assert (person["PersonTitle"], person["PersonMobilePhone"]) == ("Styreleder", "+4790033333")
    assert (other["job_title"], other["mobile"]) == ("Styreleder", "+4790033333")
    assert firm.conflicts() == []
    assert firm.sync().written == {}


@pytest.mark.parametrize("last", ["webcrm", "customerp"])
def test_of_two_edits_of_one_field_the_newer_wins_and_the_other_is_kept_as_a_conflict(
    firm: Firm, anna: int, last: str
) -> None:
    id_ = contact(firm)
    mobiles = {"webcrm": "+4790022222", "customerp": "+4790033333"}
    for system in sorted(mobiles, key=lambda name: name == last):
        if system == "webcrm":
            firm.crm_edit("Persons", anna, PersonMobilePhone=mobiles[system])
        else:
            firm.erp_edit("contacts", id_, mobile=mobiles[system])
    lost = mobiles["customerp" if last == "webcrm" else "webcrm"]
    firm.sync()
    assert only(firm.crm("Persons", PersonId=anna))["PersonMobilePhone"] == mobiles[last]
    assert only(firm.erp("contacts", email=MAIL))["mobile"] == mobiles[last]
    conflict = only(firm.conflicts())
    assert (conflict["field"], conflict["value"], conflict["winner"]) == ("mobile", lost, mobiles[last])
    assert {conflict["origin"], conflict["winner_origin"]} == {f"webcrm/persons/{anna}", f"customerp/contact/{id_}"}


def test_an_edit_in_the_same_second_as_one_already_read_is_not_missed(
    firm: Firm, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = float(int(firm.sandbox.clock.now()) + 60)
    for title in ("Styreleder", "Rådgiver"):
        with monkeypatch.context() as frozen:
            frozen.setattr(firm.sandbox.clock, "now", lambda: second)
            firm.crm_edit("Persons", anna, PersonTitle=title)
        firm.sync()
        assert only(firm.erp("contacts", email=MAIL))["job_title"] == title


def test_a_text_that_customerp_trims_does_not_come_back_as_an_edit(firm: Firm, anna: int) -> None:
    firm.crm_edit("Persons", anna, PersonTitle="  Styreleder  ")
    firm.sync()
    assert only(firm.erp("contacts", email=MAIL))["job_title"] == "Styreleder"
    assert firm.sync().written == {}
    assert only(firm.crm("Persons", PersonId=anna))["PersonTitle"] == "  Styreleder  "
