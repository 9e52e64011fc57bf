"""Datasette stands in for Customerp: another server's API, its tokens and its tables, by `talk.toml` alone."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from talk_assets.errors import CredentialsError
from talk_assets_tests.readme import free_port
from talk_assets_tests.thirdparty.servers import HERE, Firm, firm, installed, running

FILES = HERE / "datasette"
SECRET = "a-secret-of-this-test"


@dataclass
class Erp:
    """The Datasette of one test: its database, and what somebody does in it behind our back."""

    url: str
    file: Path
    token: str = field(repr=False)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows as they lie there."""
        with closing(sqlite3.connect(self.file)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(f"SELECT * FROM {table}")]

    def run(self, statement: str, *values: object) -> None:
        """Somebody edits in the database."""
        with closing(sqlite3.connect(self.file)) as database, database:
            database.execute(statement, values)


@pytest.fixture
def erp(tmp_path: Path) -> Iterator[Erp]:
    """An empty ERP that answers."""
    program, file, port = str(installed("datasette") / "datasette"), tmp_path / "erp.db", free_port()
    with closing(sqlite3.connect(file)) as database:
        database.executescript((FILES / "erp.sql").read_text("utf-8"))
    create = [program, "create-token", "talk", "--secret", SECRET]
    made = subprocess.run(create, check=True, capture_output=True, text=True)  # noqa: S603 -- as pinned
    serve = [program, "serve", str(file), "--secret", SECRET, "--config", str(FILES / "datasette.yaml")]
    with running([*serve, "--port", str(port)], f"http://127.0.0.1:{port}"):
        yield Erp(f"http://127.0.0.1:{port}", file, made.stdout.strip())


@pytest.fixture
def office(erp: Erp, tmp_path: Path) -> Iterator[Firm]:
    with firm("datasette", erp.url, tmp_path / "data", {"TALK_CUSTOMERP_TOKEN": erp.token}) as found:
        yield found


@pytest.fixture
def anna(office: Firm) -> Firm:
    """A firm with one person, her organisation and a product, in both systems."""
    fjord = office.crm("Organisations", OrganisationName="Fjord AS", OrganisationVatNumber="NO 974 760 673 MVA")
    named = {"PersonFirstName": "Anna", "PersonLastName": "Berg", "PersonEmail": "anna.berg@fjord.example"}
    office.crm("Persons", PersonOrganisationId=fjord, PersonMobilePhone="900 11 111", **named)
    office.crm("Products", ProductName="Skrue", ProductPrice=10.5, ProductCustom1="S-1")
    assert office.sync() == {"customerp/customer": 1, "customerp/contact": 1, "customerp/product": 1}
    return office


def test_records_of_webcrm_are_created_with_their_references_and_a_second_sync_writes_nothing(
    anna: Firm, erp: Erp
) -> None:
    (customer,), (person,), (item,) = (erp.rows(table) for table in ("customers", "people", "items"))
    assert (customer["title"], customer["vat_no"]) == ("Fjord AS", "974760673")
    assert (person["given"], person["family"], person["cell"]) == ("Anna", "Berg", "+4790011111")
    assert person["customer_no"] == customer["customer_no"]
    assert (item["code"], item["price"]) == ("S-1", 10.5)
    assert len({customer["foreign_key"], person["foreign_key"], item["foreign_key"]}) == 3
    assert anna.sync() == {}


def test_an_edit_on_either_side_arrives_on_the_other(anna: Firm, erp: Erp) -> None:
    erp.run("UPDATE people SET cell = '+47 900 22 222', position = 'Daglig leder'")
    assert anna.sync() == {"webcrm/persons": 1}
    shown = anna.shown("Persons")
    assert (shown["PersonMobilePhone"], shown["PersonTitle"]) == ("+4790022222", "Daglig leder")
    anna.crm("Persons", PersonId=shown["PersonId"], PersonTitle="", PersonFirstName="Anne")
    assert anna.sync() == {"customerp/contact": 1}
    (person,) = erp.rows("people")
    assert (person["given"], person["position"], person["cell"]) == ("Anne", None, "+47 900 22 222")
    assert anna.sync() == {}


def test_what_was_there_on_both_sides_is_linked_and_not_created(office: Firm, erp: Erp) -> None:
    people = [("Berg", f"p{number}@fjord.example") for number in range(8)]
    for family, mail in people:
        erp.run("INSERT INTO people (family, mail) VALUES (?, ?)", family, mail)
    office.crm("Persons", PersonFirstName="Per", PersonLastName="Berg", PersonEmail=people[7][1].upper())
    assert office.sync() == {"customerp/contact": 1}
    assert [row["given"] for row in erp.rows("people")] == [None] * 7 + ["Per"]


def test_what_the_server_refuses_is_held_in_its_own_words(anna: Firm, erp: Erp) -> None:
    anna.crm("Products", ProductName="Bolt", ProductCustom1="B-1")
    erp.run("CREATE TRIGGER no_bolts BEFORE INSERT ON items BEGIN SELECT RAISE(ABORT, 'no bolts here'); END")
    assert anna.sync() == {}
    with anna.wired().store().transaction() as transaction:
        reasons = transaction.frame("SELECT reason FROM sync.changes WHERE status = 'held'")["reason"].to_list()
    assert len(reasons) == 1
    assert "no bolts here" in reasons[0]


def test_a_wrong_token_names_the_variable_and_not_the_token(office: Firm) -> None:
    wrong = replace(office, environment={"TALK_CUSTOMERP_TOKEN": "dstok_wrong"})
    with pytest.raises(CredentialsError, match="TALK_CUSTOMERP_TOKEN") as caught:
        wrong.sync()
    assert "dstok_wrong" not in str(caught.value)
