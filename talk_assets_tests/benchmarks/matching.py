"""The first match: as many people in two systems as there are in few, all found by their e-mail addresses.

Finding them is one figure; reconciling, which also puts every value through its lens and stores links and golden,
another. Beside them, what a first sync of a system's people takes in memory, whose records the other system is to get.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.model.entities import person
from talk_assets.sync.hub import Hub
from talk_assets.sync.link import incoming, links, matching
from talk_assets.systems.customerp import contact
from talk_assets.systems.webcrm import persons
from talk_assets_tests.benchmarks import population
from talk_assets_tests.benchmarks.figures import TIMES, Done, Figure, apart

PEOPLE = 1_000_000

FOUND = """
    CREATE TABLE found AS
    WITH here AS (
            SELECT lower("PersonEmail") AS email, any_value(_id) AS person FROM webcrm.persons
            GROUP BY email HAVING count(*) = 1),
        there AS (
            SELECT lower(email) AS email, any_value(_id) AS contact FROM customerp.contact
            GROUP BY lower(email) HAVING count(*) = 1)
    SELECT uuid()::VARCHAR AS entity_id, person, contact FROM here JOIN there USING (email)
"""
"""The pairs, where an e-mail address is unique on both sides."""


def figures() -> list[Figure]:
    """Return the figures: a first match beside two floors, and a first sync of one system's people."""
    with tempfile.TemporaryDirectory() as name:
        database = population.read(Path(name), PEOPLE)
        rounds = [
            (
                apart(_matched, population.copied(database)),
                apart(_reconciled, population.copied(database)),
                apart(_joined, population.copied(database), [FOUND]),
                apart(_joined, population.copied(database), [FOUND, *_stored()]),
            )
            for _ in range(TIMES)
        ]
        firsts = [(apart(_first, Path(name) / f"{n}"), apart(_plain, Path(name) / f"{n} plain")) for n in range(TIMES)]
    matched, reconciled, pairs, stored = zip(*rounds, strict=True)
    first, plain = zip(*firsts, strict=True)
    what, peak = f"first match of {PEOPLE:,} and {PEOPLE:,} persons", max(one.peak for one in reconciled)
    floor = "the join on their e-mail addresses"
    return [
        Figure(f"{what}: match", _seconds(matched), floor, _seconds(pairs), max(one.peak for one in matched)),
        Figure(f"{what}: reconcile", _seconds(reconciled), f"{floor}, links and golden stored", _seconds(stored), peak),
        Figure(
            f"first sync of {PEOPLE:,} persons: read, reconcile, every create planned", _seconds(first),
            "the same pages, read by Polars, stored by DuckDB", _seconds(plain), max(one.peak for one in first),
        ),
    ]  # fmt: skip


def _seconds(done: Sequence[Done[float]]) -> list[float]:
    return [one.result for one in done]


def _matched(database: Path) -> float:
    """Find the entities of the second system's people, by every rule, where those of the first have founded theirs."""
    hub = population.hub(database, population.nobody)
    *others, last = (collections := hub.topologies["person"].collections)
    with hub.store.transaction() as transaction:
        records = incoming.gather(transaction, person, collections).incoming
        assert records
        known = links.know(transaction, person, records)
        for key in others:
            matches = matching.match_by_rules(transaction, records, known, key, collections[key], hub.new_id)
            assert matches
            links.link(transaction, matches, key, collections, hub.clock(), hub.run)
        began = time.perf_counter()
        matches = matching.match_by_rules(transaction, records, known, last, collections[last], hub.new_id)
        took = time.perf_counter() - began
        assert matches
        right = transaction.count(f"SELECT count(*) FROM {matches.entities} WHERE linked_by = 'e-mail'")
    if right != PEOPLE:
        message = f"of {PEOPLE} people {right} were found, where {PEOPLE} are right"
        raise RuntimeError(message)
    return took


def _reconciled(database: Path) -> float:
    hub = population.hub(database, population.nobody)
    began = time.perf_counter()
    hub.reconcile("person")
    took = time.perf_counter() - began
    _check(hub, 2 * PEOPLE, 0)
    return took


def _first(database: Path) -> float:
    hub = population.hub(database, population.everybody(PEOPLE, "persons"))
    began = time.perf_counter()
    for system in hub.systems:
        asyncio.run(hub.read(system))
    hub.reconcile("person")
    took = time.perf_counter() - began
    _check(hub, PEOPLE, PEOPLE)
    return took


def _check(hub: Hub, links: int, changes: int) -> None:
    with hub.store.transaction() as transaction:
        linked = transaction.count("SELECT count(*) FROM person.links")
        asked = transaction.count("SELECT count(*) FROM sync.changes")
    if (linked, asked) != (links, changes):
        message = f"{linked} links and {asked} changes, where {links} and {changes} are right"
        raise RuntimeError(message)


def _joined(database: Path, statements: Sequence[str]) -> float:
    began = time.perf_counter()
    with duckdb.connect(database) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("BEGIN")
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")
    return time.perf_counter() - began


def _stored() -> list[str]:
    """What stores links and golden of the pairs found, every value as the systems spell it."""
    states = "{column} AS seen_{field}, {column} AS sent_{field}"
    sides = {"persons": ("webcrm", persons, "person"), "contact": ("customerp", contact, "contact")}
    links = [
        f"""
        INSERT INTO person.links BY NAME
        SELECT '{system}/{name}' AS collection, {id_} AS id, entity_id, current_timestamp AS linked_at,
            'e-mail' AS linked_by, false AS unresolved, {_columns(collection, states)}
        FROM found JOIN {system}.{name} ON _id = {id_}
        """
        for name, (system, collection, id_) in sides.items()
    ]
    values = _columns(
        contact, "{column} AS {field}, _modified AS {field}_at, 'customerp/contact/' || _id AS {field}_from"
    )
    return [
        *links,
        (
            f"INSERT INTO person.golden BY NAME SELECT entity_id, {values}"
            " FROM found JOIN customerp.contact ON _id = contact"
        ),
    ]


def _columns(collection: Collection, form: str) -> str:
    properties = collection.lens.properties.items()
    return ", ".join(form.format(field=field, column=f'"{next(iter(one.columns()))}"') for field, one in properties)


def _plain(database: Path) -> float:
    began = time.perf_counter()
    with duckdb.connect(database) as connection:
        for number, body in enumerate(population.everybody(PEOPLE, "persons")("persons")):
            page = pl.read_json(body)
            if not number:
                connection.execute("CREATE TABLE persons AS SELECT * FROM page LIMIT 0")
            connection.execute("INSERT INTO persons SELECT * FROM page")
            del page
    return time.perf_counter() - began
