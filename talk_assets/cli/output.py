"""How commands show what they found: tables for people, plain columns for pipes, JSON for programs.

Only the form belongs here. What is shown is the command's concern.
"""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Give a command `--json`, which it receives as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")(command)


def show_json(value: object) -> None:
    """Write one JSON document, indented; what JSON has no form for is written as its text."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def show_table(headings: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None) -> None:
    """Write a table; None is shown as nothing. Numbers stand to the right.

    In a terminal rich draws it. Elsewhere each row is one line with its columns two blanks apart, nothing cut off.
    """
    texts = [["" if value is None else str(value) for value in row] for row in rows]
    numeric = [bool(rows) and all(isinstance(row[at], int | float) for row in rows) for at in range(len(headings))]
    if sys.stdout.isatty():
        _draw(headings, texts, numeric, title)
    else:
        _write(headings, texts, numeric, title)


def _draw(headings: Sequence[str], texts: list[list[str]], numeric: list[bool], title: str | None) -> None:
    # rich takes as long to import as the rest of a quick command.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=title, title_justify="left")
    for heading, right in zip(headings, numeric, strict=True):
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for row in texts:
        table.add_row(*(Text(text) for text in row))
    Console().print(table)


def _write(headings: Sequence[str], texts: list[list[str]], numeric: list[bool], title: str | None) -> None:
    if title:
        click.echo(title)
    lines = [list(headings), *texts]
    widths = [max(len(line[at]) for line in lines) for at in range(len(headings))]
    for line in lines:
        cells = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        )
        click.echo("  ".join(cells).rstrip())
