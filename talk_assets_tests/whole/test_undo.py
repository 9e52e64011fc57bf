"""A run that changed a thousand records is taken back over HTTP: all is as before, but for what was edited since."""

import asyncio

from talk_assets_tests.whole.firm import PAIRS, Firm, Record, firm

PEOPLE = 1_000
OURS = {"webcrm/persons", "customerp/contact"}


def contacts(office: Firm) -> dict[str, Record]:
    """By id, without what every write moves."""
    moving = {"version", "updated_at", "change_seq"}
    return {
        one["id"]: {name: value for name, value in one.items() if name not in moving} for one in office.erp("contacts")
    }


def undo(office: Firm, run: str) -> int:
    """What `talk undo` does; return how much cannot be taken back."""
    office.later()
    office.hub.run = f"undo of {run}"
    for name in office.hub.systems:
        asyncio.run(office.hub.read(name))
    for kind in office.hub.topologies:
        office.hub.reconcile(kind)
    plan = office.hub.plan_undo(run)
    for name in reversed(list(office.hub.systems)):
        asyncio.run(office.hub.undo(name, OURS))
    return plan.impossible.height


def test_a_run_that_changed_a_thousand_records_is_taken_back() -> None:
    people = [
        {"PersonFirstName": f"Anna {n}", "PersonLastName": "Berg", "PersonEmail": f"anna{n}@fjord.example"}
        for n in range(PEOPLE)
    ]
    pairs = tuple(pair for pair in PAIRS if {pair.left, pair.right} == OURS)
    with firm({"webcrm": {"Persons": people}}, pairs=pairs) as office:
        assert office.sync().written == {"customerp/contact": PEOPLE}
        before = contacts(office)
        for record in office.crm("Persons"):
            office.sandbox.edit(
                "webcrm",
                "Persons",
                record["PersonId"],
                {"PersonTitle": "Sjef", "PersonFirstName": f"Bodil {record['PersonId']}"},
            )
        persons = office.crm("Persons")
        assert office.sync().written == {"customerp/contact": PEOPLE}
        wrong = office.hub.run
        edited, *_ = sorted(before)
        office.erp_edit("contacts", edited, first_name="Anna Sofie")
        assert undo(office, wrong) == 1
        expected = {**before, edited: {**before[edited], "first_name": "Anna Sofie"}}
        assert contacts(office) == expected
        assert office.crm("Persons") == persons
        after = office.sync(full=True)
        assert after.written == {"webcrm/persons": 1}
        assert contacts(office) == expected
