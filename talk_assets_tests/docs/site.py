"""The site: its pages put together for the generator, and whether what was built needs the web.

    python -m talk_assets_tests.docs.site stage     docs/ and the pages at the root → build/docs-source
    python -m talk_assets_tests.docs.site check     fail if a page of build/docs loads anything from another host

`make docs` runs the first before the generator and the second after it. How the site looks is in `mkdocs.yml`.
"""

import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

from talk_assets_tests.docs import prose

SOURCE, SITE = prose.ROOT / "build" / "docs-source", prose.ROOT / "build" / "docs"

MOVED = {page: page.lower() for page in prose.AT_ROOT if page != "README.md"}
"""Pages at the root of the repository, which are pages of the site too, and their names there."""

LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""What a browser loads by itself, and in which attribute the address is. A link that a reader follows is not."""

HARMLESS = {"canonical", "prev", "next", "alternate"}
"""Relations of `<link>` that nothing is loaded for."""


def from_docs(markdown: str) -> str:
    """Return a page of `docs/` with its links to pages at the root as they are on the site.

    The examples are not on the site: a link to one becomes its path.
    """
    for page, moved in MOVED.items():
        markdown = re.sub(rf"(\]\((?:\.\./)*)\.\./{re.escape(page)}", rf"\g<1>{moved}", markdown)
    return re.sub(r"\[([^\]]*)\]\((?:\.\./)+(examples/[^)]+)\)", r"\1 (`\2`)", markdown)


def from_root(markdown: str) -> str:
    """Return a page at the root with its links as they are on the site."""
    for page, moved in MOVED.items():
        markdown = markdown.replace(f"]({page}", f"]({moved}")
    return markdown.replace("](docs/", "](")


def stage() -> None:
    """Put the pages together, in place of what was there."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.copytree(prose.DOCS, SOURCE)
    for path in SOURCE.rglob("*.md"):
        path.write_text(from_docs(path.read_text("utf-8")), "utf-8")
    for page, moved in MOVED.items():
        (SOURCE / moved).write_text(from_root(prose.text(page)), "utf-8")


class _Loads(HTMLParser):
    """Collects the addresses on other hosts that a browser would load for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        address = has.get(LOADING.get(tag, "")) or ""
        if re.match(r"(https?:)?//", address) and has.get("rel") not in HARMLESS:
            self.found.append(address)


def loads(html: str) -> list[str]:
    """Return the addresses on other hosts that a browser would load for a page."""
    parser = _Loads()
    parser.feed(html)
    return parser.found


def check(site: Path) -> list[str]:
    """Return a line for everything that a page or a stylesheet of a site loads from another host."""
    pages = {path: loads(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    styles = {
        path: re.findall(r"url\(['\"]?((?:https?:)?//[^)'\"]+)", path.read_text("utf-8"))
        for path in sorted(site.rglob("*.css"))
    }
    return [f"{path.relative_to(site)} loads {one}" for path, found in (pages | styles).items() for one in found]


def main(act: str) -> None:
    """Stage the pages, or check the site."""
    if act == "stage":
        stage()
        return
    if not (SITE / "index.html").exists() or (found := check(SITE)):
        sys.exit("\n".join(found) if (SITE / "index.html").exists() else f"{SITE}: there is no site")
    print(f"The documentation is in {SITE / 'index.html'}. It loads nothing from the web.")


if __name__ == "__main__":
    main(sys.argv[1])
