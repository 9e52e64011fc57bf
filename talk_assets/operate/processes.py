"""What the operating system tells of a process: whether it is there, since when, and whether somebody stopped it.

Asked of `/proc` where there is one, otherwise of `ps`; where neither answers, a process that is there is ours.
"""

import json
import os
import subprocess
import time
from functools import cache
from pathlib import Path

PROC = Path("/proc")
HOLDER = "sync.holder.json"
"""Where in a data folder it stands which process reads, decides or writes; it is removed once that is done."""

STATE, STARTED = 0, 19
"""Places in `/proc/PID/stat`, counted from after the name: the state, and when it began, in ticks since the boot."""


def alive(pid: int, before: float | None = None) -> bool:
    """Whether there is a process of that id; one that began after `before`, in seconds since 1970, is another one."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    if _state(pid).startswith("Z"):
        return False
    began = _began(pid)
    return before is None or began is None or began <= before


def died_at_work(folder: Path) -> bool:
    """Whether the process that last worked on a data folder is gone without having ended its work."""
    try:
        pid = int(json.loads((folder / HOLDER).read_text("utf-8"))["pid"])
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return not alive(pid)


def stopped(pid: int) -> bool:
    """Whether the process was stopped, by SIGSTOP or Ctrl-Z, so that it does not go on by itself."""
    return _state(pid).lower().startswith("t")


def _state(pid: int) -> str:
    return _stat(pid)[STATE] if PROC.is_dir() else _ps(pid, "state=")


def _began(pid: int) -> float | None:
    """When it began, in seconds since 1970."""
    if PROC.is_dir():
        ticks = _stat(pid)[STARTED]
        return _boot() + int(ticks) / os.sysconf("SC_CLK_TCK") if ticks else None
    elapsed = _ps(pid, "etime=")  # [[days-]hours:]minutes:seconds
    if not elapsed:
        return None
    days, _, clock = elapsed.rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return time.time() - seconds - 86400 * int(days or 0)


def _stat(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return [""] * (STARTED + 1)


@cache
def _boot() -> float:
    lines = (PROC / "stat").read_text("utf-8").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("btime"))


def _ps(pid: int, column: str) -> str:
    try:
        done = subprocess.run(["ps", "-o", column, "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607 -- a number, and the one ps there is
    except OSError:
        return ""
    return done.stdout.strip()
