"""Text that fits the width: wrapped at blanks only, so that no record's id and no command is broken or cut.

What is printed is the same in a terminal, where headings are bold, and in a pipe.
"""

import re
import shutil
import textwrap
from collections.abc import Iterable, Sequence

import click

FALLBACK = 120
"""Columns of what is neither a terminal nor says its width in COLUMNS."""

NARROWEST = 40
"""Columns below which nothing is wrapped any narrower."""

GAP = "  "
"""What stands between two columns."""

BLANK = "(blank)"
"""How a blank value is shown."""


TIME = re.compile(r"(?:set )?\d{4}-\d\d-\d\d \d\d:\d\d")
"""A date and a time, which stay on one line."""

NO_BREAK = "\N{NO-BREAK SPACE}"


def width() -> int:
    """Return how many columns a line may have."""
    return max(shutil.get_terminal_size((FALLBACK, 24)).columns, NARROWEST)


def say(text: str = "", *, first: str = "", indent: str = "", bold: bool = False) -> None:
    """Print text, wrapped; `first` begins its first line, and `indent` every other one."""
    for line in wrapped(text, first=first, indent=indent):
        click.echo(click.style(line, bold=True) if bold else line)


def wrapped(text: str, *, first: str = "", indent: str = "") -> list[str]:
    """Return the lines of a text. Only a long word that is no record is broken; line breaks are shown as ` / `."""
    room = width() - max(len(first), len(indent))
    together = TIME.sub(lambda time: time.group().replace(" ", NO_BREAK), flat(text))
    words = [part for word in together.split(" ") for part in _parts(word, room)]
    lines = textwrap.wrap(
        " ".join(words), width(), initial_indent=first, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return [line.replace(NO_BREAK, " ") for line in lines] or [first.rstrip()]


def flat(text: str) -> str:
    """Return a text as one line: line breaks as ` / `, nothing that a terminal would take for a command."""
    lines = (" ".join("".join(c if c.isprintable() else " " for c in line).split()) for line in text.splitlines())
    return " / ".join(line for line in lines if line)


def _parts(word: str, room: int) -> list[str]:
    if len(word) <= room or _is_record(word):
        return [word]
    return [word[at : at + room] for at in range(0, len(word), room)]


def _is_record(word: str) -> bool:
    """Whether a word looks like `system/collection/id`, or a list of these."""
    return word.count("/") >= 2 and "://" not in word  # noqa: PLR2004 -- two slashes make three parts


def say_command(command: str, *, indent: str = "") -> None:
    """Print a command as it can be pasted into a shell: where it is too long, lines end in a backslash."""
    line = indent
    room = width() - 2
    for word in command.split(" "):
        if line.strip() and len(line) + len(word) + 1 > room:
            click.echo(f"{line} \\")
            line = f"{indent}  {word}"
        else:
            line = f"{line} {word}" if line.strip() else f"{line}{word}"
    click.echo(line)


def say_name(name: str | None, record: str, *, first: str = "", indent: str = "") -> None:
    """Print a name and the record that it is of, on one line if they fit, else below each other."""
    if not name:
        say(record, first=first, indent=indent)
    elif len(first) + len(name) + len(GAP) + len(record) <= width():
        click.echo(f"{first}{name}{GAP}{record}")
    else:
        say(name, first=first, indent=indent)
        say(record, first=indent, indent=indent)


def say_pairs(pairs: Iterable[tuple[str, str]], *, indent: str = "") -> None:
    """Print labels and texts, the texts below each other."""
    rows = list(pairs)
    label = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        start = f"{indent}{name.ljust(label)}{GAP}"
        say(text, first=start, indent=" " * len(start))


def say_packed(parts: Iterable[str], *, first: str = "", indent: str = "") -> None:
    """Print short texts, as many on a line as fit; none of them is broken unless it is longer than a line."""
    line = first
    for part in map(flat, parts):
        if line.strip() and len(line) + len(GAP) + len(part) > width():
            click.echo(line)
            line = indent
        if not line.strip() and len(line) + len(part) > width():
            say(part, first=line, indent=indent)
            line = indent
        else:
            line += f"{GAP if line.strip() else ''}{part}"
    if line.strip():
        click.echo(line)


def fits(lines: Sequence[Sequence[str]], *, indent: str = "") -> bool:
    """Whether rows of texts, headings included, fit the width as a table."""
    widths = _widths(lines)
    return len(indent) + sum(widths) + len(GAP) * (len(widths) - 1) <= width()


def table(lines: Sequence[Sequence[str]], numeric: Sequence[bool], *, indent: str = "") -> None:
    """Print rows of texts as a table, the first of which are its headings; numbers stand to the right."""
    widths = _widths(lines)
    for at, line in enumerate(lines):
        cells = (
            text.rjust(width_) if right else text.ljust(width_)
            for text, width_, right in zip(line, widths, numeric, strict=True)
        )
        text = f"{indent}{GAP.join(cells)}".rstrip()
        click.echo(text if at else click.style(text, bold=True))


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(line[at]) for line in lines) for at in range(len(lines[0]))] if lines else []


def compare(titles: Sequence[str], rows: Sequence[tuple[str, Sequence[str | None]]], *, indent: str = "") -> None:
    """Print the values of several records beside each other, a row per field.

    Where that is too wide, a block per field has a line per record. A row that is blank everywhere is left out.
    """
    shown = [
        (name, [BLANK if value is None else flat(value) for value in values]) for name, values in rows if any(values)
    ]
    lines = [["field", *titles], *([name, *values] for name, values in shown)]
    if fits(lines, indent=indent):
        table(lines, [False] * len(lines[0]), indent=indent)
        return
    for name, values in shown:
        if len(set(values)) == 1:
            say(f"{values[0]} (the same in all)", first=f"{indent}{name}{GAP}", indent=f"{indent}  ")
            continue
        click.echo(f"{indent}{name}")
        say_pairs(zip(titles, values, strict=True), indent=f"{indent}  ")


def more(count: int, shown: int, what: str, command: str, *, indent: str = "") -> None:
    """Where not everything is shown, say how much more there is and which command shows it."""
    if count > shown:
        say(f"... and {count - shown:,} more {what}. To see all of them: {command}", first=indent, indent=indent)


def odds(probability: float) -> str:
    """Return a probability with two places, and as many more as it takes not to say 1."""
    for places in (2, 3, 4, 5):
        if (text := f"{probability:.{places}f}") != f"{1:.{places}f}":
            return text
    return "1.00"
