"""An edit that does not move the record's modified time is noticed before the record is written over."""

from collections.abc import Iterator

import pytest

from talk_assets.http import sending
from talk_assets.model.dataflows import Pair
from talk_assets_tests.whole.firm import Firm, Record, firm, only

PAIRS = (Pair("crmoffice/contacts", "customerp/contact"),)


@pytest.fixture
def here() -> Iterator[Firm]:
    """A contact of Crmoffice that has its other in Customerp. Crmoffice is asked before each write."""
    with firm(pairs=PAIRS) as found:
        found.sandbox.create("crmoffice", "contacts", {"givenName": "Anna", "familyName": "Berg", "email": "a@b.no"})
        found.sync()
        assert found.sync().written == {}
        yield found


def crm(here: Firm) -> Record:
    return only(here.sandbox.records("crmoffice", "contacts"))


def erp(here: Firm) -> Record:
    return only(here.erp("contacts"))


def edit_without_a_trace(here: Firm, **properties: object) -> None:
    """Somebody edits the contact in Crmoffice, and it says that it was last modified when it was before."""
    before = crm(here)
    here.later()
    here.sandbox.edit("crmoffice", "contacts", before["id"], properties)
    assert crm(here) == before | properties


def test_both_edits_are_there_and_then_it_is_quiet(here: Firm) -> None:
    here.erp_edit("contacts", erp(here)["id"], first_name="Anne")
    edit_without_a_trace(here, familyName="Bergli")
    assert here.sync().unwritten == {}
    assert (crm(here)["givenName"], crm(here)["familyName"]) == ("Anne", "Bergli")
    here.sync()
    assert (erp(here)["first_name"], erp(here)["last_name"]) == ("Anne", "Bergli")
    assert here.sync().written == {}
    assert here.held() == []


def test_of_two_edits_of_one_field_one_wins_and_the_other_is_kept_as_a_conflict(here: Firm) -> None:
    here.erp_edit("contacts", erp(here)["id"], first_name="Anne")
    edit_without_a_trace(here, givenName="Anniken")
    assert here.sync().unwritten == {}
    here.sync()
    assert crm(here)["givenName"] == erp(here)["first_name"]
    lost = ({"Anne", "Anniken"} - {crm(here)["givenName"]}).pop()
    assert [one["value"] for one in here.conflicts()] == [lost]
    assert here.sync().written == {}


def test_a_record_that_was_deleted_meanwhile_is_not_asked_for_again_and_again(here: Firm) -> None:
    here.erp_edit("contacts", erp(here)["id"], first_name="Anne")
    here.sandbox.erase("crmoffice", "contacts", crm(here)["id"])
    here.sync()
    assert here.sync().unwritten == {}
    assert erp(here)["first_name"] == "Anne"


def test_what_fails_in_two_syncs_is_listed_with_the_reason_until_it_works(
    here: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.erp_edit("contacts", erp(here)["id"], first_name="Anne")
    with monkeypatch.context() as changing:
        changing.setattr(sending, "same", lambda *_: False)
        assert here.sync().unwritten == {"crmoffice/contacts": (0, 1)}
        assert here.held() == []
        assert here.sync().unwritten == {"crmoffice/contacts": (0, 1)}
        listed = only(here.held())
        assert (listed["what"], listed["id"]) == ("failing", str(crm(here)["id"]))
        assert listed["reason"] == "it was edited since it was read"
        here.sync()
        assert only(here.held())["since"] == listed["since"]
    assert here.sync().unwritten == {}
    assert crm(here)["givenName"] == "Anne"
    assert here.held() == []
    assert here.sync().written == {}
