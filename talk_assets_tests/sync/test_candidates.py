"""What a record that is held holds, and what it could describe the same as."""

from talk_assets.report import candidates
from talk_assets.report.candidates import Candidate, Values
from talk_assets_tests.office import Office


def compared(office: Office, record: str, *, named: bool = False) -> tuple[Values, tuple[Candidate, ...]]:
    system, name, id_ = record.split("/")
    key = f"{system}/{name}"
    with office.transaction() as transaction:
        return candidates.compared(transaction, key, office.wiring().collections[key], id_, named=named)


def two_with_one_email(office: Office) -> None:
    office.create("erp/contacts", email="same@example.com", first_name="Sam")
    for name in ("Samuel", "Samantha"):
        office.create("crm/people", email="Same@example.com", first_name=name)
    office.sync()


def test_a_held_record_has_its_values_and_those_of_every_record_with_the_same_key(office: Office) -> None:
    two_with_one_email(office)
    own, others = compared(office, "crm/people/crm1")
    assert own == {"email": "same@example.com", "first_name": "Samuel", "company": None}
    assert [(one.name, one.records, one.why, one.held) for one in others] == [
        ("Sam", ("erp/contacts/erp1",), "same e-mail", False),
        ("Samantha", ("crm/people/crm2",), "same e-mail", True),
    ]
    assert [one.values["first_name"] for one in others] == ["Sam", "Samantha"]


def test_a_candidate_is_found_by_what_its_record_shows_too(office: Office) -> None:
    two_with_one_email(office)
    with office.transaction() as transaction:
        transaction.run("UPDATE person.golden SET email = 'agreed@example.com'")
    _, others = compared(office, "crm/people/crm1")
    assert others[0].records == ("erp/contacts/erp1",)


def test_references_are_shown_as_records_after_their_names_if_these_are_wanted(office: Office) -> None:
    acme = office.create("crm/companies", name="Acme", number="974760673")
    for _ in range(2):
        office.create("crm/people", email="same@example.com", employer=acme)
    office.sync()
    assert compared(office, "crm/people/crm1")[0]["company"] == "crm/companies/crm1"
    assert compared(office, "crm/people/crm1", named=True)[0]["company"] == "Acme (crm/companies/crm1)"


def test_a_record_that_was_never_read_holds_nothing(office: Office) -> None:
    assert compared(office, "crm/people/crm9") == ({}, ())
