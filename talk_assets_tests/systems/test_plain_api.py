"""A small server in place of Customerp, described in talk.toml: numbered pages, bare arrays, ids repeated.

Nothing of the profile that this API does not know goes out, as what is no parameter is a filter there.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from talk_assets.config import configuration
from talk_assets.model.system import System
from talk_assets.systems import SYSTEMS
from talk_assets.testing.conformance.steps import drained, read, with_connection
from talk_assets.testing.served import Served, served

TALK = """
[systems.customerp]
base_url = "https://erp.example.com"

[systems.customerp.envelope]
items = ""

[systems.customerp.paging]
by = "page"
size = 10
total_header = "X-Total-Count"

[systems.customerp.changes]
by = "none"

[systems.customerp.by_id]
repeated = true
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Served]:
    with served("customerp") as found:
        found.sandbox.fault("customerp", switches={"plain_lists": True})
        for number in range(25):
            found.sandbox.create("customerp", "contacts", {"last_name": f"Dahl {number}"})
        yield found


@pytest.fixture
def system(sandbox: Served, tmp_path: Path) -> System:
    (tmp_path / "talk.toml").write_text(TALK, "utf-8")
    settings = configuration.load(tmp_path, {"TALK_CUSTOMERP_TOKEN": "sandbox-customerp"}).systems["customerp"]
    return SYSTEMS["customerp"].build(
        sandbox.settings(profile=settings.profile, credentials=settings.credentials, sandbox=False)
    )


def test_a_list_is_read_to_its_end_and_its_length_is_told(system: System) -> None:
    pages = read(system, system.collection("contact"))
    records = [page.body.count(b'"last_name"') for page in pages]
    assert sum(records) == 25
    assert {page.total for page in pages} == {25}


def test_ids_go_out_one_by_one_in_one_request(sandbox: Served, system: System) -> None:
    ids = [str(record["id"]) for record in sandbox.sandbox.records("customerp", "contacts")[:3]]
    sandbox.sandbox.forget_requests("customerp")
    pages = with_connection(system, lambda one: drained(one.look_up(system.collection("contact"), ids)))
    assert sum(page.body.count(b'"last_name"') for page in pages) == 3
    assert sandbox.sandbox.requests("customerp")["by"] == {"GET /v1/contacts": 1}
