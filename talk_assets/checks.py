"""The asset checks: what each step says about whether its assets are as they should be, and what to do where not.

A check is declared here and its result built here, from what `sync.health` finds; the steps of `assets` yield it, so
that no check is a step of its own. A new check needs its words in `SAYS`, a place in one of the `specs_of_…`, and a
result.

    collections   ids_unique (blocks)   fresh   as_declared
    links         one_to_one (blocks)   sources_fresh
    changes       little_held
    writes        agree_with_golden     no_gaps

What blocks ends the run before anything is written on the strength of it; `broken` is the same for a run that begins
with the writes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, AssetExecutionContext, AssetKey

from talk_assets.assets import names
from talk_assets.store import Transaction
from talk_assets.sync import health
from talk_assets.sync.changes import Topology
from talk_assets.sync.health import Expected, Found, Read, Waiting
from talk_assets.wiring import Wiring

IDS_UNIQUE = "ids_unique"
FRESH = "fresh"
AS_DECLARED = "as_declared"
ONE_TO_ONE = "one_to_one"
SOURCES_FRESH = "sources_fresh"
LITTLE_HELD = "little_held"
AGREE = "agree_with_golden"
NO_GAPS = "no_gaps"

SAYS = {
    IDS_UNIQUE: (
        "Every record has an id of its own. Where two have the same, what is linked and written would be that of"
        " either, so nothing is written until it is mended: put back a backup with talk restore, or move the database"
        " away and sync again."
    ),
    FRESH: (
        "The system could be read in this run, and the collection was read to its end within the time that talk.toml"
        " sets under [checks]. Where not, see to what the reason names; the next sync goes on where this one stopped."
    ),
    AS_DECLARED: (
        "The system shows the properties that the lens knows, with values of their types. What does not fit is set"
        " aside, and unknown properties are left alone. Where it is no mistake in the system, the lens must learn it:"
        " name it among the collection's fields or under ignore."
    ),
    ONE_TO_ONE: (
        "A record describes one entity, and an entity has one live record in each collection. Where not, an edit would"
        " go to the wrong record, so nothing is written until it is mended: talk unlink sets a record apart, and talk"
        " restore puts back a backup."
    ),
    SOURCES_FRESH: (
        "Every collection that this entity is decided from was read within the time that talk.toml sets under"
        " [checks]. Where not, materialise the collections first, or run the whole sync."
    ),
    LITTLE_HELD: (
        "No more than a small share of the collection waits for a person, and nothing for long. talk.toml sets both"
        " under [checks]; talk held lists what waits with the reasons, and link, unlink, retry, resolve and approve"
        " decide it."
    ),
    AGREE: (
        "Every linked record is up to date with golden, but for what waits, is held, or is only planned. What could not"
        " be carried out is tried again by the next sync; talk explain tells the story of a record."
    ),
    NO_GAPS: (
        "Every record on the left of a pair has one in this collection, or there is a reason that talk status and talk"
        " held show. Where there is none, talk sync --full decides about everything again."
    ),
}
"""What holds, and what to do where it does not."""

WARN = AssetCheckSeverity.WARN

BLOCKING = frozenset({IDS_UNIQUE, ONE_TO_ONE})
"""Where writing on would do harm."""


def specs_of_collection(key: str) -> list[AssetCheckSpec]:
    """Return the checks of a collection's records."""
    return [_spec(names.collection(key), name) for name in (IDS_UNIQUE, FRESH, AS_DECLARED)]


def specs_of_entity(topology: Topology) -> list[AssetCheckSpec]:
    """Return the checks of an entity's links, and of what is asked of each of its collections."""
    links = names.links(topology.entity.name)
    held = [_spec(names.changes(key), LITTLE_HELD) for key in topology.collections]
    return [_spec(links, ONE_TO_ONE), _spec(links, SOURCES_FRESH), *held]


def specs_of_writes(wiring: Wiring, key: str) -> list[AssetCheckSpec]:
    """Return the checks of what was sent to a collection; gaps are those of pairs that it is the right side of."""
    own = (AGREE, NO_GAPS) if any(pair.right == key for pair in wiring.pairs) else (AGREE,)
    return [_spec(names.writes(key), name) for name in own]


