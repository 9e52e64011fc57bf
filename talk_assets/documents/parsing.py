"""What a document says: its title and the headings of its sections, whoever wrote it.

Only headings are read. Tables may be empty, directives unknown and markup broken; none of that is an error here. What
the words of a heading mean is the concern of `labels`.
"""

import io
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from docutils.core import publish_doctree

from talk_assets.errors import ConfigurationError

SETTINGS = {
    "_disable_config": True,
    "doctitle_xform": False,  # a lone section would be taken for the title
    "docinfo_xform": False,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 6,
    "line_length_limit": 1_000_000,
}
"""A document is somebody else's: it reads no files, and nothing in it stops us."""

LARGEST = 5_000_000
"""Bytes of a document."""

RIGHT = 'it should be reStructuredText with the title "<Left> to <Right> Dataflow" and a section per pair'


@dataclass(frozen=True)
class Document:
    """`title` is None where no heading is one; `sections` are headings of the form "<Left> … to <Right> …"."""

    title: str | None
    sections: tuple[str, ...]


def read(file: Path) -> Document:
    """Raise ConfigurationError, one line that names the file, where it is no document."""
    document = parse(_text(file), str(file))
    lacking = [
        what for what, there in (("title", document.title), ("section of a pair", document.sections)) if not there
    ]
    if lacking:
        raise ConfigurationError(_no_document(file, f"it has no {' and no '.join(lacking)}"))
    return document


def parse(text: str, source: str = "document") -> Document:
    """Return the title and the sections of a text, which may have neither."""
    settings = {**SETTINGS, "warning_stream": io.StringIO()}
    try:
        tree = publish_doctree(text, source_path=source, settings_overrides=settings)
        headings = [(_depth(node), " ".join(node.astext().split())) for node in tree.findall(nodes.title)]
    except Exception as error:
        # docutils promises no kind of error for text that no program wrote.
        message = f"{source}: cannot be read as reStructuredText ({type(error).__name__}); {RIGHT}"
        raise ConfigurationError(message) from error
    tops = [heading for depth, heading in headings if depth == 1]
    over_all = len(tops) == 1 and len(headings) > 1
    title = next((heading for heading in tops if over_all or not is_pair(heading)), None)
    return Document(title, tuple(heading for _, heading in headings if heading != title and is_pair(heading)))


def is_pair(heading: str) -> bool:
    """Whether a heading has the form of a pair's: a system and a collection on either side of "to"."""
    words = heading.lower().split()
    if words and words[-1].rstrip("s") in {"dataflow", "flow"}:
        return False
    return any(word == "to" and at >= 2 and len(words) - at > 2 for at, word in enumerate(words))  # noqa: PLR2004 -- a system's and a collection's word


def _depth(title: nodes.title) -> int:
    depth, node = 0, title.parent
    while node is not None:
        depth += isinstance(node, nodes.section)
        node = node.parent
    return depth


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        found = error.strerror if isinstance(error, OSError) else "its name is no file's"
        raise ConfigurationError(_no_document(file, f"it cannot be read ({found})")) from error
    if len(content) > LARGEST:
        raise ConfigurationError(_no_document(file, f"it is larger than {LARGEST:,} bytes"))
    if not content.strip():
        raise ConfigurationError(_no_document(file, "it is empty"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(_no_document(file, f"it is not UTF-8 text (byte {error.start})")) from error
    if "\0" in text:
        raise ConfigurationError(_no_document(file, "it is not text"))
    return text


def _no_document(file: Path, found: str) -> str:
    return f"{file}: {found}; {RIGHT}"
