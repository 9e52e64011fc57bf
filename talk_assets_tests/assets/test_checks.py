"""What the checks find, on systems in memory whose state was spoilt, and what then is not written."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import AssetCheckSeverity, AssetKey, DagsterInstance, ExecuteInProcessResult

from talk_assets.graph import checks
from talk_assets.graph.build import SYNC, build_definitions
from talk_assets.graph.checks import AGREE, FRESH, IDS_UNIQUE, LITTLE_HELD, ONE_TO_ONE, SOURCES_FRESH
from talk_assets.report import health
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.sync.prepared import prepared

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
ERROR, WARN = AssetCheckSeverity.ERROR, AssetCheckSeverity.WARN


@pytest.fixture(scope="module")
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as one:
        yield one


def anna(office: Office) -> None:
    """Anna and her company are on both sides."""
    acme = office.create("crm/companies", name="Acme", number="974760673")
    office.create("crm/people", email="anna@example.com", first_name="Anna", employer=acme)
    office.sync()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return prepared(open_office(tmp_path, monkeypatch), monkeypatch, anna)


def run(office: Office, instance: DagsterInstance, *assets: str) -> ExecuteInProcessResult:
    return build_definitions(office.config).resolve_job_def(SYNC).execute_in_process(
        instance=instance,
        run_config=QUIET,
        asset_selection=[AssetKey(asset.split("/")) for asset in assets] or None,
        raise_on_error=False,
    )  # fmt: skip


def failed(done: ExecuteInProcessResult) -> dict[tuple[str, str], tuple[AssetCheckSeverity, str | None]]:
    """By asset and check, how severe it is and what it says."""
    return {
        (one.asset_key.to_user_string(), one.check_name): (one.severity, one.description)
        for one in done.get_asset_check_evaluations()
        if not one.passed
    }


def spoil(office: Office, sql: str) -> None:
    with office.transaction() as transaction:
        transaction.run(sql)


def writes(done: ExecuteInProcessResult) -> set[str]:
    """The writes that were materialised."""
    found = (event.asset_key for event in done.get_asset_materialization_events())
    return {key.to_user_string() for key in found if key and key.path[-1].endswith("_writes")}


def test_where_all_is_well_every_check_is_evaluated_and_passes_in_the_steps_that_were_there_anyway(
    office: Office, instance: DagsterInstance
) -> None:
    done = run(office, instance)
    assert failed(done) == {}
    found = [(one.asset_key.to_user_string(), one.check_name) for one in done.get_asset_check_evaluations()]
    assert len(found) == len(set(found)) == 4 + 2 * 5 + 4
    steps = {event.step_key for event in done.all_node_events}
    assert steps == {f"{verb}_{one}" for verb in ("read", "write") for one in ("crm", "erp")} | {
        "reconcile_company", "reconcile_person",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "check"),
    [
        pytest.param('INSERT INTO "crm"."people" SELECT * FROM "crm"."people"', IDS_UNIQUE, marks=pytest.mark.thorough),
        (
            """INSERT INTO "person".links BY NAME
               SELECT * REPLACE ('erp9' AS id) FROM "person".links WHERE collection = 'erp/contacts'""",
            ONE_TO_ONE,
        ),
    ],
)
def test_where_writing_on_would_do_harm_the_run_ends_and_nothing_of_that_entity_is_written(
    office: Office, instance: DagsterInstance, sql: str, check: str
) -> None:
    office.memories["crm/people"].edit(office.records("crm/people")[0]["id"], {"first_name": "Anne"})
    office.reconcile_only()
    spoil(office, sql)
    done = run(office, instance)
    assert not done.success
    severity, said = failed(done)["person_links", check]
    assert severity is ERROR
    assert said
    assert "person: " in said
    assert writes(done) == set()
    alone = run(office, instance, "erp/contacts_writes", "erp/customers_writes")
    assert alone.success, "what is well goes on"
    assert [one["first_name"] for one in office.records("erp/contacts")] == ["Anna"]
    said_of = {
        event.asset_key.to_user_string(): event.step_materialization_data.materialization.metadata
        for event in alone.get_asset_materialization_events()
        if event.asset_key
    }
    assert "See the checks of person_links" in str(said_of["erp/contacts_writes"]["nothing sent"].value)
    assert "nothing sent" not in said_of["erp/customers_writes"]


def test_a_system_that_cannot_be_read_leaves_the_run_green_and_its_checks_red(
    office: Office, instance: DagsterInstance
) -> None:
    office.broken["erp"] = "erp: no answer from http://127.0.0.1:1; is it running?"
    done = run(office, instance)
    assert done.success
    found = failed(done)
    assert {key for key in found if key[1] == FRESH} == {("erp/contacts", FRESH), ("erp/customers", FRESH)}
    severity, said = found["erp/contacts", FRESH]
    assert severity is ERROR
    assert said == "erp: no answer from http://127.0.0.1:1; is it running? Read to its end within the last hour."


def test_what_was_not_read_for_long_is_told_where_it_is_decided_on(office: Office, instance: DagsterInstance) -> None:
    spoil(office, "UPDATE sync.cursors SET read_at = now() - INTERVAL 30 HOUR WHERE collection = 'crm/people'")
    done = run(office, instance, "person_links", "company_links")
    assert failed(done) == {("person_links", SOURCES_FRESH): (WARN, "Not read within 24 hours: crm/people.")}


def test_a_property_that_turns_up_later_and_a_value_that_does_not_fit_are_told(
    office: Office, instance: DagsterInstance
) -> None:
    spoil(
        office,
        """INSERT INTO sync.unknown_properties VALUES ('crm/people', 'colour', now() - INTERVAL 300 DAY),
           ('crm/people', 'nickname', now()), ('crm/people', 'shoe_size', now() - INTERVAL 20 DAY)""",
    )
    spoil(
        office,
        "INSERT INTO sync.invalid_values (collection, id, reason, since, field)"
        " VALUES ('crm/people', 'crm7', 'number is x', now(), 'number')",
    )
    severity, said = failed(run(office, instance, "crm/people"))["crm/people", FRESH]
    assert severity is WARN
    assert said
    assert "1 value or record can't be read: crm7: number is x." in said
    assert "not in the lens: nickname." in said


def test_what_waits_for_a_person_for_long_or_is_much_is_told_with_its_collection(
    office: Office, instance: DagsterInstance
) -> None:
    for _ in range(2):
        office.create("crm/people", email="same@example.com")
    office.create("erp/contacts", email="same@example.com")
    severity, said = failed(run(office, instance))["person_links", LITTLE_HELD]
    assert severity is WARN
    assert said
    assert said.startswith("crm/people: 2 held, with 3 records there, the oldest since ")


def test_how_long_something_is_held_counts_by_itself() -> None:
    now = datetime(2026, 1, 20, tzinfo=UTC)
    held = {"crm/people": health.Waiting(1, now - timedelta(days=8), 1000)}
    result = checks._little_held("person", held, now, health.Expected())
    assert not result.passed
    assert checks._little_held("person", held, now - timedelta(days=2), health.Expected()).passed


def test_sides_that_do_not_agree_and_records_without_another_are_faults_where_nothing_explains_them(
    office: Office, instance: DagsterInstance
) -> None:
    spoil(office, "UPDATE \"person\".links SET sent_first_name = 'Else' WHERE collection = 'erp/contacts'")
    spoil(office, "DELETE FROM \"company\".links WHERE collection = 'erp/customers'")
    spoil(office, 'UPDATE "erp"."customers" SET _deleted = true')
    found = failed(run(office, instance, "erp/contacts_writes", "erp/customers_writes"))
    assert found["erp/contacts_writes", AGREE] == (
        ERROR,
        "1 records differ from golden, and nothing is asked of them: erp/contacts/erp1.",
    )
    assert found["erp/customers_writes", AGREE] == (
        ERROR,
        "1 records on the left have none here, and nothing says why: crm/companies/crm1.",
    )


def test_a_check_that_fails_says_what_to_do(office: Office, instance: DagsterInstance) -> None:
    office.broken["erp"] = "erp: no answer"
    for one in run(office, instance).get_asset_check_evaluations():
        told = one.metadata["what to do"].value
        assert told == "Nothing." if one.passed else str(told).startswith("Where it could not be read")


def test_every_check_says_what_holds_and_the_harmful_ones_block(office: Office) -> None:
    keys = build_definitions(office.config).resolve_asset_graph().asset_check_keys
    assert {key.name for key in keys} | {checks.TOTALS} == set(checks.SAYS)  # nobody here has orders
    assert {IDS_UNIQUE, ONE_TO_ONE} == checks.BLOCKING
