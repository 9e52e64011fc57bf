"""A sandbox's Webcrm and Customerp with the graph over them, whose sensors are evaluated tick by tick."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetKey,
    DagsterInstance,
    Definitions,
    ExecuteInProcessResult,
    RunRequest,
    SensorDefinition,
    build_sensor_context,
)
from dagster._core.definitions.sensor_definition import SensorExecutionData

from talk_assets.config.configuration import load
from talk_assets.config.wiring import Wiring
from talk_assets.graph.automation.watching import Memory
from talk_assets.graph.build import SYNC, build_definitions
from talk_assets.store.database import Store
from talk_assets_tests.sandbox import clients
from talk_assets_tests.whole.instance import Instance, opened

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
Record = dict[str, Any]
SYSTEMS = ("webcrm", "customerp")
FEW = "\n".join(
    f"[dataflows.webcrm-customerp.pairs.{pair}]\nenabled = false"
    for pair in ("users-contact", "products-product", "opportunities-order", "quotationline-order")
)
"""Companies and persons are enough."""

PERSONS = f"{FEW}\n[dataflows.webcrm-customerp.pairs.organisations-customer]\nenabled = false"
"""And where nothing refers to anything, persons alone."""


@dataclass
class Automatic:
    """What the daemon would do, by hand: `cursors` are those of the sensors, by name."""

    talk: Instance
    instance: DagsterInstance
    built: Definitions
    cursors: dict[str, str | None] = field(default_factory=dict)

    def sensor(self, name: str) -> SensorDefinition:
        """One of the sensors."""
        return self.built.resolve_sensor_def(name)

    def tick(self, name: str) -> SensorExecutionData:
        """Evaluate a sensor once."""
        context = build_sensor_context(self.instance, self.cursors.get(name), definitions=self.built, sensor_name=name)
        done = self.sensor(name).evaluate_tick(context)
        self.cursors[name] = done.cursor
        return done

    def asked(self, system: str) -> RunRequest | None:
        """The run that a system's sensor asks for, if any."""
        requests = self.tick(f"watch_{system}").run_requests or []
        assert len(requests) <= 1
        return requests[0] if requests else None

    def skipped(self, system: str) -> str:
        """Why a system's sensor asks for no run."""
        done = self.tick(f"watch_{system}")
        assert not done.run_requests
        assert done.skip_message
        return done.skip_message

    def run(self, request: RunRequest | None = None) -> ExecuteInProcessResult:
        """Run what was asked for, or everything."""
        return self.built.resolve_job_def(SYNC).execute_in_process(
            instance=self.instance,
            run_config=QUIET,
            asset_selection=list(request.asset_selection or ()) if request else None,
            tags=dict(request.tags) if request else None,
        )

    def run_only(self, *assets: str) -> ExecuteInProcessResult:
        """Materialise some assets, as from the UI."""
        job = self.built.resolve_job_def(SYNC)
        keys = [AssetKey(asset.split("/")) for asset in assets]
        return job.execute_in_process(instance=self.instance, run_config=QUIET, asset_selection=keys)

    def let_pass(self, system: str) -> None:
        """The pause that a system's sensor makes is over."""
        name = f"watch_{system}"
        self.cursors[name] = replace(Memory.load(self.cursors[name]), until=0.0).dump()

    def person(self) -> Record:
        """The one in Webcrm."""
        (found,) = self.talk.everything()["persons"]
        return found

    def edit_person(self, **properties: str) -> None:
        """Somebody edits the one in Webcrm."""
        found = {"PersonUpdatedAt": None, **properties}
        self.talk.sandbox.edit("webcrm", "Persons", self.person()["PersonId"], found)

    def contact(self) -> Record:
        """The one in Customerp that is the person."""
        (found,) = [one for one in self.talk.everything()["contacts"] if one["email"] == self.person()["PersonEmail"]]
        return found

    def edit_contact(self, **properties: str) -> None:
        """Somebody edits it."""
        with clients.customerp(self.talk.sandbox) as client:
            clients.patch(client, f"/contacts/{self.contact()['id']}", "*", **properties).raise_for_status()

    def down(self, system: str) -> None:
        """The system answers no more."""
        self.talk.sandbox.fault(system, html_rate=1)

    def up(self, system: str) -> None:
        """And it does again."""
        self.talk.sandbox.fault(system, html_rate=0)

    def forget_requests(self) -> None:
        """Count requests from nothing."""
        for system in SYSTEMS:
            self.talk.sandbox.forget_requests(system)

    def requests(self) -> dict[str, dict[str, int]]:
        """By system, how often what was asked."""
        return {system: self.talk.sandbox.requests(system)["by"] for system in SYSTEMS}

    def reconcile(self) -> None:
        """Let the sensors have their runs until none asks for one."""
        for _ in range(5):
            wanted = [request for name in SYSTEMS if (request := self.asked(name))]
            if not wanted:
                return
            for request in wanted:
                assert self.run(request).success
        raise AssertionError(wanted)


@contextmanager
def automatic(folder: Path, first: str = PERSONS, environ: dict[str, str] | None = None) -> Iterator[Automatic]:
    """Open a data folder whose talk.toml begins with `first`; the database is one in memory."""
    store = Store(None)
    with opened(folder) as talk, DagsterInstance.ephemeral() as instance, pytest.MonkeyPatch.context() as patched:
        patched.setattr(Wiring, "store", lambda _: store)
        talk.configure(first)
        yield Automatic(talk, instance, build_definitions(load(folder, environ or {})))
