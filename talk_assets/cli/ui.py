"""`talk ui`: Dagster's web interface and daemon over this data folder, until Ctrl-C.

What it shows are the definitions; here the services are only started. The sandbox it may start goes on running.
"""

import os
import signal
import socket
import sys
from pathlib import Path

import click

from talk_assets.cli.output import json_option, show_json
from talk_assets.cli.sandbox import start_if_needed
from talk_assets.config import configuration
from talk_assets.errors import ConfigurationError

HOST = "127.0.0.1"
"""This machine alone: the interface asks nobody who they are."""


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Where it listens.")
@json_option
def ui(*, port: int, as_json: bool) -> None:
    """Serve the Dagster UI of this data folder until Ctrl-C, and carry out the runs it is asked for.

    Starts the sandbox if a system needs it; that one stays, also afterwards, until talk sandbox down.
    """
    here = configuration.current()
    _check_free(port)
    start_if_needed(here)
    url = f"http://{HOST}:{port}"
    if as_json:
        show_json({"pid": os.getpid(), "url": url})
    else:
        click.echo(f"The Dagster UI is at {url} in some seconds. Ctrl-C stops it.")
    _become_dagster(here.folder, port)


def _become_dagster(folder: Path, port: int) -> None:
    """Go on as `dagster dev`, under the same process id."""
    services = ["dev", "--module-name", "talk_assets.definitions", "--host", HOST, "--port", str(port)]
    # Where this was started in the background, Ctrl-C and SIGTERM would be ignored for ever.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ |= {
        "DAGSTER_HOME": str(folder),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "PYTHONWARNINGS": "ignore",  # Dagster's own, about the command it was started with
    }
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "dagster", *services, "--log-level", "warning"])  # noqa: S606 -- ours


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            message = f"port {port} is taken; stop what listens there, or say another with --port."
            raise ConfigurationError(message) from error