def _spec(asset: AssetKey, name: str) -> AssetCheckSpec:
    return AssetCheckSpec(name, asset=asset, description=SAYS[name], blocking=name in BLOCKING)


def selected(context: AssetExecutionContext, results: Iterable[AssetCheckResult]) -> Iterator[AssetCheckResult]:
    """Of the results, those that the run asks for."""
    chosen = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
    return (one for one in results if (one.asset_key, one.check_name) in chosen)


@dataclass(frozen=True)
class Checked:
    """Results of a step, why what follows must not be written by asset, and how many records each collection has."""

    results: list[AssetCheckResult]
    blocking: dict[str, str]
    records: dict[str, int] = field(default_factory=dict)


def of_reading(
    transaction: Transaction, wiring: Wiring, keys: Sequence[str], now: datetime, failure: str | None
) -> Checked:
    """Return the results of a system's collections; `failure` is why it could not be read."""
    reads = health.reads(transaction, {key: wiring.collections[key] for key in keys})
    twice = health.ids_twice(transaction, keys)
    age = wiring.config.expected.fresh
    results = [
        result
        for key in keys
        for result in (
            _ids_unique(key, reads[key], twice.get(key)),
            _fresh(key, reads[key], now, age, failure),
            _as_declared(key, reads[key]),
        )
    ]
    return Checked(
        results, {key: _twice(key, found) for key, found in twice.items()}, {key: reads[key].records for key in keys}
    )


def of_settling(transaction: Transaction, wiring: Wiring, topology: Topology, now: datetime) -> Checked:
    """Return the results of an entity that was settled."""
    kind, keys = topology.entity.name, list(topology.collections)
    twice = health.links_twice(transaction, kind)
    stale = health.stale(transaction, keys, now - wiring.config.expected.fresh)
    held = health.waiting(transaction, keys)
    results = [
        _one_to_one(kind, twice),
        _sources_fresh(kind, stale, wiring.config.expected.fresh),
        *(_little_held(key, held[key], now, wiring.config.expected) for key in keys),
    ]
    return Checked(results, {names.links(kind).to_user_string(): _linked_twice(kind, twice)} if twice else {})


@dataclass(frozen=True)
class Sent:
    """What became of writing to a system's collections: those that were to be sent to, and why one was not."""

    keys: frozenset[str]
    reasons: Mapping[str, str]


def of_writing(transaction: Transaction, wiring: Wiring, keys: Sequence[str], sent: Sent) -> list[AssetCheckResult]:
    """Return the results of a system's collections after they were written to."""
    collections = {key: wiring.collections[key] for key in keys}
    pairs = [(collections[pair.right].entity.name, pair) for pair in wiring.pairs if pair.right in collections]
    differing = health.disagreeing(transaction, collections)
    unsent = health.unsent(transaction, keys)
    gaps = health.gaps(transaction, [(kind, pair) for kind, pair in pairs if collections[pair.right].creatable])
    rights = {pair.right for _, pair in pairs}
    return [
        *(_agree(key, differing.get(key), unsent.get(key, 0), sent) for key in keys),
        *(_no_gaps(key, gaps.get(key)) for key in keys if key in rights),
    ]


def broken(transaction: Transaction, wiring: Wiring, keys: Iterable[str]) -> dict[str, str]:
    """Return by collection why it must not be written to: what its entity is decided from is not as it should be."""
    wanted = list(keys)
    kinds = {wiring.collections[key].entity.name for key in wanted}
    sources = [key for kind in kinds for key in wiring.topologies[kind].collections]
    reasons = {
        wiring.collections[key].entity.name: _twice(key, found)
        for key, found in health.ids_twice(transaction, sources).items()
    }
    for kind in kinds:
        if found := health.links_twice(transaction, kind):
            reasons[kind] = _linked_twice(kind, found)
    return {key: reason for key in wanted if (reason := reasons.get(wiring.collections[key].entity.name))}


def _ids_unique(key: str, read: Read, found: Found | None) -> AssetCheckResult:
    said = _twice(key, found) if found else f"{read.records} records, each with an id of its own."
    return _result(names.collection(key), IDS_UNIQUE, said, _numbers("ids", found), passed=not found)


def _twice(key: str, found: Found) -> str:
    return f"{key}: {found.count} ids are blank, or those of several records: {_listed(found)}."


