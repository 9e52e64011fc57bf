"""`talk link`, `unlink`, `retry`, `resolve`, `approve`, `undo`, and the jobs of these names: what they say and do."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from dagster import DagsterInstance, JobDefinition

from talk_assets import cli
from talk_assets.config import configuration
from talk_assets.config.configuration import Mode
from talk_assets.graph.act_jobs import acts
from talk_assets.sync.guards import Limits
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.sync.prepared import prepared


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


def conflict(office: Office) -> None:
    """Anna's first name is in conflict, two others share an e-mail with a contact."""
    office.create("crm/people", email="anna@example.com", first_name="Anna")
    office.create("erp/contacts", email="anna@example.com", first_name="Anne")
    for _ in range(2):
        office.create("crm/people", email="same@example.com")
    office.create("erp/contacts", email="same@example.com")
    office.sync()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    office = prepared(open_office(tmp_path, monkeypatch), monkeypatch, conflict)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    return office


def names(office: Office) -> list[str | None]:
    return [office.records(key)[0]["first_name"] for key in ("crm/people", "erp/contacts")]


def test_what_is_held_is_linked_and_unlinked_again(office: Office) -> None:
    two = ("crm/people/crm2", "erp/contacts/erp2")
    assert said("link", *two) == "crm/people/crm2 and erp/contacts/erp2 are linked."
    assert refused("link", *two) == (
        "talk: crm/people/crm2 and erp/contacts/erp2 are linked already. Nothing was changed."
    )
    assert "crm/people/crm2" not in said("held")
    assert "by hand" in said("explain", "crm/people/crm2")
    assert said("unlink", "erp/contacts/erp2") == "erp/contacts/erp2 is unlinked."
    assert refused("unlink", "erp/contacts/erp2") == (
        "talk: erp/contacts/erp2 is linked with no other record. Nothing was changed."
    )
    office.sync()
    assert said("explain", "crm/people/crm2")
    assert said("history", "crm/people/crm2")


NOT_POSSIBLE = (
    (("link", "crm/people/crm2", "erp/customers/1"), "are person and company"),
    (("link", "crm/people/crm2", "erp/customers/1"), "talk link crm/people/crm2 erp/contacts/ID"),
    (("link", "crm/people/crm2", "crm/people/crm3"), "delete or merge one of them in crm, then run talk sync"),
    (
        ("link", "crm/people/crm2", "erp/contacts/erp1"),
        "talk unlink crm/people/crm1, then talk link crm/people/crm2",
    ),
    (
        ("link", "crm/people/crm2", "erp/contact/1"),
        "there is no collection erp/contact; did you mean erp/contacts?",
    ),
    (("unlink", "crm/people/nobody"), "there is no such record"),
    (("retry", "crm/people/crm2"), "To link it: talk link crm/people/crm2 SYSTEM/COLLECTION/ID"),
    (("retry", "crm/people/crm1"), "crm/people/crm1: no change is held. Nothing was changed."),
    (("retry", "crm/people/crm1", "--recreate"), "no record that it is linked with was deleted"),
    (("retry", "erp/contacts"), "erp/contacts: no change is held."),
    (("retry",), "all collections: no change is held."),
    (("approve", "erp/contacts"), "erp/contacts: nothing needs approval."),
    (("approve", "--all"), "all collections: nothing needs approval."),
    (("resolve", "crm/people/crm1", "email"), 'email is not in conflict. It is "anna@example.com", set 20'),
    (("resolve", "crm/people/crm1", "email", "--keep"), "email is not in conflict."),
    (("retry", "--recreate"), "is for one record"),
    (("resolve", "crm/people/crm1", "nickname"), "person has no such field; it has first_name"),
    (("resolve", "crm/people/crm1", "first_name", "--take", "erp/contacts/erp2"), "has no other value"),
    (("approve", "erp/nothing"), "there is no such collection"),
    (("undo", "nothing"), "no run with that id wrote anything"),
)


def test_what_cannot_be_done_is_one_line(office: Office) -> None:
    told = [(arguments, part, refused(*arguments)) for arguments, part in NOT_POSSIBLE]
    assert [one for one in told if one[1] not in one[2]] == []


def test_a_conflict_is_resolved(office: Office) -> None:
    assert names(office) == ["Anne", "Anne"]
    shown = said("resolve", "erp/contacts/erp1", "first_name")
    assert shown.startswith('erp/contacts/erp1: first_name is "Anna", set 20')
    assert "in crm/people/crm1. The conflict is resolved" in shown
    assert 'first_name is not in conflict. It is "Anna"' in refused("resolve", "erp/contacts/erp1", "first_name")
    winner = ("resolve", "erp/contacts/erp1", "first_name", "--take", "erp/contacts/erp1")
    assert "talk resolve erp/contacts/erp1 first_name --take erp/contacts/erp1 --force" in refused(*winner)
    office.sync()
    assert names(office) == ["Anna", "Anna"]
    assert said("conflicts") == "There are no conflicts."


def test_a_conflict_is_taken_off_the_list(office: Office) -> None:
    assert 'first_name is "Anne", set' in said("resolve", "crm/people/crm1", "first_name", "--keep")
    assert said("conflicts") == "There are no conflicts."


