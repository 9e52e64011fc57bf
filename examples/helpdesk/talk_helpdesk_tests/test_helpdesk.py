"""The conformance suite, the lens laws, and a sync from end to end."""

import asyncio
from pathlib import Path

import pytest

from talk_assets.config.configuration import load
from talk_assets.config.wiring import Wiring
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.sandbox import registry
from talk_assets.sandbox.serving import serving
from talk_assets.systems import SYSTEMS
from talk_assets.testing.conformance.http import HttpConformance
from talk_assets.testing.lens_laws import check_laws
from talk_helpdesk.sandbox import EMULATED
from talk_helpdesk.system import HELPDESK, PROFILE


class TestHelpdesk(HttpConformance):
    """Three lines are all that a system described as data needs."""

    registered = HELPDESK
    emulated = EMULATED
    bad = ("users", {"last_name": "Berg", "email": "nobody"}, "nobody is no e-mail address")


@pytest.mark.parametrize("collection", PROFILE.collections, ids=lambda collection: collection.name)
def test_reading_back_what_was_written_gives_what_was_written(collection: Collection) -> None:
    check_laws(collection)


def test_every_customer_and_contact_has_its_record_in_the_helpdesk_and_the_next_run_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the entry points do once the package is installed.
    monkeypatch.setitem(SYSTEMS, "helpdesk", HELPDESK)
    monkeypatch.setitem(registry.SYSTEMS, "helpdesk", EMULATED)
    with serving(records=20) as sandbox:
        hurried = "".join(f'[systems.{name}]\nrate = "unlimited"\n' for name in ("customerp", "helpdesk"))
        others = "".join(f"[dataflows.{flow.name}]\nenabled = false\n" for flow in DATAFLOWS)
        (tmp_path / "talk.toml").write_text(f"[sandbox]\nport = {sandbox.port}\n{hurried}{others}", "utf-8")
        wiring = Wiring(load(tmp_path, {}))
        assert [(one.name, str(one.mode)) for one in wiring.config.dataflows] == [("customerp-helpdesk", "write")]
        hub = wiring.hub("first")

        def sync() -> int:
            for name in ("customerp", "helpdesk"):
                asyncio.run(hub.read(name))
            for entity in ("company", "person"):
                hub.reconcile(entity)
            written = (asyncio.run(hub.write(name)) for name in ("customerp", "helpdesk"))
            return sum(done.writes for report in written for done in report.collections.values())

        before = len(sandbox.records("helpdesk", "users"))
        assert 0 < before < len(sandbox.records("customerp", "contacts"))
        assert sync() > 0
        users = {user["email"] for user in sandbox.records("helpdesk", "users")}
        assert {contact["email"].strip().lower() for contact in sandbox.records("customerp", "contacts")} <= {
            email.lower() for email in users
        }
        assert sync() == 0
