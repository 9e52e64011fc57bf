"""Walk over the demo, every record of it, and write what is seen to `docs/`: `make screenshots`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

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
    """Take each picture where its step ends."""
    walk.jobs(page, "sync_webcrm_customerp")
    take(page, "jobs", 1120, 640)
    walk.dataflow(page, "sync_webcrm_customerp")
    walk.materialise(page)
    walk.changes(page, "customerp/contact")
    walk.changes_table(page)
    take(page, "changes", 1440, 800)
    walk.column(page, "person/golden", "email")
    take(page, "columns", 1120, 640)
    page.set_viewport_size({"width": 1120, "height": 1240})  # a graph is drawn to fit what it is opened in
    walk.upstream(page, "customerp/contact/changes", 3)
    take(page, "lineage", 1120, 1240)


def take(page: Page, name: str, width: int, height: int) -> None:
    """Write a picture, so many pixels wide and high."""
    page.set_viewport_size({"width": width, "height": height})
    path = DOCS / f"ui-{name}.png"
    page.screenshot(path=path, animations="disabled")
    print(f"{path}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
