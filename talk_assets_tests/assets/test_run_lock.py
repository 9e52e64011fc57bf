"""One process at a time has the turn, and who waits learns who has it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from talk_assets.errors import StoreLocked
from talk_assets.operate.processes import HOLDER
from talk_assets.operate.run_lock import FILE, run_lock

HOLD = """
import sys
from pathlib import Path
from talk_assets.operate.run_lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("taken", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def held(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that has the turn until it is written a line."""
    with subprocess.Popen(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "taken\n"
        try:
            yield other
        finally:
            other.send_signal(signal.SIGCONT)
            if other.poll() is None:
                other.communicate("\n", timeout=30)


def test_a_turn_waits_for_another_process_and_says_once_who_it_is(tmp_path: Path) -> None:
    told: list[str] = []
    with held(tmp_path) as other:

        def waiting(sentence: str) -> None:
            told.append(sentence)
            assert other.stdin
            other.stdin.write("\n")
            other.stdin.flush()

        with run_lock(tmp_path, waiting):
            assert other.wait(timeout=30) == 0
    [sentence] = told
    assert f"process {other.pid} (-c {tmp_path}) has held it since " in sentence
    assert "stopped" not in sentence
    assert not (tmp_path / HOLDER).exists()


def test_a_process_that_was_stopped_is_named_as_such_and_waiting_for_it_ends(tmp_path: Path) -> None:
    told: list[str] = []
    with held(tmp_path) as other:
        other.send_signal(signal.SIGSTOP)
        with pytest.raises(StoreLocked) as caught, run_lock(tmp_path, told.append, patience=1.5):
            pass
    assert f"process {other.pid} " in told[-1]
    assert f"is stopped: kill -CONT {other.pid} lets it go on" in told[-1]
    assert str(caught.value).startswith(f"{tmp_path}: another run has held the run lock for ")
    assert f"kill -CONT {other.pid}" in str(caught.value)
    with run_lock(tmp_path, patience=0):
        pass


def test_what_a_killed_process_left_behind_is_taken_over(tmp_path: Path) -> None:
    with held(tmp_path) as other:
        other.kill()
        other.wait(timeout=30)
    assert (tmp_path / HOLDER).exists()
    with run_lock(tmp_path, patience=0):
        assert f'"pid": {other.pid}' not in (tmp_path / HOLDER).read_text("utf-8")


def test_a_turn_is_the_same_one_within_a_process(tmp_path: Path) -> None:
    def waiting(_: str) -> None:
        raise AssertionError

    with run_lock(tmp_path, waiting), run_lock(tmp_path, waiting):
        assert (tmp_path / FILE).exists()
        assert (tmp_path / HOLDER).exists()
    with run_lock(tmp_path, waiting):
        pass
