"""The asset checks: what each step says about whether its assets are as they should be, and what to do where not.

A check is declared here and its result built here, from what `report.health` finds; the assets' steps yield it, so that
no check is a step of its own. A new check needs its words in `SAYS`, a place in one of the `specs_of_…`, and a result.

    collections   fresh_and_valid
    links         ids_unique (blocks)   one_to_one (blocks)   sources_fresh   held_backlog   keys_confirmed
                  totals_agree (of orders)
    writes        in_sync

There are few, because each costs Dagster as much time as storing a materialisation. What blocks ends the run before
anything is written on the strength of it; `broken` is the same for a run that begins with the writes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, AssetExecutionContext, AssetKey

from talk_assets.config.wiring import Wiring
from talk_assets.graph import names
from talk_assets.model.topology import Topology
from talk_assets.report import health, reviewing, totals
from talk_assets.report.health import Expected, Found, Read, Waiting
from talk_assets.store.transaction import Transaction
from talk_assets.sync.link import weighed

FRESH = "fresh_and_valid"
IDS_UNIQUE = "ids_unique"
ONE_TO_ONE = "one_to_one"
SOURCES_FRESH = "sources_fresh"
LITTLE_HELD = "held_backlog"
CONFIRMED = "keys_confirmed"
AGREE = "in_sync"
TOTALS = "totals_agree"

SAYS = {
    FRESH: (
        "The system could be read in this run, the collection was read to its end within the time that talk.toml sets"
        " under [checks], and it shows values of the declared types and no properties that it did not show before."
        " Where it could not be read, see to what the reason names; the next sync goes on where this one stopped. A"
        " field whose value can't be read keeps the one it had, and new properties are left alone: where it is no"
        " mistake in the system, name it among the collection's fields or under ignore."
    ),
    IDS_UNIQUE: (
        "Every record has an id of its own. Where two have the same, what is linked and written would be that of"
        " either, so nothing is written until it is mended: put back a backup with talk restore, or move the database"
        " away and sync again."
    ),
    ONE_TO_ONE: (
        "A record describes one entity, and an entity has one live record in each collection. Where not, an edit would"
        " go to the wrong record, so nothing is written until it is mended: put back a backup with talk restore, or set"
        " a record apart with talk unlink."
    ),
    SOURCES_FRESH: (
        "Every collection that this entity is decided from was read within the time that talk.toml sets under"
        " [checks]. Where not, materialise the collections first, or run the whole sync."
    ),
    LITTLE_HELD: (
        "Of no collection more than a small share is held, and nothing for long. talk.toml sets both under"
        " [checks]; talk held lists what waits with the reasons, and link, unlink, retry, resolve and approve decide"
        " it."
    ),
    CONFIRMED: (
        "Of the records that a match rule would link, the evidence contradicts no more than the share that talk.toml"
        " sets under [checks] as held_share. Where it does more often, numbers may have been used again, or are not"
        " what the lens takes them for: talk review lists the pairs with what contradicts the key."
    ),
    AGREE: (
        "Every linked record is up to date with golden, and every record on the left of a pair has one here, but for"
        " what waits, is held or is only planned. What could not be carried out is tried again by the next sync; talk"
        " explain tells the story of a record, and talk sync --full decides about all of them again."
    ),
    TOTALS: (
        "The totals of an order agree to 0.01 in the systems that have it. Where not, talk totals lists the orders with"
        " the difference and what is known to be behind it: lines that a system can't hold, or freight that no article"
        " stands for."
    ),
}
"""What holds, and what to do where it does not."""

WARN = AssetCheckSeverity.WARN

BLOCKING = frozenset({IDS_UNIQUE, ONE_TO_ONE})
"""Where writing on would do harm."""


def specs_of_collection(key: str) -> list[AssetCheckSpec]:
    """Return the checks of a collection's records."""
    return [_spec(names.collection(key), FRESH)]


def specs_of_links(entity_type: str) -> list[AssetCheckSpec]:
    """Return the checks of an entity's links."""
    more = [TOTALS] if totals.has_lines(entity_type) else []
    evidence = [CONFIRMED] if entity_type in weighed.ENTITIES else []
    every = (IDS_UNIQUE, ONE_TO_ONE, SOURCES_FRESH, LITTLE_HELD, *evidence, *more)
    return [_spec(names.links(entity_type), name) for name in every]


def specs_of_writes(key: str) -> list[AssetCheckSpec]:
    """Return the checks of what was sent to a collection."""
    return [_spec(names.writes(key), AGREE)]


def _spec(asset: AssetKey, name: str) -> AssetCheckSpec:
    return AssetCheckSpec(name, asset=asset, description=SAYS[name], blocking=name in BLOCKING)


def selected(context: AssetExecutionContext, results: Iterable[AssetCheckResult]) -> Iterator[AssetCheckResult]:
    """Of the results, those that the run asks for."""
    chosen = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
    return (one for one in results if (one.asset_key, one.check_name) in chosen)


