"""The pages of the documentation, and what is in them: prose without code, links, headings, commands to run.

A page is a Markdown file, by its path from the root of the repository. Nothing here knows what a page must say.
"""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

AT_ROOT = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"<!-- ([^/\n][^\n]*?) -->\n.*?<!-- /\1 -->", re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def every() -> list[str]:
    """Return every page, those at the root first."""
    return [*AT_ROOT, *sorted(path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md"))]


def text(page: str) -> str:
    """Return the Markdown of a page."""
    return (ROOT / page).read_text("utf-8")


def prose(markdown: str) -> str:
    """Return what somebody wrote for people: without code, generated blocks and the targets of links."""
    for pattern in (BLOCK, FENCE, re.compile(r"`[^`\n]*`"), re.compile(r"(?<=\])\([^)\s]+\)")):
        markdown = pattern.sub(" ", markdown)
    return " ".join(markdown.split())


def code(markdown: str, language: str) -> list[str]:
    """Return the code in one language, block by block."""
    return [block for _, found, block in FENCE.findall(markdown) if found == language]


def links(markdown: str) -> list[str]:
    """Return the targets of links and pictures, those in code left out."""
    return LINK.findall(re.sub(r"`[^`\n]*`", "", FENCE.sub("", markdown)))


def anchors(markdown: str) -> set[str]:
    """Return the anchors of a page's headings, as the site generator and code hosts make them."""
    return {anchor(title) for title in re.findall(r"^#{1,6} +(.+)$", FENCE.sub("", markdown), re.MULTILINE)}


def anchor(title: str) -> str:
    """Return the anchor of a heading."""
    plain = re.sub(r"[^\w\s-]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)).strip().lower()
    return re.sub(r"[-\s]+", "-", plain)


def commands(markdown: str) -> Iterator[list[str]]:
    """Yield the words of each `talk …` that is shown, in code or within a sentence."""
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", markdown))
    lines = [line.strip() for block in code(markdown, "sh") for line in block.splitlines()]
    for line in (*spans, *lines):
        words = re.sub(r"\s+#.*", "", line).split()
        at = next((n for n, word in enumerate(words) if word == "talk" or word.endswith("/talk")), None)
        if at == 0:
            yield words[1:]
