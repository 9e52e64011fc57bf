"""`talk init`: a new data folder, on which `talk` and Dagster run at once.

Its files are in `templates`, beside this module. What their settings mean is the concern of `config`.
"""

import shlex
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import click

from talk_assets.cli import layout
from talk_assets.cli.output import json_option, show_json
from talk_assets.config.configuration import FILE, SANDBOX_PORT
from talk_assets.errors import ConfigurationError

FILES = (FILE, "dagster.yaml", "workspace.yaml")


@click.command()
@click.argument("folder", metavar="[DIR]", default="data", type=click.Path(path_type=Path))
@click.option(
    "--sandbox-port",
    type=click.IntRange(1, 65535),
    default=SANDBOX_PORT,
    show_default=True,
    help="Where its sandbox listens; another one for each data folder.",
)
@json_option
def init(*, folder: Path, sandbox_port: int, as_json: bool) -> None:
    """Create a data folder, with the files that describe what is synchronised.

    DIR is `data` by default, which talk finds by itself. Files that exist are never overwritten.
    """
    folder = folder.resolve()
    _check_free(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        text = (files("talk_assets.cli") / "templates" / name).read_text("utf-8")
        if name == FILE:
            text = text.replace(f"port = {SANDBOX_PORT}", f"port = {sandbox_port}")
        with (folder / name).open("x", encoding="utf-8") as file:
            file.write(text)
    if as_json:
        show_json({"folder": str(folder), "files": [str(folder / name) for name in FILES]})
    else:
        _say_next(folder)


def _check_free(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        message = f"{folder}: is a file, and should be a folder, or not exist yet."
        raise ConfigurationError(message)
    there = [name for name in FILES if (folder / name).exists()]
    if there:
        message = f"{folder}: has {_listed(there)} already. Use it as it is, or choose another folder."
        raise ConfigurationError(message)


def _say_next(folder: Path) -> None:
    layout.say(f"Created {folder} with {_listed(FILES)}.")
    layout.say()
    layout.say("Tell talk and Dagster in this terminal where it is:")
    click.echo(f"  export DAGSTER_HOME={shlex.quote(str(folder))}")
    layout.say()
    layout.say("Then:")
    layout.say_pairs(
        (
            ("talk sync", "synchronise the sandbox's systems once"),
            ("talk status", "show the state of each pair"),
            ("talk ui", "serve the Dagster UI at http://127.0.0.1:3000"),
            ("talk --help", "list all commands, and how Tab completes them"),
        ),
        indent="  ",
    )
    layout.say()
    layout.say(f"To synchronise your own systems, follow the steps in {folder / FILE}.")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
