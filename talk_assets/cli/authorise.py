"""`talk authorise`: a person signs in to a system, so that the sync may use it in their name.

What is stored and how is in `operate.authorising`; here the address is shown, and the browser opened.
"""

import webbrowser
from contextlib import suppress

import click

from talk_assets.cli.output import json_option, show_json
from talk_assets.config import configuration
from talk_assets.operate import authorising


@click.command()
@click.argument("system")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=authorising.PORT,
    show_default=True,
    help="Where the browser is sent back to on this machine; 0 for any free port.",
)
@click.option("--no-browser", is_flag=True, help="Only show the address.")
@json_option
def authorise(*, system: str, port: int, no_browser: bool, as_json: bool) -> None:
    """Sign in to SYSTEM in a browser, and store its tokens in the data folder.

    Register http://127.0.0.1:8799/signed-in with the system as the address to return to. On a machine without a
    browser, forward the port: ssh -L 8799:127.0.0.1:8799 HOST
    """

    def show(url: str) -> None:
        click.echo(f"Open this address, and sign in:\n{url}", err=True)
        if not no_browser:
            with suppress(webbrowser.Error):
                webbrowser.open(url)

    stored = authorising.authorise(configuration.current(), system, show, port=port)
    if as_json:
        show_json({"system": system, "file": str(stored.path), "encrypted": bool(stored.key)})
        return
    how = "encrypted" if stored.key else "readable by you alone; set TALK_SECRET_KEY to have it encrypted"
    click.echo(f"Signed in to {system}. The tokens are in {stored.path} ({how}).")