def test_to_take_the_value_that_won_is_to_keep_it(office: Office) -> None:
    assert 'is "Anne"' in said("resolve", "crm/people/crm1", "first_name", "--take", "erp/contacts/erp1")
    assert said("conflicts") == "There are no conflicts."
    office.sync()
    assert names(office) == ["Anne", "Anne"]


def test_a_newer_edit_that_was_read_and_not_reconciled_ends_the_conflict_first(office: Office) -> None:
    office.memories["erp/contacts"].edit("erp1", {"first_name": "Annie"})
    asyncio.run(office.hub.read("erp"))
    assert 'first_name is not in conflict. It is "Annie"' in refused("resolve", "crm/people/crm1", "first_name")
    office.sync()
    assert names(office) == ["Annie", "Annie"]


def test_a_value_newer_than_the_conflict_is_overwritten_only_by_force(office: Office) -> None:
    with office.transaction() as transaction:
        transaction.run("UPDATE person.golden SET first_name = 'Annie' WHERE first_name = 'Anne'")
    for way, again in (([], "--take crm/people/crm1 --force"), (["--keep"], "--keep --force")):
        line = refused("resolve", "crm/people/crm1", "first_name", *way)
        assert 'first_name was set after the conflict was noticed. It is "Annie", set' in line
        assert line.endswith(f"talk resolve crm/people/crm1 first_name {again}")
    assert not ran(office, "resolve", record="crm/people/crm1", field="first_name")
    assert ran(office, "resolve", record="crm/people/crm1", field="first_name", force=True)
    office.sync()
    assert names(office) == ["Anna", "Anna"]


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
    assert "nothing needs approval" in refused("approve", "--all")
    office.sync()
    assert names(office) == ["Ann", "Ann"]


def test_a_run_is_taken_back_after_a_look_at_the_plan(office: Office) -> None:
    office.sync()
    office.memories["crm/people"].edit("crm1", {"first_name": "Ann"})
    office.sync("wrong")
    shown = said("undo", "wrong")
    assert all(part in shown for part in ("erp/contacts/erp1", "first_name: Anne", "talk undo wrong --write"))
    assert names(office) == ["Ann", "Ann"]
    assert "Restored 1 record." in said("undo", "wrong", "--write")
    assert names(office) == ["Ann", "Anne"]
    again = talk("undo", "wrong", "--json")
    assert json.loads(again.stdout)["steps"][0]["not"]
    assert (again.exit_code, again.stderr) == (1, "talk: Nothing of that run can be undone.\n")
    assert talk("undo", "wrong", "--write").exit_code == 1
    assert not ran(office, "undo", run="wrong", write=True)


def test_a_run_is_meant_by_the_start_of_its_id_if_no_other_begins_so(office: Office) -> None:
    runs = ("0c739502-5df6-854d-8006-26428ba46549", "0c739503-5df6-854d-8006-26428ba46549")
    for number, run in enumerate(runs):
        office.memories["crm/people"].edit("crm1", {"first_name": f"Ann {number}"})
        office.sync(run)
    assert f"talk undo {runs[1][:8]} --write" in said("undo", runs[1][:8])
    assert names(office) == ["Ann 1", "Ann 1"]
    assert refused("undo", "0c7395") == (
        f"talk: 0c7395: 2 runs begin with that: {runs[1]}, {runs[0]}. Give more characters of the one to undo."
    )
    assert "no run with that id" in refused("undo", runs[1][:3])
    assert "Restored 1 record." in said("undo", runs[1][:8], "--write")
    assert names(office) == ["Ann 1", "Ann 0"]


def test_an_undo_that_leaves_a_record_as_it_is_says_so_and_fails(office: Office) -> None:
    office.memories["crm/people"].edit("crm1", {"first_name": "Ann"})
    office.sync("wrong")
    office.mode = Mode.PLAN
    done = talk("undo", "wrong", "--write")
    assert done.exit_code == 1
    assert "talk: 1 record was not restored: refused by the system, edited meanwhile, or in a" in done.stderr
    assert not ran(office, "undo", run="wrong", write=True)
    office.mode = Mode.WRITE
    assert ran(office, "undo", run="wrong", write=True)
    assert names(office) == ["Ann", "Anne"]


def test_an_undo_that_fails_has_ended_and_one_of_no_run_has_not_begun(office: Office) -> None:
    office.memories["crm/people"].edit("crm1", {"first_name": "Ann"})
    office.sync("wrong")
    office.broken["erp"] = "erp: no answer"
    assert "no run with that id" in refused("undo", "nothing", "--write")
    assert refused("undo", "wrong", "--write") == "talk: erp: no answer"
    with office.transaction() as transaction:
        assert transaction.frame("SELECT outcome FROM sync.runs WHERE mode = 'undo'").rows() == [("failed",)]


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
    assert not ran(office, "retry")
    assert not ran(office, "unlink", record="erp/contacts/erp2")
    assert ran(office, "resolve", record="crm/people/crm1", field="first_name")
    assert not ran(office, "approve", collections=["erp/contacts"])
    office.sync("wrong")
    assert names(office) == ["Anna", "Anna"]
    assert ran(office, "undo", run="wrong")
    assert names(office) == ["Anna", "Anna"]
    assert ran(office, "undo", run="wrong", write=True)
    assert names(office) == ["Anne", "Anne"]
    assert not ran(office, "unlink", record="crm/people/nobody")
