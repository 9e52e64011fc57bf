"""The same people in webCRM and Customerp, as many as wanted, as pages of JSON: what stands in for the wire.

Who a person is follows from a number alone. What is compared is what the hub makes of the pages, so that nothing here
is timed.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.model.system import Answer, Page, System, Usage, Watermark, Write
from talk_assets.sandbox.customerp.records import cursor
from talk_assets.sandbox.serving import EPOCH
from talk_assets.store.database import Store
from talk_assets.sync.hub import Hub
from talk_assets.systems.customerp import contact
from talk_assets.systems.webcrm import persons
from talk_assets_tests.benchmarks.figures import apart

PAGE = 1000
"""Records of a page."""

MODIFIED = "2024-01-01T00:00:00+00:00"
"""When the first people were edited in webCRM; all within this minute."""

CURSORS = {"persons": "2024-01-01T00:00:59+00:00", "contact": cursor(0, EPOCH * 1_000_000)}
"""From where on the systems tell what changed after everybody was read."""

PAIR = Pair("webcrm/persons", "customerp/contact")

Numbers = Sequence[range]
"""Who is shown, page by page."""


def every(count: int) -> Numbers:
    """Return everybody."""
    return [range(start, min(start + PAGE, count)) for start in range(0, count, PAGE)]


def some(count: int, wanted: int) -> Numbers:
    """Return so many of all, evenly spread."""
    return [range(0, count, count // wanted)[:wanted]]


def webcrm_page(people: range, title: str) -> bytes:
    """Return people as webCRM shows them, in their places in `people`."""
    n = pl.int_range(people.start, people.stop, people.step, dtype=pl.Int64, eager=True)
    number = n.cast(pl.String)
    return _page(
        pl.DataFrame(
            {
                "PersonId": n + 1,
                "PersonFirstName": "Kari " + number,
                "PersonLastName": "Nordmann",
                "PersonTitle": pl.repeat(title, n.len(), eager=True),
                "PersonEmail": "Kari." + number + "@Example.com",
                "PersonDirectPhone": pl.repeat("", n.len(), eager=True),
                "PersonMobilePhone": "+4790" + number.str.zfill(6),
                "PersonBirthday": "19" + (n % 90 + 10).cast(pl.String) + "-05-17T00:00:00+00:00",
                "PersonOrganisationId": pl.repeat(0, n.len(), eager=True),
                "PersonCustom15": pl.repeat("", n.len(), eager=True),
                "PersonUpdatedAt": "2024-01-01T00:00:" + (n % 60).cast(pl.String).str.zfill(2) + "+00:00",
            }
        )
    )


def customerp_page(people: range, title: str) -> bytes:
    """Return people as Customerp shows them: with an address as well, and every other one newer than in webCRM."""
    n = pl.int_range(people.start, people.stop, people.step, dtype=pl.Int64, eager=True)
    number = n.cast(pl.String)
    year = pl.select(pl.when(n % 2 == 0).then(pl.lit("2023")).otherwise(pl.lit("2025"))).to_series()
    nothing = pl.repeat(None, n.len(), dtype=pl.String, eager=True)
    return _page(
        pl.DataFrame(
            {
                "id": "c-" + number,
                "first_name": "Kari " + number,
                "last_name": "Nordmann",
                "job_title": pl.repeat(title, n.len(), eager=True),
                "email": "kari." + number + "@example.com",
                "phone": nothing,
                "mobile": "+4790" + number.str.zfill(6),
                "birth_date": "19" + (n % 90 + 10).cast(pl.String) + "-05-17",
                "customer_id": nothing,
                "address": pl.DataFrame(
                    {
                        "street": "Storgata " + number,
                        "postal_code": (n % 9000 + 1000).cast(pl.String),
                        "city": "Oslo",
                        "country": "NO",
                    }
                ).to_struct(),
                "external_ref": nothing,
                "version": pl.repeat(1, n.len(), eager=True),
                "deleted": pl.repeat(value=False, n=n.len(), eager=True),
                "updated_at": year + "-01-01T00:00:00.000000Z",
            }
        )
    )


def _page(rows: pl.DataFrame) -> bytes:
    objects = rows.select(pl.struct(pl.all()).struct.json_encode().alias("o"))["o"]
    return ("[" + ",".join(objects) + "]").encode()


Wire = Callable[[str], Iterator[bytes]]
"""The bodies of the pages that a collection, by name, shows now."""


def everybody(count: int, *collections: str) -> Wire:
    """Return what the collections show of so many people: both, unless one is named."""
    return partial(_shown, who=dict.fromkeys(collections or PAGES, every(count)), title="Manager")


def nobody(_: str) -> Iterator[bytes]:
    """Show nothing."""
    return iter(())


PAGES = {"persons": webcrm_page, "contact": customerp_page}


def _shown(collection: str, *, who: Mapping[str, Numbers], title: str) -> Iterator[bytes]:
    return (PAGES[collection](people, title) for people in who.get(collection, ()))


@dataclass
class Pages:
    """A connection over which there is nothing but the pages of the wire."""

    wire: Wire
    usage: Usage = field(default_factory=Usage)
    skew: timedelta = field(default_factory=timedelta)

    async def read(self, collection: Collection, *, since: str | None, position: str | None) -> AsyncIterator[Page]:
        """Everything there is, whatever was asked for."""
        for number, body in enumerate(self.wire(collection.name)):
            yield Page(body, position=str(number), cursor=CURSORS[collection.name])

    async def probe(self, collection: Collection, mark: Watermark) -> Page | None:
        """Nobody asks."""

    def look_up(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page]:
        """Nothing is missing."""
        return _nothing()

    def find(self, collection: Collection, references: Sequence[str]) -> AsyncIterator[Page]:
        """Nothing is lost."""
        return _nothing()

    def write(self, collection: Collection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        """Nothing is sent."""
        return _nothing()


async def _nothing() -> AsyncIterator[Any]:
    nothing: tuple[Any, ...] = ()
    for one in nothing:
        yield one


def hub(database: Path, wire: Wire) -> Hub:
    """Return a hub over a database and both systems, as the wire shows them."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[Pages]:
        yield Pages(wire)

    systems = [System("webcrm", "Webcrm", (persons,), connect), System("customerp", "Customerp", (contact,), connect)]
    return Hub(Store(database), {one.name: one for one in systems}, [PAIR], run="benchmark")


def read(folder: Path, count: int) -> Path:
    """Return a database into which both systems were read in full, and nothing else was done."""
    database = folder / f"{count} read.duckdb"
    apart(_read, database, everybody(count))
    return database


def linked(folder: Path, count: int) -> Path:
    """Return a database in which everybody's records are linked, and in order."""
    database = read(folder, count)
    apart(_reconcile, database)
    return database


def copied(database: Path) -> Path:
    """Return a copy, in place of the one before."""
    copy = database.with_suffix(".copy")
    shutil.copyfile(database, copy)
    return copy


def _read(database: Path, wire: Wire) -> None:
    reading = hub(database, wire)
    for system in reading.systems:
        asyncio.run(reading.read(system))


def _reconcile(database: Path) -> None:
    hub(database, nobody).reconcile("person")
