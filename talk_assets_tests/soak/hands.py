"""How people's acts reach a system: by its API where that is as good as its user interface, else from behind.

Nothing of it is faulty, counted or limited, and none of it takes a value back that was written meanwhile.
"""

import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from talk_assets.http.connection import nested
from talk_assets.sandbox.server import PERSON
from talk_assets.sandbox.surface import Surface
from talk_assets_tests.soak.shelves import SHELVES, Raw, records, stamp

Flat = Mapping[str, Any]

CUSTOMERP = {"Authorization": "Bearer sandbox-customerp"}
MERGE = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
SHOP = ("ck_sandbox", "cs_sandbox")
CONTACTS = ("poweroffice/employee", "poweroffice/supplier", "poweroffice/customer")
GO_KEY = {"Ocp-Apim-Subscription-Key": "sandbox-subscription"}


@dataclass
class Hands:
    """`flat` are properties as a lens puts them, nested ones by dotted name."""

    sandbox: Surface
    http: httpx.Client
    rng: random.Random = field(default_factory=random.Random)
    unmoved: float = 0.0
    """The chance that an edit leaves its record's time as it was, where the record is looked at before each write."""
    replacing: bool = False
    """Whether Customerp replaces nested objects."""

    def edit(self, key: str, id_: str, flat: Flat) -> bool:
        """Change a record; false where the system does not let people do that now."""
        system = key.partition("/")[0]
        shelf = SHELVES[key][0]
        if system == "customerp":
            return self._erp(shelf, id_, nested(dict(flat)), records(self.sandbox, key).get(id_))
        if system == "customwebshop":
            return self._shop("PUT", f"{shelf}/{id_}", _keyed(nested(dict(flat))))
        if key == "powerofficego/salesorderlines":
            return self._go_line(id_, flat)
        for role in self.roles(key, id_):
            self.sandbox.edit(system, SHELVES[role][0], id_, nested(dict(flat)) | self._stamp(role))
        return True

    def _stamp(self, key: str) -> dict[str, None]:
        """What moves a record's time; Crmoffice, which is looked at before each write, now and then moves none."""
        left = key.startswith("crmoffice/") and self.rng.random() < self.unmoved
        return {} if left else stamp(key)

    def _erp(self, shelf: str, id_: str, body: Raw, before: Raw | None) -> bool:
        """Save a record of Customerp; a form that replaces nested objects shows them whole."""
        if not self.replacing:
            return self._send("PATCH", f"customerp/v1/{shelf}/{id_}", body, CUSTOMERP | MERGE)
        if before is None:
            return False
        whole = {
            name: {**(before.get(name) or {}), **value} if isinstance(value, dict) else value
            for name, value in body.items()
        }
        headers = CUSTOMERP | {"If-Match": f'"{before["version"]}"'}
        return self._send("PATCH", f"customerp/v1/{shelf}/{id_}", whole, headers)

    def roles(self, key: str, id_: str) -> list[str]:
        """Return the record's collection, and those in which the same contact of PowerOffice has another role."""
        others = [one for one in CONTACTS if key in CONTACTS and one != key and id_ in records(self.sandbox, one)]
        return [key, *others]

    def create(self, key: str, flat: Flat) -> str | None:
        """Create a record and return its id, null where the system refuses it."""
        system = key.partition("/")[0]
        shelf = SHELVES[key][0]
        if system == "customwebshop":
            return self._created("POST", f"customwebshop/wp-json/wc/v3/{shelf}", _keyed(nested(dict(flat))), auth=SHOP)
        if key == "powerofficego/salesorders":
            return self._created("POST", "powerofficego/v2/SalesOrders/Complete", dict(flat), self._go())
        if system == "customerp":
            headers = CUSTOMERP | {"Idempotency-Key": str(uuid.uuid4())}
            return self._created("POST", f"customerp/v1/{shelf}", nested(dict(flat)), headers)
        return self.sandbox.create(system, shelf, {k: v for k, v in nested(dict(flat)).items() if v is not None})

    def delete(self, key: str, id_: str) -> bool:
        """Delete a record; false where the system keeps it."""
        system = key.partition("/")[0]
        shelf = SHELVES[key][0]
        if system == "customerp":
            return self._send("DELETE", f"customerp/v1/{shelf}/{id_}", None, CUSTOMERP | {"If-Match": "*"})
        if system == "customwebshop":
            return self._shop("DELETE", f"{shelf}/{id_}", None)
        self.sandbox.erase(system, shelf, id_)
        return True

    def save_lines(self, id_: str, record: Raw, lines: list[Raw]) -> bool:
        """Save an order's lines in Customerp; false where somebody was quicker."""
        headers = CUSTOMERP | ({} if self.replacing else MERGE) | {"If-Match": f'"{record["version"]}"'}
        return self._send("PATCH", f"customerp/v1/orders/{id_}", {"lines": lines}, headers)

    def _go_line(self, id_: str, flat: Flat) -> bool:
        order, _, line = id_.partition("/")
        operations = [{"op": "replace", "path": f"/{name}", "value": value} for name, value in flat.items()]
        return self._send("PATCH", f"powerofficego/v2/SalesOrders/{order}/Lines/{line}", operations, self._go())

    def _go(self) -> dict[str, str]:
        answer = self.http.post(
            f"{self.sandbox.root}/powerofficego/OAuth/Token",
            data={"grant_type": "client_credentials"},
            auth=("sandbox-application", "sandbox-client"),
            headers=GO_KEY | {PERSON: "yes"},
        )
        token = answer.raise_for_status().json()["access_token"]
        return GO_KEY | {"Authorization": f"Bearer {token}", "Content-Type": "application/json-patch+json"}

    def _shop(self, method: str, path: str, body: object) -> bool:
        url = f"{self.sandbox.root}/customwebshop/wp-json/wc/v3/{path}"
        return self.http.request(method, url, json=body, auth=SHOP, headers={PERSON: "yes"}).is_success

    def _send(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> bool:
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json", **headers, PERSON: "yes"}
        return self.http.request(method, f"{self.sandbox.root}/{path}", content=content, headers=headers).is_success

    def _created(
        self,
        method: str,
        path: str,
        body: object,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> str | None:
        headers = {"Content-Type": "application/json", **(headers or {}), PERSON: "yes"}
        url = f"{self.sandbox.root}/{path}"
        answer = self.http.request(method, url, content=json.dumps(body), headers=headers, auth=auth)
        if not answer.is_success:
            return None
        found = answer.json()
        return str(found.get("id") or found["Id"])


def _keyed(body: Raw) -> Raw:
    """Meta data as the shop takes them."""
    meta = body.get("meta_data")
    if isinstance(meta, dict):
        body["meta_data"] = [{"key": key, "value": "" if value is None else value} for key, value in meta.items()]
    return body
