"""`talk link`, `unlink`, `retry`, `resolve`, `approve`, `undo`, and the jobs of these names: what they say and do."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from dagster import DagsterInstance, JobDefinition

from talk_assets import cli, config
from talk_assets.assets.acts import acts
from talk_assets.sync.guards import Limits
from talk_assets_tests.office import Office, open_office


def talk(*arguments: str) -> Result:
    return CliRunner().invoke(cli.talk, arguments, prog_name="talk")


def said(*arguments: str) -> str:
    done = talk(*arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout.strip()


def refused(*arguments: str) -> str:
    done = talk(*arguments)
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Anna's first name is in conflict, two others share an e-mail with a contact."""
    office = open_office(tmp_path, monkeypatch)
    monkeypatch.setattr(config, "current", lambda: office.config)
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    office.create("erp/contacts", email="anna@example.com", first_name="Anne")
    for _ in range(2):
        office.create("crm/people", email="same@example.com")
    office.create("erp/contacts", email="same@example.com")
    office.sync()
    return office


def names(office: Office) -> list[str | None]:
    return [office.records(key)[0]["first_name"] for key in ("crm/people", "erp/contacts")]


def test_what_is_held_is_linked_and_unlinked_again(office: Office) -> None:
    two = ("crm/people/crm2", "erp/contacts/erp2")
    assert said("link", *two) == "crm/people/crm2 and erp/contacts/erp2 are linked."
    assert said("link", *two) == "crm/people/crm2 and erp/contacts/erp2 were linked already."
    assert "crm/people/crm2" not in said("held")
    assert "by hand" in said("explain", "crm/people/crm2")
    assert said("unlink", "erp/contacts/erp2") == "erp/contacts/erp2 stands by itself."
    assert said("unlink", "erp/contacts/erp2") == "erp/contacts/erp2 was linked with nothing."
    office.sync()
    assert said("explain", "crm/people/crm2")
    assert said("history", "crm/people/crm2")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("link", "crm/people/crm2", "erp/customers/1"), "are person and company"),
        (
            ("link", "crm/people/crm2", "erp/contact/1"),
            "there is no collection erp/contact; did you mean erp/contacts?",
        ),
        (("unlink", "crm/people/nobody"), "there is no such record"),
        (("retry", "crm/people/crm2"), "is not linked"),
        (("retry", "--recreate"), "is for one record"),
        (("resolve", "crm/people/crm1", "nickname"), "person has no such field; it has first_name"),
        (("resolve", "crm/people/crm1", "first_name", "--take", "erp/contacts/erp2"), "has no other value"),
        (("approve", "erp/nothing"), "there is no such collection"),
        (("undo", "nothing"), "no run of that name wrote anything"),
    ],
)
def test_what_cannot_be_done_is_one_line(office: Office, arguments: tuple[str, ...], part: str) -> None:
    assert part in refused(*arguments)


def test_a_conflict_is_resolved(office: Office) -> None:
    assert names(office) == ["Anne", "Anne"]
    assert (
        said("resolve", "erp/contacts/erp1", "first_name") == "first_name of erp/contacts/erp1 is the other value now."
    )
    assert said("resolve", "erp/contacts/erp1", "first_name").endswith("there is nothing to decide.")
    office.sync()
    assert names(office) == ["Anna", "Anna"]
    assert said("conflicts") == "There are no conflicts."


def test_a_conflict_is_taken_off_the_list(office: Office) -> None:
    assert "1 conflicts are off" in said("resolve", "crm/people/crm1", "first_name", "--keep")
    assert said("conflicts") == "There are no conflicts."


def test_what_a_guard_stopped_is_listed_and_approved(office: Office) -> None:
    office.memories["crm/people"].edit("crm1", {"first_name": "Annie"})
    office.sync()
    office.limits = Limits(changes=0.5, few=1)
    office.memories["crm/people"].edit("crm1", {"first_name": "Ann"})
    for n in range(3):
        office.create("crm/people", email=f"{n}@example.com")
    office.sync()
    assert names(office) == ["Ann", "Annie"]
    held = json.loads(said("held", "--json"))["held"]
    assert [(one["what"], one["collection"]) for one in held if one["what"] == "stop"] == [("stop", "erp/contacts")]
    assert "talk approve erp/contacts" in said("held")
    assert said("approve", "erp/contacts") == "1 approved; the next sync goes on."
    assert said("approve", "--all") == "Nothing was waiting for approval there."
    office.sync()
    assert names(office) == ["Ann", "Ann"]


def test_a_run_is_taken_back_after_a_look_at_the_plan(office: Office) -> None:
    office.sync()
    office.memories["crm/people"].edit("crm1", {"first_name": "Ann"})
    office.sync("wrong")
    shown = said("undo", "wrong")
    assert all(part in shown for part in ("erp/contacts/erp1", "first_name: Anne", "talk undo wrong --write"))
    assert names(office) == ["Ann", "Ann"]
    assert "1 records are as they were." in said("undo", "wrong", "--write")
    assert names(office) == ["Ann", "Anne"]
    assert json.loads(said("undo", "wrong", "--json"))["steps"][0]["not"]


def test_a_value_that_a_system_makes_another_of_is_written_once_and_reported(office: Office) -> None:
    assert said("rewritten") == "Every system shows what it was sent."
    office.memories["erp/contacts"].rewrite = lambda name, value: f"{value}!" if name == "first_name" else value
    office.memories["crm/people"].edit("crm1", {"first_name": "Ann"})
    for _ in range(3):
        office.sync_in_full()
    assert names(office) == ["Ann", "Ann!"]
    (row,) = json.loads(said("rewritten", "--json"))["rewritten"]
    assert (row["collection"], row["id"], row["field"]) == ("erp/contacts", "erp1", "first_name")
    assert (row["sent"], row["shown"], row["meaning"]) == ("Ann", "Ann!", "changed")
    with office.transaction() as transaction:
        assert (
            transaction.count("SELECT count(*) FROM sync.journal WHERE collection = 'erp/contacts' AND id = 'erp1'")
            == 1
        )


def jobs(office: Office) -> dict[str, JobDefinition]:
    return {one.name: one for one in acts(office.wiring())}


def ran(office: Office, name: str, **values: object) -> bool:
    with DagsterInstance.ephemeral() as instance:
        run_config = {"ops": {name: {"config": values}}}
        return jobs(office)[f"act_{name}"].execute_in_process(run_config, instance, raise_on_error=False).success


def test_every_act_is_a_job_with_its_own_config(office: Office) -> None:
    assert sorted(jobs(office)) == ["act_approve", "act_link", "act_resolve", "act_retry", "act_undo", "act_unlink"]
    assert ran(office, "link", one="crm/people/crm2", other="erp/contacts/erp2")
    assert ran(office, "unlink", record="erp/contacts/erp2")
    assert ran(office, "retry")
    assert ran(office, "resolve", record="crm/people/crm1", field="first_name")
    assert ran(office, "approve", collections=["erp/contacts"])
    office.sync("wrong")
    assert names(office) == ["Anna", "Anna"]
    assert ran(office, "undo", run="wrong")
    assert names(office) == ["Anna", "Anna"]
    assert ran(office, "undo", run="wrong", write=True)
    assert names(office) == ["Anne", "Anne"]
    assert not ran(office, "unlink", record="crm/people/nobody")
