"""A firm with its systems: those of a sandbox that some dataflows need, people who edit in them, and the hub between.

Time is the sandbox's, which a test moves on instead of waiting: whatever people do, they do a minute after the last
thing that happened. The hub's steps are called in the graph's order; what Dagster adds is shown by the tests of `talk`.
"""

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from talk_assets.http.limit import UNLIMITED, Clock
from talk_assets.http.retry import Retry
from talk_assets.model.dataflows import DATAFLOWS, Pair
from talk_assets.model.entities import ENTITIES
from talk_assets.report import overview
from talk_assets.sandbox.serving import Given, Serving, serving
from talk_assets.store.database import Store
from talk_assets.sync.hub import Hub
from talk_assets.sync.read.reading import ReadReport
from talk_assets.sync.write.tally import WriteReport
from talk_assets.systems import SYSTEMS, Registered, SystemSettings
from talk_assets_tests.sandbox import clients

MINUTE = 60.0
TOKEN = "sandbox-customerp"
Record = dict[str, Any]


def pairs_of(*names: str) -> tuple[Pair, ...]:
    """The pairs of the dataflows of these names."""
    return tuple(pair for dataflow in DATAFLOWS if dataflow.name in names for pair in dataflow.pairs)


PAIRS = pairs_of("webcrm-customerp")


@dataclass(frozen=True)
class Synced:
    """What one sync read and wrote, by collection."""

    reads: dict[str, ReadReport]
    writes: dict[str, WriteReport]

    @property
    def written(self) -> dict[str, int]:
        """How many records were written, by collection, where any were."""
        return {key: done.writes for key, done in self.writes.items() if done.writes}

    @property
    def unwritten(self) -> dict[str, tuple[int, int]]:
        """How many writes were refused or failed, by collection, where any were."""
        return {key: (done.held, done.failed) for key, done in self.writes.items() if done.held or done.failed}


