"""What the README shows and does not say itself: written into it by `make readme`, compared by the tests.

    python -m talk_assets_tests.readme

rewrites the blocks between `<!-- name -->` and `<!-- /name -->`.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from talk_assets.cli import talk
from talk_assets.systems import SYSTEMS
from talk_assets_tests import demo

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def block(name: str) -> re.Pattern[str]:
    """Return the pattern that finds a block; its group is what stands in it."""
    return re.compile(rf"(?<=<!-- {name} -->\n)(.*?)(?=<!-- /{name} -->)", re.DOTALL)


def commands() -> str:
    """Return the table of commands, each with the first sentence of its help."""
    context = click.Context(talk)
    rows = []
    for name in talk.list_commands(context):
        command = talk.get_command(context, name)
        first = " ".join((command.help if command and command.help else "").split("\n\n")[0].split())
        rows.append(f"| `talk {name}` | {first} |")
    return "\n".join(["| command | what it does |", "| --- | --- |", *rows]) + "\n"


def credentials() -> str:
    """Return the table of environment variables."""
    rows = [
        f"| {one.label} | {', '.join(f'`{one.variable(name)}`' for name in one.credentials)} |"
        for one in SYSTEMS.values()
    ]
    return "\n".join(["| system | variables |", "| --- | --- |", *rows]) + "\n"


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
        shutil.copy(ROOT / "data" / "dagster.yaml", folder)
        hurried = "".join(f'\n[systems.{system}]\nrate = "unlimited"\n' for system in SYSTEMS)
        (folder / "talk.toml").write_text(f"[sandbox]\nport = {free_port()}\n{hurried}")
        run(folder, "sandbox", "up", "--no-limits")
        try:
            yield folder
        finally:
            run(folder, "sandbox", "down")


def table(printed: str) -> str:
    """Return the summary as the README shows it, without the seconds that it took."""
    return f"```\n{re.split(r'^.* records written', printed, maxsplit=1, flags=re.MULTILINE)[0].strip()}\n```\n"


def main() -> None:
    """Rewrite the README, and the snapshots of the lists, which are of the same demo."""
    text = README.read_text("utf-8")
    first = demo.play().first
    for name, content in {"commands": commands(), "credentials": credentials(), "demo": table(first)}.items():
        text = block(name).sub(content.replace("\\", r"\\"), text)
    README.write_text(text, "utf-8")
    demo.write()


if __name__ == "__main__":
    main()
