"""The sandbox in a process of its own, the data folder beside it, and what goes wrong in the systems."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.errors import NothingToDo
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.operate.actions import Acting
from talk_assets.sandbox import process
from talk_assets.sandbox.process import Running
from talk_assets.store.database import Store
from talk_assets.store.transaction import Transaction

ROOT = Path(__file__).parents[2]

FAULTS = {
    "error_rate": 0.05,
    "throttle_rate": 0.02,
    "drop_rate": 0.01,
    "drop_after_accept": 0.01,
    "error_after_accept": 0.005,
    "moved_rate": 0.05,
    "limit_403_rate": 0.01,
    "forbid_rate": 0.02,
    "conflict_rate": 0.02,
    "mark_rate": 0.05,
    "latency": 0.01,
}
CALM = dict.fromkeys(FAULTS, 0.0)

SHORT_LIVED = {
    "webcrm": {"token_lifetime": 90},
    "crmoffice": {"token_seconds": 90},
    "poweroffice": {"token_lifetime": 90},
    "poweroffice_peer": {"token_lifetime": 90},
    "powerofficego": {"token_lifetime": 90},
}
"""Tokens that die soon, so that they are asked for among the faults as well."""

OVER = ("You do not have access to this record.", "The record is in use.")
"""What systems say at random of a record, which is held until a person has it sent again."""

REPLACING = """base_url = "http://127.0.0.1:{port}/customerp"
[systems.customerp.writing.update]
media = "application/json"
"""
"""Of a Customerp that takes a nested object in a PATCH for the whole of it; the sandbox's own would ignore it."""

CREDENTIALS = {"TALK_CUSTOMERP_TOKEN": "sandbox-customerp"}
"""For a system at an address of its own, the sandbox is anybody's API."""


@dataclass(frozen=True)
class Village:
    """Everything that runs, but for the sync."""

    folder: Path
    sandbox: Running
    wiring: Wiring
    replacing: bool = False
    """Whether Customerp replaces nested objects."""

    def trouble(self, seed: int) -> None:
        """From now on systems fail."""
        for name in self.wiring.systems:
            self.sandbox.fault(name, switches=SHORT_LIVED.get(name, {}))
            self.sandbox.fault(name, switches=None, seed=seed, **FAULTS)

    def calm(self) -> None:
        """From now on they do not."""
        for name in self.wiring.systems:
            self.sandbox.fault(name, switches=None, **CALM)

    def sent_again(self) -> None:
        """A person has everything sent that is held, while no sync runs."""
        with suppress(NothingToDo):
            Acting(self.wiring).retry(None)

    def used_again(self) -> int:
        """How many refresh tokens were used again by somebody who knew the next one."""
        return len(self.sandbox.effects("crmoffice")["tokens used again"])

    def faults(self) -> Counter[str]:
        """What went wrong so far, by kind."""
        return sum((Counter(self.sandbox.happened(name)) for name in self.wiring.systems), Counter[str]())

    def requests(self) -> int:
        """How many requests the sync sent so far."""
        return sum(int(self.sandbox.requests(name)["total"]) for name in self.wiring.systems)

    @contextmanager
    def look(self) -> Iterator[Transaction]:
        """Look into a copy of the database, while no sync runs."""
        with tempfile.TemporaryDirectory() as beside:
            for file in self.folder.glob("talk.duckdb*"):
                if file.is_file():  # a process that was killed leaves DuckDB's folder for what did not fit into memory
                    shutil.copy(file, beside)
            with Store(Path(beside) / "talk.duckdb").transaction() as transaction:
                yield transaction


@contextmanager
def opened(
    folder: Path, *, records: int, seed: int, dataflows: Sequence[str], replacing: bool = False
) -> Iterator[Village]:
    """A village in an empty folder with these dataflows, closed at the end."""
    sandbox = process.up(folder / "sandbox", records=records, seed=seed, limits=False, port=0)
    try:
        (folder / "talk.toml").write_text(_settings(sandbox.port, dataflows, replacing=replacing), "utf-8")
        shutil.copy(ROOT / "data" / "dagster.yaml", folder)
        sandbox.fault("customerp", switches={"replaces_nested": replacing})
        yield Village(folder, sandbox, Wiring(configuration.load(folder, CREDENTIALS if replacing else {})), replacing)
    finally:
        process.down(folder / "sandbox")


def _settings(port: int, dataflows: Sequence[str], *, replacing: bool) -> str:
    flows = {one.name: 'mode = "write"' if one.name in dataflows else "enabled = false" for one in DATAFLOWS}
    systems = {side for one in DATAFLOWS for side in (one.left, one.right)}
    parts = [f"[sandbox]\nport = {port}\n", "[guards]\nshrink = 1.0  # people delete as in years\n"]
    more = {"customerp": REPLACING.format(port=port)} if replacing else {}
    known = "sandbox = true\n" if replacing else ""  # or the records they invent would not be written to Customerp
    parts += [f'[systems.{name}]\nrate = "unlimited"\n{more.get(name, known)}' for name in sorted(systems)]
    parts += [f"[dataflows.{name}]\n{setting}\n" for name, setting in flows.items()]
    return "\n".join(parts)
