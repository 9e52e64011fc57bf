"""One process at a time has the turn."""

import subprocess
import sys
from pathlib import Path

from talk_assets.assets.turns import FILE, turn

HOLD = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("taken", flush=True)
    sys.stdin.readline()
"""


def test_a_turn_waits_for_another_process_and_says_so_once(tmp_path: Path) -> None:
    told: list[str] = []
    with subprocess.Popen(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", HOLD, str(tmp_path / FILE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdin
        assert other.stdout.readline() == "taken\n"

        def waiting() -> None:
            told.append("waiting")
            assert other.stdin
            other.stdin.write("\n")
            other.stdin.flush()

        with turn(tmp_path, waiting):
            assert told == ["waiting"]
            assert other.wait(timeout=10) == 0


def test_a_turn_is_the_same_one_within_a_process(tmp_path: Path) -> None:
    def waiting() -> None:
        raise AssertionError

    with turn(tmp_path, waiting), turn(tmp_path, waiting):
        pass
    with turn(tmp_path, waiting):
        pass
