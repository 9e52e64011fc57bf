"""The graph at work, on systems in memory: what its steps do, what they report, and what stops what."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, DagsterInstance, ExecuteInProcessResult, Failure

from talk_assets.config.configuration import DataflowSettings, Mode
from talk_assets.graph.build import PLAN, SYNC, build_definitions
from talk_assets.graph.metadata import SHOWN
from talk_assets.graph.watermarks import SEEN
from talk_assets.model.dataflows import Dataflow, Pair
from talk_assets.sync import runs
from talk_assets_tests.office import DATAFLOW, Office, open_office

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture(scope="module")
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as one:
        yield one


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    found = open_office(tmp_path, monkeypatch)
    acme = found.create("crm/companies", name="Acme", number="974760673")
    found.create("crm/people", email="anna@example.com", first_name="Anna", employer=acme)
    return found


def run(
    office: Office, instance: DagsterInstance, *assets: str, job: str = SYNC, config: dict[str, Any] | None = None
) -> ExecuteInProcessResult:
    """Run a job, or some of its assets."""
    return build_definitions(office.config).resolve_job_def(job).execute_in_process(
        instance=instance,
        run_config=QUIET | (config or {}),
        asset_selection=[AssetKey(asset.split("/")) for asset in assets] or None,
    )  # fmt: skip


def metadata(done: ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """By asset, what its materialisation says."""
    events = done.get_asset_materialization_events()
    found = [event.step_materialization_data.materialization for event in events]
    return {one.asset_key.to_user_string(): {key: value.value for key, value in one.metadata.items()} for one in found}


def test_one_run_reads_reconciles_and_writes_parents_first_and_says_what_it_did(
    office: Office, instance: DagsterInstance
) -> None:
    done = run(office, instance)
    contact, customer = office.records("erp/contacts")[0], office.records("erp/customers")[0]
    assert (contact["first_name"], contact["employer"]) == ("Anna", customer["id"])
    said = metadata(done)
    assert len(said) == 16
    assert said["crm/people"]["dagster/row_count"] == 1
    assert said["person_links"]["records reconciled"] == 1
    assert said["erp/contacts_changes"]["create"] == 1
    assert "anna@example.com" in said["erp/contacts_changes"][f"first {SHOWN}"]
    assert "dagster/column_lineage" in said["person_golden"]
    assert said["erp/contacts_writes"]["created"] == 1
    assert said["erp/contacts_writes"]["requests of the step"] > 0
    with office.transaction() as transaction:
        summary = runs.summary(transaction, done.run_id)
    assert summary.writes == 2
    assert summary.collections["crm/people"]["read"] == 1


def test_the_next_run_writes_nothing(office: Office, instance: DagsterInstance) -> None:
    run(office, instance)
    before = {key: office.records(key) for key in office.memories}
    said = metadata(run(office, instance))
    assert {key: office.records(key) for key in office.memories} == before
    assert all(said[f"{key}_writes"]["created"] == said[f"{key}_writes"]["updated"] == 0 for key in office.memories)


def test_the_job_plan_and_the_changes_alone_write_nothing(office: Office, instance: DagsterInstance) -> None:
    said = metadata(run(office, instance, job=PLAN))
    assert said["erp/contacts_changes"]["changes"] == 1
    run(office, instance, "erp/contacts_changes", "erp/customers_changes")
    assert not office.records("erp/contacts")
    assert not office.records("erp/customers")


def test_in_mode_plan_the_writes_send_nothing_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: DagsterInstance
) -> None:
    office = open_office(tmp_path, monkeypatch, mode=Mode.PLAN)
    office.create("crm/people", email="anna@example.com")
    said = metadata(run(office, instance))
    assert not office.records("erp/contacts")
    assert "mode plan" in said["erp/contacts_writes"]["nothing sent"]
    assert said["erp/contacts_changes"]["create"] == 1


def test_each_asset_materialises_alone(office: Office, instance: DagsterInstance) -> None:
    for asset in ("crm/people", "person_links", "person_golden", "erp/contacts_changes", "erp/contacts_writes"):
        assert list(metadata(run(office, instance, asset))) == [asset]
    with office.transaction() as transaction:
        assert not runs.last(transaction).is_empty()


def test_a_system_that_cannot_be_reached_stops_nobody_else(office: Office, instance: DagsterInstance) -> None:
    office.broken["erp"] = "erp: no answer from http://127.0.0.1:1; is it running?"
    done = run(office, instance)
    assert done.success
    said = metadata(done)
    assert said["crm/people"]["dagster/row_count"] == 1
    assert said["erp/contacts"]["failure"] == office.broken["erp"]
    assert said["erp/contacts_writes"]["nothing sent"] == office.broken["erp"]
    with office.transaction() as transaction:
        assert runs.summary(transaction, done.run_id).failures == {"erp": office.broken["erp"]}


def test_what_was_written_held_and_lost_is_shown_in_tables_with_the_reasons(
    office: Office, instance: DagsterInstance
) -> None:
    run(office, instance)
    contact = office.records("erp/contacts")[0]["id"]
    office.memories["erp/contacts"].edit(contact, {"first_name": "Anne | Ann"})
    for _ in range(2):
        office.create("crm/people", email="same@example.com")
    office.create("erp/contacts", email="same@example.com")
    said = metadata(run(office, instance))
    assert "| first_name: Anna → Anne \\| Ann | done |" in said["crm/people_writes"][f"first {SHOWN} writes"]
    held = said["person_links"][f"first {SHOWN} held"]
    assert "| crm/people/crm2 | several records here have the same e-mail: crm2, crm3 | " in held
    office.memories["crm/people"].edit(office.records("crm/people")[0]["id"], {"first_name": "Ane"})
    office.memories["erp/contacts"].edit(contact, {"first_name": "Anni"})
    said = metadata(run(office, instance))
    assert said["person_golden"]["conflicts"] == 1
    assert "| Anni (erp/contacts/erp1) | Ane (crm/people/crm1) |" in said["person_golden"][f"latest {SHOWN} conflicts"]


def test_every_materialisation_says_what_it_cost_and_its_numbers_have_the_same_names_in_every_run(
    office: Office, instance: DagsterInstance
) -> None:
    def numbers(said: dict[str, dict[str, Any]]) -> dict[str, set[str]]:
        return {
            asset: {name for name, value in one.items() if isinstance(value, int | float)}
            for asset, one in said.items()
        }

    first = numbers(metadata(run(office, instance)))
    for names in first.values():
        assert {"seconds of the step", "requests of the step", "seconds waited for the rate limit"} <= names
    office.broken["erp"] = "erp: no answer"
    assert numbers(metadata(run(office, instance))) == first


def test_the_launchpad_takes_for_a_plan_what_talk_sync_takes(office: Office, instance: DagsterInstance) -> None:
    run(office, instance, job=PLAN)
    scope = {"resources": {"scope": {"config": {"dataflows": ["crm-erp"], "full": True}}}}
    said = metadata(run(office, instance, job=PLAN, config=scope))
    assert said["crm/people"]["read in full"] is True
    assert said["erp/contacts_changes"]["create"] == 1
    assert not office.records("erp/contacts")
    with pytest.raises(Failure, match="crm-earp: there is no such dataflow switched on; did you mean crm-erp"):
        run(office, instance, job=PLAN, config={"resources": {"scope": {"config": {"dataflows": ["crm-earp"]}}}})


def test_the_job_of_a_dataflow_is_about_that_dataflow_only(office: Office, instance: DagsterInstance) -> None:
    """What it saw must not count as synchronised for the other dataflows, or the sensors would take it for done."""
    companies, people = DATAFLOW.pairs
    back = Dataflow("erp", "crm", (Pair(companies.right, companies.left),))
    flows = (DataflowSettings(DATAFLOW, Mode.WRITE, (people,)), DataflowSettings(back, Mode.WRITE, back.pairs))
    two = build_definitions(replace(office.config, dataflows=flows))

    def seen(job: str) -> set[str]:
        said = metadata(two.resolve_job_def(job).execute_in_process(run_config=QUIET, instance=instance))
        return {asset for asset, one in said.items() if SEEN in one}

    assert seen("dataflow_crm_erp") == {"crm/people", "erp/contacts"}
    assert seen("dataflow_erp_crm") == set(), "people who wait for their company have not been written to"
    assert seen(SYNC) == {*office.memories}


def test_the_links_of_a_dataflows_job_materialise_alone(office: Office, instance: DagsterInstance) -> None:
    """Its default configuration is about steps that are then left out."""
    assert list(metadata(run(office, instance, "person_links", job="dataflow_crm_erp"))) == ["person_links"]


def test_a_system_is_read_in_full_when_asked(office: Office, instance: DagsterInstance) -> None:
    run(office, instance, "crm/people")
    full = {"ops": {"read_crm": {"config": {"full": True}}}}
    assert metadata(run(office, instance, "crm/people"))["crm/people"]["read in full"] is False
    assert metadata(run(office, instance, "crm/people", config=full))["crm/people"]["read in full"] is True
