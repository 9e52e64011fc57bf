"""How long it takes to read 200,000 of Webcrm's persons into the store, beside the least that any program could do."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import duckdb
import httpx
import polars as pl
from httpx_aiohttp import AiohttpTransport

from talk_assets.http.limit import UNLIMITED
from talk_assets.http.paging import numbered
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import person
from talk_assets.store.database import Store
from talk_assets.store.settings import LOG
from talk_assets.sync.hub import Hub
from talk_assets.sync.link import incoming
from talk_assets.sync.read.reading import FLUSH
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets.systems.webcrm import persons
from talk_assets.systems.webcrm.wire import SIZE
from talk_assets_tests.benchmarks import peers
from talk_assets_tests.benchmarks.canned import canned
from talk_assets_tests.benchmarks.figures import Done, Figure, apart, beside

PERSONS = 200_000
KEY, DATABASE = "webcrm/persons", "talk.duckdb"


Work = Callable[[str, str], float]


def figures() -> list[Figure]:
    """Return the figures: reading alone, and with the lens, beside the floor and beside dlt."""
    with canned(PERSONS) as url:
        alone = _beside("200,000 persons read", url, read, floor, "their pages → Polars → DuckDB")
        lens = _beside("200,000 persons read, lens and hash", url, ours, floor, "their pages → Polars → DuckDB")
        peer = _beside("200,000 persons read, lens and hash", url, ours, peers.dlt, "dlt, REST API → Parquet → DuckDB")
    return [alone, lens, peer]


def _beside(what: str, url: str, work: Work, other: Work, name: str) -> Figure:
    return beside(what, lambda: _anew(work, url), name, lambda: _anew(other, url))


def _anew(work: Work, url: str) -> Done[float]:
    with tempfile.TemporaryDirectory() as folder:
        return apart(work, url, folder)


def hub(url: str, folder: Path) -> Hub:
    """Return the hub between Webcrm's and Customerp's companies and people, at an URL."""
    pairs = [Pair("webcrm/organisations", "customerp/customer"), Pair(KEY, "customerp/contact")]
    return connected(url, folder / DATABASE, pairs)


def connected(url: str, database: Path, pairs: Sequence[Pair]) -> Hub:
    """Return a hub between Webcrm and Customerp at an URL, neither of which has limits."""
    systems = {
        name: SYSTEMS[name].build(SystemSettings(base_url=f"{url}/{name}", rate=UNLIMITED))
        for name in ("webcrm", "customerp")
    }
    return Hub(Store(database), systems, pairs, run="benchmark")


def read(url: str, folder: str) -> float:
    """Read with the hub."""
    one = hub(url, Path(folder))
    began = time.perf_counter()
    with _closed(one):
        _read(one)
    return time.perf_counter() - began


def ours(url: str, folder: str) -> float:
    """Read with the hub, and put what was read through the lens, as reconciling begins."""
    one = hub(url, Path(folder))
    began = time.perf_counter()
    with _closed(one):
        _read(one)
        with one.store.transaction() as transaction:
            incoming.gather(transaction, person, {KEY: persons})
    return time.perf_counter() - began


@contextmanager
def _closed(one: Hub) -> Iterator[None]:
    """Keep the database open, and close it at the end, when all that was written is put in its place."""
    with one.store.kept_open():
        yield
    with one.store.alone():
        pass


def _read(one: Hub) -> None:
    report = asyncio.run(one.read("webcrm", [KEY])).collections[KEY]
    if report.invalid or not report.changed == report.read > 0:
        message = f"not everything was stored: {report}"
        raise RuntimeError(message)


@dataclass(frozen=True)
class _Listed:
    body: bytes

    @property
    def last(self) -> bool:
        return self.body == b"[]"


def floor(url: str, folder: str) -> float:
    """Read the same pages and store the same properties, and nothing more."""
    began = time.perf_counter()
    with duckdb.connect(str(Path(folder) / "floor.duckdb")) as database:
        database.execute(f"SET GLOBAL checkpoint_threshold = '{LOG}'")
        asyncio.run(_floor(f"{url}/webcrm/Persons", database))
    return time.perf_counter() - began


async def _floor(url: str, database: duckdb.DuckDBPyConnection) -> None:
    schema, batch = dict[str, pl.DataType](), list[bytes]()
    async for body in _bodies(url):
        if not schema:
            found = pl.read_json(BytesIO(body)).schema
            schema = {name: type_ for name, type_ in found.items() if name not in persons.ignore}
            database.register("records", pl.DataFrame(schema=schema))
            database.execute("CREATE TABLE persons AS SELECT * FROM records")
        batch.append(body)
        if sum(map(len, batch)) > FLUSH:
            _store(database, batch, schema)
            batch = []
    if batch:
        _store(database, batch, schema)


async def _bodies(url: str) -> AsyncIterator[bytes]:
    async with httpx.AsyncClient(transport=AiohttpTransport()) as client:

        async def fetch(number: int) -> _Listed:
            answer = await client.get(url, params={"Page": str(number), "Size": str(SIZE)})
            return _Listed(answer.content)

        async for listed in numbered(fetch, first=1):
            if not listed.last:
                yield listed.body


def _store(database: duckdb.DuckDBPyConnection, bodies: list[bytes], schema: dict[str, pl.DataType]) -> None:
    database.register("records", pl.concat([pl.read_json(BytesIO(body), schema=schema) for body in bodies]))
    database.execute("INSERT INTO persons SELECT * FROM records")
