"""The package from outside: its wheel, built, installed into an empty environment, and tried in a folder of its own.

    python -m talk_assets_tests.package

takes the dependencies from the package index and goes through the first steps of somebody who has no repository; the
tests look into the wheel without a network.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from talk_assets_tests.readme import ROOT, free_port

EXAMPLE = ROOT / "examples" / "helpdesk"
PARTS = ("pyproject.toml", "README.md", "LICENSE", "talk_assets", "talk_helpdesk")
"""What a wheel is built from; a folder that lacks some of it is built from the rest."""

PATIENCE = 180.0
"""Seconds until the Dagster UI answers, on a busy machine."""

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")

EVERY_MODULE = """
import importlib, pkgutil, sys
sys.modules |= {"pytest": None, "hypothesis": None}
import talk_assets
for found in pkgutil.walk_packages(talk_assets.__path__, "talk_assets."):
    if not found.name.startswith("talk_assets.testing.") or found.name == "talk_assets.testing.memory":
        importlib.import_module(found.name)
print(talk_assets.__file__)
"""
"""Imports everything that must not need pytest or hypothesis, and prints where it is from."""


def run(*command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Return what a command prints; raise AssertionError with its last words where it fails."""
    line = [str(part) for part in command]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=cwd, env=env)  # noqa: S603 -- our own commands
    assert done.returncode == 0, f"{' '.join(line)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def build(source: Path, folder: Path, *options: str) -> Path:
    """Build the wheel of `source` in a copy below `folder`, where it leaves no traces, and return its path."""
    copy, wheels = folder / source.name, folder / f"{source.name}-wheel"
    for part in (source / name for name in PARTS):
        if part.is_dir():
            shutil.copytree(part, copy / part.name, ignore=shutil.ignore_patterns("__pycache__"))
        elif part.exists():
            copy.mkdir(parents=True, exist_ok=True)
            shutil.copy(part, copy)
    run(*PIP, "wheel", "--quiet", "--no-deps", *options, "--wheel-dir", wheels, copy)
    (wheel,) = wheels.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Outside:
    """An environment with the package, and a folder outside the repository in which commands run."""

    bin: Path
    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        """Nothing of this process that would lead back to the repository."""
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        path = os.pathsep.join((str(self.bin), os.defpath))
        return kept | {"PATH": path, "COLUMNS": "80", "DAGSTER_DISABLE_TELEMETRY": "yes"}

    def run(self, program: str, *arguments: str, **environ: str) -> str:
        """Return what a program of the environment prints."""
        return run(self.bin / program, *arguments, cwd=self.folder, env=self.environ | environ)

    @contextmanager
    def serving(self, program: str, *arguments: str, port: int, here: Path) -> Iterator[int]:
        """Run a program that serves Dagster until the block ends; give the number of assets that it shows."""
        with (self.folder / f"{program}.log").open("w") as log:
            server = subprocess.Popen(  # noqa: S603 -- our own command
                [str(self.bin / program), *arguments, "--port", str(port)], cwd=here, stdout=log, stderr=log,
                env=self.environ | {"DAGSTER_HOME": str(here)}, start_new_session=True,
            )  # fmt: skip
        try:
            yield assets(port, server)
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def assets(port: int, server: "subprocess.Popen[bytes]") -> int:
    """Return how many assets the Dagster UI shows, once it answers and has loaded them."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": "{assetNodes{id}}"}, timeout=30)
            found = answer.json()["data"]["assetNodes"]
        except (httpx.TransportError, ValueError, KeyError, TypeError):
            found = []
        if found:
            return len(found)
        assert server.poll() is None, "the server ended"
        assert time.monotonic() < until, "the server does not answer"
        time.sleep(0.5)


def first_steps(outside: Outside, version: str) -> None:
    """What the documentation promises somebody who has installed the package."""
    assert outside.run("talk", "--version") == f"{version}\n"
    assert str(outside.bin.parent) in outside.run("python", "-c", EVERY_MODULE)
    home, port = outside.folder / "d", free_port()
    _tell("talk init")
    print(outside.run("talk", "init", "d", "--sandbox-port", str(port)))
    here = {"DAGSTER_HOME": str(home)}
    try:
        _tell("talk sync, twice: about a minute")
        outside.run("talk", "sync", **here)
        assert json.loads(outside.run("talk", "sync", "--json", **here))["writes"] == 0
        assert "customerp/contact" in outside.run("talk", "status", **here)
        for program, arguments in (("talk", ("ui",)), ("dagster", ("dev",))):
            _tell(f"{program} {arguments[0]}")
            with outside.serving(program, *arguments, port=free_port(), here=home) as count:
                print(f"  {count} assets")
        _tell("the example: a system of another package")
        run(*PIP, "--python", outside.bin / "python", "install", "--quiet", "--no-deps", build(EXAMPLE, outside.folder))
        outside.run("talk", "sandbox", "down", **here)
        done = json.loads(outside.run("talk", "sync", "--dataflow", "customerp-helpdesk", "--json", **here))
        assert done["collections"]["helpdesk/users"]["created"] > 0
    finally:
        outside.run("talk", "sandbox", "down", **here)


def _tell(what: str) -> None:
    print(f"{what} ...", flush=True)


def main() -> None:
    """Build, install from the index, and try."""
    with tempfile.TemporaryDirectory(prefix="talk-package-") as name:
        folder = Path(name)
        _tell("building the wheel")
        wheel = build(ROOT, folder)
        _tell(f"installing {wheel.name} and its dependencies: some minutes")
        run(sys.executable, "-m", "venv", folder / "empty")
        outside = Outside(folder / "empty" / "bin", folder / "elsewhere")
        outside.folder.mkdir()
        constraints = ("--constraint", ROOT / "constraints.txt")
        run(
            outside.bin / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *constraints,
            wheel,
        )
        first_steps(outside, wheel.name.split("-")[1])
    print("The package works outside the repository.")


if __name__ == "__main__":
    main()
