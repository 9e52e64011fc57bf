"""Datasette stands in for Customerp: another server's API, its tokens and its tables, by `talk.toml` alone.

The dataflow webcrm-customerp goes both ways between the sandbox's Webcrm and a Datasette that is installed, as pinned
in `requirements.txt`, into an environment of its own. Nothing here is known to the package.
"""

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from talk_assets.config import load
from talk_assets.entities import ENTITIES
from talk_assets.errors import CredentialsError
from talk_assets.sandbox.serving import Serving, serving
from talk_assets.wiring import Wiring
from talk_assets_tests.readme import free_port
from talk_assets_tests.sandbox import clients

HERE = Path(__file__).parent
SECRET = "a-secret-of-this-test"
PATIENCE = 60.0

pytestmark = pytest.mark.skipif("THIRDPARTY" not in os.environ, reason="installs a server; run `make thirdparty`")


@pytest.fixture(scope="session")
def datasette(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, in an environment that lasts as long as the tests."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)  # noqa: S603 -- our own interpreter
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", str(HERE / "requirements.txt")], check=True, capture_output=True)  # noqa: S603 -- as pinned
    return folder / "bin" / "datasette"


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
def erp(datasette: Path, tmp_path: Path) -> Iterator[Erp]:
    """An empty ERP that answers."""
    file, port = tmp_path / "erp.db", free_port()
    with closing(sqlite3.connect(file)) as database:
        database.executescript((HERE / "erp.sql").read_text("utf-8"))
    made = subprocess.run(  # noqa: S603 -- as pinned
        [str(datasette), "create-token", "talk", "--secret", SECRET], check=True, capture_output=True, text=True
    )
    serve = [str(datasette), "serve", str(file), "--secret", SECRET, "--config", str(HERE / "datasette.yaml")]
    with running([*serve, "--port", str(port)], f"http://127.0.0.1:{port}"):
        yield Erp(f"http://127.0.0.1:{port}", file, made.stdout.strip())


@contextmanager
def running(command: list[str], url: str) -> Iterator[None]:
    """Run a server as long as the block, from its first answer on."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 -- as pinned
    until = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                assert server.poll() is None, "the server ended"
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait()


@dataclass
class Firm:
    """Webcrm of a sandbox, the ERP, and the hub between them as `talk.toml` and the environment say."""

    sandbox: Serving
    erp: Erp
    folder: Path
    runs: int = 0

    def environment(self) -> dict[str, str]:
        """What a person sets."""
        return {"TALK_CUSTOMERP_TOKEN": self.erp.token}

    def sync(self) -> dict[str, int]:
        """Read, settle and write, each time from the files as a new process would; return what was written."""
        self.runs += 1
        wiring = Wiring(load(self.folder, self.environment()))
        hub = wiring.hub(f"run {self.runs}")
        for name in hub.systems:
            asyncio.run(hub.read(name))
        for entity in ENTITIES:
            hub.settle(entity)
        reports = [asyncio.run(hub.write(name)).collections for name in hub.systems]
        return {key: done.writes for found in reports for key, done in found.items() if done.writes}

    def crm(self, path: str, **properties: object) -> int:
        """Somebody creates a record in Webcrm, or edits the one whose id is given."""
        id_ = f"{path.removesuffix('s')}Id"
        with clients.webcrm(self.sandbox) as client:
            (result,) = client.patch(f"/{path}", json=[{id_: 0, **properties}]).raise_for_status().json()
        return int(result)

    def person(self) -> dict[str, Any]:
        """The only person of Webcrm."""
        (found,) = self.sandbox.records("webcrm", "Persons")
        return found


@pytest.fixture
def firm(erp: Erp, tmp_path: Path) -> Iterator[Firm]:
    with serving() as sandbox:
        text = (HERE / "talk.toml").read_text("utf-8")
        folder = tmp_path / "data"
        folder.mkdir()
        own = f'[sandbox]\nport = {sandbox.port}\n\n[systems.customerp]\nbase_url = "{erp.url}"\n'
        (folder / "talk.toml").write_text(text.replace("[systems.customerp]\n", own, 1), "utf-8")
        yield Firm(sandbox, erp, folder)


@pytest.fixture
def anna(firm: Firm) -> Firm:
    """A firm with one person, her organisation and a product, in both systems."""
    fjord = firm.crm("Organisations", OrganisationName="Fjord AS", OrganisationVatNumber="NO 974 760 673 MVA")
    named = {"PersonFirstName": "Anna", "PersonLastName": "Berg", "PersonEmail": "anna.berg@fjord.example"}
    firm.crm("Persons", PersonOrganisationId=fjord, PersonMobilePhone="900 11 111", **named)
    firm.crm("Products", ProductName="Skrue", ProductPrice=10.5, ProductCustom1="S-1")
    assert firm.sync() == {"customerp/customer": 1, "customerp/contact": 1, "customerp/product": 1}
    return firm


def test_records_of_webcrm_are_created_with_their_references_and_a_second_sync_writes_nothing(anna: Firm) -> None:
    (customer,), (person,), (item,) = (anna.erp.rows(table) for table in ("customers", "people", "items"))
    assert (customer["title"], customer["vat_no"]) == ("Fjord AS", "974760673")
    assert (person["given"], person["family"], person["cell"]) == ("Anna", "Berg", "+4790011111")
    assert person["customer_no"] == customer["customer_no"]
    assert (item["code"], item["price"]) == ("S-1", 10.5)
    assert len({customer["foreign_key"], person["foreign_key"], item["foreign_key"]}) == 3
    assert anna.sync() == {}


def test_an_edit_on_either_side_arrives_on_the_other(anna: Firm) -> None:
    anna.erp.run("UPDATE people SET cell = '+47 900 22 222', position = 'Daglig leder'")
    assert anna.sync() == {"webcrm/persons": 1}
    assert (anna.person()["PersonMobilePhone"], anna.person()["PersonTitle"]) == ("+4790022222", "Daglig leder")
    anna.crm("Persons", PersonId=anna.person()["PersonId"], PersonTitle="", PersonFirstName="Anne")
    assert anna.sync() == {"customerp/contact": 1}
    (person,) = anna.erp.rows("people")
    assert (person["given"], person["position"], person["cell"]) == ("Anne", None, "+47 900 22 222")
    assert anna.sync() == {}


def test_what_was_there_on_both_sides_is_linked_and_not_created(firm: Firm) -> None:
    people = [("Berg", f"p{number}@fjord.example") for number in range(8)]
    for family, mail in people:
        firm.erp.run("INSERT INTO people (family, mail) VALUES (?, ?)", family, mail)
    firm.crm("Persons", PersonFirstName="Per", PersonLastName="Berg", PersonEmail=people[7][1].upper())
    assert firm.sync() == {"customerp/contact": 1}
    assert [row["given"] for row in firm.erp.rows("people")] == [None] * 7 + ["Per"]


def test_what_the_server_refuses_is_held_in_its_own_words(anna: Firm) -> None:
    anna.erp.run("INSERT INTO items (code, label) VALUES ('M-1', 'Mutter')")
    anna.sync()
    anna.crm("Products", ProductName="Bolt", ProductCustom1="B-1")
    anna.erp.run("CREATE TRIGGER no_bolts BEFORE INSERT ON items BEGIN SELECT RAISE(ABORT, 'no bolts here'); END")
    assert anna.sync() == {}
    with Wiring(load(anna.folder, anna.environment())).store().transaction() as transaction:
        reasons = transaction.frame("SELECT reason FROM sync.changes WHERE status = 'held'")["reason"].to_list()
    assert len(reasons) == 1
    assert "no bolts here" in reasons[0]


def test_a_wrong_token_names_the_variable_and_not_the_token(firm: Firm) -> None:
    firm.erp.token = "dstok_wrong"
    with pytest.raises(CredentialsError, match="TALK_CUSTOMERP_TOKEN") as caught:
        firm.sync()
    assert "dstok_wrong" not in str(caught.value)
