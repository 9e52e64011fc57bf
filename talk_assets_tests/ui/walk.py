"""What a person does in the UI, page by page. Each step ends where what it says is on the screen, or fails.

Elements are found by what a person reads and by address, never by class.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, ViewportSize, expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
"""The browser of this machine; Playwright's own are not downloaded."""

PATIENCE = 60_000.0
"""Milliseconds that a page may take on a busy machine."""

LOCATION = "talk_assets.definitions"


@contextmanager
def browser(url: str) -> Iterator[Page]:
    """Open a page of a headless browser, to which addresses are relative to `url`."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM) as chromium:
        size = ViewportSize(width=1280, height=800)
        page = chromium.new_page(base_url=url, viewport=size, locale="en-GB", timezone_id="Europe/Oslo")
        page.set_default_timeout(PATIENCE)
        yield page


def graph(page: Page, groups: Iterable[str]) -> dict[str, float]:
    """The whole graph as it is configured now: the left edge of each group's box, in pixels."""
    page.goto("/asset-groups")
    page.get_by_role("button", name="Reload definitions").click()
    reloaded = page.get_by_text("Definitions reloaded!")
    expect(reloaded).to_be_visible()
    expect(reloaded).to_be_hidden()
    expect(page.get_by_text("fetching statuses")).to_have_count(0)
    return {group: _left_edge(page.get_by_text(group, exact=True).last) for group in groups}


def group(page: Page, name: str, nodes: Iterable[str]) -> dict[str, float]:
    """The graph of one group: the left edge of each of the nodes that are named, in pixels."""
    page.goto(f"/locations/{LOCATION}/asset-groups/{name}/lineage")
    return {node: _left_edge(page.get_by_text(node, exact=True).last) for node in nodes}


def _left_edge(shown: Locator) -> float:
    expect(shown).to_be_visible()
    box = shown.bounding_box()
    assert box is not None
    return box["x"]


def upstream(page: Page, asset: str, depth: int) -> None:
    """What an asset comes from, so many steps back, with every asset there materialised."""
    page.goto(f"/assets/{asset}?view=lineage&lineageScope=upstream&lineageDepth={depth}")
    expect(page.get_by_text(asset.rpartition("/")[2], exact=True).last).to_be_visible()
    expect(page.get_by_text("Loading")).to_have_count(0)
    page.wait_for_load_state("networkidle")


def jobs(page: Page, job: str) -> None:
    """The list of jobs, this one among them."""
    page.goto("/jobs")
    expect(page.get_by_role("link", name=job)).to_be_visible()
    page.wait_for_load_state("networkidle")


def dataflow(page: Page, job: str) -> None:
    """The page of a dataflow's job."""
    page.goto(f"/locations/{LOCATION}/jobs/{job}")
    expect(page.get_by_role("button", name="Materialize all")).to_be_enabled()


def launchpad(page: Page, job: str) -> Locator:
    """The dialog of a dataflow's job with the tags and the configuration that a run gets."""
    dataflow(page, job)
    page.get_by_role("button", name="Materialize all").click(modifiers=["Shift"])
    return page.get_by_role("dialog")


def materialise(page: Page) -> None:
    """One click there, then the page of its run, until it has succeeded."""
    page.get_by_role("button", name="Materialize all").click()
    page.locator("a[href*='/runs/']").first.click()
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()


def changes(page: Page, collection: str) -> None:
    """The catalogue's page of a collection's changes, with their number."""
    page.goto(f"/assets/{collection}_changes?view=events")
    row = page.get_by_role("row").filter(has=page.get_by_role("cell", name="changes", exact=True))
    expect(row.get_by_role("cell").nth(1)).to_have_text(re.compile(r"^[1-9][0-9]*$"))


def changes_table(page: Page) -> Locator:
    """From there, the table of the first changes."""
    page.get_by_text("[Show Markdown]").click()
    table = page.get_by_role("dialog").get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(["change", "name", "record", "of", "fields", "status"])
    return table


def check(page: Page, asset: str, name: str) -> None:
    """A check of an asset, which has passed."""
    page.goto(f"/assets/{asset}?view=checks&checkDetail={name}")
    expect(page.get_by_text(name, exact=True).first).to_be_visible()
    expect(page.get_by_text("Passed", exact=True).first).to_be_visible()


def column(page: Page, asset: str, name: str) -> Locator:
    """The row of a column on the catalogue's page of an asset, which says where its values are from."""
    page.goto(f"/assets/{asset}")
    return described(page, name)


def described(page: Page, name: str) -> Locator:
    """The row of a column on the page that is open."""
    row = page.get_by_role("row").filter(has=page.get_by_text(name, exact=True)).first
    row.scroll_into_view_if_needed()
    expect(row).to_be_visible()
    return row
