"""Walk over the demo, every record of it, and write what is seen to `docs/`: `make screenshots`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Locator, Page, ViewportSize

from talk_assets.graph.checks import ONE_TO_ONE
from talk_assets.model.entities import ENTITIES
from talk_assets_tests.ui import walk
from talk_assets_tests.ui.instance import Instance, opened

DOCS = Path(__file__).parents[2] / "docs"
EDITS = {
    "PersonTitle": "Head of purchasing",
    "PersonMobilePhone": "+47 900 11 222",
    "PersonDirectPhone": "+47 22 33 44 55",
    "PersonLastName": "Fjord",
}


def main() -> None:
    """Sync the demo, edit some persons in Webcrm, and take the dataflow of Webcrm and Customerp from there."""
    if walk.CHROMIUM is None:
        sys.exit("There is no Chromium here; Debian's package is called chromium.")
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as instance:
        instance.talk("sync")
        edit(instance)
        with instance.ui() as url, walk.browser(url) as page:
            show(page)


def edit(instance: Instance) -> None:
    """One property of each of the first persons."""
    persons = instance.sandbox.records("webcrm", "Persons")
    for person, (name, value) in zip(persons, EDITS.items(), strict=False):
        instance.sandbox.edit("webcrm", "Persons", person["PersonId"], {name: value})


def show(page: Page) -> None:
    """Take each picture where its step ends; the UI draws to fit, so its size is set before."""
    sized(page, 1120, 740)
    walk.jobs(page, "dataflow_webcrm_customerp")
    take(page, "jobs")
    walk.dataflow(page, "dataflow_webcrm_customerp")
    walk.materialise(page)
    sized(page, 1760, 800)
    walk.changes(page, "customerp/contact")
    walk.changes_table(page)
    take(page.get_by_role("dialog"), "changes")
    sized(page, 1120, 640)
    walk.check(page, "person_links", ONE_TO_ONE)
    page.wait_for_load_state("networkidle")
    take(page, "checks")
    sized(page, 1440, 640)
    walk.column(page, "person_golden", "email")
    page.wait_for_load_state("networkidle")
    take(page, "columns")
    sized(page, 1440, 560)
    walk.graph(page, ENTITIES)
    page.mouse.move(0, 0)
    take(page, "groups")
    sized(page, 1600, 1080)
    walk.upstream(page, "customerp/product_changes", 3)
    take(page, "lineage")


def sized(page: Page, width: int, height: int) -> None:
    """Make the window so many pixels wide and high."""
    page.set_viewport_size(ViewportSize(width=width, height=height))


def take(shown: Page | Locator, name: str) -> None:
    """Write a picture of a page, or of a part of it."""
    path = DOCS / f"ui-{name}.png"
    shown.screenshot(path=path, animations="disabled")
    print(f"{path}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
