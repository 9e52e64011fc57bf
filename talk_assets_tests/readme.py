"""What the README and the documentation show and do not say themselves: written into them by `make readme`.

    python -m talk_assets_tests.readme

rewrites the blocks between `<!-- name -->` and `<!-- /name -->`, of every page that is written by hand:

    credentials, glossary, rooms   tables from the code
    demo, demo DATAFLOW            the summary of a first sync of the sandbox, or the part of one dataflow
    shown NAME, shown NAME A-B     the snapshot of a list (`snapshots/lists`), or its lines A to B

The tests compare each block. Pages that are generated as a whole are in `docs.pages`.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from talk_assets.systems import SYSTEMS
from talk_assets_tests import data_folder, demo
from talk_assets_tests.docs import pages, prose, words

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

BLOCK = re.compile(
    r"(?<=<!-- )(?P<name>[a-z][^\n]*?)(?P<open> -->\n)(?P<content>.*?)(?=<!-- /(?P=name) -->)", re.DOTALL
)
"""A block with its name and what stands in it."""

EXAMPLES = (("0000-00-00 00:00:00", "2026-11-30 08:30:00"), ("0000-00-00", "1984-05-17"), (":00000/", ":8765/"))
"""What stands in a page for the times, days and ports that a snapshot has masked."""


def blocks(text: str) -> dict[str, str]:
    """Return what stands in each block of a page, by name."""
    return {found["name"]: found["content"] for found in BLOCK.finditer(text)}


def content(name: str) -> str:
    """Return what belongs into a block; raise KeyError for a block of a name that means nothing."""
    what, _, which = name.partition(" ")
    match what:
        case "demo":
            return summary(demo.play().first, which)
        case "shown":
            return shown(*which.split())
        case _:
            return {"credentials": pages.credentials, "glossary": words.table, "rooms": pages.rooms}[what]()


def summary(printed: str, dataflow: str = "") -> str:
    """Return what a sync prints, without the seconds that it took; or the part of it about one dataflow."""
    told = re.split(r"^.* records written", printed, maxsplit=1, flags=re.MULTILINE)[0].strip()
    if dataflow:
        told = next(part for part in told.split("\n\n") if part.startswith(f"{dataflow}\n"))
    return _fenced(told)


def shown(name: str, lines: str = "") -> str:
    """Return a list as its snapshot has it, or some of its lines, counted from 1 and the last one included."""
    every = (demo.FOLDER / f"{name}.txt").read_text("utf-8").splitlines()
    first, _, last = lines.partition("-")
    text = "\n".join(every[int(first) - 1 : int(last)] if lines else every)
    for mask, example in EXAMPLES:
        text = text.replace(mask, example)
    return _fenced(text)


def _fenced(text: str) -> str:
    return f"```text\n{text}\n```\n"


def run(folder: Path, *arguments: str, width: int = 120) -> str:
    """Return what the `talk` command prints, run in a data folder, in lines of `width` columns."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TALK_")}
    command = [sys.executable, "-c", "from talk_assets.cli import main; main()", *arguments]
    return subprocess.run(  # noqa: S603 -- our own command
        command,
        env=environment | {"DAGSTER_HOME": str(folder), "COLUMNS": str(width)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def sandboxed() -> Iterator[Path]:
    """Yield a data folder with a sandbox of its own, which has no limits, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data_folder.fill(folder)
        hurried = "".join(f'\n[systems.{system}]\nrate = "unlimited"\n' for system in SYSTEMS)
        (folder / "talk.toml").write_text(f"[sandbox]\nport = {free_port()}\n{hurried}")
        run(folder, "sandbox", "up", "--no-limits")
        try:
            yield folder
        finally:
            run(folder, "sandbox", "down")


def refreshed(text: str) -> str:
    """Return a page with every block as it should be."""
    return BLOCK.sub(lambda found: f"{found['name']}{found['open']}{content(found['name'])}", text)


def main() -> None:
    """Rewrite the snapshots of the lists, then every page that shows something, all of the same demo."""
    demo.write()
    for page in prose.every():
        path = ROOT / page
        if page not in pages.PAGES:
            path.write_text(refreshed(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
