"""Acts of people, carried out in one office over HTTP as any client of the two APIs would."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from talk_assets.sandbox.customerp.api import TOKEN
from talk_assets.sandbox.webcrm.api import AUTH_CODE
from talk_assets_tests.crashes.office import Office
from talk_assets_tests.crashes.people import Act
from talk_assets_tests.crashes.shapes import SHAPES, Record, Snapshot

NAMES = {shape.name: shape for shape in SHAPES}


def carry_out(office: Office, acts: Sequence[Act]) -> None:
    """Do all of it, one after the other."""
    login = _call(office, "POST", "/webcrm/Auth/ApiLogin", form={"authCode": AUTH_CODE})
    tokens = {"webcrm": login["AccessToken"], "customerp": TOKEN}
    for act in acts:
        _carry_out(office, tokens, act)


def _carry_out(office: Office, tokens: Mapping[str, str], act: Act) -> None:
    now = office.snapshot()
    system, _, collection = act.collection.partition("/")
    record = _named(now, act.collection, act.key) if act.key else None
    values = _translated(office, now, act, record)
    headers = {"Authorization": f"Bearer {tokens[system]}"}
    if system == "webcrm":
        method, path = ("PUT", f"/{record.id}") if record else ("POST", "")
        _call(office, method, f"/webcrm/{collection}{path}", values, headers)
        return
    if record is None:
        _call(office, "POST", f"/customerp/v1/{collection}", values, headers | {"Idempotency-Key": str(uuid.uuid4())})
        return
    headers |= {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
    method = "DELETE" if act.verb == "delete" else "PATCH"
    _call(office, method, f"/customerp/v1/{collection}/{record.id}", values, headers)


def _named(now: Snapshot, collection: str, key: str) -> Record:
    found = [record for record in now[collection] if record.key == key]
    if len(found) != 1:
        message = f"{collection} has {len(found)} records {key!r} where somebody wants to edit one"
        raise AssertionError(message)
    return found[0]


def _translated(office: Office, now: Snapshot, act: Act, record: Record | None) -> dict[str, Any]:
    """Put this office's ids in place of natural keys, and of the places of lines."""
    shape = NAMES[act.collection]
    ids = _line_ids(office, record) if record and "lines" in act.values else []

    def translated(name: str, value: Any) -> Any:  # noqa: ANN401 -- JSON
        if name in shape.references:
            return _named(now, f"{shape.system}/{shape.references[name]}", value).id
        if name == "lines":
            return [{part: translated(part, one) for part, one in line.items()} for line in value]
        return ids[value] if name == "id" else value

    return {name: translated(name, value) for name, value in act.values.items()}


def _line_ids(office: Office, record: Record) -> list[str]:
    orders = office.sandbox.records("customerp", "orders")
    return [line["id"] for order in orders if order["id"] == record.id for line in order["lines"]]


def _call(
    office: Office,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> Any:  # noqa: ANN401 -- JSON
    data = urlencode(form).encode() if form else json.dumps(body).encode() if body and method != "DELETE" else None
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    request = Request(  # noqa: S310 -- always http, to this machine
        office.sandbox.root + path, data=data, method=method, headers={"Content-Type": kind, **(headers or {})}
    )
    with urlopen(request, timeout=30) as answer:  # noqa: S310 -- as above
        text = answer.read()
    return json.loads(text) if text else None
