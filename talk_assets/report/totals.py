"""Orders whose totals differ between the systems that have them, with the difference.

A total is the system's own where its collection declares one, and otherwise that of the lines as the system shows them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import ENTITIES, Kind
from talk_assets.model.lens.lens import Lines
from talk_assets.report import naming
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction

CENT = 0.01
"""What totals may differ by, as each system rounds on its own."""

SCHEMA: Mapping[str, type[pl.DataType]] = {
    "name": pl.String,
    "entity_id": pl.String,
    "left": pl.String,
    "left_total": pl.Float64,
    "right": pl.String,
    "right_total": pl.Float64,
    "difference": pl.Float64,
    "why": pl.String,
}


def differing(transaction: Transaction, collections: Mapping[str, Collection], pairs: Sequence[Pair]) -> pl.DataFrame:
    """Return rows (`SCHEMA`) of orders whose records across a pair have other totals, by name, then by record.

    `left` and `right` are records, as `system/collection/id`; `difference` is the left total less the right one, and
    `why` what is known to be behind it, null for nothing.
    """
    found = [pl.DataFrame(schema=SCHEMA)]
    for pair in pairs:
        sides = [(key, collections[key]) for key in (pair.left, pair.right) if key in collections]
        if [holds_lines(one) for _, one in sides] == [True, True]:
            found.append(_of_pair(transaction, dict(sides)))
    return pl.concat(found).sort("name", "left", "right", nulls_last=True)


def holds_lines(collection: Collection) -> bool:
    """Whether a collection's records are orders with all of their lines."""
    return isinstance(collection.lens.lines, Lines)


def has_lines(entity_type: str) -> bool:
    """Whether an entity is one of those that have totals."""
    return any(field.kind is Kind.LINES for field in ENTITIES[entity_type].fields)


def _of_pair(transaction: Transaction, sides: Mapping[str, Collection]) -> pl.DataFrame:
    (left, here), (right, there) = sides.items()
    entity_type = here.entity.name
    rows = transaction.frame(
        f"""
        WITH mine AS ({_totals(left, here)}), theirs AS ({_totals(right, there)})
        SELECT {naming.name_sql(entity_type)} AS name, entity_id, a.record AS left, a.total AS left_total,
            b.record AS right, b.total AS right_total, round(a.total - b.total, 6) AS difference,
            a.sent AS left_sent, b.sent AS right_sent, c.reason AS waits
        FROM mine a JOIN theirs b USING (entity_id) JOIN {tables.golden(entity_type)} g USING (entity_id)
        LEFT JOIN (
            SELECT entity_id, any_value(collection || ': ' || coalesce(reason, status)) AS reason FROM sync.changes
            WHERE collection IN ('{left}', '{right}') GROUP BY entity_id) c USING (entity_id)
        WHERE abs(round(a.total, 2) - round(b.total, 2)) > {CENT} + 1e-9
        """
    )
    if rows.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    unheld = {"left": _unheld(here, rows["left_sent"]), "right": _unheld(there, rows["right_sent"])}
    why = [
        "; ".join(_reasons({key: unheld[side][n] for side, key in (("left", left), ("right", right))}, waits)) or None
        for n, waits in enumerate(rows["waits"])
    ]
    return rows.with_columns(pl.Series("why", why, dtype=pl.String)).select(
        pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()
    )


def _reasons(unheld: Mapping[str, Decimal | None], waits: str | None) -> Iterator[str]:
    for key, amount in unheld.items():
        if amount is not None:
            yield f"{key} can't hold lines of {amount:.2f}; talk rewritten lists them"
    if waits:
        yield f"a change of {waits}"


def _unheld(collection: Collection, sent: pl.Series) -> list[Decimal | None]:
    """By record, what the lines cost that a collection can't hold; None where it holds all of them."""
    lines = collection.lens.of_entities.lines
    amounts: list[Decimal | None] = [None] * sent.len()
    if lines is not None:
        for row, element, shown in lines.shown_lines(sent).iter_rows():
            if shown is None:
                amounts[row] = (amounts[row] or Decimal(0)) + _amount(json.loads(element))
    return amounts


def _amount(line: Mapping[str, str]) -> Decimal:
    quantity, price = Decimal(line.get("quantity", "1")), Decimal(line.get("unit_price", "0"))
    return quantity * price * (100 - Decimal(line.get("discount", "0"))) / 100


def _totals(key: str, collection: Collection) -> str:
    """The SQL of `entity_id, record, total, sent` of a collection's live records."""
    lines = (
        "list_sum(list_transform(json_transform(l.seen_lines,"
        ' \'[{"quantity": "DOUBLE", "unit_price": "DOUBLE", "discount": "DOUBLE"}]\'), lambda x:'
        " coalesce(x.quantity, 1) * coalesce(x.unit_price, 0) * (1 - coalesce(x.discount, 0) / 100)))"
    )
    amounts = [f"TRY_CAST(json_extract_string(r._record, '$.\"{name}\"') AS DOUBLE)" for name in collection.total]
    own = " - ".join([*amounts[:1], *(f"coalesce({amount}, 0)" for amount in amounts[1:])])
    total = f"coalesce({own or 'NULL'}, {lines}, 0)"
    return (
        f"SELECT l.entity_id, '{key}/' || l.id AS record, {total} AS total, l.sent_lines AS sent"
        f" FROM {tables.links(collection.entity.name)} l JOIN {tables.raw(key)} r ON r._id = l.id"
        f" WHERE l.collection = '{key}' AND l.gone_at IS NULL"
    )
