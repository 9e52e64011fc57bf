"""What the operating system knows of a process: whether it exists, since when, and whether somebody stopped it.

Add questions about processes here, as `psutil` answers them on every operating system; who holds the run lock is in
`run_lock`.
"""

import json
from pathlib import Path

import psutil

HOLDER = "sync.holder.json"
"""The file of a data folder that names the process which reads, decides or writes; it is removed once that is done."""


def alive(pid: int, before: float | None = None) -> bool:
    """Whether there is a process of that id; one that began after `before`, in seconds since 1970, is another one."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return before is None or process.create_time() <= before
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def died_at_work(folder: Path) -> bool:
    """Whether the process that last worked on a data folder is gone without having ended its work."""
    try:
        pid = int(json.loads((folder / HOLDER).read_text("utf-8"))["pid"])
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return not alive(pid)


def stopped(pid: int) -> bool:
    """Whether the process was stopped, by SIGSTOP or Ctrl-Z, so that it does not go on by itself."""
    try:
        return psutil.Process(pid).status() in {psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP}
    except psutil.Error:
        return False
