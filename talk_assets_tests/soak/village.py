"""The sandbox in a process of its own, the data folder beside it, and what goes wrong in the systems."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.model.dataflows import DATAFLOWS
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

ODD: dict[str, dict[str, int]] = {"customerp": {"limit_status": 403}, "customwebshop": {"byte_order_mark": True}}
"""Answers in a form that few APIs have, which mean the same."""


@dataclass(frozen=True)
class Village:
    """Everything that runs, but for the sync."""

    folder: Path
    sandbox: Running
    wiring: Wiring

    def trouble(self, seed: int) -> None:
        """From now on systems fail."""
        for name in self.wiring.systems:
            self.sandbox.fault(name, switches={**SHORT_LIVED.get(name, {}), **ODD.get(name, {})})
            self.sandbox.fault(name, switches=None, seed=seed, **FAULTS)

    def calm(self) -> None:
        """From now on they do not."""
        for name in self.wiring.systems:
            self.sandbox.fault(name, switches=None, **CALM)

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
                shutil.copy(file, beside)
            with Store(Path(beside) / "talk.duckdb").transaction() as transaction:
                yield transaction


@contextmanager
def opened(folder: Path, *, records: int, seed: int, dataflows: Sequence[str]) -> Iterator[Village]:
    """A village in an empty folder with these dataflows, closed at the end."""
    sandbox = process.up(folder / "sandbox", records=records, seed=seed, limits=False, port=0)
    try:
        (folder / "talk.toml").write_text(_settings(sandbox.port, dataflows), "utf-8")
        shutil.copy(ROOT / "data" / "dagster.yaml", folder)
        yield Village(folder, sandbox, Wiring(configuration.load(folder, {})))
    finally:
        process.down(folder / "sandbox")


def _settings(port: int, dataflows: Sequence[str]) -> str:
    off = [one.name for one in DATAFLOWS if one.name not in dataflows]
    systems = {side for one in DATAFLOWS for side in (one.left, one.right)}
    parts = [f"[sandbox]\nport = {port}\n", "[guards]\nshrink = 1.0  # people delete as in years\n"]
    parts += [f'[systems.{name}]\nrate = "unlimited"\n' for name in sorted(systems)]
    parts += [f"[dataflows.{name}]\nenabled = false\n" for name in off]
    return "\n".join(parts)
