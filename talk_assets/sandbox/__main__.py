"""The process behind `talk sandbox up`; started by `process`, not by hand."""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

from talk_assets.errors import ConfigurationError, TalkError
from talk_assets.sandbox.process import STATE
from talk_assets.sandbox.registry import generate, open_systems
from talk_assets.sandbox.server import HOST, Server
from talk_assets.sandbox.store import SandboxStore
from talk_assets.sandbox.wire import Clock

DATA = "sandbox.sqlite"
RECORDS, SEED = 60, 1
DAY = 24 * 3600


def main() -> None:
    """Serve until a signal says to stop; the last line of the log says why where it could not."""
    parser = argparse.ArgumentParser("python -m talk_assets.sandbox")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--records", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--no-limits", action="store_true")
    parser.add_argument("--speed", type=float, default=1.0, help="seconds of the sandbox's in each of the machine's")
    wanted = parser.parse_args()
    if os.getpid() != os.getsid(0):
        os.setsid()  # a terminal that is closed, or ^C in it, is not meant for us
    try:
        asyncio.run(_serve(wanted.folder.resolve(), wanted))
    except TalkError as error:
        sys.exit(str(error))


async def _serve(folder: Path, wanted: argparse.Namespace) -> None:
    """Take the port first, so that two starts at once do not both make data."""
    server = Server()
    try:
        port = await server.start(wanted.port)
    except OSError as error:
        message = f"port {wanted.port} on {HOST} is taken; choose another with `[sandbox] port` in talk.toml"
        raise ConfigurationError(message) from error
    store, about = _data(folder, wanted.records, wanted.seed)
    clock = Clock(wanted.speed)
    server.open(open_systems(store, clock, limits=not wanted.no_limits), store, clock, {**about, "folder": str(folder)})
    _tell(folder, port)
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await stopped.wait()
    await server.stop()
    store.close()


def _data(folder: Path, records: int | None, seed: int | None) -> tuple[SandboxStore, dict[str, int]]:
    """The folder's data, made on the first start; raises ConfigurationError where they were made of something else."""
    path = folder / DATA
    if not path.exists():
        _make(path, RECORDS if records is None else records, SEED if seed is None else seed)
    store = SandboxStore(path)
    about: dict[str, int] = json.loads(store.note("made of") or "{}")
    for name, value in (("records", records), ("seed", seed)):
        if value is not None and about.get(name) != value:
            message = f"{path} has {name} {about.get(name)}, not {value}; remove {folder} to have new data made"
            raise ConfigurationError(message)
    return store, about


def _make(path: Path, records: int, seed: int) -> None:
    """Make data that end today; a file that is not whole never has the name of one that is."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    store = SandboxStore(part, fresh=True)
    systems = open_systems(store, Clock(), limits=False)
    generate(store, systems, records=records, seed=seed, epoch=int(time.time()) // DAY * DAY)
    store.set_note("made of", json.dumps({"records": records, "seed": seed}))
    store.close()
    part.replace(path)


def _tell(folder: Path, port: int) -> None:
    """Say where we are; from now on `process.running` finds us."""
    part = folder / f"{STATE}.part"
    part.write_text(json.dumps({"pid": os.getpid(), "port": port}), "utf-8")
    part.replace(folder / STATE)


if __name__ == "__main__":
    main()
