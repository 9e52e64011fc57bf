"""A data folder on its own sandbox, and the services that `make ui` starts for it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from talk_assets.sandbox import process
from talk_assets.systems import SYSTEMS
from talk_assets_tests import data_folder

TALK = [sys.executable, "-c", "from talk_assets.cli import main; main()"]
STARTING, STOPPING = 120.0, 60.0
"""Seconds after which it is not slow but broken."""


@dataclass(frozen=True)
class Instance:
    """A data folder of its own."""

    folder: Path
    ports: tuple[int, int]
    """The sandbox's and the UI's."""

    def configure(self, *off: str) -> None:
        """Write talk.toml; the dataflows and pairs named in `off` are switched off."""
        sections = [f"[sandbox]\nport = {self.ports[0]}"]
        sections += [f'[systems.{system}]\nrate = "unlimited"' for system in SYSTEMS]
        sections += [f"[dataflows.{name}]\nenabled = false" for name in off]
        quiet = "[automation]\nenabled = false"  # what happens by itself would be in the pictures
        (self.folder / "talk.toml").write_text("\n".join([*sections, quiet]), "utf-8")

    @property
    def sandbox(self) -> process.Running:
        """The sandbox, which must be running."""
        found = process.running(self.folder / "sandbox")
        assert found is not None
        return found

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("TALK_")}
        return own | {"DAGSTER_HOME": str(self.folder)}

    def talk(self, *arguments: str) -> None:
        """Run a command in the folder."""
        subprocess.run([*TALK, *arguments], env=self.environment, check=True, capture_output=True)  # noqa: S603 -- ours

    @contextmanager
    def ui(self) -> Iterator[str]:
        """Give the address at which the UI answers; afterwards Ctrl-C must end all that was started."""
        command = [*TALK, "ui", "--port", str(self.ports[1]), "--json"]
        with (
            (self.folder / "ui.log").open("w") as log,
            subprocess.Popen(  # noqa: S603 -- our own command
                command, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            ) as services,
        ):
            try:
                assert services.stdout is not None
                url = json.loads("".join(iter(services.stdout.readline, "}\n")) + "}")["url"]
                _wait(url, services)
                yield url
                services.send_signal(signal.SIGINT)
                assert services.wait(STOPPING) == 0
            finally:
                _end(services)
        assert not _answers(url)


@contextmanager
def opened(folder: Path, *, records: int | None = None) -> Iterator[Instance]:
    """A sandbox without rate limits, its data invented and nothing synced; `records` as for `talk sandbox up`."""
    data_folder.fill(folder)
    found = Instance(folder, (_free_port(), _free_port()))
    found.configure()
    try:
        found.talk("sandbox", "up", "--no-limits", *(["--records", str(records)] if records else []))
        yield found
    finally:
        process.down(folder / "sandbox")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(url: str, services: subprocess.Popen[str]) -> None:
    until = time.monotonic() + STARTING
    while not _answers(url):
        assert services.poll() is None, f"talk ui ended with {services.returncode}"
        assert time.monotonic() < until, "the UI did not answer in time"
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/server_info", timeout=5.0).is_success
    except httpx.TransportError:
        return False


def _end(services: subprocess.Popen[str]) -> None:
    """End what is left of the session, whatever went wrong."""
    if services.poll() is None:
        os.killpg(services.pid, signal.SIGKILL)
