"""A value that the other side refuses holds its field there, and nothing else of the record."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from talk_assets.model.dataflows import Pair
from talk_assets_tests.whole.firm import Firm, Record, firm, only
from talk_assets_tests.whole.instance import opened

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


def test_any_edit_of_the_record_that_refuses_has_the_field_tried_again_and_once(here: Firm, kari: int) -> None:
    """What it refuses may depend on what else it holds."""
    here.crm_edit("Persons", kari, PersonEmail=BAD)
    here.sync()
    for title in ("Sjef", "Leder"):
        here.erp_edit("contacts", contact(here)["id"], job_title=title)
        with here.counted() as requests:
            assert here.sync().unwritten == {"customerp/contact": (1, 0)}
        assert sum(n for name, n in requests["customerp"].items() if name.startswith("PATCH")) == 1
        assert only(here.held())["field"] == "email"
        with here.counted() as requests:
            assert here.sync().written == {}
        assert not any(name.startswith("PATCH") for name in requests["customerp"])


def test_a_field_goes_out_once_its_record_there_is_edited_and_takes_it(here: Firm, kari: int) -> None:
    here.sandbox.fault("customerp", switches={"longest_text": 3})
    here.crm_edit("Persons", kari, PersonTitle="Sjef")
    here.sync()
    assert only(here.held())["field"] == "job_title"
    here.sandbox.fault("customerp", switches={"longest_text": 255})
    assert here.sync().written == {}
    here.erp_edit("contacts", contact(here)["id"], mobile="+4790011111")
    here.sync()
    assert contact(here)["job_title"] == "Sjef"
    assert here.held() == []


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


def test_a_refusal_that_names_nothing_is_narrowed_down_to_the_field(here: Firm, kari: int) -> None:
    here.sandbox.fault("customerp", switches={"names_property": False})
    edits = {"PersonFirstName": "Karianne", "PersonMobilePhone": "+4790011111", "PersonTitle": "Sjef"}
    here.crm_edit("Persons", kari, PersonEmail=BAD, **edits)
    with here.counted() as requests:
        done = here.sync()
    assert (done.written, done.unwritten) == ({"customerp/contact": 1}, {"customerp/contact": (1, 0)})
    assert (contact(here)["first_name"], contact(here)["mobile"], contact(here)["job_title"]) == tuple(edits.values())
    assert [one["field"] for one in here.held()] == ["email"]
    assert sum(n for name, n in requests["customerp"].items() if name.startswith("PATCH")) <= 5
    with here.counted() as requests:
        assert here.sync().written == {}
    assert not any(name.startswith("PATCH") for name in requests["customerp"])


def test_what_is_refused_whatever_is_sent_is_held_as_a_whole_and_tried_with_one_record(here: Firm) -> None:
    """The first of the records that are refused in the same words tells for the others."""
    ids = [here.crm_add("Persons", PersonLastName=f"Dahl {n}", PersonEmail=f"p{n}@dahl.no") for n in range(4)]
    here.sync()
    here.sandbox.fault("customerp", switches={"names_property": False, "longest_text": 0})
    for n, id_ in enumerate(ids):
        here.crm_edit("Persons", id_, PersonFirstName=f"Kari {n}", PersonTitle=f"Sjef {n}")
    with here.counted() as requests:
        assert here.sync().unwritten == {"customerp/contact": (4, 0)}
    assert sum(n for name, n in requests["customerp"].items() if name.startswith("PATCH")) == 6
    assert [(one["field"], one["action"]) for one in here.held()] == [(None, "update")] * 4
    with here.counted() as requests:
        assert here.sync().written == {}
    assert not any(name.startswith("PATCH") for name in requests["customerp"])


@pytest.fixture
def stuck(here: Firm, kari: int) -> int:
    """Kari, of whom Customerp refuses whatever is sent; her first edit is held as a whole."""
    here.sandbox.fault("customerp", switches={"names_property": False, "longest_text": 0})
    here.crm_edit("Persons", kari, PersonFirstName="Karianne", PersonTitle="Sjef")
    assert here.sync().unwritten == {"customerp/contact": (1, 0)}
    assert only(here.held())["field"] is None
    return kari


def patches(here: Firm) -> int:
    """How many writes one more sync sends to Customerp."""
    with here.counted() as requests:
        here.sync()
    return sum(n for name, n in requests["customerp"].items() if name.startswith(("PATCH", "POST /v1/contacts")))


@pytest.mark.usefixtures("stuck")
@pytest.mark.parametrize(
    "edits",
    [
        [{"mobile": "+4790011111"}, {"mobile": "+4790022222"}],
        [{"blocked": False, "updated_at": None}, {"blocked": True, "updated_at": None}],
    ],
    ids=["a property that is synced", "another property"],
)
def test_an_edit_of_the_record_that_refuses_has_the_whole_change_tried_again(here: Firm, edits: list[Record]) -> None:
    assert patches(here) == 0
    for edit in edits:
        here.later()
        here.sandbox.edit("customerp", "contacts", contact(here)["id"], edit)
        assert patches(here) > 0
        assert only(here.held())["action"] == "update"
        assert patches(here) == 0
    here.sandbox.fault("customerp", switches={"longest_text": 255})
    assert patches(here) == 0
    here.erp_edit("contacts", contact(here)["id"], email="kari@firma.no")
    here.sync()
    assert (contact(here)["first_name"], contact(here)["job_title"]) == ("Karianne", "Sjef")
    assert here.held() == []
    assert here.sync().written == {}


def test_an_edit_on_the_first_side_has_the_whole_change_tried_again(here: Firm, stuck: int) -> None:
    here.sandbox.fault("customerp", switches={"longest_text": 255})
    assert patches(here) == 0
    here.crm_edit("Persons", stuck, PersonMobilePhone="+4790022222")
    here.sync()
    assert (contact(here)["first_name"], contact(here)["mobile"]) == ("Karianne", "+4790022222")
    assert here.held() == []
    assert here.sync().written == {}


def test_a_new_record_that_is_refused_is_tried_again_once_its_first_one_is_edited(here: Firm) -> None:
    here.sandbox.fault("customerp", switches={"names_property": False, "longest_text": 0})
    id_ = here.crm_add("Persons", PersonFirstName="Kari", PersonLastName="Dahl")
    here.sync()
    assert only(here.held())["action"] == "create"
    assert patches(here) == 0
    here.crm_edit("Persons", id_, PersonMobilePhone="+4790022222")
    assert patches(here) > 0
    assert only(here.held())["action"] == "create"
    here.sandbox.fault("customerp", switches={"longest_text": 255})
    assert patches(here) == 0
    here.crm_edit("Persons", id_, PersonMobilePhone="+4790033333")
    here.sync()
    assert (contact(here)["first_name"], contact(here)["mobile"]) == ("Kari", "+4790033333")
    assert here.held() == []
    assert here.sync().written == {}


def test_undo_takes_back_what_was_written_and_only_that(here: Firm, kari: int) -> None:
    here.crm_edit("Persons", kari, PersonEmail=BAD, PersonMobilePhone="+4790011111")
    here.sync()
    plan = here.hub.plan_undo(here.hub.run)
    (fields,) = plan.possible["fields"].to_list()
    assert fields == '{"mobile":null}'
    with here.store.transaction() as transaction:
        outcomes = transaction.frame(
            "SELECT outcome, after FROM sync.journal WHERE run = ? ORDER BY intended_at", here.hub.run
        )
    assert outcomes["outcome"].to_list() == ["refused", "done"]
    assert BAD in outcomes["after"][0]
    assert BAD not in outcomes["after"][1]


def test_a_person_lets_a_held_field_out_and_sees_why_it_is_held(tmp_path: Path) -> None:
    with opened(tmp_path) as instance:
        instance.configure()
        assert instance.talk("sync").status == 0
        person = instance.sandbox.records("webcrm", "Persons")[0]
        instance.sandbox.edit("webcrm", "Persons", person["PersonId"], {"PersonEmail": BAD, "PersonUpdatedAt": None})
        assert instance.talk("sync").status == 0
        (item,) = json.loads(instance.talk("held", "--json").stdout)["held"]
        assert item["field"] == "email"
        assert item["fields"] == {"email": {"before": "anna@fjord.example", "after": BAD}}
        assert "is not a valid email" in item["reason"]
        assert BAD in instance.talk("held", "1").stdout
        record = f"webcrm/persons/{person['PersonId']}"
        told = instance.talk("explain", record).stdout
        assert "is not a valid email" in told
        assert f"email: {BAD}" in told
        retried = instance.talk("retry", f"customerp/contact/{item['id']}")
        assert retried.status == 0, retried
        assert json.loads(instance.talk("held", "--json").stdout)["held"] == []
        assert instance.talk("sync").status == 0
        (again,) = json.loads(instance.talk("held", "--json").stdout)["held"]
        assert again["field"] == "email"
