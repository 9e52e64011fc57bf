"""What `talk sync` writes is due to a dataflow in mode write that it is asked for: over HTTP, through the graph."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.sandbox.serving import serving
from talk_assets_tests import data_folder
from talk_assets_tests.whole.instance import Instance

GIVEN = {
    "customerp": {
        "customers": [{"name": "Fjord AS", "organisation_number": "974760673", "email": "post@fjord.example"}]
    },
    "powerofficego": {
        "Customers": [{"Name": "Berg AS", "OrganizationNumber": "923609016", "EmailAddress": "post@berg.example"}]
    },
}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """A company in Customerp and another in PowerOffice Go; the webshop has none."""
    data_folder.fill(tmp_path)
    with serving(GIVEN) as sandbox:
        yield Instance(tmp_path, sandbox)


def configure(instance: Instance, **modes: str) -> None:
    """The dataflows in these modes, and no others, so that only their systems are read."""
    sections = [f'[systems.{name}]\nbase_url = "{url}"' for name, url in instance.urls.items()]
    for one in DATAFLOWS:
        mode = modes.get(one.name.replace("-", "_"))
        sections.append(f"[dataflows.{one.name}]\n" + (f'mode = "{mode}"' if mode else "enabled = false"))
    (instance.folder / "talk.toml").write_text("\n".join(sections), "utf-8")


def names(instance: Instance, system: str, collection: str, name: str = "Name") -> list[str]:
    return sorted(record[name] for record in instance.sandbox.records(system, collection))


def companies(instance: Instance) -> list[str]:
    return sorted(record["billing"]["company"] for record in instance.sandbox.records("customwebshop", "customers"))


def test_what_is_due_to_a_dataflow_in_mode_plan_or_to_one_not_asked_for_is_not_written(instance: Instance) -> None:
    """Though another dataflow, which is in mode write and asked for, writes to the same collections."""
    configure(instance, customerp_powerofficego="plan", powerofficego_customwebshop="write")
    assert instance.talk("sync").status == 0
    assert names(instance, "powerofficego", "Customers") == ["Berg AS"]
    assert companies(instance) == ["Berg AS"]
    (record,) = instance.sandbox.records("customerp", "customers")
    explained = json.loads(instance.talk("explain", f"customerp/customer/{record['id']}", "--json").stdout)
    told = {change["collection"]: (change["status"], change["reason"]) for change in explained["changes"]}
    assert told["powerofficego/customers"] == ("waiting", "customerp-powerofficego is in mode plan")

    configure(instance, customerp_powerofficego="write", powerofficego_customwebshop="write")
    assert instance.talk("sync", "--dataflow", "powerofficego-customwebshop").status == 0
    assert names(instance, "powerofficego", "Customers") == companies(instance) == ["Berg AS"]
    assert instance.talk("sync").status == 0
    assert names(instance, "powerofficego", "Customers") == companies(instance) == ["Berg AS", "Fjord AS"]


def test_a_first_sync_of_one_dataflow_reads_what_must_be_known_before_it_creates(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person of Crmoffice may be one that Webcrm has too; who can't be asked is named."""
    configure(instance, webcrm_customerp="write", crmoffice_customerp="write")
    instance.sandbox.create("crmoffice", "contacts", {"givenName": "Kari", "familyName": "Dahl", "email": "k@d.no"})
    with (instance.folder / "talk.toml").open("a") as file:
        file.write("\n[dataflows.webcrm-customerp.pairs.users-contact]\nenabled = false\n")
    with monkeypatch.context() as wrong:
        wrong.setenv("TALK_WEBCRM_AUTH_CODE", "wrong")
        failed = instance.talk("sync", "--dataflow", "crmoffice-customerp")
    assert failed.status == 1
    said = "Waiting in customerp/contact: 1 create, as webcrm/persons not read in full yet."
    assert said in " ".join(failed.stdout.split())
    done = instance.talk("sync", "--dataflow", "crmoffice-customerp", "--json")
    assert names(instance, "customerp", "contacts", "last_name") == ["Dahl"]
    assert json.loads(done.stdout)["waiting"] == []