def _fresh(key: str, read: Read, now: datetime, age: timedelta, failure: str | None) -> AssetCheckResult:
    hours = (now - read.read_at).total_seconds() / 3600 if read.read_at else None
    when = f"Read to its end {_ago(hours)}." if hours is not None else "Never read to its end."
    late = read.read_at is None or now - read.read_at > age
    numbers = {} if hours is None else {"hours since it was read": round(hours, 3)}
    said = f"{failure} {when}" if failure else when
    return _result(names.collection(key), FRESH, said, numbers, passed=not (late or failure))


def _as_declared(key: str, read: Read) -> AssetCheckResult:
    wrong = [f"{read.misfits} records do not fit: {'; '.join(read.reasons)}."] if read.misfits else []
    if read.unknown:
        wrong.append(f"Not in the lens: {', '.join(read.unknown)}.")
    said = " ".join(wrong) or "Every property is known, and every value fits."
    numbers = {"records that do not fit": read.misfits, "unknown properties": len(read.unknown)}
    return _result(names.collection(key), AS_DECLARED, said, numbers, passed=not wrong, severity=WARN)


def _one_to_one(kind: str, found: Found | None) -> AssetCheckResult:
    said = _linked_twice(kind, found) if found else "Every record describes one entity, which has no other there."
    return _result(names.links(kind), ONE_TO_ONE, said, _numbers("records linked twice", found), passed=not found)


def _linked_twice(kind: str, found: Found) -> str:
    return f"{kind}: {found.count} times, records are linked to more than they should be: {_listed(found)}."


def _sources_fresh(kind: str, stale: Sequence[str], age: timedelta) -> AssetCheckResult:
    hours = f"{age.total_seconds() / 3600:g} hours"
    said = f"Not read within {hours}: {', '.join(stale)}." if stale else f"All of it was read within {hours}."
    numbers = {"collections read too long ago": len(stale)}
    return _result(names.links(kind), SOURCES_FRESH, said, numbers, passed=not stale, severity=WARN)


def _little_held(key: str, found: Waiting, now: datetime, expected: Expected) -> AssetCheckResult:
    age = now - found.since if found.since else timedelta()
    said = f"{found.held} held, with {found.records} records there" if found.held else "Nothing is held"
    since = f", the oldest since {found.since:%Y-%m-%d %H:%M} UTC" if found.since else ""
    numbers = {
        "held": found.held,
        "share held": round(found.share, 4),
        "days that the oldest is held": round(age / timedelta(days=1), 3),
    }
    passed = found.share <= expected.held_share and age <= expected.held
    return _result(names.changes(key), LITTLE_HELD, f"{said}{since}.", numbers, passed=passed, severity=WARN)


def _agree(key: str, found: Found | None, unsent: int, sent: Sent) -> AssetCheckResult:
    """What nothing explains is a fault of ours; what was not carried out goes out with the next sync."""
    said, tried, why = [], key in sent.keys, sent.reasons.get(key, "")
    if found:
        said.append(f"{found.count} records differ from golden, and nothing is asked of them: {_listed(found)}.")
    if unsent:
        said.append(f"{unsent} changes were not carried out{f': {why}' if why else ''}.")
    numbers = _numbers("records that differ", found) | {"changes not sent": unsent}
    return _result(
        names.writes(key),
        AGREE,
        " ".join(said) or "Every linked record is up to date, but for what waits or is held.",
        numbers,
        passed=not found and not (unsent and tried),
        severity=AssetCheckSeverity.ERROR if found else WARN,
    )


def _no_gaps(key: str, found: Found | None) -> AssetCheckResult:
    said = "Every record on the left has one here, or a reason why not."
    if found:
        said = f"{found.count} records on the left have none here, and nothing says why: {_listed(found)}."
    return _result(names.writes(key), NO_GAPS, said, _numbers("records without", found), passed=not found)


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


def _numbers(what: str, found: Found | None) -> dict[str, int]:
    return {what: found.count if found else 0}


def _listed(found: Found) -> str:
    return ", ".join(found.examples) + (" and others" if found.count > len(found.examples) else "")


def _ago(hours: float) -> str:
    return "within the last hour" if hours < 1 else f"{hours:.0f} hours ago"
