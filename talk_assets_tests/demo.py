"""The sandbox synchronised once, and what the commands print about it: for the README and for the lists' snapshots.

    python -m talk_assets_tests.demo

writes the snapshots of the lists anew; `make readme` does it too.
"""

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from filelock import FileLock

from talk_assets import cli
from talk_assets.graph import running
from talk_assets.graph.running import SyncResult
from talk_assets_tests import readme

FOLDER = Path(__file__).parent / "snapshots" / "lists"

WIDTHS = (80, 120)

LISTS: Mapping[str, tuple[str, ...]] = {
    "held": ("held",),
    "held-3": ("held", "3"),
    "conflicts": ("conflicts",),
    "conflicts-1": ("conflicts", "1"),
    "rewritten": ("rewritten",),
    "explain-linked": ("explain", "webcrm/persons/1"),
    "explain-held": ("explain", "webcrm/persons/61"),
    "history": ("history", "webcrm/persons/1"),
    "status": ("status",),
}
"""The commands that are shown, by the name of their snapshot."""

PLAN = ("sync", "--plan")

UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b")

GENERATED = re.compile(r"7000-8000-0[0-9a-f]0{9}")
"""How ids end that the sandbox makes from its seed; the beginning is the day."""

MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d"), "0000-00-00"),
    (re.compile(r"\d\d:\d\d:\d\d"), "00:00:00"),
    (re.compile(r"127\.0\.0\.1:\d{5}"), "127.0.0.1:00000"),
    (re.compile(r"\brun [0-9a-f]{8}\b"), "run xxxxxxxx"),
    (re.compile(r"\bcontactperson/1\d\d\b"), "contactperson/100"),  # made by the sync, in an order that varies
    (re.compile(r"in \d+\.\d seconds, with \d+ requests"), "in 0.0 seconds, with 0 requests"),
)
"""What is another at each time, and as long as what stands for it."""


@dataclass(frozen=True)
class Demo:
    """What a first and a second `talk sync` print; and by snapshot, as `held-80`, what is printed about the first."""

    first: str
    second: str
    lists: Mapping[str, str]


@cache
def play() -> Demo:
    """Plan, synchronise, list, and synchronise again on a sandbox of its own, once for all workers of a test run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        return _play()
    file = Path(tempfile.gettempdir()) / f"talk-demo-{run}.json"
    with FileLock(f"{file}.lock"):
        if not file.exists():
            file.write_text(json.dumps(asdict(_play())), "utf-8")
        return Demo(**json.loads(file.read_text("utf-8")))


def _play() -> Demo:
    with readme.sandboxed() as folder:
        plans = _planned(folder)
        first = readme.run(folder, "sync")
        lists = {
            f"{name}-{width}": _printed(folder, width, arguments)
            for name, arguments in LISTS.items()
            for width in WIDTHS
        }
        return Demo(first, readme.run(folder, "sync"), plans | lists)


def _planned(folder: Path) -> dict[str, str]:
    """The plan at each width, which is made once: it takes as long as reading every system."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(running, "sync", _once(running.sync))
        return {f"plan-{width}": _printed(folder, width, PLAN) for width in WIDTHS}


def _once(sync: Callable[..., SyncResult]) -> Callable[..., SyncResult]:
    """Return a sync that is only run the first time."""
    found: list[SyncResult] = []

    def once(*arguments: Any, **named: Any) -> SyncResult:  # noqa: ANN401 -- what sync takes
        if not found:
            found.append(sync(*arguments, **named))
        return found[0]

    return once


def _printed(folder: Path, width: int, arguments: tuple[str, ...]) -> str:
    environment = {"DAGSTER_HOME": str(folder), "COLUMNS": str(width)}
    done = CliRunner().invoke(cli.talk, arguments, prog_name="talk", env=environment)
    if done.exit_code:
        message = f"talk {' '.join(arguments)}: {done.output}"
        raise AssertionError(message)
    return done.stdout


def masked(text: str) -> str:
    """Return a text without what is another at each time: times, days, ids and ports."""
    text = UUID.sub(_id, text)
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _id(found: re.Match[str]) -> str:
    rest = found.group(1) if GENERATED.match(found.group(1)) else "xxxx-xxxx-xxxxxxxxxxxx"
    return f"xxxxxxxx-xxxx-{rest}"


def write() -> None:
    """Write the snapshots anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in play().lists.items():
        (FOLDER / f"{name}.txt").write_text(masked(text), "utf-8")


if __name__ == "__main__":
    write()