@dataclass
class Firm:
    """`crm`, `erp` and `office` are what people do there; the paths and properties are the APIs' own."""

    sandbox: Serving
    store: Store
    http: httpx.Client
    pairs: Sequence[Pair]
    hub: Hub = field(init=False)
    runs: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    tries: int = 6
    timezones: Mapping[str, str] = field(default_factory=dict)
    configured: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Further settings of systems, by name."""
    registered: Mapping[str, Registered] = field(default_factory=lambda: SYSTEMS)

    def __post_init__(self) -> None:
        needed = {side.partition("/")[0] for pair in self.pairs for side in (pair.left, pair.right)}
        systems = {name: one.build(self._settings(name)) for name, one in self.registered.items() if name in needed}
        self.hub = Hub(self.store, systems, self.pairs, run="", clock=self._now)

    def _settings(self, name: str) -> SystemSettings:
        retry = Retry(tries=self.tries, clock=Clock(now=self.passed, wall=self.wall, sleep=self._sleep))
        zone = self.timezones.get(name, "UTC")
        more = self.configured.get(name, {})
        return SystemSettings(self.base_url(name), rate=UNLIMITED, retry=retry, timezone=zone, **more)

    def passed(self) -> float:
        """Seconds that have passed since some moment or other."""
        return self.sandbox.clock.now()

    def wall(self) -> float:
        """What our clock shows, in seconds since 1970."""
        return self.sandbox.clock.now()

    def base_url(self, name: str) -> str:
        """Where the hub finds a system."""
        return self.sandbox.base_urls[name]

    async def _sleep(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        await asyncio.sleep(0)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.wall(), UTC)

    def sync(self, *, full: bool = False) -> Synced:
        """Read, reconcile and write once, a minute after whatever happened last."""
        self.later()
        self.hub.run = f"run {next(self.runs)}"
        synced = Synced({}, {})
        with self.store.kept_open():
            for name in self.hub.systems:
                synced.reads.update(asyncio.run(self.hub.read(name, full=full)).collections)
            for entity in ENTITIES:
                self.hub.reconcile(entity)
            for name in self.hub.systems:
                synced.writes.update(asyncio.run(self.hub.write(name)).collections)
        return synced

    def later(self, seconds: float = MINUTE) -> None:
        """Let time pass."""
        self.sandbox.clock.advance(seconds)

    @contextmanager
    def counted(self) -> Iterator[dict[str, dict[str, int]]]:
        """Yield a dictionary that holds, after the block, the requests sent within it: by system, method and path."""
        for name in self.hub.systems:
            self.sandbox.forget_requests(name)
        found: dict[str, dict[str, int]] = {}
        yield found
        found.update({name: self.sandbox.requests(name)["by"] for name in self.hub.systems})

    def crm_add(self, path: str, **properties: object) -> int:
        """Somebody creates a record in Webcrm; return its id."""
        return self._upsert(path, 0, properties)

    def crm_edit(self, path: str, id_: int, **properties: object) -> None:
        """Somebody edits a record in Webcrm."""
        self._upsert(path, id_, properties)

    def _upsert(self, path: str, id_: int, properties: dict[str, object]) -> int:
        item = {f"{self._table(path)}Id": id_, **properties}
        (result,) = self._crm_send("PATCH", path, json=[item]).json()
        assert result.isdigit(), result
        return int(result)

    def _crm_send(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 -- what httpx takes
        """Log in, as tokens expire while time passes, and send."""
        self.later()
        base = self.sandbox.base_urls["webcrm"]
        token = self.http.post(f"{base}/Auth/ApiLogin", data={"authCode": clients.AUTH_CODE}).json()["AccessToken"]
        answer = self.http.request(method, f"{base}/{path}", headers={"Authorization": f"Bearer {token}"}, **more)
        return answer.raise_for_status()

    def _table(self, path: str) -> str:
        return {"Opportunities": "Opportunity"}.get(path, path.removesuffix("s"))

    def crm_remove_line(self, id_: int) -> None:
        """Somebody deletes a quotation line in Webcrm."""
        self._crm_send("DELETE", f"QuotationLines/{id_}")

    def crm(self, path: str, **having: object) -> list[Record]:
        """The records of Webcrm with these values, as they are there."""
        return _having(self.sandbox.records("webcrm", path), having)

    def erp_add(self, resource: str, **properties: object) -> str:
        """Somebody creates a record in Customerp; return its id."""
        key = {"Idempotency-Key": f"person-{next(self.runs)}"}
        return str(self._erp_send("POST", resource, key, json=properties).json()["id"])

    def erp_edit(self, resource: str, id_: str, **properties: object) -> None:
        """Somebody edits a record in Customerp."""
        headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
        self._erp_send("PATCH", f"{resource}/{id_}", headers, json=properties)

    def erp_delete(self, resource: str, id_: str) -> None:
        """Somebody deletes a record in Customerp."""
        self._erp_send("DELETE", f"{resource}/{id_}", {"If-Match": "*"})

    def _erp_send(self, method: str, path: str, headers: dict[str, str], **more: Any) -> httpx.Response:  # noqa: ANN401 -- what httpx takes
        self.later()
        url = f"{self.sandbox.base_urls['customerp']}/v1/{path}"
        answer = self.http.request(method, url, headers={"Authorization": f"Bearer {TOKEN}", **headers}, **more)
        assert answer.is_success, answer.text
        return answer

    def erp(self, resource: str, **having: object) -> list[Record]:
        """The records of Customerp with these values, as they are there."""
        return _having(self.sandbox.records("customerp", resource), having)

    def office_add(self, system: str, path: str, **properties: object) -> int:
        """Somebody creates a record in a client of PowerOffice; return its id."""
        return int(self._office_send(system, "POST", path, json=properties)["id"])

    def office_edit(self, system: str, path: str, id_: int, **properties: object) -> None:
        """Somebody edits a record in a client of PowerOffice, in its own user interface, which clears nothing."""
        self.sandbox.fault(system, switches={"clears_left_out": False})
        self._office_send(system, "POST", path, json={"id": id_, **properties})
        self.sandbox.fault(system, switches={"clears_left_out": True})

    def _office_send(self, system: str, method: str, path: str, **more: Any) -> Record:  # noqa: ANN401 -- what httpx takes
        self.later()
        with clients.poweroffice(self.sandbox, system) as client:
            answer = client.request(method, path, **more).json()
        assert answer["success"], answer
        found: Record = answer.get("data", {})
        return found

    def office_delete(self, system: str, path: str) -> None:
        """Somebody deletes a record in a client of PowerOffice."""
        self._office_send(system, "DELETE", path)

    def office(self, system: str, collection: str, **having: object) -> list[Record]:
        """The records of a client of PowerOffice with these values, as they are there."""
        return _having(self.sandbox.records(system, collection), having)

    def held(self) -> list[Record]:
        """What waits for a person, as `talk held` has it."""
        with self.store.transaction() as transaction:
            return overview.held(transaction).to_dicts()

    def conflicts(self) -> list[Record]:
        """What lost, as `talk conflicts` has it."""
        with self.store.transaction() as transaction:
            return overview.conflicts(transaction).to_dicts()


def _having(records: list[Record], having: dict[str, object]) -> list[Record]:
    return [record for record in records if having.items() <= record.items()]


def only(records: list[Record]) -> Record:
    """The one record there is."""
    (record,) = records
    return record


def web(here: Firm, method: str, path: str, **sent: object) -> dict[str, Any]:
    """Somebody does this in the webshop."""
    here.later()
    with clients.customwebshop(here.sandbox) as client:
        answer = client.request(method, path, json=sent)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


@contextmanager
def firm(
    given: Given | None = None,
    *,
    tries: int = 6,
    records: int = 0,
    pairs: Sequence[Pair] = PAIRS,
    timezones: Mapping[str, str] | None = None,
    configured: Mapping[str, Mapping[str, Any]] | None = None,
    registered: Mapping[str, Registered] = SYSTEMS,
) -> Iterator[Firm]:
    """Open a firm that has these records, generated ones for so many persons, or none; its database is in memory."""
    with serving(given, records=records) as sandbox, httpx.Client() as http:
        yield Firm(
            sandbox,
            Store(None),
            http,
            pairs,
            tries=tries,
            timezones=timezones or {},
            configured=configured or {},
            registered=registered,
        )
