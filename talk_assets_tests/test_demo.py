"""What the commands print about the sandbox's data: the README's summary, and the lists at 80 and at 120 columns.

`make readme` writes both anew, `python -m talk_assets_tests.demo` only the lists.
"""

import re

import pytest

from talk_assets_tests import demo, readme
from talk_assets_tests.docs import prose

UPDATE = "If the lists are as they should be: python -m talk_assets_tests.demo"

NAMES = [f"{name}-{width}" for name in (*demo.LISTS, "plan") for width in demo.WIDTHS]

RECORD = re.compile(
    r"(webcrm|crmoffice|customerp|poweroffice|poweroffice_peer|powerofficego|customwebshop)/[a-z_]+/\S+"
)


def test_a_first_sync_ends_in_the_readmes_summary_and_a_second_writes_nothing() -> None:
    played = demo.play()
    shown = {
        name: block
        for page in prose.every()
        for name, block in readme.blocks(prose.text(page)).items()
        if name.startswith("demo")
    }
    assert set(shown) == {"demo", "demo webcrm-customerp"}
    assert shown == {name: readme.content(name) for name in shown}
    assert re.search(r"^0 records written", played.second, re.MULTILINE)


def test_the_tutorial_reads_a_line_of_the_summary_as_it_is() -> None:
    page = prose.text("docs/tutorial/first-sync.md")
    (line,) = (one for one in page.splitlines() if one.startswith("webcrm/persons "))
    _, persons, _, contacts, linked, created, _, _, held = line.split()
    (told,) = re.findall(r"^Read the line of `webcrm/persons`: .*\n.*$", page, re.MULTILINE)
    assert re.findall(r"\d+", told) == [persons, contacts, linked, created, held]


@pytest.mark.parametrize("name", NAMES)
def test_a_list_is_as_in_its_snapshot(name: str) -> None:
    assert demo.masked(demo.play().lists[name]) == (demo.FOLDER / f"{name}.txt").read_text("utf-8"), UPDATE


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_a_list_is_wider_than_the_terminal(name: str) -> None:
    """A record whose id alone is wider, as powerofficego's lines of orders have it, stands on a line of its own."""
    width = int(name.rpartition("-")[2])
    wide = [line for line in demo.play().lists[name].splitlines() if len(line) > width]
    assert [line for line in wide if not RECORD.fullmatch(line.strip())] == []


@pytest.mark.parametrize("name", sorted({*demo.LISTS, "plan"}))
def test_a_list_names_the_same_records_however_wide_the_terminal_is(name: str) -> None:
    narrow, wide = (records(demo.play().lists[f"{name}-{width}"]) for width in demo.WIDTHS)
    assert narrow == wide


def records(text: str) -> set[str]:
    return {found.group().rstrip(").,:;") for found in RECORD.finditer(text)}


def test_a_fresh_demo_has_nothing_rewritten_and_all_that_is_held() -> None:
    lists = demo.play().lists
    assert lists["rewritten-80"] == "Every system shows what it was sent.\n"
    numbers = re.findall(r"^ +(\d+)  \S", lists["held-80"], re.MULTILINE)
    assert [int(number) for number in numbers] == list(range(1, 62))
    assert lists["held-80"].startswith("61 items are held")
