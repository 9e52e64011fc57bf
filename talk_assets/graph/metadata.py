"""Reports in the form that the Dagster UI shows beside an asset, and the lines that a step logs.

What the numbers are is said where they are counted; only their form belongs here. Numbers have the same names in every
run, so that the UI draws them over time; a text is there only where there is something to say.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl
from dagster import AssetExecutionContext, MarkdownMetadataValue, MetadataValue

from talk_assets.model.system import Action, Usage
from talk_assets.report.readable import Reader
from talk_assets.sync.read.reading import ReadReport
from talk_assets.sync.runs import WRITES, Summary
from talk_assets.sync.write.tally import WriteReport

SHOWN = 20
"""Rows of a table that are shown."""

MODE = "talk/mode"
"""The tag of a run that says what it may do."""

ASKED = (*(action.value for action in Action), "waiting", "held")
"""What is counted of a collection's changes."""

Metadata = dict[str, Any]


@dataclass
class Cost:
    """What a step costs, from when this was made until it is shown: its collections share one connection."""

    usage: Usage = field(default_factory=Usage)
    began: float = field(default_factory=time.monotonic)

    def shown(self) -> Metadata:
        """Return it as metadata."""
        return {
            "seconds of the step": round(time.monotonic() - self.began, 3),
            "requests of the step": sum(self.usage.requests.values()),
            "requests tried again": self.usage.retries,
            "seconds waited for the rate limit": round(self.usage.waited, 3),
        }


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
    for note in done.notes:
        context.log.warning("%s", note)
    for message in done.failures.values():
        context.log.error("%s", message)


def of_read(records: int, report: ReadReport | None, failure: str | None, stopped: str | None) -> Metadata:
    """Return the metadata of a collection; without a report it was not read, and `failure` says why.

    `records` is how many it has now, `stopped` what a guard says of it.
    """
    done = report or ReadReport()
    return {
        "dagster/row_count": records,
        "records read": done.read,
        "records changed": done.changed,
        "records deleted": done.deleted,
        "invalid": done.invalid + done.values,
        "read in full": done.full,
        "unknown properties": ", ".join(sorted(done.unknown)) or "none",
        **({} if report else {"failure": failure or "not read"}),
        **({"stopped": stopped} if stopped else {}),
    }


def of_links(
    counts: Mapping[str, int], decided: int, held: pl.DataFrame, weighed: Mapping[str, int] | None = None
) -> Metadata:
    """Return the metadata of an entity's links; `held` are the first records that wait, as `overview.held_records`.

    `weighed` is what evidence came to, as `reviewing.counts`.
    """
    return {
        "dagster/row_count": counts["records"],
        "records reconciled": decided,
        "records held": counts["held"],
        **({f"records {name}": count for name, count in weighed.items()} if weighed else {}),
        "records gone": counts["gone"],
        f"first {SHOWN} held": _markdown(
            ("name", "record", "reason", "since"),
            (
                (name, f"{collection}/{id_}", reason, _time(since))
                for name, collection, id_, reason, since in held.iter_rows()
            ),
            Rest(counts["held"], "Nothing is held.", "talk held"),
        ),
    }


def of_golden(entities: int, conflicts: int, latest: pl.DataFrame, entity_type: str, reader: Reader) -> Metadata:
    """Return the metadata of an entity's golden table; `latest` are the latest values that lost."""
    rows = (
        (
            row["name"], row["records"], row["field"],
            f"{_value(reader, entity_type, row, 'winner')} ({row['winner_origin']})",
            f"{_value(reader, entity_type, row, 'value')} ({row['origin']})", _time(row["edited_at"]),
        )
        for row in latest.iter_rows(named=True)
    )  # fmt: skip
    headings = ("name", "records", "field", "what won", "what lost", "was set")
    rest = Rest(conflicts, "Nothing is in conflict.", "talk conflicts")
    return {
        "dagster/row_count": entities,
        "conflicts": conflicts,
        f"latest {SHOWN} conflicts": _markdown(headings, rows, rest),
    }


def of_changes(counts: Mapping[str, int], first: pl.DataFrame, entity_type: str, reader: Reader) -> Metadata:
    """Return the metadata of what is asked of a collection, the first of it as a table."""
    rows = (
        (
            action,
            name,
            id_,
            source,
            _fields(reader.show_object(entity_type, fields)),
            f"{status}: {reason}" if reason else status,
        )
        for action, name, id_, source, fields, status, reason in first.iter_rows()
    )
    return {
        "changes": sum(counts.values()),
        **dict.fromkeys(ASKED, 0),
        **counts,
        f"first {SHOWN}": _markdown(
            ("change", "name", "record", "of", "fields", "status"),
            rows,
            Rest(sum(counts.values()), "Nothing: the collection agrees with golden.", "talk sync --plan --json"),
        ),
    }


def of_writes(
    report: WriteReport | None, reason: str | None, first: pl.DataFrame, entity_type: str, reader: Reader
) -> Metadata:
    """Return the metadata of a collection that was written to; `reason` says why it was not.

    `first` are the first writes of the run as `overview.written` has them.
    """
    done = report or WriteReport()
    rows = (
        (
            row["action"], row["id"], _moves(reader, entity_type, row["before"], row["after"]),
            ": ".join(filter(None, (row["outcome"] or "no answer yet", row["reason"]))),
        )
        for row in first.iter_rows(named=True)
    )  # fmt: skip
    stopped = done.stopped or reason
    run, total = (first["run"][0], first["total"][0]) if first.height else ("", 0)
    rest = Rest(total, "Nothing was sent.", f"talk undo {run} --json")  # without --write, that only lists
    return {
        **{name: getattr(done, name) for name in (*WRITES, "held", "failed", "waiting")},
        f"first {SHOWN} writes": _markdown(("write", "record", "fields", "outcome"), rows, rest),
        **({"nothing sent": stopped} if stopped else {}),
    }


def _moves(reader: Reader, entity_type: str, before: str | None, after: str | None) -> str:
    """Each field, what the record held, and what it was sent."""
    was, now = reader.show_object(entity_type, before), reader.show_object(entity_type, after)
    return "; ".join(f"{name}: {_blank(was.get(name))} → {_blank(now.get(name))}" for name in was | now)


def _fields(values: Mapping[str, str | None]) -> str:
    return "; ".join(f"{name}: {_blank(value)}" for name, value in values.items())


def _value(reader: Reader, entity_type: str, row: Mapping[str, Any], which: str) -> str:
    return _blank(reader.show(entity_type, row["field"], row[which]))


def _blank(value: str | None) -> str:
    return "(blank)" if value is None else value


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else ""


@dataclass(frozen=True)
class Rest:
    """What a table does not show: of `total` rows, or what to say where there is none; `command` shows them all."""

    total: int
    nothing: str
    command: str


def _markdown(headings: Sequence[str], rows: Iterable[Sequence[str | None]], rest: Rest) -> MarkdownMetadataValue:
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    if not lines:
        return MetadataValue.md(rest.nothing)
    table = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|", *lines]
    if rest.total > len(lines):
        table += ["", f"{rest.total - len(lines):,} more are not shown. To see all {rest.total:,}: `{rest.command}`"]
    return MetadataValue.md("\n".join(table))


LONGEST = 300
"""Characters of a cell that are shown."""


def _cell(text: str | None) -> str:
    """One line of plain text, whatever the value was."""
    flat = " ".join((text or "").split())
    shown = flat if len(flat) <= LONGEST else f"{flat[:LONGEST]}…"
    return shown.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
