"""`talk sandbox up`, `curl` and `down`: the emulated systems, for trying things out.

What the sandbox is and does belongs to `talk_assets.sandbox`.
"""

import os
from pathlib import Path

import click

from talk_assets.cli.output import json_option, show_json, show_table
from talk_assets.config import configuration
from talk_assets.config.messages import suggestion
from talk_assets.errors import ConfigurationError
from talk_assets.sandbox import process


@click.group()
def sandbox() -> None:
    """Emulated systems on this machine, to try things on."""


@sandbox.command()
@click.option("--records", type=click.IntRange(min=1), help="How many persons to invent; the rest follows from it.")
@click.option("--seed", type=int, help="Same seed, same data.")
@click.option("--no-limits", is_flag=True, help="Without the rate limits of the real APIs.")
@click.option("--port", type=click.IntRange(1, 65535), help="Instead of the port in talk.toml.")
@json_option
def up(*, records: int | None, seed: int | None, no_limits: bool, port: int | None, as_json: bool) -> None:
    """Start the sandbox, or find the one that runs, and show how to reach it.

    Data are invented on the first start and kept until data/sandbox is removed.
    """
    here = configuration.current()
    running = process.up(
        here.sandbox_folder, records=records, seed=seed, limits=not no_limits, port=port or here.sandbox_port
    )
    if as_json:
        show_json({"pid": running.pid, "base_urls": running.base_urls, "curl": running.curl_lines()})
        return
    show_table(("system", "base URL"), list(running.base_urls.items()), title=f"The sandbox, process {running.pid}")
    click.echo("\nTo edit a record in one of them: talk sandbox curl")
    if port and port != here.sandbox_port:
        click.echo(
            f"\nSay `[sandbox] port = {port}` in {here.folder / configuration.FILE}:"
            f" systems look for {here.sandbox_port}."
        )


@sandbox.command()
@click.argument("system", required=False)
@json_option
def curl(*, system: str | None, as_json: bool) -> None:
    """Show a command line for each system, or for SYSTEM, that edits a record: the next sync carries the edit over."""
    running = process.running(_folder())
    if running is None:
        message = "the sandbox is not running. Start it: talk sandbox up"
        raise ConfigurationError(message)
    lines = running.curl_lines()
    if system is not None and system not in lines:
        message = f"{system}: there is no such system{suggestion(system, lines) or '.'} There are {', '.join(lines)}."
        raise ConfigurationError(message)
    chosen = lines if system is None else {system: lines[system]}
    if as_json:
        show_json({"curl": chosen})
        return
    for name, line in chosen.items():
        click.echo(f"# {name}\n{line}\n")
    click.echo(
        "Run one of these lines, then talk sync. The edit arrives in the systems that the record is linked with."
    )


@sandbox.command()
@json_option
def down(*, as_json: bool) -> None:
    """Stop the sandbox; its data is kept."""
    folder = _folder()  # a mistake in talk.toml must not keep it running
    running = process.running(folder)
    process.down(folder)
    if as_json:
        show_json({"stopped": running.pid if running else None})
    else:
        click.echo(f"Stopped process {running.pid}." if running else "The sandbox was not running.")


def _folder() -> Path:
    return configuration.sandbox_folder(configuration.find_folder(os.environ, Path.cwd()))


def start_if_needed(here: configuration.Config) -> None:
    """Start the sandbox, and say so before and after, if a system is served by it and it does not run."""
    folder = here.sandbox_folder
    if here.needs_sandbox and process.running(folder) is None:
        click.echo(f"Starting the sandbox on port {here.sandbox_port} ...", err=True)
        started = process.up(folder, records=None, seed=None, limits=True, port=here.sandbox_port)
        click.echo(f"Started the sandbox, process {started.pid}.", err=True)
