"""`talk backup FILE` and `talk restore FILE`: a copy of the database, and going back to one.

What is done is `talk_assets.operate.backups`'s; here is only how it is asked for.
"""

from pathlib import Path

import click

from talk_assets.cli.output import json_option, show_json
from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.operate.backups import back_up
from talk_assets.operate.backups import restore as put_back
from talk_assets.operate.run_lock import run_lock
from talk_assets.sync.hub import utc_now

FILE = click.argument("file", type=click.Path(path_type=Path))


@click.command()
@FILE
@json_option
def backup(*, file: Path, as_json: bool) -> None:
    """Copy the database to FILE, which must not exist; a sync may be running.

    It holds everything that the sync knows: links, agreed values, the journal. What Dagster keeps of its runs is not
    in it, nor are talk.toml, the credentials or the sandbox.
    """
    back_up(Wiring(configuration.current()).store(), file)
    if as_json:
        show_json({"file": str(file), "bytes": file.stat().st_size})
    else:
        click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


@click.command()
@FILE
@json_option
def restore(*, file: Path, as_json: bool) -> None:
    """Go back to the database in FILE; the present one is kept beside it.

    The next sync reads every record again before it creates any, finds what was created since by its external
    reference, and takes in what was edited since. What Dagster keeps of its runs stays as it is.
    """
    wiring = Wiring(configuration.current())
    with run_lock(wiring.config.folder, _waiting, patience=wiring.config.lock_patience):
        kept = put_back(wiring.store(), file, utc_now())
    if as_json:
        show_json({"database": str(wiring.config.database), "kept": str(kept) if kept else None})
    else:
        click.echo(f"{wiring.config.database} is as it was in {file}." + (f" Until now: {kept}" if kept else ""))


def _waiting(sentence: str) -> None:
    click.echo(sentence, err=True)
