"""The README is short, and what it and the documentation show is so; `test_demo` compares the summary of the demo."""

import pytest

from talk_assets_tests import readme
from talk_assets_tests.docs import pages, prose

SHOWN = [
    (page, name)
    for page in prose.every()
    if page not in pages.PAGES
    for name in readme.blocks(prose.text(page))
    if not name.startswith("demo")
]


def test_the_readme_is_read_in_one_go() -> None:
    assert len(prose.text("README.md").splitlines()) <= 150


@pytest.mark.parametrize(("page", "name"), SHOWN, ids=str)
def test_what_a_page_shows_is_so(page: str, name: str) -> None:
    """`make readme` rewrites it."""
    assert readme.blocks(prose.text(page))[name] == readme.content(name)


def test_every_block_ends() -> None:
    for page in prose.every():
        text = prose.text(page)
        assert text.count("<!-- /") == len(readme.blocks(text)), page