def of_reading(reads: Mapping[str, Read], wiring: Wiring, now: datetime, failure: str | None) -> list[AssetCheckResult]:
    """Return the results of a system's collections; `failure` is why it could not be read."""
    age = wiring.config.expected.fresh
    return [_fresh(key, read, now, age, failure) for key, read in reads.items()]


@dataclass(frozen=True)
class Reconciled:
    """Results of an entity, and by asset why nothing may be written on the strength of it."""

    results: list[AssetCheckResult]
    blocking: dict[str, str]


def of_reconciling(transaction: Transaction, wiring: Wiring, topology: Topology, now: datetime) -> Reconciled:
    """Return the results of an entity that was reconciled."""
    entity_type, keys, expected = topology.entity.name, list(topology.collections), wiring.config.expected
    faults = _faults(transaction, entity_type, keys)
    stale = health.stale(transaction, keys, now - expected.fresh)
    held = health.waiting(transaction, keys)
    results = [
        *(_sound(entity_type, name, faults.get(name)) for name in (IDS_UNIQUE, ONE_TO_ONE)),
        _sources_fresh(entity_type, stale, expected.fresh),
        _little_held(entity_type, held, now, expected),
        *([_confirmed(transaction, entity_type, expected)] if entity_type in weighed.ENTITIES else []),
        *([_totals(transaction, topology)] if totals.has_lines(entity_type) else []),
    ]
    return Reconciled(results, {names.links(entity_type).to_user_string(): found.said for found in faults.values()})


@dataclass(frozen=True)
class _Fault:
    """What is not as it should be with an entity's records or links."""

    count: int
    said: str


def _faults(transaction: Transaction, entity_type: str, keys: Iterable[str]) -> dict[str, _Fault]:
    """By check, what blocks."""
    faults = {}
    if ids := health.ids_twice(transaction, keys):
        told = "; ".join(f"{key}: {_listed(found)}" for key, found in ids.items())
        said = f"ids that are blank, or those of several records: {told}."
        faults[IDS_UNIQUE] = _Fault(sum(found.count for found in ids.values()), said)
    if links := health.links_twice(transaction, entity_type):
        faults[ONE_TO_ONE] = _Fault(links.count, f"linked to more than they should be: {_listed(links)}.")
    return faults


@dataclass(frozen=True)
class Sent:
    """What became of writing to a system's collections: those that were to be sent to, and why one was not."""

    keys: frozenset[str]
    reasons: Mapping[str, str]


def of_writing(transaction: Transaction, wiring: Wiring, keys: Sequence[str], sent: Sent) -> list[AssetCheckResult]:
    """Return the results of a system's collections after they were written to."""
    collections = {key: wiring.collections[key] for key in keys}
    pairs = [pair for pair in wiring.pairs if pair.right in collections and collections[pair.right].creatable]
    differing = health.disagreeing(transaction, collections)
    unsent = health.unsent(transaction, keys, wiring.pairs)
    gaps = health.gaps(transaction, [(collections[pair.right].entity.name, pair) for pair in pairs])
    return [_agree(key, differing.get(key), gaps.get(key), unsent.get(key, 0), sent) for key in keys]


def broken(transaction: Transaction, wiring: Wiring, keys: Iterable[str]) -> dict[str, str]:
    """Return by collection why it must not be written to: what its entity is decided from is not as it should be."""
    kinds = {key: wiring.collections[key].entity.name for key in keys}
    reasons = {}
    for entity_type in set(kinds.values()):
        for found in _faults(transaction, entity_type, wiring.topologies[entity_type].collections).values():
            reasons[entity_type] = (
                f"{entity_type}: {found.said} See the checks of {names.links(entity_type).to_user_string()}"
            )
    return {key: reasons[entity_type] for key, entity_type in kinds.items() if entity_type in reasons}


def _fresh(key: str, read: Read, now: datetime, age: timedelta, failure: str | None) -> AssetCheckResult:
    hours = (now - read.read_at).total_seconds() / 3600 if read.read_at else None
    late = read.read_at is None or now - read.read_at > age
    said = [failure] if failure else []
    said.append(f"Read to its end {_ago(hours)}." if hours is not None else "Never read to its end.")
    if read.invalid:
        more = read.invalid - len(read.reasons)
        rest = f"; and {more:,} more, all listed by talk held" if more else ""
        what = "value or record" if read.invalid == 1 else "values or records"
        said.append(f"{read.invalid} {what} can't be read: {'; '.join(read.reasons)}{rest}.")
    if read.unknown:
        said.append(f"Turned up lately, and not in the lens: {', '.join(read.unknown)}.")
    if read.absent:
        said.append(f"The lens reads properties that records do not show: {', '.join(read.absent)}.")
    numbers = {
        "values or records that can't be read": read.invalid,
        "new properties": len(read.unknown),
        "absent properties": len(read.absent),
    }
    return _result(
        names.collection(key),
        FRESH,
        " ".join(said),
        numbers if hours is None else numbers | {"hours since it was read": round(hours, 3)},
        passed=not (failure or late or read.invalid or read.unknown or read.absent),
        severity=AssetCheckSeverity.ERROR if failure or late else WARN,
    )


