"""`talk doc write` and `talk doc check`: what they print, and with which exit status they end."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from talk_assets import cli
from talk_assets.config import configuration
from talk_assets.model.lint import Finding
from talk_assets.report import overview
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.sync.prepared import prepared


def talk(*arguments: str) -> Result:
    return CliRunner().invoke(cli.talk, arguments, prog_name="talk")


def opened(folder: Path, monkeypatch: pytest.MonkeyPatch, *, on_disk: bool = False) -> Office:
    office = open_office(folder, monkeypatch, on_disk=on_disk)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    return office


def in_step(office: Office) -> None:
    """Two companies and a person, in step with the ERP."""
    for number in ("974760673", "910747711"):
        acme = office.create("crm/companies", name=f"Acme {number}", number=number)
    office.create("crm/people", email="anna@example.com", first_name="Anna", employer=acme)
    office.sync_in_full()
    office.sync_in_full()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    office = prepared(open_office(tmp_path, monkeypatch), monkeypatch, in_step)
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    return office


@pytest.fixture
def file(tmp_path: Path, office: Office) -> str:
    """The office's own document."""
    (written,) = json.loads(talk("doc", "write", str(tmp_path / "out"), "--json").stdout)["files"]
    return str(written)


def sections(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(talk("doc", "check", "--json", *arguments).stdout)["documents"][0][
        "sections"
    ]
    return found


def documented(folder: Path, *headings: str) -> str:
    file = folder / "document.rst"
    parts = ["CRM to ERP Dataflow", *headings]
    text = "\n\n".join(f"{part}\n{('-' if n else '=') * len(part)}" for n, part in enumerate(parts))
    file.write_text(text + "\n", "utf-8")
    return str(file)


def test_what_was_written_is_covered_and_in_sync(file: str) -> None:
    done = talk("doc", "check", file)
    assert done.exit_code == 0, done.output
    title, companies, people, every, _ = done.stdout.splitlines()
    assert every == "2 of 2 sections covered, 2 in sync."
    assert title == f"{file}: CRM to ERP Dataflow"
    assert companies.startswith("  CRM Companies to ERP Customers: in sync; crm/companies → erp/customers: ")
    assert companies.endswith(": 2 of 2 records linked, 0 waiting, 0 held")
    assert people.startswith("  CRM People to ERP Contacts: in sync; crm/people → erp/contacts: 1 of 1 records linked")
    assert done.stderr == ""


OF_A_DATAFLOW = ("dataflow", "mode")


def test_counts_are_those_of_status(office: Office, file: str) -> None:
    pairs = json.loads(talk("status", "--json").stdout)["pairs"]
    for section, pair in zip(sections(file), pairs, strict=True):
        assert section["covered"]
        assert section["in_sync"]
        assert {name: section[name] for name in pair if name not in OF_A_DATAFLOW} == {
            name: value for name, value in pair.items() if name not in OF_A_DATAFLOW
        }


def test_what_waits_or_is_held_is_not_in_sync(office: Office, file: str) -> None:
    office.create("crm/people", email="new@example.com")
    office.reconcile_only()
    waiting = talk("doc", "check", file)
    assert waiting.exit_code == 1
    assert "not in sync; crm/people → erp/contacts: 1 of 2 records linked, 1 waiting, 0 held" in waiting.stdout
    for _ in range(2):
        office.create("crm/people", email="same@example.com")
    office.sync()
    held = talk("doc", "check", file)
    assert held.exit_code == 1
    assert "not in sync; crm/people → erp/contacts: 2 of 4 records linked, 0 waiting, 2 held" in held.stdout
    assert "CRM Companies to ERP Customers: in sync" in held.stdout


def test_a_record_whose_counterpart_somebody_deleted_asks_for_nothing(office: Office, file: str) -> None:
    office.memories["erp/contacts"].delete(office.records("erp/contacts")[0]["id"])
    office.sync_in_full()
    done = talk("doc", "check", file)
    assert done.exit_code == 0, done.output
    assert "0 of 1 records linked, 1 deleted in erp/contacts, 0 waiting, 0 held" in done.stdout


def test_a_record_without_a_counterpart_is_not_in_sync(
    office: Office, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where nothing can be created on the right: nothing waits, and yet it is not there."""
    honest = overview.pairs
    monkeypatch.setattr(
        overview,
        "pairs",
        lambda *args, **more: [replace(one, linked=0, waiting=0, held=0) for one in honest(*args, **more)],
    )
    assert talk("doc", "check", file).exit_code == 1
    assert not any(section["in_sync"] for section in sections(file))


def test_before_the_first_sync_nothing_is_in_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(tmp_path, monkeypatch)
    done = talk("doc", "check", documented(tmp_path, "CRM People to ERP Contacts"))
    assert done.exit_code == 1
    assert "not in sync; crm/people → erp/contacts: crm/people and erp/contacts not read in full yet" in done.stdout
    assert "There was no run yet: talk sync" in done.stdout


def test_other_words_for_the_same_are_understood_and_what_is_not_covered_is_told(
    office: Office, tmp_path: Path
) -> None:
    file = documented(
        tmp_path, "Crm person to ERP contact", "CRM PEOPLE to Erp Contact", "CRM Companies to ERP Contacts"
    )
    done = talk("doc", "check", file)
    assert done.exit_code == 1
    _, unknown, people, companies, some, _ = done.stdout.splitlines()
    assert some == "1 of 3 sections covered, 1 in sync."
    assert unknown.startswith('  Crm person to ERP contact: not covered; "Crm person" names no collection: crm has ')
    assert "in sync; crm/people → erp/contacts" in people
    assert companies.endswith("not covered; there is no pair crm/companies → erp/contacts")


def test_a_pair_that_is_switched_off_is_not_covered(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "webcrm.rst"
    file.write_text("Webcrm to Customerp\n====\n\nWebcrm Users to Customerp Contact\n" + "-" * 40 + "\n", "utf-8")
    done = talk("doc", "check", str(file))
    assert done.exit_code == 1
    assert "not covered; the pair webcrm/users → customerp/contact is switched off in talk.toml" in done.stdout


def test_a_file_that_is_no_document_is_one_line_beside_those_that_are(file: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.rst")
    done = talk("doc", "check", missing, file)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"talk: {missing}: it cannot be read (No such file or directory); ")
    assert len(done.stderr.splitlines()) == 1
    assert "CRM People to ERP Contacts: in sync" in done.stdout
    said = json.loads(talk("doc", "check", "--json", missing, file).stdout)
    assert [bool(one["problem"]) for one in said["documents"]] == [True, False]
    assert not said["in_place"]


def test_what_is_wrong_with_a_lens_is_told(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Finding("crm/people", "email", "it holds e-mail", "Text is for text")
    monkeypatch.setattr("talk_assets.model.lint.findings", lambda *_: [wrong])
    done = talk("doc", "check", file)
    assert done.exit_code == 1
    assert f"Something is wrong with a lens: {wrong}" in done.stdout


def test_a_database_that_another_process_holds_is_the_one_line_of_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = opened(tmp_path, monkeypatch, on_disk=True)
    monkeypatch.setattr(configuration, "current", lambda: replace(office.config, patience=0))
    holding = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", holding, str(office.config.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:  # noqa: S603 -- our own command
        assert holder.stdout is not None
        holder.stdout.readline()
        done = talk("doc", "check", documented(tmp_path, "CRM People to ERP Contacts"))
        status = talk("status")
        holder.communicate()
    assert done.exit_code == status.exit_code == 1
    assert done.stderr == status.stderr
    assert "another process has held the database" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_write_says_which_files(tmp_path: Path, office: Office) -> None:
    done = talk("doc", "write", str(tmp_path / "out"))
    assert done.stdout == f"{tmp_path / 'out' / 'crm-erp.rst'}\n"
    (tmp_path / "taken").write_text("", "utf-8")
    refused = talk("doc", "write", str(tmp_path / "taken"))
    assert refused.exit_code == 1
    assert "cannot be written to" in refused.stderr
