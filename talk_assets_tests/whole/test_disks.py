"""A disk that is full or cannot be written to, under a real sync: one line, and the next sync goes on from there.

The disk is one in memory, which only root may mount; elsewhere `test_store` shows what a limit on a file's size does.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from talk_assets_tests.whole.instance import Instance, opened


def mount(*arguments: str) -> bool:
    return subprocess.run(["/usr/bin/env", *arguments], check=False, capture_output=True).returncode == 0  # noqa: S603 -- our own words


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """As `opened` has it, on a disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        sys.platform != "linux"
        or os.getuid()
        or not mount("mount", "-t", "tmpfs", "-o", "size=64m", "disk", str(folder))
    ):
        pytest.skip("only root may mount a disk, and not everywhere")
    try:
        with opened(folder) as found:
            found.configure()
            yield found
    finally:
        assert mount("umount", str(folder))


def fill(folder: Path, leave: int) -> Path:
    """Take all space but some kilobytes."""
    status = os.statvfs(folder)
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(max(0, status.f_bavail * status.f_frsize - leave * 1024)))
    return ballast


def test_a_full_disk_is_one_line_and_nothing_is_lost(instance: Instance) -> None:
    """There is so little space that the sync can begin, and ends somewhere on the way."""
    ballast = fill(instance.folder, leave=700)
    line = instance.process("sync").failure
    assert str(instance.folder) in line
    assert "could not be written" in line
    assert "ree some space" in line
    ballast.unlink()
    assert instance.talk("sync").status == 0
    everything = instance.everything()
    assert {name: len(records) for name, records in everything.items()} == {"persons": 1, "contacts": 2}


def test_a_folder_that_is_read_only_can_be_read_and_is_one_line_else(instance: Instance) -> None:
    before = instance.everything()
    assert mount("mount", "-o", "remount,ro", str(instance.folder))
    line = instance.talk("sync").failure
    assert str(instance.folder) in line
    assert "writable" in line
    assert instance.talk("status").status == 0  # it only reads
    assert instance.everything() == before
    assert mount("mount", "-o", "remount,rw", str(instance.folder))
