"""How commands show what they found: tables for people, JSON for programs.

Only the form belongs here. What is shown is the command's concern.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from talk_assets.cli import layout
from talk_assets.errors import ConfigurationError
from talk_assets.sync.progress import Progress as Told
from talk_assets.sync.progress import Tell, silent

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

Command = TypeVar("Command", bound=Callable[..., Any])

Row = Mapping[str, Any]
"""A row of a list, with its `number`."""


def json_option(command: Command) -> Command:
    """Give a command `--json`, which it receives as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")(command)


def number_argument(command: Command) -> Command:
    """Give a command that lists something an optional NUMBER, which it receives as `number`; `numbered` applies it."""
    return click.argument("number", type=click.IntRange(min=1), required=False, metavar="[NUMBER]")(command)


def all_option(command: Command) -> Command:
    """Give a command `--all`, which it receives as `everything`."""
    return click.option("--all", "everything", is_flag=True, help="However long the list is.")(command)


def numbered(rows: Sequence[Row], number: int | None, command: str) -> Sequence[Row]:
    """Return the rows with a `number`, all for None; raise ConfigurationError where there are none with this one."""
    if number is None:
        return rows
    if chosen := [row for row in rows if row["number"] == number]:
        return chosen
    last = max((row["number"] for row in rows), default=0)
    there = f"the last one is {last}" if last else "the list is empty"
    message = f"{number}: `talk {command}` has no item of this number; {there}."
    raise ConfigurationError(message)


def show_json(value: object) -> None:
    """Write one JSON document, indented; what JSON has no form for is written as its text.

    Letters that the output's encoding lacks are written as JSON's escapes, so that no value is another one.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, default=str)
    click.echo(text)


def show_table(headings: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None) -> None:
    """Write a table; None is shown as nothing. Numbers stand to the right.

    Where it is wider than the terminal, or than COLUMNS says, each row is a block that names its columns, so that
    nothing is cut off and no id is broken.
    """
    texts = [["" if value is None else layout.flat(str(value)) for value in row] for row in rows]
    numeric = [bool(rows) and all(isinstance(row[at], int | float) for row in rows) for at in range(len(headings))]
    if title:
        layout.say(title, bold=True)
    if layout.fits([headings, *texts]):
        layout.table([headings, *texts], numeric)
        return
    for row in texts:
        parts = [f"{name} {text}" for name, text in zip(headings, row, strict=True) if text]
        layout.say_packed(parts, indent="  ")


@contextmanager
def show_progress() -> Iterator[Tell]:
    """Give what tells how far long work is: a bar for each collection that takes a while, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
    )
    console = Console(file=sys.stderr)  # the stream of now: while it runs, another may be in its place
    with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as bars:
        yield Bars(bars)


class Bars:
    """A bar per collection and what is done with it, from the first word about it to the last."""

    def __init__(self, bars: "RichProgress") -> None:
        self._bars = bars
        self._began: dict[tuple[str, str], tuple[TaskID, float]] = {}

    def refresh(self) -> None:
        """Draw what is known now, instead of a moment later."""
        self._bars.refresh()

    def __call__(self, at: Told) -> None:
        """Take the word of the work for how far it is."""
        place = (at.key, at.doing.value)
        if at.done == at.total:
            if place in self._began:
                self._bars.remove_task(self._began.pop(place)[0])
            return
        if place not in self._began:
            task = self._bars.add_task(f"{at.key} {at.doing}", total=at.total, rate="")
            self._began[place] = task, time.monotonic()
        task, began = self._began[place]
        rate = at.done / max(time.monotonic() - began, 0.1)
        waited = f", waited {at.waited:.0f} s" if at.waited >= 1 else ""
        self._bars.update(task, completed=at.done, total=at.total, rate=f"{rate:.0f}/s{waited}")
