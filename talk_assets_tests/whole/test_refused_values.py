"""A value that the other side refuses holds its field there, and nothing else of the record."""

from collections.abc import Iterator

import pytest

from talk_assets.model.dataflows import Pair
from talk_assets_tests.whole.firm import Firm, Record, firm, only

PAIRS = (Pair("webcrm/persons", "customerp/contact"),)
BAD, GOOD = "kari@firma", "kari@firma.no"


@pytest.fixture
def here() -> Iterator[Firm]:
    with firm(pairs=PAIRS) as found:
        yield found


@pytest.fixture
def kari(here: Firm) -> int:
    """A person of Webcrm who has her contact in Customerp."""
    id_ = here.crm_add("Persons", PersonFirstName="Kari", PersonLastName="Dahl", PersonEmail="kari@dahl.no")
    here.sync()
    return id_


def contact(here: Firm) -> Record:
    return only(here.erp("contacts"))


def test_the_rest_of_an_update_arrives_and_the_field_is_held_with_what_the_api_said(here: Firm, kari: int) -> None:
    here.crm_edit("Persons", kari, PersonEmail=BAD, PersonMobilePhone="+4790011111")
    done = here.sync()
    assert (done.written, done.unwritten) == ({"customerp/contact": 1}, {"customerp/contact": (1, 0)})
    assert (contact(here)["mobile"], contact(here)["email"]) == ("+4790011111", "kari@dahl.no")
    held = only(here.held())
    assert (held["what"], held["field"], held["id"]) == ("change", "email", contact(here)["id"])
    assert BAD in held["fields"]
    assert "is not a valid email" in held["reason"]


def test_a_held_field_is_not_sent_again_until_its_value_is_another(here: Firm, kari: int) -> None:
    here.crm_edit("Persons", kari, PersonEmail=BAD, PersonMobilePhone="+4790011111")
    here.sync()
    since = only(here.held())["since"]
    with here.counted() as requests:
        assert here.sync().written == {}
    assert not any(name.startswith("PATCH") for name in requests["customerp"])
    here.crm_edit("Persons", kari, PersonMobilePhone="+4790022222")
    with here.counted() as requests:
        here.sync()
    assert sum(n for name, n in requests["customerp"].items() if name.startswith("PATCH")) == 1
    assert contact(here)["mobile"] == "+4790022222"
    assert only(here.held())["since"] == since
    here.crm_edit("Persons", kari, PersonEmail=GOOD)
    here.sync()
    assert contact(here)["email"] == GOOD
    assert here.held() == []
    assert here.sync().written == {}


def test_an_edit_on_the_other_side_lets_the_field_go_as_well(here: Firm, kari: int) -> None:
    here.crm_edit("Persons", kari, PersonEmail=BAD)
    here.sync()
    here.erp_edit("contacts", contact(here)["id"], email=GOOD)
    here.sync()
    assert only(here.crm("Persons"))["PersonEmail"] == contact(here)["email"] == GOOD
    assert here.held() == []
    assert here.sync().written == {}


def test_a_record_is_created_without_the_value_that_is_refused(here: Firm) -> None:
    id_ = here.crm_add("Persons", PersonFirstName="Kari", PersonLastName="Dahl", PersonEmail=BAD)
    assert here.sync().written == {"customerp/contact": 1}
    assert (contact(here)["first_name"], contact(here)["email"]) == ("Kari", None)
    held = only(here.held())
    assert (held["field"], held["id"], held["action"]) == ("email", contact(here)["id"], "update")
    assert here.sync().written == {}
    here.crm_edit("Persons", id_, PersonEmail=GOOD)
    here.sync()
    assert contact(here)["email"] == GOOD
    assert here.held() == []
    assert here.sync().written == {}
