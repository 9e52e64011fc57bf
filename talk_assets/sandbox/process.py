"""The sandbox in the background: start it, find it, stop it. Its data and its whereabouts are in one folder.

Safe to call twice, or from two processes at once. The process itself is `__main__`.
"""

import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from talk_assets.errors import ConfigurationError, SystemFailure
from talk_assets.sandbox.surface import Surface

STATE, LOG = "sandbox.json", "sandbox.log"
STARTING, STOPPING = 600.0, 5.0
"""Seconds that starting may take, the data being made, and that stopping may take before the process is killed."""


@dataclass(frozen=True)
class Running(Surface):
    """A sandbox in the background."""

    pid: int


def up(folder: Path, *, records: int | None, seed: int | None, limits: bool, port: int = 8765) -> Running:
    """Start the sandbox of `folder`, unless it runs; data are made on the first start.

    Raises ConfigurationError when the port is taken, or when the folder holds data of another size or seed.
    """
    found = running(folder)
    if found is None:
        folder.mkdir(parents=True, exist_ok=True)
        return _start(folder, _arguments(folder, records, seed, port, limits=limits))
    about = found.about() or {}
    for name, wanted in (("records", records), ("seed", seed)):
        if wanted is not None and about.get(name) != wanted:
            message = (
                f"the sandbox that runs from {folder} has {name} {about.get(name)}, not {wanted}; "
                f"stop it with `talk sandbox down` and remove {folder} to have new data made"
            )
            raise ConfigurationError(message)
    return found


def running(folder: Path) -> Running | None:
    """The sandbox of `folder`, null when it does not run."""
    try:
        state = json.loads((folder / STATE).read_text("utf-8"))
        found = Running(int(state["port"]), int(state["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    about = found.about()
    return found if about and about.get("pid") == found.pid and about.get("folder") == str(folder.resolve()) else None


def down(folder: Path) -> None:
    """Stop the sandbox of `folder` and wait until it is gone; nothing happens when it does not run."""
    found = running(folder)
    if found:
        _end(found.pid)
    (folder / STATE).unlink(missing_ok=True)


def _arguments(folder: Path, records: int | None, seed: int | None, port: int, *, limits: bool) -> list[str]:
    options = {"--records": records, "--seed": seed}
    chosen = [text for name, value in options.items() if value is not None for text in (name, str(value))]
    return ["--folder", str(folder), "--port", str(port), *chosen, *([] if limits else ["--no-limits"])]


def _start(folder: Path, arguments: list[str]) -> Running:
    child = _spawn([sys.executable, "-m", "talk_assets.sandbox", *arguments], folder / LOG)
    until = time.monotonic() + STARTING
    while time.monotonic() < until:
        ended = not _alive(child)
        found = running(folder)
        if found:  # ours, or that of another `up` that was quicker
            return found
        if ended:
            raise ConfigurationError(_last_words(folder))
        time.sleep(0.05)
    _end(child)
    message = f"the sandbox did not answer within {STARTING:.0f} s; see {folder / LOG}"
    raise SystemFailure(message)


def _spawn(command: list[str], log: Path) -> int:
    """Start a process that outlives this one; its words go to `log`. Raise OSError where they cannot."""
    log.touch()
    words = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), words, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(command[0], command, os.environ, file_actions=streams)


def _last_words(folder: Path) -> str:
    lines = (folder / LOG).read_text("utf-8", errors="replace").split("\n")
    said = [line for line in lines if line.strip()]
    return said[-1] if said else f"the sandbox ended without a word; see {folder / LOG}"


def _end(pid: int) -> None:
    until = time.monotonic() + STOPPING
    wanted = signal.SIGTERM
    while _alive(pid):
        if time.monotonic() > until:
            wanted = signal.SIGKILL
        try:
            os.kill(pid, wanted)
        except ProcessLookupError:
            return
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:  # it was our own child
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
