"""Reports in the form that the Dagster UI shows beside an asset, and the lines that a step logs.

What the numbers are is said where they are counted; only their form belongs here.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl
from dagster import AssetExecutionContext, MetadataValue

from talk_assets.sync.connection import Usage
from talk_assets.sync.readable import Reader
from talk_assets.sync.reading import ReadReport
from talk_assets.sync.runs import WRITES, Summary
from talk_assets.sync.writing import WriteReport

SHOWN = 20
"""Changes that are shown of a collection."""

MODE = "talk/mode"
"""The tag of a run that says what it may do."""

Metadata = dict[str, Any]


def mode_of(context: AssetExecutionContext) -> str:
    """Return what a run may do: `plan` or `write`."""
    return context.run.tags.get(MODE, "write")


def article(noun: str) -> str:
    """Return the noun with its indefinite article."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def summary(system: str, usage: Usage, counts: Mapping[str, Mapping[str, int]], failures: Mapping[str, str]) -> Summary:
    """Return a step's part of the run's summary."""
    return Summary(
        collections={key: dict(one) for key, one in counts.items()},
        requests={system: sum(usage.requests.values())},
        waited={system: usage.waited},
        failures=dict(failures),
    )


def log(context: AssetExecutionContext, done: Summary) -> None:
    """Say in the run's log what a step did, and what it could not."""
    for key, counts in done.collections.items():
        context.log.info("%s: %s", key, ", ".join(f"{count} {name}" for name, count in counts.items()))
    for message in done.failures.values():
        context.log.error("%s", message)


def of_read(done: Summary, system: str, report: ReadReport | None, stopped: str | None) -> Metadata:
    """Return the metadata of a collection that was read, or could not be; `stopped` is what a guard says of it."""
    if report is None:
        return _cost(done, system) | {"failure": done.failures.get(system, "not read")}
    return _cost(done, system) | {
        "dagster/row_count": report.read,
        "records changed": report.changed,
        "records deleted": report.deleted,
        "misfits": report.misfits,
        "read in full": report.full,
        "unknown properties": ", ".join(sorted(report.unknown)) or "none",
        **({"stopped": stopped} if stopped else {}),
    }


def of_changes(counts: Mapping[str, int], first: pl.DataFrame, kind: str, reader: Reader) -> Metadata:
    """Return the metadata of what is asked of a collection, the first of it as a table."""
    return {
        "changes": sum(counts.values()),
        **counts,
        f"first {SHOWN}": MetadataValue.md(_table(first, kind, reader)),
    }


def of_writes(done: Summary, system: str, report: WriteReport | None, reason: str | None) -> Metadata:
    """Return the metadata of a collection that was written to; `reason` says why it was not."""
    if report is None:
        return {"nothing sent": reason or done.failures.get(system, "not reached")}
    counts = {name: getattr(report, name) for name in (*WRITES, "held", "failed", "waiting")}
    stopped = {"stopped": report.stopped} if report.stopped else {}
    return _cost(done, system) | counts | stopped


def _cost(done: Summary, system: str) -> dict[str, Any]:
    """Of the whole step: its collections share one connection."""
    return {
        "requests of the step": done.requests.get(system, 0),
        "seconds waited for the rate limit": round(done.waited.get(system, 0.0), 3),
    }


def _table(rows: pl.DataFrame, kind: str, reader: Reader) -> str:
    if rows.is_empty():
        return "Nothing: the collection agrees with golden."
    lines = ["| change | record | of | fields | status |", "|---|---|---|---|---|"]
    for action, id_, source, fields, status, reason in rows.iter_rows():
        values = "; ".join(
            f"{name}: {'(cleared)' if value is None else value}"
            for name, value in reader.show_object(kind, fields).items()
        )
        cells = (action, id_ or "", source or "", values, f"{status}: {reason}" if reason else status)
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
