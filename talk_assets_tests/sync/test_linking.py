"""Records that find their entity: most contradict nothing that stands there, and are merged in one statement."""

from datetime import UTC, datetime, timedelta
from itertools import product

import polars as pl

from talk_assets.entities import person
from talk_assets.store import Store
from talk_assets.sync import golden, links, tables
from talk_assets_tests.office import people

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = (None, NOW - timedelta(days=2), NOW - timedelta(days=1), NOW + timedelta(days=1))
CASES = list(product((None, "here", "there"), TIMES, (None, "here"), TIMES[1:]))
"""What stands and since when; what the record has and since when."""

TIME = pl.Datetime("us", "UTC")
STANDING = pl.DataFrame(
    [(f"e{n}", value, at, "erp/contacts/9") for n, (value, at, _, _) in enumerate(CASES)],
    schema={"entity": pl.String, "first_name": pl.String, "first_name_at": TIME, "first_name_from": pl.String},
    orient="row",
)
FRESH = pl.DataFrame(
    [(f"e{n}", "crm/people", f"{n}", value, at) for n, (_, _, value, at) in enumerate(CASES)],
    schema={
        "entity": pl.String,
        "collection": pl.String,
        "id": pl.String,
        "first_name": pl.String,
        "modified": TIME,
    },
    orient="row",
).with_columns(
    *(pl.lit(None, pl.String).alias(name) for name in (*(set(person.names) - {"first_name"}), "linked_by", "awaits")),
    pl.lit(value=False).alias("unresolved"),
)


def test_golden_is_what_introducing_them_field_by_field_comes_to() -> None:
    store = Store(None)
    with store.transaction() as transaction:
        transaction.ensure({tables.links(person.name): tables.links_columns(person)})
        transaction.ensure({tables.golden(person.name): tables.golden_columns(person)})
        transaction.run("INSERT INTO person.golden BY NAME SELECT * FROM standing", standing=STANDING)
        before = golden.lengthen(transaction.frame("SELECT * FROM person.golden"), person.names)
        transaction.run("CREATE TEMP TABLE fresh AS SELECT * FROM rows", rows=FRESH)
        links.link(transaction, "crm/people", {"crm/people": people("people", "companies")}, NOW, "run")
        after = transaction.frame("SELECT * FROM person.golden ORDER BY entity")
    decision = golden.introduce(golden.come(before, NOW), links.proposals(FRESH, person))
    right = golden.widen(decision.golden, person.names).sort("entity")
    assert after.rows() == right.select(after.columns).rows()
