"""What people edit in one system arrives in the other after one sync, and no edit is lost."""

from collections.abc import Iterator

import pytest

from talk_assets_tests.whole.firm import Firm, Record, only, pairs_of
from talk_assets_tests.whole.firm import firm as opened

PERSONS = [pair for pair in pairs_of("webcrm-customerp") if pair.left == "webcrm/persons"]
SOMETHING = {"PersonMobilePhone": "+4790011111", "PersonTitle": "Daglig leder"}


@pytest.fixture
def firm() -> Iterator[Firm]:
    with opened(pairs=PERSONS) as found:
        yield found


def people(firm: Firm, *names: str) -> dict[str, int]:
    """Persons of Webcrm who have their contacts in Customerp."""
    found = {
        name: firm.crm_add("Persons", PersonLastName=name, PersonEmail=f"{name}@fjord.example", **SOMETHING)
        for name in names
    }
    firm.sync()
    return found


def contact(firm: Firm, name: str) -> Record:
    return only(firm.erp("contacts", last_name=name))


def edit_contact(firm: Firm, name: str, **properties: object) -> None:
    firm.erp_edit("contacts", contact(firm, name)["id"], **properties)


def test_what_is_edited_in_either_system_is_in_the_other_after_one_sync_and_stays_so(firm: Firm) -> None:
    """Title and mobile in Webcrm, then in Customerp, by whose edit it was."""
    ids = people(firm, "crm", "erp", "crm-clears", "erp-clears", "both", "trimmed", "nobody")
    for name, edit in {
        "crm": {"PersonMobilePhone": "900 22 222"},
        "crm-clears": {"PersonMobilePhone": ""},
        "both": {"PersonTitle": "Styreleder"},
        "trimmed": {"PersonTitle": "  Styreleder  "},
    }.items():
        firm.crm_edit("Persons", ids[name], **edit)
    edit_contact(firm, "erp", mobile="+4790033333")
    edit_contact(firm, "erp-clears", mobile=None)
    edit_contact(firm, "both", mobile="+4790033333")
    assert firm.sync().written == {"customerp/contact": 4, "webcrm/persons": 3}

    title, mobile = SOMETHING["PersonTitle"], SOMETHING["PersonMobilePhone"]
    right = {
        "crm": ((title, "900 22 222"), (title, "+4790022222")),
        "erp": ((title, "+4790033333"), (title, "+4790033333")),
        "crm-clears": ((title, ""), (title, None)),
        "erp-clears": ((title, ""), (title, None)),
        "both": (("Styreleder", "+4790033333"), ("Styreleder", "+4790033333")),
        "trimmed": (("  Styreleder  ", mobile), ("Styreleder", mobile)),
        "nobody": ((title, mobile), (title, mobile)),
    }

    def shown() -> dict[str, tuple[tuple[str, str], tuple[str, str]]]:
        persons = {name: only(firm.crm("Persons", PersonId=id_)) for name, id_ in ids.items()}
        contacts = {name: contact(firm, name) for name in ids}
        return {
            name: (
                (persons[name]["PersonTitle"], persons[name]["PersonMobilePhone"]),
                (contacts[name]["job_title"], contacts[name]["mobile"]),
            )
            for name in ids
        }

    assert shown() == right
    assert firm.conflicts() == []
    assert firm.sync().written == {}
    assert shown() == right


def test_of_two_edits_of_one_field_the_newer_wins_and_the_other_is_kept_as_a_conflict(firm: Firm) -> None:
    mobiles = {"webcrm": "+4790022222", "customerp": "+4790033333"}
    ids = people(firm, *mobiles)  # each has the name of the system where it is edited last
    for last, id_ in ids.items():
        for system in sorted(mobiles, key=lambda name: name == last):
            if system == "webcrm":
                firm.crm_edit("Persons", id_, PersonMobilePhone=mobiles[system])
            else:
                edit_contact(firm, last, mobile=mobiles[system])
    firm.sync()
    conflicts = {conflict["winner"]: conflict for conflict in firm.conflicts()}
    assert len(firm.conflicts()) == len(ids)
    for last, id_ in ids.items():
        lost = mobiles["customerp" if last == "webcrm" else "webcrm"]
        assert only(firm.crm("Persons", PersonId=id_))["PersonMobilePhone"] == mobiles[last], last
        assert contact(firm, last)["mobile"] == mobiles[last], last
        conflict = conflicts[mobiles[last]]
        assert (conflict["field"], conflict["value"]) == ("mobile", lost), last
        assert {conflict["origin"], conflict["winner_origin"]} == {
            f"webcrm/persons/{id_}",
            f"customerp/contact/{contact(firm, last)['id']}",
        }


def test_an_edit_in_the_same_second_as_one_already_read_is_not_missed(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = people(firm, "anna")["anna"]
    second = float(int(firm.sandbox.clock.now()) + 60)
    for title in ("Styreleder", "Rådgiver"):
        with monkeypatch.context() as frozen:
            frozen.setattr(firm.sandbox.clock, "now", lambda: second)
            firm.crm_edit("Persons", anna, PersonTitle=title)
        firm.sync()
        assert contact(firm, "anna")["job_title"] == title
