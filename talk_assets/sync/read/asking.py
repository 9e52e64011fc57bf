"""Whether a system has anything new, asked without the database: what a read leaves behind for that, and the question.

A read leaves a `Snapshot`: how far it came, and what it had seen of the latest moments. A later probe that shows
nothing else has nothing new: neither what a read goes back over, nor what we wrote ourselves and have read since.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from talk_assets.jsonframes import jsontext
from talk_assets.model.collection import Collection
from talk_assets.model.system import PROBE_LIMIT, Connection, CursorExpired, Watermark
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.read import reading
from talk_assets.sync.read.records import parse

LATEST = timedelta(seconds=15)
"""From how long before a read its records are remembered: more than any probe goes back."""


@dataclass(frozen=True)
class Snapshot:
    """What a read has seen. `latest` are hashes of what its last moments' records say, by id, null if too many."""

    mark: Watermark
    latest: Mapping[str, int] | None = None

    def dump(self) -> str:
        """Return it as text, for `load`."""
        return json.dumps(
            {"cursor": self.mark.cursor, "moment": self.mark.moment.isoformat(), "latest": self.latest or {}}
        )

    @classmethod
    def load(cls, text: str) -> "Snapshot":
        """Raise ValueError for what another version wrote."""
        try:
            found = json.loads(text)
            moment = datetime.fromisoformat(found["moment"])
            return cls(Watermark(found["cursor"], moment), {str(id_): int(one) for id_, one in found["latest"].items()})
        except (AttributeError, KeyError, TypeError) as error:
            message = f"not written by this version: {text:.40}"
            raise ValueError(message) from error


def known(transaction: Transaction, key: str, began: datetime, skew: timedelta) -> Snapshot:
    """Return what a read of a collection that `began` then has seen; `skew` is the system's clock less ours."""
    found = transaction.frame(
        f"SELECT _id, _record FROM {tables.raw(key)}"
        f" WHERE NOT _deleted AND _record IS NOT NULL AND _modified >= ? LIMIT {PROBE_LIMIT}",
        began - LATEST,
    )
    at = reading.places(transaction, [key])[key]
    return Snapshot(Watermark(at.cursor, began + skew), _said(found) if found.height < PROBE_LIMIT else None)


async def has_changes(connection: Connection, collection: Collection, before: Snapshot) -> bool | None:
    """Return whether a collection has anything that a read has not seen, null where its API cannot say."""
    try:
        page = await connection.probe(collection, before.mark)
    except CursorExpired:
        return True
    if page is None:
        return None
    latest = before.latest or {}
    return any(latest.get(id_) != said for id_, said in _said(parse(collection, page.body).records).items())


def _said(records: pl.DataFrame) -> dict[str, int]:
    """What records say, by id."""
    return dict(zip(records["_id"], jsontext.said(records["_record"]), strict=True))
