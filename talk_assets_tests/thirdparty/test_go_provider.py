"""A provider of PowerOffice Go reads the sandbox's: token, pages, and what changed since."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from talk_assets.sandbox.serving import Serving, serving
from talk_assets_tests.sandbox import clients
from talk_assets_tests.thirdparty.servers import answered


@pytest.fixture(scope="module")
def office() -> Iterator[Serving]:
    with serving(records=30) as sandbox:
        yield sandbox


def read(office: Serving, *checkpoints: str) -> dict[str, Any]:
    found: dict[str, Any] = answered("goprovider", office.base_urls["powerofficego"], *checkpoints)
    return found


def test_every_page_of_a_list_is_read_and_the_next_run_has_only_what_changed(office: Serving) -> None:
    found = read(office)
    with clients.powerofficego(office) as client:
        for path, there in found.items():
            rows = client.get(f"/{path}").raise_for_status().json()
            assert len(rows) > 5, path
            assert sorted(there["ids"]) == sorted(str(row["Id"]) for row in rows), path
        office.clock.advance(300)
        edited = found["Products"]["ids"][2]
        client.patch(
            f"/Products/{edited}",
            json=[{"op": "replace", "path": "/Name", "value": "Nytt navn"}],
            headers={"Content-Type": "application/json-patch+json"},
        ).raise_for_status()
    again = read(office, json.dumps({path: there["checkpoint"] for path, there in found.items()}))
    assert again["Products"]["ids"] == [edited]
    assert again["Customers"]["ids"] == again["SalesOrders"]["ids"] == []
