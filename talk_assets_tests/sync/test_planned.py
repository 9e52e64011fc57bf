"""The plan: each change with its record, its fields before and after, and why it is not sent."""

from talk_assets.report import planned
from talk_assets.report.planned import Change, Move, Plan
from talk_assets_tests.office import Office


def plans(office: Office, *keys: str, limit: int | None = None) -> list[Plan]:
    collections = office.wiring().collections
    with office.transaction() as transaction:
        return list(planned.planned(transaction, collections, keys or collections, limit=limit))


def test_a_create_lists_its_values_and_the_record_that_it_is_for(office: Office) -> None:
    acme = office.create("crm/companies", name="Acme", number="974760673")
    office.create("crm/people", email="anna@example.com", first_name="Anna", employer=acme)
    office.reconcile_only()
    (plan,) = plans(office, "erp/contacts")
    assert plan.counts == {("planned", "create"): 1}
    moves = (
        Move("first_name", None, "Anna"),
        Move("email", None, "anna@example.com"),
        Move("company", None, "Acme (crm/companies/crm1)"),
    )
    assert plan.changes == (
        Change("erp/contacts", "create", None, "Anna", ("crm/people/crm1",), "planned", None, moves),
    )


def test_an_update_has_what_the_record_shows_and_what_it_would_be_set_to(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    office.sync()
    office.memories["crm/people"].edit("crm1", {"first_name": "Anne"})
    office.reconcile_only()
    ((change,),) = (plan.changes for plan in plans(office))
    assert (change.action, change.id, change.name) == ("update", "erp1", "Anne")
    assert change.moves == (Move("first_name", "Anna", "Anne"),)


def test_a_cleared_field_has_nothing_after(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    office.sync()
    office.memories["crm/people"].edit("crm1", {"first_name": None})
    office.reconcile_only()
    assert plans(office)[0].changes[0].moves == (Move("first_name", "Anna", None),)


def test_what_waits_or_is_held_has_its_reason_after_what_would_be_sent(office: Office) -> None:
    for name in ("Anna", "Bo", "Cleo"):
        office.create("crm/people", email=f"{name}@example.com", first_name=name)
    office.reconcile_only()
    with office.transaction() as transaction:
        for status, email in (("held", "anna@example.com"), ("waiting", "bo@example.com")):
            transaction.run(
                "UPDATE sync.changes SET status = $1, reason = 'because' WHERE contains(fields, $2)", status, email
            )
    (plan,) = plans(office, "erp/contacts")
    assert [(one.name, one.status, one.reason) for one in plan.changes] == [
        ("Cleo", "planned", None),
        ("Bo", "waiting", "because"),
        ("Anna", "held", "because"),
    ]


def test_no_more_than_the_limit_are_given_and_all_are_counted(office: Office) -> None:
    for n in range(5):
        office.create("crm/people", email=f"{n}@example.com", first_name=f"Name {n}")
    office.reconcile_only()
    (plan,) = plans(office, "erp/contacts", limit=2)
    assert plan.counts == {("planned", "create"): 5}
    assert [change.name for change in plan.changes] == ["Name 0", "Name 1"]
    assert len(plans(office, "erp/contacts")[0].changes) == 5


def test_a_collection_without_changes_has_no_plan(office: Office) -> None:
    assert plans(office) == []
