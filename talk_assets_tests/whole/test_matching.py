"""Who is linked with whom, who is created, and who is held."""

from talk_assets_tests.whole.firm import Firm, only

MAIL = "post@fjord.example"


def test_a_person_and_a_contact_with_the_same_e_mail_are_linked_and_not_duplicated(firm: Firm) -> None:
    firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonEmail="Anna.Berg@Fjord.example")
    id_ = firm.erp_add("contacts", last_name="Berg", email="anna.berg@fjord.example", mobile="+4790011111")
    firm.sync()
    contact, person = only(firm.erp("contacts")), only(firm.crm("Persons"))
    assert (contact["id"], contact["first_name"]) == (id_, "Anna")
    assert person["PersonMobilePhone"] == "+4790011111"
    assert firm.held() == []


def test_at_the_first_link_a_blank_never_beats_a_value_and_a_newer_value_wins_with_the_other_kept(firm: Firm) -> None:
    firm.crm_add("Persons", PersonLastName="Berg", PersonEmail=MAIL, PersonTitle="Selger", PersonMobilePhone="90011111")
    firm.erp_add("contacts", last_name="Berg", email=MAIL, job_title="Innkjøper")
    firm.sync()
    person, contact = only(firm.crm("Persons")), only(firm.erp("contacts"))
    assert (person["PersonTitle"], person["PersonMobilePhone"]) == ("Innkjøper", "90011111")
    assert (contact["job_title"], contact["mobile"]) == ("Innkjøper", "+4790011111")
    assert [(lost["field"], lost["value"]) for lost in firm.conflicts()] == [("job_title", "Selger")]


def test_two_persons_who_share_an_e_mail_are_held_until_one_of_them_has_another(firm: Firm) -> None:
    first = firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonEmail=MAIL)
    second = firm.crm_add("Persons", PersonFirstName="Ola", PersonLastName="Dahl", PersonEmail=MAIL)
    firm.sync()
    held = firm.held()
    assert {(one["what"], one["collection"], one["id"]) for one in held} == {
        ("record", "webcrm/persons", str(first)),
        ("record", "webcrm/persons", str(second)),
    }
    assert all("e-mail" in one["reason"] for one in held)
    assert all(str(first) in one["reason"] and str(second) in one["reason"] for one in held)
    assert firm.erp("contacts") == []

    firm.crm_edit("Persons", second, PersonEmail="ola.dahl@fjord.example")
    firm.sync()
    assert firm.held() == []
    names = {(contact["email"], contact["first_name"]) for contact in firm.erp("contacts")}
    assert names == {(MAIL, "Anna"), ("ola.dahl@fjord.example", "Ola")}
    assert len(firm.erp("contacts")) == 2


def test_a_contact_that_two_persons_could_be_is_linked_to_neither_and_nothing_is_created(firm: Firm) -> None:
    for name in ("Anna", "Ola"):
        firm.crm_add("Persons", PersonFirstName=name, PersonLastName="Berg", PersonEmail=MAIL)
    before = firm.erp_add("contacts", last_name="Resepsjonen", email=MAIL)
    firm.sync()
    assert {one["collection"] for one in firm.held()} == {"webcrm/persons"}
    assert only(firm.erp("contacts"))["id"] == before
    assert {person["PersonFirstName"] for person in firm.crm("Persons")} == {"Anna", "Ola"}


def test_records_without_any_match_are_created_exactly_once(firm: Firm) -> None:
    firm.crm_add("Organisations", OrganisationName="Fjord AS", OrganisationVatNumber="974760673")
    firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg")
    firm.crm_add("Products", ProductCustom1="N-1", ProductCustom2="Skrue", ProductPrice=12.5)
    first = firm.sync()
    assert first.written == {"customerp/customer": 1, "customerp/contact": 1, "customerp/product": 1}
    for again in range(2):
        assert firm.sync(full=bool(again)).written == {}
    assert only(firm.erp("customers"))["organisation_number"] == "974760673"
    assert only(firm.erp("contacts"))["first_name"] == "Anna"
    assert only(firm.erp("products"))["unit_price"] == "12.5"


def test_people_with_the_same_name_and_nothing_else_in_common_are_two(firm: Firm) -> None:
    firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonEmail="anna@fjord.example")
    firm.erp_add("contacts", first_name="Anna", last_name="Berg", email="anna@vidda.example")
    firm.sync()
    assert {contact["email"] for contact in firm.erp("contacts")} == {"anna@fjord.example", "anna@vidda.example"}
    assert len(firm.crm("Persons")) == 1


def test_a_contact_created_in_customerp_alone_has_no_person_created_for_it(firm: Firm) -> None:
    firm.erp_add("contacts", last_name="Berg", email=MAIL)
    assert firm.sync().written == {}
    assert firm.crm("Persons") == []


def test_a_link_stays_when_the_e_mail_it_was_made_by_changes(firm: Firm) -> None:
    person = firm.crm_add("Persons", PersonLastName="Berg", PersonEmail=MAIL)
    contact = firm.erp_add("contacts", last_name="Berg", email=MAIL)
    firm.sync()
    firm.crm_edit("Persons", person, PersonEmail="anna@vidda.example")
    firm.sync()
    assert [(one["id"], one["email"]) for one in firm.erp("contacts")] == [(contact, "anna@vidda.example")]


def test_a_user_of_webcrm_has_a_contact_and_is_never_written_to(firm: Firm) -> None:
    id_ = firm.crm_add("Users", UserName="Anna Berg", UserEmail=MAIL, UserTitle="Selger")
    firm.sync()
    contact = only(firm.erp("contacts"))
    assert (contact["first_name"], contact["last_name"], contact["job_title"]) == ("Anna", "Berg", "Selger")
    firm.erp_edit("contacts", contact["id"], job_title="Innkjøper")
    assert firm.sync().written == {}
    assert only(firm.crm("Users", UserId=id_))["UserTitle"] == "Selger"
    assert only(firm.erp("contacts"))["job_title"] == "Innkjøper"
