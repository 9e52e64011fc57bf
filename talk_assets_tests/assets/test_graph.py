"""The graph at work, on systems in memory: what its steps do, what they report, and what stops what."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, DagsterInstance, ExecuteInProcessResult

from talk_assets.assets.metadata import SHOWN
from talk_assets.config import Mode
from talk_assets.definitions import PLAN, SYNC, build_definitions
from talk_assets.sync import runs
from talk_assets_tests.office import Office, open_office

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


def test_one_run_reads_settles_and_writes_parents_first_and_says_what_it_did(
    office: Office, instance: DagsterInstance
) -> None:
    done = run(office, instance)
    contact, customer = office.records("erp/contacts")[0], office.records("erp/customers")[0]
    assert (contact["first_name"], contact["employer"]) == ("Anna", customer["id"])
    said = metadata(done)
    assert len(said) == 16
    assert said["crm/people"]["dagster/row_count"] == 1
    assert said["person/links"]["records decided about"] == 1
    assert said["erp/contacts/changes"]["create"] == 1
    assert "anna@example.com" in said["erp/contacts/changes"][f"first {SHOWN}"]
    assert "dagster/column_lineage" in said["person/golden"]
    assert said["erp/contacts/writes"]["created"] == 1
    assert said["erp/contacts/writes"]["requests of the step"] > 0
    with office.transaction() as transaction:
        summary = runs.summary(transaction, done.run_id)
    assert summary.writes == 2
    assert summary.collections["crm/people"]["read"] == 1


def test_the_next_run_writes_nothing(office: Office, instance: DagsterInstance) -> None:
    run(office, instance)
    before = {key: office.records(key) for key in office.memories}
    said = metadata(run(office, instance))
    assert {key: office.records(key) for key in office.memories} == before
    assert all(said[f"{key}/writes"]["created"] == said[f"{key}/writes"]["updated"] == 0 for key in office.memories)


def test_the_job_plan_and_the_changes_alone_write_nothing(office: Office, instance: DagsterInstance) -> None:
    said = metadata(run(office, instance, job=PLAN))
    assert said["erp/contacts/changes"]["changes"] == 1
    run(office, instance, "erp/contacts/changes", "erp/customers/changes")
    assert not office.records("erp/contacts")
    assert not office.records("erp/customers")


def test_in_mode_plan_the_writes_send_nothing_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: DagsterInstance
) -> None:
    office = open_office(tmp_path, monkeypatch, mode=Mode.PLAN)
    office.create("crm/people", email="anna@example.com")
    said = metadata(run(office, instance))
    assert not office.records("erp/contacts")
    assert "mode plan" in said["erp/contacts/writes"]["nothing sent"]
    assert said["erp/contacts/changes"]["create"] == 1


def test_each_asset_materialises_alone(office: Office, instance: DagsterInstance) -> None:
    for asset in ("crm/people", "person/links", "person/golden", "erp/contacts/changes", "erp/contacts/writes"):
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
    assert said["erp/contacts/writes"]["nothing sent"] == office.broken["erp"]
    with office.transaction() as transaction:
        assert runs.summary(transaction, done.run_id).failures == {"erp": office.broken["erp"]}


def test_a_system_is_read_in_full_when_asked(office: Office, instance: DagsterInstance) -> None:
    run(office, instance, "crm/people")
    full = {"ops": {"read_crm": {"config": {"full": True}}}}
    assert metadata(run(office, instance, "crm/people"))["crm/people"]["read in full"] is False
    assert metadata(run(office, instance, "crm/people", config=full))["crm/people"]["read in full"] is True
