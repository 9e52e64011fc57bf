"""A Singer tap of webCRM reads the sandbox's webCRM: login and refresh, lists, queries, and what changed since."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from talk_assets.sandbox.serving import Serving, serving
from talk_assets_tests.sandbox import clients
from talk_assets_tests.thirdparty.servers import answered

STREAMS = {"organisation": "Organisations", "opportunity": "Opportunities", "person": "Persons"}


@pytest.fixture(scope="module")
def crm() -> Iterator[Serving]:
    with serving(records=30) as sandbox:
        yield sandbox


def tapped(crm: Serving, *state: str) -> dict[str, Any]:
    found: dict[str, Any] = answered("tapwebcrm", crm.base_urls["webcrm"], clients.AUTH_CODE, *state)
    return found


def records(found: dict[str, Any], stream: str) -> list[dict[str, Any]]:
    return [one["record"] for one in found["messages"] if one["type"] == "RECORD" and one["stream"] == stream]


def test_lists_and_streams_have_every_record_and_the_next_run_only_what_changed(crm: Serving) -> None:
    found = tapped(crm)
    for stream, path in STREAMS.items():
        id_ = f"{stream.capitalize()}Id"
        there = sorted(row[id_] for row in crm.records("webcrm", path))
        assert there
        assert sorted(row[id_] for row in found["listed"][path]) == there
        assert sorted(row[id_] for row in records(found, stream)) == there
    with clients.webcrm(crm) as client:
        edit = [{"PersonId": 2, "PersonTitle": "Daglig leder"}]
        client.patch("/Persons", json=edit).raise_for_status()
    state = [one["value"] for one in found["messages"] if one["type"] == "STATE"][-1]
    again = tapped(crm, json.dumps(state))
    assert [row["PersonTitle"] for row in records(again, "person")] == ["Daglig leder"]
    assert records(again, "organisation") == records(again, "opportunity") == []
