"""`talk config show` and `talk config schema`: what is configured and where each value is from, and what may be.

Both only read, talk.toml and the environment. What the values are belongs to `talk_assets.config`.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from talk_assets.cli import layout
from talk_assets.cli.output import all_option, json_option, show_json
from talk_assets.config import configuration
from talk_assets.config.survey import Row, Survey, Variable, survey
from talk_assets.config.toml_text import key_text, value_text

BESIDE = f"{layout.GAP}# {configuration.FILE}"
"""The longest of what stands beside a value."""


@click.group()
def config() -> None:
    """Show what is configured and where each value is from, and the JSON Schema of talk.toml."""


@config.command()
@all_option
@json_option
def show(*, everything: bool, as_json: bool) -> None:
    """Show the configuration in effect as TOML, and beside each value where it is from.

    Details of a system or a pair are shown where talk.toml sets them; --all and --json have all of them. Of
    credentials only the environment variables' names are shown, and which of them are missing.
    """
    folder = configuration.find_folder(os.environ, Path.cwd())
    found = survey(folder, os.environ)
    if as_json:
        show_json(_document(found))
    else:
        _show(found, everything=everything)


@config.command()
@json_option
def schema(*, as_json: bool) -> None:
    """Print the JSON Schema of talk.toml, with which an editor completes and checks it.

    Save it beside talk.toml as talk.schema.json, and let the first line of talk.toml be `#:schema ./talk.schema.json`.
    --json changes nothing.
    """
    from talk_assets.config.schema import schema as of_file  # noqa: PLC0415 -- no other command needs it

    del as_json
    show_json(of_file())


def _document(found: Survey) -> dict[str, Any]:
    return {
        "file": str(found.file),
        "folder_source": found.folder_from,
        "values": [{"key": key_text(row.path), "value": row.value, "source": row.source} for row in found.rows],
        "variables": [
            {"name": one.name, "system": one.system, "set": one.is_set, "missing": one.is_missing}
            for one in found.variables
        ],
        "sandbox": sorted(found.emulated),
        "problems": list(found.problems),
    }


def _show(found: Survey, *, everything: bool) -> None:
    there = "" if found.file.exists() else " does not exist: every value is a default"
    layout.say(f"{found.file}{there}", first="# ", indent="# ")
    layout.say(f"data folder: {found.folder_from}", first="# ")
    _show_variables([one for one in found.variables if one.system is None])
    for problem in found.problems:
        click.echo()
        layout.say(f"Problem: {problem}", first="# ", indent="# ")
    rows = [row for row in found.rows if everything or not row.is_usual]
    sections: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        sections.setdefault(row.path[:-1], []).append(row)
    for path, some in sections.items():
        click.echo()
        if path:
            click.echo(f"[{key_text(path)}]")
        if path[:-1] == ("systems",):
            if path[-1] in found.emulated:
                click.echo("# The sandbox serves this system.")
            _show_variables([one for one in found.variables if one.system == path[-1]])
        _show_values(some)
    if left := len(found.rows) - len(rows):
        click.echo()
        layout.say(f"{left} more keys have their defaults: talk config show --all", first="# ", indent="# ")


def _show_variables(variables: Sequence[Variable]) -> None:
    states = (("missing" if one.is_missing else "set" if one.is_set else "not set") for one in variables)
    layout.say_pairs(zip((one.name for one in variables), states, strict=True), indent="# ")


def _show_values(rows: Sequence[Row]) -> None:
    """What they are from stands beside them in a column. A value that does not fit is a section of its own."""
    lines = [(row, _line(row)) for row in rows]
    broken = [row for row, line in lines if isinstance(row.value, dict) and len(line) > layout.width()]
    kept = [(row, line) for row, line in lines if row not in broken]
    room = layout.width() - len(BESIDE)
    column = max((len(line) for _, line in kept if len(line) <= room), default=0)
    for row, line in kept:
        _show_value(line, row, column)
    for row in broken:
        click.echo(f"\n[{key_text(row.path)}]")
        _show_values([Row((*row.path, key), value, row.source) for key, value in row.value.items()])


def _line(row: Row) -> str:
    if row.value is None:
        return f"# {row.path[-1]} is not set"
    return f"{key_text(row.path[-1:])} = {value_text(row.value)}"


def _show_value(line: str, row: Row, column: int) -> None:
    if row.value is None:
        click.echo(line)
    elif len(line) <= layout.width() - len(BESIDE):
        click.echo(f"{line.ljust(column)}{layout.GAP}# {row.source}")
    else:
        click.echo(f"# {row.source}")
        if isinstance(row.value, list) and len(line) > layout.width():
            items = "".join(f"    {value_text(one)},\n" for one in row.value)
            line = f"{key_text(row.path[-1:])} = [\n{items}]"
        click.echo(line)
