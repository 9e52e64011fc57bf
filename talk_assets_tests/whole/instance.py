"""A data folder whose systems are those of a sandbox in this process, and `talk` in it: one dataflow, two persons."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from talk_assets import cli
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.sandbox.serving import Serving, serving
from talk_assets_tests import data_folder

TALK = [sys.executable, "-c", "from talk_assets.cli import main; main()"]


@dataclass(frozen=True)
class Ended:
    """How `talk` ended and what it printed."""

    status: int
    stdout: str
    stderr: str

    @property
    def failure(self) -> str:
        """The one line on stderr with which it failed, as it should."""
        assert self.status == 1, self
        assert "Traceback" not in self.stdout + self.stderr
        (line,) = self.stderr.splitlines()
        assert line.startswith("talk: ")
        return line


@dataclass(frozen=True)
class Instance:
    """A data folder whose systems are those of a sandbox in this process."""

    folder: Path
    sandbox: Serving

    def configure(self, first: str = "", **base_urls: str) -> None:
        """Write talk.toml: `first` before the sections, and where systems are, if not where the sandbox has them."""
        sections = [f'[systems.{name}]\nbase_url = "{url}"' for name, url in {**self.urls, **base_urls}.items()]
        sections.append('[dataflows.webcrm-customerp]\nmode = "write"')
        others = (one.name for one in DATAFLOWS if one.name != "webcrm-customerp")
        sections += [f"[dataflows.{name}]\nenabled = false" for name in others]
        (self.folder / "talk.toml").write_text("\n".join([first, *sections]), "utf-8")

    @property
    def urls(self) -> dict[str, str]:
        return self.sandbox.base_urls

    def process(self, *arguments: str, **environment: str) -> "Ended":
        """Run `talk` in the folder, as a process of its own."""
        environ = {**os.environ, "DAGSTER_HOME": str(self.folder), **environment}
        done = subprocess.run([*TALK, *arguments], capture_output=True, text=True, check=False, env=environ)  # noqa: S603 -- our own interpreter
        return Ended(done.returncode, done.stdout, done.stderr)

    def talk(self, *arguments: str) -> "Ended":
        """Run `talk` in the folder, in this process."""
        done = CliRunner().invoke(cli.talk, arguments, prog_name="talk", env={"DAGSTER_HOME": str(self.folder)})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Ended(done.exit_code, done.stdout, done.stderr)

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """What both systems hold."""
        return {
            "persons": self.sandbox.records("webcrm", "Persons"),
            "contacts": self.sandbox.records("customerp", "contacts"),
        }


GIVEN = {
    "webcrm": {"Persons": [{"PersonLastName": "Berg", "PersonEmail": "anna@fjord.example"}]},
    "customerp": {"contacts": [{"last_name": "Dahl", "email": "ola@fjord.example"}]},
}


@contextmanager
def opened(folder: Path) -> Iterator[Instance]:
    """One person in Webcrm, another in Customerp, nothing synced."""
    data_folder.fill(folder)
    with serving(GIVEN) as sandbox:
        yield Instance(folder, sandbox)
