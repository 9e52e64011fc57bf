"""How long it takes to create 20,000 contacts in Customerp, beside the least that any program could do.

One request creates one record, everywhere. What is to be created, and where ours goes on from, is made once.
"""

import asyncio
import json
import shutil
import tempfile
import time
from pathlib import Path

import duckdb
import httpx
import polars as pl
from httpx_aiohttp import AiohttpTransport

from talk_assets.jsonframes import objects
from talk_assets.systems.customerp import contact
from talk_assets_tests.benchmarks import peers
from talk_assets_tests.benchmarks.canned import canned
from talk_assets_tests.benchmarks.figures import Done, Figure, apart, beside
from talk_assets_tests.benchmarks.reading import DATABASE, hub

KEY, BODIES = "customerp/contact", "bodies.duckdb"
RECORDS = 20_000
FEWER = 1_000
"""Records of the peer that writes one after the other; its seconds are those of as many as ours."""

CONCURRENCY = 64
FAR = 0.02
"""Seconds until a system that is further away answers."""


def figures() -> list[Figure]:
    """Return the figures: next to the server beside the floor, further away beside the floor and beside drt-core."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with canned(RECORDS) as url:
            prepare(url, folder)
            near = _beside("20,000 creates", url, folder)
        with canned(RECORDS, FAR) as url:
            far = _beside("20,000 creates, answered after 20 ms", url, folder)
            peer = beside(
                "1,000 creates out of 20,000, answered after 20 ms",
                lambda: _share(apart(ours, url, name)),
                "drt-core, DuckDB → REST API",
                lambda: apart(peers.drt, url, str(folder / BODIES), FEWER),
            )
    return [near, far, peer]


def _share(done: Done[float]) -> Done[float]:
    return Done(done.result * FEWER / RECORDS, done.peak)


def _beside(what: str, url: str, folder: Path) -> Figure:
    where = str(folder)
    return beside(what, lambda: apart(ours, url, where), "the same requests", lambda: apart(floor, url, where))


def prepare(url: str, folder: Path) -> None:
    """Store what is to be created: as the state from which the hub goes on, and as records to be sent as they are."""
    one = hub(url, folder)
    for system in one.systems:
        asyncio.run(one.read(system))
    one.reconcile("company")
    asyncio.run(one.write("customerp", ["customerp/customer"]))
    one.reconcile("person")
    with one.store.transaction() as transaction:
        creates = transaction.frame(
            "SELECT entity_id AS external_ref, fields FROM sync.changes"
            f" WHERE collection = '{KEY}' AND action = 'create' AND NOT blocked ORDER BY entity_id"
        )
    fields = objects.decode(creates["fields"], contact.lens.fields).rename({"company": "customer_id"})
    with duckdb.connect(str(folder / BODIES)) as database:
        database.register("contacts", pl.concat([creates.select("external_ref"), fields], how="horizontal"))
        database.execute("CREATE TABLE contacts AS SELECT * FROM contacts ORDER BY external_ref")


def ours(url: str, prepared: str) -> float:
    """Write with the hub: intents, requests, answers."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(Path(prepared) / DATABASE, name)
        one = hub(url, Path(name))
        began = time.perf_counter()
        with one.store.kept_open():
            report = asyncio.run(one.write("customerp", [KEY])).collections[KEY]
        took = time.perf_counter() - began
    if report.created != len(_bodies(prepared)):
        message = f"{report.created} contacts were created, {report.held} held, {report.failed} failed"
        raise RuntimeError(message)
    return took


def floor(url: str, prepared: str) -> float:
    """Send the same bodies, as many at a time, and do nothing with the answers."""
    bodies = _bodies(prepared)
    began = time.perf_counter()
    asyncio.run(_floor(f"{url}/customerp/v1/contacts", bodies))
    return time.perf_counter() - began


def _bodies(prepared: str) -> list[bytes]:
    with duckdb.connect(str(Path(prepared) / BODIES), read_only=True) as database:
        contacts = database.execute("SELECT * FROM contacts").pl()
    rows = ({name: value for name, value in row.items() if value is not None} for row in contacts.iter_rows(named=True))
    return [json.dumps(row, ensure_ascii=False).encode() for row in rows]


async def _floor(url: str, bodies: list[bytes]) -> None:
    limits = httpx.Limits(max_connections=CONCURRENCY)
    async with httpx.AsyncClient(transport=AiohttpTransport(limits=limits)) as client:
        rest = iter(bodies)

        async def send() -> None:
            for body in rest:
                answer = await client.post(url, content=body, headers={"Content-Type": "application/json"})
                answer.raise_for_status()

        await asyncio.gather(*(send() for _ in range(CONCURRENCY)))
