"""Servers and clients that are not ours, for the length of a test, and a firm that has such a server for its ERP."""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from talk_assets.config.configuration import load
from talk_assets.config.wiring import Wiring
from talk_assets.model.entities import ENTITIES
from talk_assets.sandbox.serving import Serving, serving
from talk_assets.sync.hub import Hub
from talk_assets_tests.sandbox import clients

HERE = Path(__file__).parent
PATIENCE = 180.0
_FOLDERS: list[TemporaryDirectory[str]] = []
"""They are removed when the process ends."""


@cache
def installed(name: str) -> Path:
    """Where the programs of a server or a client are: in an environment that lasts as long as the tests.

    `requirements.txt` or `package.json` in the folder `name` says what is installed.
    """
    _FOLDERS.append(TemporaryDirectory(prefix=name))
    folder = Path(_FOLDERS[-1].name)
    if (HERE / name / "package.json").exists():
        return _by_npm(HERE / name / "package.json", folder)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)  # noqa: S603 -- our own interpreter
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = ["--requirement", str(HERE / name / "requirements.txt")]
    subprocess.run([*pip, *wanted], check=True, capture_output=True)  # noqa: S603 -- as pinned
    return folder / "bin"


def _by_npm(wanted: Path, folder: Path) -> Path:
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("node and npm are not installed")
    shutil.copy(wanted, folder)
    quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    subprocess.run([npm, "install", *quiet], check=True, capture_output=True, cwd=folder)  # noqa: S603 -- as pinned
    prepared = [npm, "run", "--if-present", "prepared"]
    subprocess.run(prepared, check=True, capture_output=True, cwd=folder)  # noqa: S603 -- as pinned
    return folder / "node_modules" / ".bin"


def answered(name: str, *arguments: str) -> Any:  # noqa: ANN401 -- whatever the client prints
    """What a client prints as JSON: `client.py` in the folder `name`, run where its packages are installed."""
    command = [str(installed(name) / "python"), str(HERE / name / "client.py"), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 -- as pinned
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def running(
    command: list[str], url: str, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Iterator[None]:
    """Run a server as long as the block, from its first answer on; `folder` is where it may leave files."""
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, env=environment, cwd=folder, stdout=quiet, stderr=quiet)  # noqa: S603 -- as pinned
    until = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                assert server.poll() is None, "the server ended"
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait()


@dataclass
class Firm:
    """The CRMs of a sandbox, the ERP, and the hub between them as `talk.toml` and the environment say."""

    sandbox: Serving
    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    runs: int = 0

    def wired(self) -> Wiring:
        """As a new process finds it."""
        return Wiring(load(self.folder, self.environment))

    def decided(self) -> Hub:
        """Read and reconcile everything, and write nothing yet."""
        self.runs += 1
        hub = self.wired().hub(f"run {self.runs}")
        for name in hub.systems:
            asyncio.run(hub.read(name))
        for entity in ENTITIES:
            hub.reconcile(entity)
        return hub

    def sync(self) -> dict[str, int]:
        """Read, reconcile and write; return how many records were written, by collection."""
        hub = self.decided()
        reports = [asyncio.run(hub.write(name)).collections for name in hub.systems]
        return {key: done.writes for found in reports for key, done in found.items() if done.writes}

    def crm(self, path: str, **properties: object) -> int:
        """Somebody creates a record in Webcrm, or edits the one whose id is given."""
        table = {"Opportunities": "Opportunity"}.get(path, path.removesuffix("s"))
        with clients.webcrm(self.sandbox) as client:
            (result,) = client.patch(f"/{path}", json=[{f"{table}Id": 0, **properties}]).raise_for_status().json()
        return int(result)

    def sale(self) -> None:
        """An organisation, its person, a product and an opportunity with one line in Webcrm; then a sync."""
        fjord = self.crm("Organisations", OrganisationName="Fjord AS", OrganisationVatNumber="974760673")
        anna = self.crm("Persons", PersonOrganisationId=fjord, PersonFirstName="Anna", PersonLastName="van der Berg")
        self.crm("Products", ProductName="Skrue", ProductPrice=10.5, ProductCustom1="S-1")
        owned = {"OrganisationId": fjord, "PersonId": anna}
        whose = {f"Opportunity{name}": id_ for name, id_ in owned.items()}
        deal = self.crm("Opportunities", OpportunityNumber="T-1", **whose)
        line = {"OpportunityId": deal, "Quantity": 3, "Price": 10.5, "Data4": "S-1", "Comment": "Skrue", **owned}
        self.crm("QuotationLines", **{f"QuotationLine{name}": value for name, value in line.items()})
        self.sync()

    def shown(self, path: str) -> dict[str, Any]:
        """The only record of a collection of Webcrm."""
        (found,) = self.sandbox.records("webcrm", path)
        return found


@contextmanager
def firm(name: str, url: str, folder: Path, environment: Mapping[str, str]) -> Iterator[Firm]:
    """A firm whose ERP is at `url`, spoken with as the server's `talk.toml` says."""
    with serving() as sandbox:
        text = (HERE / name / "talk.toml").read_text("utf-8")
        assert "[systems.customerp]\n" in text
        own = f'[sandbox]\nport = {sandbox.port}\n\n[systems.customerp]\nbase_url = "{url}"\n'
        folder.mkdir()
        (folder / "talk.toml").write_text(text.replace("[systems.customerp]\n", own, 1), "utf-8")
        yield Firm(sandbox, folder, environment)
