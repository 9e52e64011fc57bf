"""Systems whose modified times are hours away from when we wrote: their time zone is another one than is configured.

A write is made between its intent and its answer, so the record that was written shows a time between these. Where all
records that were written last show one that is away by the same number of half hours, the zone is wrong. That nobody
edited them since is certain of times before the write, and of times that had not come yet when they were shown.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil, floor

from talk_assets.model.collection import Collection
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction

STEP = timedelta(minutes=30)
"""Zones differ by multiples of this, but for a few that differ by quarters."""

NEAR = timedelta(minutes=5)
"""By how much a time may be beside that: clocks of whole minutes, answers that are late."""

_WRITES = "outcome = 'done' AND action IN ('create', 'update')"


def wrong(
    transaction: Transaction, collections: Mapping[str, Collection], since: datetime | None = None
) -> dict[str, str]:
    """Return by system what to say of the records that were written last, if all show times that are hours away.

    With `since`, only of systems of which such records were shown after that.
    """
    parts = [
        f"""
        SELECT '{key.partition("/")[0]}' AS system, r._modified, r._noticed, j.intended_at, j.answered_at,
            regexp_matches(r."{one.modified.property}", '(Z|[+-][0-9]{{2}}:?[0-9]{{2}})$') AS zoned
        FROM written j JOIN {tables.raw(key)} r ON r._id = j.id
        WHERE j.collection = '{key}' AND r._noticed >= j.answered_at AND NOT r._deleted AND r._modified IS NOT NULL
        """
        for key, one in collections.items()
        if one.modified is not None
    ]
    if not parts:
        return {}
    rows = transaction.frame(
        f"""
        WITH writes AS (
            SELECT split_part(collection, '/', 1) AS system, collection, id, run, intended_at, answered_at
            FROM sync.journal WHERE {_WRITES}),
        written AS (
            SELECT collection, id, max(intended_at) AS intended_at, max(answered_at) AS answered_at FROM writes
            WHERE (system, run) IN (SELECT (system, arg_max(run, intended_at)) FROM writes GROUP BY system)
            GROUP BY ALL)
        SELECT system, count(*) AS records, bool_or(zoned) AS zoned,
            max(epoch(_modified) - epoch(answered_at)) AS least, min(epoch(_modified) - epoch(intended_at)) AS most
        FROM ({" UNION ALL ".join(parts)}) GROUP BY system
        HAVING bool_and(_modified < intended_at OR _modified > _noticed + $1)
            AND max(_noticed) >= coalesce($2::TIMESTAMPTZ, '-infinity'::TIMESTAMPTZ)
        ORDER BY system
        """,
        NEAR,
        since,
    )
    found = {}
    for system, records, zoned, least, most in rows.iter_rows():
        steps = ceil((timedelta(seconds=least) - NEAR) / STEP)
        if steps == floor((timedelta(seconds=most) + NEAR) / STEP) and steps:
            found[system] = _sentence(system, records, steps * STEP, zoned=zoned)
    return found


def _sentence(system: str, records: int, off: timedelta, *, zoned: bool) -> str:
    hours, minutes = divmod(int(abs(off) / timedelta(minutes=1)), 60)
    parts = [f"{hours} {'hour' if hours == 1 else 'hours'}"] * (hours > 0) + [f"{minutes} minutes"] * (minutes > 0)
    one = records == 1
    which = "the record written last shows" if one else f"the {records} records written last show"
    when = f"{'after' if off > timedelta() else 'before'} {'it was' if one else 'they were'} written"
    said = f"{system}: {which} a modified time {' '.join(parts)} {when}"
    if zoned:
        return (
            f"{said}, in a time zone that the time names. No setting corrects that: until {system} shows right times,"
            f" its edits count as that much {'newer' if off > timedelta() else 'older'} than they are"
        )
    return (
        f"{said}, and the time names no zone. Set timezone under [systems.{system}] in talk.toml to the time zone of"
        ' the system, as timezone = "Europe/Oslo"'
    )
