"""A person opens the UI, syncs a dataflow with one click, and sees what it did and why. Needs a Chromium."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from talk_assets.graph.checks import ONE_TO_ONE
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.model.entities import ENTITIES
from talk_assets.systems import SYSTEMS
from talk_assets_tests.ui import walk
from talk_assets_tests.ui.instance import opened

EMAIL = "anna@fjord.example"
KEPT = {"webcrm/persons", "webcrm/organisations"}
"""The left sides of the pairs that are switched on while something runs: each further one costs a second."""

OTHERS = [dataflow.name for dataflow in DATAFLOWS if dataflow.name != "webcrm-customerp"] + [
    f"webcrm-customerp.pairs.{pair.left.partition('/')[2]}-{pair.right.partition('/')[2]}"
    for dataflow in DATAFLOWS
    for pair in dataflow.pairs
    if dataflow.name == "webcrm-customerp" and pair.left not in KEPT
]


@pytest.mark.skipif(walk.CHROMIUM is None, reason="no Chromium here; Debian's package is called chromium")
def test_a_dataflow_is_synced_with_one_click_and_says_what_it_did(tmp_path: Path) -> None:
    with opened(tmp_path, records=5) as instance:
        instance.configure(*OTHERS)
        instance.sandbox.create("webcrm", "Persons", {"PersonLastName": "Berg", "PersonEmail": EMAIL})
        with instance.ui() as url, walk.browser(url) as page:
            run = walk.launchpad(page, "dataflow_webcrm_customerp")
            expect(run).to_contain_text("talk/job: dataflow")
            expect(run).to_contain_text("webcrm-customerp")
            walk.dataflow(page, "dataflow_webcrm_customerp")
            walk.materialise(page)
            contacts = instance.sandbox.records("customerp", "contacts")
            assert [one["last_name"] for one in contacts if one["email"] == EMAIL] == ["Berg"]

            asked = [instance.sandbox.requests(system) for system in SYSTEMS]
            walk.changes(page, "customerp/contact")
            expect(walk.changes_table(page)).to_contain_text(EMAIL)

            walk.check(page, "person_links", ONE_TO_ONE)

            walk.column(page, "customerp/contact_changes", "email").get_by_role("link", name="person_golden").click()
            email = page.get_by_role("row").filter(has_text="PersonEmail of webcrm/persons")
            email.get_by_role("link", name="webcrm/persons").click()
            expect(walk.described(page, "PersonEmail")).to_contain_text("email of person_golden")

            instance.configure()
            edges = walk.graph(page, ENTITIES)
            assert edges["company"] < edges["person"] < edges["order"]
            assert edges["product"] < edges["order"]
            way = ["employee", "person_links", "person_golden", "employee_changes", "employee_writes"]
            edges = walk.group(page, "person", way)
            assert sorted(way, key=edges.__getitem__) == way
            assert [instance.sandbox.requests(system) for system in SYSTEMS] == asked
