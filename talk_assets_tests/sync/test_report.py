"""What the store says about the state of the sync: pairs, held, conflicts, changes and runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from talk_assets.report import overview, readable
from talk_assets.report.overview import PairStatus
from talk_assets.sync import runs
from talk_assets.sync.runs import Summary
from talk_assets_tests.office import DATAFLOW, Office, open_office

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return open_office(tmp_path, monkeypatch)


def people(office: Office, run: str | None = None) -> PairStatus:
    with office.transaction() as transaction:
        topologies = office.wiring().topologies.values()
        return overview.pairs(transaction, topologies, DATAFLOW.pairs, run=run)[1]


def test_a_pair_before_any_sync_is_all_zero(office: Office) -> None:
    office.create("crm/people", email="anna@example.com")
    assert people(office) == PairStatus("crm/people", "erp/contacts", 0, 0, 0, 0, 0, 0, 0, 0)


def test_a_pair_counts_both_sides_what_is_linked_and_what_one_run_wrote(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    office.create("crm/people", email="both@example.com", first_name="Bo")
    office.create("erp/contacts", email="both@example.com")
    office.create("erp/contacts", email="only.here@example.com")
    office.sync("first")
    found = people(office, "first")
    assert (found.left_records, found.right_records, found.linked) == (2, 3, 2)
    assert (found.created, found.updated) == (1, 1)
    assert (found.waiting, found.held) == (0, 0)
    assert people(office, "another").created == 0


def test_a_deleted_record_is_no_record_of_its_pair(office: Office) -> None:
    office.create("crm/people", email="anna@example.com")
    kept = office.create("crm/people", email="bo@example.com")
    office.sync()
    office.memories["crm/people"].delete("crm1")
    office.sync_in_full()
    found = people(office)
    assert (found.left_records, found.right_records, found.linked) == (1, 2, 1)
    assert kept == "crm2"


def test_two_records_with_the_same_email_are_held_in_their_pair_only_with_the_reason(office: Office) -> None:
    for name in ("Dag", "Dagny"):
        office.create("crm/people", email="same@example.com", first_name=name)
    office.sync()
    assert people(office).held == 2
    with office.transaction() as transaction:
        held = overview.held(transaction).to_dicts()
        assert overview.held_counts(transaction) == {"crm/people": 2}
        companies = overview.pairs(transaction, office.wiring().topologies.values(), DATAFLOW.pairs)[0]
    assert companies.held == 0
    assert [(one["what"], one["collection"], one["id"]) for one in held] == [
        ("record", "crm/people", "crm1"),
        ("record", "crm/people", "crm2"),
    ]
    assert all("same e-mail" in one["reason"] for one in held)


def test_a_held_create_names_the_record_it_is_for(office: Office) -> None:
    office.create("crm/people", email="anna@example.com")
    office.reconcile_only()
    with office.transaction() as transaction:
        transaction.run("UPDATE sync.changes SET status = 'held', reason = 'refused: too long'")
        held = overview.held(transaction).row(0, named=True)
        assert overview.change_counts(transaction) == {"erp/contacts": {"held": 1}}
    assert (held["what"], held["action"], held["collection"], held["id"]) == ("change", "create", "erp/contacts", None)
    assert (held["source"], held["reason"]) == ("crm/people/crm1", "refused: too long")
    assert people(office).held == 1
    assert people(office).waiting == 0


def test_items_of_equal_reason_and_time_have_a_row_each_and_a_number_that_stays(office: Office) -> None:
    for n in range(39):
        office.create("crm/people", email=f"{n}@example.com", first_name=f"Name {n:02}")
    office.reconcile_only()
    with office.transaction() as transaction:
        transaction.run("UPDATE sync.changes SET status = 'held', reason = 'refused', since = ?", NOW)
        held = overview.held(transaction)
        assert overview.held_counts(transaction) == {"erp/contacts": 39}
        assert held.equals(overview.held(transaction))
    assert held["number"].to_list() == list(range(1, 40))
    assert held["name"].to_list() == [f"Name {n:02}" for n in range(39)]
    assert held["source"].n_unique() == 39


def test_held_items_of_one_reason_stand_together_whatever_their_age(office: Office) -> None:
    for n in range(4):
        office.create("crm/people", email=f"{n}@example.com")
    office.reconcile_only()
    with office.transaction() as transaction:
        for n in range(4):
            transaction.run(
                "UPDATE sync.changes SET status = 'held', reason = $1, since = $2 WHERE contains(fields, $3)",
                "odd" if n % 2 else "even",
                NOW + timedelta(days=n),
                f"{n}@example.com",
            )
        reasons = overview.held(transaction)["reason"].to_list()
    assert reasons == ["even", "even", "odd", "odd"]


def test_a_conflict_of_form_is_not_listed_and_not_counted_and_the_winner_stays(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="ANNA")
    office.create("erp/contacts", email="anna@example.com", first_name="Anna")
    office.sync()
    with office.transaction() as transaction:
        assert overview.conflicts(transaction).is_empty()
        assert overview.conflict_count(transaction, "person") == 0
        assert transaction.frame("SELECT first_name FROM person.golden").item() == "Anna"
        assert transaction.count("SELECT count(*) FROM sync.conflicts") == 1
    assert people(office).conflicts == 0


def test_values_that_lost_one_field_have_one_number(office: Office) -> None:
    with office.transaction() as transaction:
        for field, value in (("first_name", "Ann"), ("first_name", "Anna"), ("email", "ann@example.com")):
            transaction.run(
                "INSERT INTO sync.conflicts (entity_type, entity_id, field, value, winner, noticed_at, edited_at"
                ", origin)"
                " VALUES ('person', '1', $1, $2, 'Anne', $3, $3, 'crm/people/' || $2)",
                field,
                value,
                NOW,
            )
        rows = overview.conflicts(transaction)
    assert rows.select("number", "field", "value").rows() == [
        (1, "email", "ann@example.com"),
        (2, "first_name", "Ann"),
        (2, "first_name", "Anna"),
    ]


def test_examples_are_the_first_of_how_many(office: Office) -> None:
    for n in range(7):
        office.create("crm/people", email=f"{n}@example.com")
    office.reconcile_only()
    with office.transaction() as transaction:
        assert overview.examples(transaction, "crm/people", limit=2) == (7, ["crm1", "crm2"])


def test_a_planned_change_is_waiting_and_tells_what_it_is_for(office: Office) -> None:
    acme = office.create("crm/companies", name="Acme", number="974760673")
    office.create("crm/people", email="anna@example.com", employer=acme)
    office.reconcile_only()
    assert people(office).waiting == 1
    with office.transaction() as transaction:
        assert overview.change_counts(transaction) == {"erp/contacts": {"create": 1}, "erp/customers": {"create": 1}}
        change = overview.changes(transaction, "erp/contacts", limit=20).row(0, named=True)
        shown = readable.fields("person", change["fields"])
        values = readable.reader(transaction, shown, "erp").show_object("person", change["fields"])
    assert (change["action"], change["source"], change["status"]) == ("create", "crm/people/crm1", "planned")
    assert values == {"email": "anna@example.com", "company": "crm/companies/crm1"}


def test_a_lost_value_is_in_the_conflicts_with_both_origins(office: Office) -> None:
    office.create("crm/people", email="anna@example.com", first_name="Older")
    office.create("erp/contacts", email="anna@example.com", first_name="Newer")
    office.sync()
    with office.transaction() as transaction:
        conflict = overview.conflicts(transaction).row(0, named=True)
    assert (conflict["field"], conflict["value"], conflict["origin"]) == ("first_name", "Older", "crm/people/crm1")
    assert (conflict["winner"], conflict["winner_origin"]) == ("Newer", "erp/contacts/erp1")
    assert conflict["records"] == "crm/people/crm1, erp/contacts/erp1"
    assert people(office).conflicts == 1


def test_a_reference_is_shown_as_the_record_that_the_own_system_knows(office: Office) -> None:
    office.create("crm/companies", name="Acme", number="974760673")
    office.sync()
    with office.transaction() as transaction:
        entity = transaction.frame("SELECT entity_id FROM company.links LIMIT 1").item()
        for system, record in {"crm": "crm/companies/crm1", "erp": "erp/customers/erp1"}.items():
            reader = readable.reader(transaction, [("person", "company", entity)], system)
            assert reader.show("person", "company", entity) == record
        assert readable.reader(transaction, []).show("person", "company", entity) == entity


def test_order_lines_are_shown_as_words(office: Office) -> None:
    lines = '[{"product":"p-1","quantity":"2"},{"description":"Freight"}]'
    with office.transaction() as transaction:
        shown = readable.reader(transaction, [("order", "lines", lines)]).show("order", "lines", lines)
    assert shown == "product p-1, quantity 2; description Freight"


def test_a_run_adds_up_what_its_steps_did_and_says_how_it_ended(office: Office) -> None:
    with office.transaction() as transaction:
        for _ in range(2):
            runs.begin(transaction, "r1", "write", NOW)
        runs.add(transaction, "r1", Summary({"a/b": {"read": 3}}, {"a": 2}, {"a": 0.5}), NOW)
        under_way = runs.last(transaction)
        second = Summary({"a/b": {"created": 1}}, {"a": 1}, {"a": 1.0}, {"c": "c: no answer"})
        runs.add(transaction, "r1", second, NOW)
        done = runs.summary(transaction, "r1")
        runs.end(transaction, "r1", "incomplete", NOW)
        runs.end(transaction, "r1", "died", NOW)
        last = runs.last(transaction)
    assert done.collections["a/b"] == {"read": 3, "changed": 0, "created": 1, "updated": 0, "deleted": 0, "failed": 0}
    assert (done.requests, done.waited, done.failures, done.writes) == ({"a": 3}, {"a": 1.5}, {"c": "c: no answer"}, 1)
    assert under_way.rows() == [("r1", NOW, NOW, "write", None)]
    assert last.rows() == [("r1", NOW, NOW, "write", "incomplete")]


def test_what_the_journal_knows_to_be_written_is_counted_per_run_and_collection(office: Office) -> None:
    office.create("crm/people", email="anna@example.com")
    office.sync("first")
    with office.transaction() as transaction:
        assert runs.written(transaction, "first", "erp") == {"erp/contacts": {"created": 1}}
        assert runs.written(transaction, "first", "crm") == {}
        assert runs.written(transaction, "second", "erp") == {}