def _sound(entity_type: str, name: str, found: _Fault | None) -> AssetCheckResult:
    said = f"{entity_type}: {found.said}" if found else "All of them are."
    return _result(names.links(entity_type), name, said, {"faults": found.count if found else 0}, passed=not found)


def _sources_fresh(entity_type: str, stale: Sequence[str], age: timedelta) -> AssetCheckResult:
    hours = f"{age.total_seconds() / 3600:g} hours"
    said = f"Not read within {hours}: {', '.join(stale)}." if stale else f"All of it was read within {hours}."
    numbers = {"collections read too long ago": len(stale)}
    return _result(names.links(entity_type), SOURCES_FRESH, said, numbers, passed=not stale, severity=WARN)


def _little_held(entity_type: str, held: Mapping[str, Waiting], now: datetime, expected: Expected) -> AssetCheckResult:
    ages = {key: now - found.since for key, found in held.items() if found.since}
    much = [key for key, found in held.items() if found.share > expected.held_share]
    long = [key for key, age in ages.items() if age > expected.held]
    told = [
        f"{key}: {found.held} held, with {found.records} records there, the oldest since {found.since:%Y-%m-%d %H:%M}"
        " UTC"
        for key, found in held.items()
        if found.since and (key in much or key in long)
    ]
    count = sum(found.held for found in held.values())
    oldest = max(ages.values(), default=timedelta())
    numbers = {
        "held": count,
        "largest share held": round(max((found.share for found in held.values()), default=0.0), 4),
        "days that the oldest is held": round(oldest / timedelta(days=1), 3),
    }
    said = f"{'; '.join(told)}." if told else f"{count} held." if count else "Nothing is held."
    return _result(names.links(entity_type), LITTLE_HELD, said, numbers, passed=not told, severity=WARN)


def _confirmed(transaction: Transaction, entity_type: str, expected: Expected) -> AssetCheckResult:
    counts = reviewing.counts(transaction, entity_type)
    by_key, doubtful = counts["linked by key"], counts["doubtful"]
    share = doubtful / max(by_key + doubtful, 1)
    numbers = {"doubtful": doubtful, "linked by key": by_key, "share doubtful": round(share, 4)}
    said = (
        f"The evidence contradicts the key of {doubtful} of {by_key + doubtful} records."
        if doubtful
        else "The evidence contradicts no key."
    )
    passed = share <= expected.held_share
    return _result(names.links(entity_type), CONFIRMED, said, numbers, passed=passed, severity=WARN)


def _totals(transaction: Transaction, topology: Topology) -> AssetCheckResult:
    rows = totals.differing(transaction, topology.collections, list(topology.pairs))
    told = [
        f"{one['name'] or one['entity_id']}: {one['left']} {one['left_total']:.2f}, {one['right']}"
        f" {one['right_total']:.2f}, difference {one['difference']:.2f}"
        for one in rows.head(health.SHOWN).to_dicts()
    ]
    more = rows.height - len(told)
    said = f"{'; '.join(told)}{f'; and {more:,} more' if more else ''}." if told else "The totals of all orders agree."
    numbers = {"orders whose totals differ": rows.height}
    return _result(names.links(topology.entity.name), TOTALS, said, numbers, passed=not told, severity=WARN)


def _agree(key: str, differ: Found | None, gaps: Found | None, unsent: int, sent: Sent) -> AssetCheckResult:
    """What nothing explains is a fault of ours; what was not carried out goes out with the next sync."""
    said, tried, why = [], key in sent.keys, sent.reasons.get(key, "")
    if differ:
        said.append(f"{differ.count} records differ from golden, and nothing is asked of them: {_listed(differ)}.")
    if gaps:
        said.append(f"{gaps.count} records on the left have none here, and nothing says why: {_listed(gaps)}.")
    if unsent:
        said.append(f"{unsent} changes were not carried out{f': {why}' if why else ''}.")
    return _result(
        names.writes(key),
        AGREE,
        " ".join(said) or "Both sides agree, but for what waits or is held.",
        {
            "records that differ": differ.count if differ else 0,
            "records without one here": gaps.count if gaps else 0,
            "changes not sent": unsent,
        },
        passed=not (differ or gaps or (unsent and tried)),
        severity=AssetCheckSeverity.ERROR if differ or gaps else WARN,
    )


def _result(
    asset: AssetKey,
    name: str,
    said: str,
    numbers: Mapping[str, float],
    *,
    passed: bool,
    severity: AssetCheckSeverity = AssetCheckSeverity.ERROR,
) -> AssetCheckResult:
    todo = "Nothing." if passed else SAYS[name].partition(". ")[2]
    return AssetCheckResult(
        asset_key=asset, check_name=name, passed=passed, severity=severity, description=said,
        metadata={**numbers, "what to do": todo},
    )  # fmt: skip


def _listed(found: Found) -> str:
    more = found.count - len(found.examples)
    return ", ".join(found.examples) + (f" and {more:,} more" if more else "")


def _ago(hours: float) -> str:
    return "within the last hour" if hours < 1 else f"{hours:.0f} hours ago"
